/* SPDX-License-Identifier: MIT */
/*
 * A boot loader at its worst, for tests/target/loaders.py: brings the boot core into the
 * state that a block of words asks for and jumps to the image.
 *
 * Lies in the vexpress-a9's SRAM, block, stack and page table too, so that all RAM is
 * the image's.  The other cores wait as in the board's own pen.  Any exception but an
 * interrupt that is taken here is the image's fault: '#' on the console, and no more.
 *
 * The block, at 0x48008000:
 *	0x00 entry, 0x04 r0, 0x08 r1, 0x0c r2, 0x10 flags, 0x14 CPSR at the jump
 *	0x18 first MiB and 0x1c number of those that the MMU lets nobody touch
 */
#define BLOCK 0x48008000
#define TABLE 0x4800c000
#define PERIPH 0x1e000000

#define F_MMU	 (1 << 0)	/* with a page table of ours */
#define F_DCACHE (1 << 1)
#define F_ICACHE (1 << 2)	/* and branch prediction */
#define F_SMP	 (1 << 3)	/* ACTLR: SMP and FW */
#define F_L2	 (1 << 4)	/* the PL310 on */
#define F_IRQ	 (1 << 5)	/* interrupts enabled in the GIC; one pending, one to come */
#define F_SCTLR	 (1 << 6)	/* alignment checks, high vectors, exceptions in Thumb, big-endian */

	.arm
	.syntax	unified
	.arch	armv7-a
	.text
	.balign	32
	.global	_start
_start:
	b	start
	b	stray
	b	stray
	b	stray
	b	stray
	b	stray
	b	interrupt
	b	stray

/* Taken before the image can have masked it: as a loader does, over and back. */
interrupt:
	sub	lr, lr, #4
	push	{r0-r2, lr}
	ldr	r0, =PERIPH + 0x100
	ldr	r1, [r0, #0x0c]
	mov	r2, #1
	str	r2, [r0, #0x50c]	@ the timer's event
	str	r1, [r0, #0x10]
	ldm	sp!, {r0-r2, pc}^

stray:
	ldr	r0, =0x10009000
	mov	r1, #'#'
	str	r1, [r0]
	b	.

start:
	mrc	p15, 0, r0, c0, c0, 5
	tst	r0, #3
	bne	pen

	ldr	r10, =BLOCK
	ldr	r9, [r10, #0x10]
	adr	r0, _start
	mcr	p15, 0, r0, c12, c0, 0	@ VBAR: here, and so it stays
	cps	#0x12
	ldr	sp, =BLOCK
	cps	#0x13

	tst	r9, #F_SMP
	movne	r0, #0x41
	mcrne	p15, 0, r0, c1, c0, 1

	ldr	r1, =PERIPH
	tst	r9, #F_L2
	movne	r0, #1
	addne	r2, r1, #0xa000
	strne	r0, [r2, #0x100]

	tst	r9, #F_IRQ
	beq	1f
	add	r2, r1, #0x1000
	mvn	r0, #0
	str	r0, [r2, #0x100]	@ all private ones and SPIs 32 to 63 enabled,
	str	r0, [r2, #0x104]
	mov	r0, #1 << 8
	str	r0, [r2, #0x204]	@ 40 pending,
	ldr	r0, =0x01010101
	str	r0, [r2, #0x828]	@ for this core
	mov	r0, #1
	str	r0, [r2]
	add	r2, r1, #0x100
	mov	r0, #0xf0
	str	r0, [r2, #4]
	ldr	r0, =20000
	add	r2, r1, #0x600		@ the private timer, again and again
	str	r0, [r2]
	mov	r0, #7
	str	r0, [r2, #8]

1:	tst	r9, #F_MMU
	beq	3f
	/* Sections: RAM and SRAM normal, write-back; the rest strongly ordered; all executable. */
	ldr	r0, =TABLE
	mov	r1, #0
2:	mov	r2, r1, lsl #20
	orr	r2, r2, #0xc00
	orr	r2, r2, #2
	sub	r3, r1, #0x480
	cmp	r3, #0x580		@ 0x480 to 0x9ff
	orrlo	r2, r2, #0x1000
	orrlo	r2, r2, #0xc
	ldr	r3, [r10, #0x18]
	sub	r3, r1, r3
	ldr	r4, [r10, #0x1c]
	cmp	r3, r4
	biclo	r2, r2, #0xc00		@ nobody
	str	r2, [r0, r1, lsl #2]
	add	r1, r1, #1
	cmp	r1, #4096
	blo	2b
	mcr	p15, 0, r0, c2, c0, 0
	mov	r1, #0
	mcr	p15, 0, r1, c2, c0, 2
	mov	r1, #1
	mcr	p15, 0, r1, c3, c0, 0
	mov	r1, #0
	mcr	p15, 0, r1, c8, c7, 0
	dsb
	isb

3:	mrc	p15, 0, r0, c1, c0, 0
	tst	r9, #F_MMU
	orrne	r0, r0, #1
	tst	r9, #F_DCACHE
	orrne	r0, r0, #1 << 2
	tst	r9, #F_ICACHE
	orrne	r0, r0, #1 << 11
	orrne	r0, r0, #1 << 12
	tst	r9, #F_SCTLR
	orrne	r0, r0, #1 << 1
	orrne	r0, r0, #1 << 13
	orrne	r0, r0, #1 << 25
	orrne	r0, r0, #1 << 30
	mcr	p15, 0, r0, c1, c0, 0
	isb

	/* The CPU interface last: what is pending arrives when the image lets it. */
	tst	r9, #F_IRQ
	ldrne	r1, =PERIPH + 0x100
	movne	r0, #1
	strne	r0, [r1]

	ldr	lr, [r10]
	ldr	r0, [r10, #0x14]
	msr	spsr_fsxc, r0
	ldr	r0, [r10, #4]
	ldr	r1, [r10, #8]
	ldr	r2, [r10, #12]
	ldr	r3, =0xdeadbeef
	mov	r4, r3
	mov	r5, r3
	mov	r6, r3
	mov	r7, #1
	mov	r8, r3
	mov	r9, r3
	mov	r10, r3
	mov	r11, r3
	mov	r12, r3
	mov	sp, r3
	movs	pc, lr

pen:
	ldr	r0, =PERIPH + 0x100
	mov	r1, #0xff
	str	r1, [r0, #4]
	mov	r1, #1
	str	r1, [r0]
	ldr	r2, =0x10000030
1:	ldr	r0, [r2]
	cmp	r0, #0
	bxne	r0
	wfi
	b	1b

	.ltorg
