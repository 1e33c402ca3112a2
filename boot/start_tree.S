/* SPDX-License-Identifier: MIT */
/*
 * The loader's device tree, while the image may still lie anywhere: is there one,
 * and must it be moved out of the way of the image.
 *
 * For start.S, on the boot core: MMU and caches off, no stack, position-independent.
 * Memory is strongly ordered then, so that what may be misaligned is read by bytes
 * (ARMv7-A ARM DDI0406C, A3.2.1).  A register is kept unless it is listed; r3 is
 * start.S's BOOT_*, to which place_tree adds.  No state.
 *
 * Not here: whether the tree is sound (fdt.c).
 */
#include <board.h>
#include "boot.h"

	.arm
	.syntax	unified
	.arch	armv7-a

	.section .text.start_tree, "ax"

/* r0 leads to a device tree: r1 is its bytes, else 0.  At any alignment: by bytes.  r2. */
	.global	tree_in_ram
tree_in_ram:
	ldr	r1, =BOARD_RAM_BASE
	cmp	r0, r1
	blo	1f
	ldr	r1, =BOARD_RAM_END - 8
	cmp	r0, r1
	bhi	1f
	.global	tree_at
tree_at:
	ldrb	r1, [r0, #0]		@ d00dfeed, big-endian
	cmp	r1, #0xd0
	ldrbeq	r1, [r0, #1]
	cmpeq	r1, #0x0d
	ldrbeq	r1, [r0, #2]
	cmpeq	r1, #0xfe
	ldrbeq	r1, [r0, #3]
	cmpeq	r1, #0xed
	bne	1f
	ldrb	r1, [r0, #4]		@ totalsize
	ldrb	r2, [r0, #5]
	orr	r1, r2, r1, lsl #8
	ldrb	r2, [r0, #6]
	orr	r1, r2, r1, lsl #8
	ldrb	r2, [r0, #7]
	orr	r1, r2, r1, lsl #8
	bx	lr
1:	mov	r1, #0
	bx	lr

/*
 * `go ADDR TREE`: r0 words, r1 -> their pointers, the second a number in hex.
 * r0: that number; 1 if it is no such command, or no number.  r0-r2, r4.
 */
	.global	go_argument
go_argument:
	mov	r0, #1
	sub	r1, r8, #2
	cmp	r1, #30
	bxhi	lr
	tst	r9, #3
	bxne	lr
	ldr	r1, =BOARD_RAM_BASE
	ldr	r2, =BOARD_RAM_END - 32
	cmp	r9, r1
	cmphs	r2, r9
	bxlo	lr
	ldr	r4, [r9, #4]
	cmp	r4, r1
	cmphs	r2, r4
	bxlo	lr
	ldrb	r1, [r4]		@ 0x may stand before it
	ldrb	r2, [r4, #1]
	cmp	r1, #'0'
	cmpeq	r2, #'x'
	addeq	r4, r4, #2
	mov	r0, #0
	add	r2, r4, #9		@ eight digits and the end
1:	ldrb	r1, [r4], #1
	cmp	r1, #0
	bxeq	lr
	sub	r1, r1, #'0'
	cmp	r1, #10
	blo	2f
	orr	r1, r1, #0x20		@ 'A' to 'F' as 'a' to 'f'
	sub	r1, r1, #'a' - '0'
	cmp	r1, #6
	bhs	3f
	add	r1, r1, #10
2:	orr	r0, r1, r0, lsl #4
	cmp	r4, r2
	blo	1b
3:	mov	r0, #1
	bx	lr

/*
 * The tree at r0, r1 bytes: r2 is where it will be.  It stays where it is, if
 * that is RAM, aligned to words, and none of what the image is going to take;
 * else it goes behind the image, or behind the image as it was loaded if that
 * lies there.  Such memory exists: linker.ld keeps the image small against RAM.
 * r12: where the image was loaded.  Leaves Z clear.  r0-r2, r4-r6.
 */
	.global	place_tree
place_tree:
	tst	r0, #3
	bne	1f
	ldr	r4, =BOARD_RAM_BASE
	ldr	r5, =BOARD_RAM_END
	cmp	r0, r4
	blo	1f
	cmp	r0, r5
	bhs	1f
	adds	r2, r0, r1		@ its end
	mvncs	r2, #0
	ldr	r4, =_start
	ldr	r5, =_end
	cmp	r2, r4
	cmphi	r5, r0
	mov	r2, r0
	bls	4f
1:	cmp	r1, #1 << 20		@ too large to be moved: said in the log
	orrhi	r3, r3, #BOOT_DTB_LOST
	movhi	r2, #0
	bhi	4f

	orr	r3, r3, #BOOT_DTB_MOVED
	ldr	r2, =_end
	ldr	r5, =__load_size
	add	r5, r12, r5		@ the image as loaded: r12 to r5
	add	r6, r2, r1
	cmp	r12, r6
	bhs	2f
	cmp	r5, r2
	addhi	r2, r5, #7
	bichi	r2, r2, #7
2:	cmp	r0, r2			@ upwards: from the end down
	blo	3f
	add	r6, r2, r1
	mov	r5, r2
6:	cmp	r5, r6
	bhs	4f
	ldrb	r4, [r0], #1
	strb	r4, [r5], #1
	b	6b
3:	subs	r1, r1, #1
	blo	4f
	ldrb	r4, [r0, r1]
	strb	r4, [r2, r1]
	b	3b
4:	movs	r4, #1
	bx	lr

	.ltorg
