/* SPDX-License-Identifier: MIT */
/*
 * The one entry, for every way in and every core.
 *
 *   ELF (QEMU, debugger)   all cores at once, at the link address, r2 = 0
 *   raw image or zImage    core 0, anywhere in RAM, r2 = device tree (Linux
 *                          boot protocol for ARM) or tags; the others wait elsewhere
 *   U-Boot `go`            core 0, with U-Boot's MMU and caches still on; the tree
 *                          named on its line
 *   NOR flash              all cores at once, at 0, nothing set up at all
 *
 * Without a tree from the loader, the one that follows the image is taken.
 * The state is ARM: an odd address (Thumb) is no entry.
 *
 * Core 0 (MPIDR affinity 0, so there is nothing to race for) makes its state
 * known whatever the loader left, moves the image to its link address, clears
 * .bss, and calls early_init() with the MMU off and boot_main() with it on.
 * The others wait in the pen below, or in the board's own, until smp.c lets
 * them go to secondary_entry.
 *
 * Until the MMU is on nothing here uses LDREX/STREX, an unaligned access or,
 * on a secondary, the memory at all: what it wrote past the caches could be
 * hidden by an old line of another core in L2.
 *
 * Sections cited: ARMv7-A ARM (DDI0406C), Cortex-A9 TRM (DDI0388), Cortex-A9
 * MPCore TRM (DDI0407), PL310 TRM (DDI0246).
 */
#include <board.h>
#include "boot.h"
#include "layout.h"

	.arm
	.syntax	unified
	.arch	armv7-a
	.arch_extension sec

	.section .head, "ax"

/*
 * The first eight words are an exception table too: VBAR points here until the
 * real one is installed, and in NOR flash these are the reset vectors.  The
 * words from 0x24 on are the zImage header that `bootz` looks for.
 */
	.global	_start
_start:
	b	reset
	b	early_undef
	b	early_svc
	b	early_pabt
	b	early_dabt
	b	early_other
	b	early_other
	b	early_other
	.word	0
	.word	0x016f2818		@ 0x24: zImage magic
	.word	_start			@ 0x28: start, as linked
	.word	__load_end		@ 0x2c: end of what is loaded
	.word	0x04030201		@ 0x30: byte order, as Linux has it

/*
 * Moves r4..r6 (source, end) to r5 when the target is above the source: from
 * the end down.  It stands at the head of the image and its twin for the other
 * direction at the tail: a copy loop reaches its own code only after it is done,
 * however much the two places overlap, if they are 128 bytes apart.  r4 source, r5 target, r6 bytes.
 */
copy_down:
	add	r4, r4, r6
	add	r5, r5, r6
	sub	r6, r4, r6
1:	ldr	r7, [r4, #-4]!
	str	r7, [r5, #-4]!
	cmp	r4, r6
	bhi	1b
	bx	lr

reset:
	cpsid	aif, #0x13		@ SVC, all masked, aborts too
	mov	r8, r0
	mov	r9, r1
	mov	r10, r2
	mov	r7, #0			@ what early_dabt lets pass
	mrc	p15, 0, r11, c1, c0, 0	@ SCTLR as the loader left it

	adr	r0, _start
	mcr	p15, 0, r0, c12, c0, 0	@ VBAR
	bic	r1, r11, #1 << 13	@ V = 0: not the high vectors
	bic	r1, r1, #1 << 30	@ TE = 0: exceptions in ARM state
	bic	r1, r1, #1 << 25	@ EE = 0: and little-endian
	mcr	p15, 0, r1, c1, c0, 0
	isb

	mrc	p15, 0, r0, c0, c0, 5	@ MPIDR
	ands	r0, r0, #0xff
	bne	pen

	bl	cpu_quiesce

	/*
	 * The device tree: r2's, else the one that `go` names, else the one that
	 * follows the image.  `go` leaves junk in r2, so that a pointer counts if it
	 * leads to a tree's first word; r7 = 3: where there is no memory there is none.
	 * r2: its address, 0: none; r3: BOOT_*.
	 */
	mov	r7, #3
	mov	r3, #0
	adr	r12, _start
	mov	r0, r10
	bl	tree_in_ram
	cmp	r1, #0
	bne	1f
	bl	go_argument
	bl	tree_in_ram
	cmp	r1, #0
	orrne	r3, r3, #BOOT_DTB_GO
	bne	1f
	ldr	r0, =__load_size
	add	r0, r12, r0
	bl	tree_at
	cmp	r1, #0
	orrne	r3, r3, #BOOT_DTB_APPENDED
1:	mov	r7, #0
	blne	place_tree
	moveq	r2, #0

	/* Where are we, where do we belong? */
	mov	r4, r12
	ldr	r5, =_start
	ldr	r6, =__load_size
	ldr	lr, =at_link_address
	subs	r0, r4, r5
	beq	at_link_address
	rsbmi	r0, r0, #0		@ closer than a copy loop is long: "!M"
	cmp	r0, #0x80
	movlo	r4, #'M'
	blo	early_report
	cmp	r4, r5
	blo	copy_down
	ldr	r0, =copy_up
	sub	r0, r0, r5
	add	pc, r0, r4		@ copy_up of the image that runs now

	.ltorg

at_link_address:
	/*
	 * ARMv7-A ARM, "Ordering of cache and branch predictor maintenance":
	 * the stores above must be complete before the new text is fetched.
	 */
	dsb
	mov	r0, #0
	mcr	p15, 0, r0, c7, c5, 0	@ ICIALLU
	mcr	p15, 0, r0, c7, c5, 6	@ BPIALL
	dsb
	isb

	/*
	 * An asynchronous abort that the loader provoked and never took would hit
	 * us where we unmask them: take it here, where early_dabt lets r7 = 1 pass.
	 * Not before: where the image was loaded need not be aligned as VBAR must be.
	 */
	ldr	r0, =_start
	mcr	p15, 0, r0, c12, c0, 0
	isb
	mov	r7, #1
	dsb
	cpsie	a
	isb
	nop
	cpsid	a
	isb
	sub	r7, r7, #1		@ 1 if there was one
	orr	r3, r3, r7, lsl #1	@ BOOT_ABORT_DROPPED

	ldr	r0, =__bss_start
	ldr	r1, =__bss_end
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
2:	cmp	r0, r1			@ both are aligned to 16
	stmialo	r0!, {r4-r7}
	blo	2b

	mov	r4, r3
	mov	r5, r12
	mov	r6, r2
	mov	r0, #0
	bl	cpu_stacks
	bl	cpu_errata
	bl	cpu_no_vfp

	sub	sp, sp, #32		@ struct boot_args, see boot.h
	str	r8, [sp, #0]
	str	r9, [sp, #4]
	str	r10, [sp, #8]
	str	r11, [sp, #12]
	str	r5, [sp, #16]
	str	r4, [sp, #20]
	str	r6, [sp, #24]
	mov	r0, sp
	bl	early_init		@ SCU, PL310, first page table
	bl	cpu_mmu_on
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0
	isb
	mov	r0, sp
	bl	boot_main
	b	.

/*
 * The pen.  As the board's own: look whether there is an address to go to, and sleep until
 * an interrupt is pending (masked, it still ends WFI).  The CPU
 * interface must be on for an SGI to arrive; the boot core turns the distributor
 * on.  Runs where the loader put it and touches no memory.
 */
pen:
	ldr	r0, =BOARD_GICC_BASE
	mov	r1, #0xff
	str	r1, [r0, #4]		@ GICC_PMR: let all priorities through
	mov	r1, #1
	str	r1, [r0]		@ GICC_CTLR: on
	dsb
#ifdef BOARD_PEN_FLAG
	ldr	r2, =BOARD_PEN_FLAG
	ldr	r1, =secondary_entry	@ all else is what some reset or loader left there
1:	ldr	r0, [r2]
	cmp	r0, r1
	bxeq	r0
#else
1:					@ held in reset: none comes here
#endif
	wfi
	b	1b

/*
 * A secondary, let go by smp.c.  MMU and caches are off (a core fresh from
 * reset, or from a pen).  No stack, no memory until cpu_mmu_on is through.
 */
	.global	secondary_entry
secondary_entry:
	cpsid	aif, #0x13
	ldr	r0, =_start
	mcr	p15, 0, r0, c12, c0, 0
	mrc	p15, 0, r1, c1, c0, 0
	bic	r1, r1, #1 << 13
	bic	r1, r1, #1 << 30
	bic	r1, r1, #1 << 25
	mcr	p15, 0, r1, c1, c0, 0
	isb
	bl	cpu_quiesce		@ its own L1 only: case 43
	mrc	p15, 0, r0, c0, c0, 5
	and	r0, r0, #3
	bl	cpu_stacks
	bl	cpu_errata
	bl	cpu_no_vfp
	bl	cpu_mmu_on
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0
	isb
	mrc	p15, 0, r0, c0, c0, 5
	and	r0, r0, #3
	bl	secondary_main
	b	.

	.ltorg

/*
 * Caches and MMU off, nothing lost, nothing stale.  Registers only, r0-r7, r12.
 *
 * D-cache first off, then clean and invalidate by set and way (ARMv7-A ARM,
 * "Performing cache maintenance operations": by set/way is for one core alone,
 * which is what we are), then MMU off.  If the cache was off, what it holds is
 * junk from power-on (the A9 does not invalidate it on reset) or has been
 * cleaned by the loader: invalidate, never clean.  A PL310 that is on is cleaned
 * in between, while the loader's mapping of it still holds, by core 0 only.
 */
cpu_quiesce:
	mrc	p15, 0, r12, c1, c0, 0
	bic	r0, r12, #1 << 2	@ C
	bic	r0, r0, #1 << 12	@ I
	bic	r0, r0, #1 << 11	@ Z
	mcr	p15, 0, r0, c1, c0, 0
	isb
	dsb

	mov	r0, #0
	mcr	p15, 2, r0, c0, c0, 0	@ CSSELR: L1 data
	isb
	mrc	p15, 1, r0, c0, c0, 0	@ CCSIDR
	and	r1, r0, #7
	add	r1, r1, #4		@ log2 of bytes per line
	ubfx	r2, r0, #3, #10		@ ways - 1
	ubfx	r3, r0, #13, #15	@ sets - 1
	clz	r4, r2			@ ways are numbered from the top bits
	cmp	r2, #0
	moveq	r4, #0
1:	mov	r5, r3
2:	lsl	r6, r2, r4
	orr	r6, r6, r5, lsl r1
	tst	r12, #1 << 2
	mcrne	p15, 0, r6, c7, c14, 2	@ DCCISW
	mcreq	p15, 0, r6, c7, c6, 2	@ DCISW
	subs	r5, r5, #1
	bpl	2b
	subs	r2, r2, #1
	bpl	1b
	dsb

	/* Nothing is in it: out of coherency, as the Cortex-A9 TRM has it (ACTLR, "SMP"). */
	mrc	p15, 0, r0, c1, c0, 1
	bic	r0, r0, #(1 << 6) | (1 << 0)
	mcr	p15, 0, r0, c1, c0, 1
	isb

	mrc	p15, 0, r0, c0, c0, 5
	tst	r0, #0xff
	bne	4f
	ldr	r0, =BOARD_PL310_BASE
	ldr	r1, [r0, #0x100]	@ control
	tst	r1, #1
	beq	4f
	ldr	r1, [r0, #0x104]	@ auxiliary control: bit 16 is 16 ways
	tst	r1, #1 << 16
	ldr	r1, =0xff
	ldrne	r1, =0xffff
	mov	r2, #3
	str	r2, [r0, #0xf40]	@ no write-back, no linefill: erratum 727915
	str	r1, [r0, #0x7fc]	@ clean and invalidate by way
	mov	r3, #1 << 24		@ bounded: an emulator's stub may never answer
3:	ldr	r2, [r0, #0x7fc]
	tst	r2, r1
	beq	5f
	subs	r3, r3, #1
	bne	3b
5:	mov	r2, #0
	str	r2, [r0, #0x730]	@ sync
	str	r2, [r0, #0xf40]
	str	r2, [r0, #0x100]	@ off
	dsb

4:	mrc	p15, 0, r0, c1, c0, 0
	bic	r0, r0, #1		@ M
	mcr	p15, 0, r0, c1, c0, 0
	isb
	mov	r0, #0
	mcr	p15, 0, r0, c8, c7, 0	@ TLBIALL
	mcr	p15, 0, r0, c7, c5, 6	@ BPIALL
	mcr	p15, 0, r0, c7, c5, 0	@ ICIALLU
	dsb
	isb
	bx	lr

/* A stack for each mode of core r0.  r0-r2. */
cpu_stacks:
	ldr	r1, =__stacks
	mov	r2, #STACK_CORE_BYTES
	mla	r0, r0, r2, r1
	add	r1, r0, #STACK_IRQ_TOP
	cps	#0x12
	mov	sp, r1
	add	r1, r0, #STACK_ABT_TOP
	cps	#0x17
	mov	sp, r1
	add	r1, r0, #STACK_UND_TOP
	cps	#0x1b
	mov	sp, r1
	cps	#0x11			@ FIQ is never enabled; should one come, it is fatal
	mov	sp, r1
	cps	#0x13
	add	sp, r0, #STACK_SVC_TOP
	bx	lr

/*
 * Errata of the Cortex-A9 that need a bit of the diagnostic register (c15, c0,
 * 1), by MIDR; which ones, errata.c says, which also tells on the console what
 * did not stick.  Before MMU and SMP bit are on.  r0-r3.
 */
cpu_errata:
	mrc	p15, 0, r0, c0, c0, 0	@ MIDR
	ubfx	r1, r0, #4, #12
	ldr	r2, =0xc09
	cmp	r1, r2
	bxne	lr
	ubfx	r1, r0, #20, #4
	and	r0, r0, #0xf
	orr	r0, r0, r1, lsl #4	@ 0xVR for rVpR
	mrc	p15, 0, r2, c15, c0, 1
	sub	r3, r0, #0x10
	cmp	r3, #0x12
	orrls	r2, r2, #1 << 4		@ 742230: r1p0 to r2p2
	sub	r3, r0, #0x20
	cmp	r3, #0x02
	orrls	r2, r2, #1 << 12	@ 742231: r2p0 to r2p2
	orrls	r2, r2, #1 << 22
	cmp	r1, #2
	orreq	r2, r2, #1 << 6		@ 743622: r2
	cmp	r0, #0x30
	orrlo	r2, r2, #1 << 11	@ 751472: before r3p0
	mcr	p15, 0, r2, c15, c0, 1
	isb
	bx	lr

/*
 * VFP and NEON stay off: the C library is the soft-float one and nothing here
 * computes with fractions, so no interrupt has to save 64 words, and a stray
 * instruction is reported as the undefined one that it is.  r0.
 */
cpu_no_vfp:
	mrc	p15, 0, r0, c1, c0, 2	@ CPACR
	bic	r0, r0, #0xf << 20	@ no access to cp10, cp11
	mcr	p15, 0, r0, c1, c0, 2
	isb
	bx	lr

/*
 * MMU, caches and branch prediction on, in SMP.  The table is mmu_l1; the SCU is
 * on already.  The MPCore TRM's order: SCU tags and own L1 invalid, SCU on, SMP
 * bit, then the data cache; and the bit before the MMU: case 44.
 * ACTLR gets a known value: FW (broadcast maintenance), SMP, L1 prefetch.
 * Registers only, r0, r1.
 */
	.global	cpu_mmu_on
cpu_mmu_on:
	mov	r0, #(1 << 0) | (1 << 6)
	orr	r0, r0, #1 << 2
	mcr	p15, 0, r0, c1, c0, 1	@ ACTLR
	isb
	mov	r0, #0
	mcr	p15, 0, r0, c2, c0, 2	@ TTBCR: TTBR0 for all
	mcr	p15, 0, r0, c13, c0, 1	@ CONTEXTIDR
	ldr	r1, =mmu_l1
	orr	r1, r1, #0x6a		@ walks: write-back write-allocate, inner shareable
	mcr	p15, 0, r1, c2, c0, 0	@ TTBR0
	mov	r1, #1
	mcr	p15, 0, r1, c3, c0, 0	@ DACR: domain 0 is a client, the others fault
	isb
	mcr	p15, 0, r0, c8, c7, 0	@ TLBIALL
	mcr	p15, 0, r0, c7, c5, 6	@ BPIALL
	mcr	p15, 0, r0, c7, c5, 0	@ ICIALLU
	dsb
	isb
	ldr	r0, =0x00c5187d		@ SCTLR: M, C, Z, I and the bits that read as one
	mcr	p15, 0, r0, c1, c0, 0
	isb
	bx	lr

/* ---- a fault before there is anything to report it with ----------------- */

early_undef:
	mov	r4, #'U'
	b	early_report
early_svc:
	mov	r4, #'S'
	b	early_report
early_pabt:
	mov	r4, #'P'
	b	early_report
early_dabt:
	cmp	r7, #3
	moveq	r1, #0			@ the byte that was not read
	subseq	pc, lr, #4
	cmp	r7, #1
	moveq	r7, #2
	subseq	pc, lr, #8
	mov	r4, #'D'
	b	early_report
early_other:
	mov	r4, #'?'

/* "!U 60100123 0000000d 00000000": kind, LR, DFSR, DFAR; polled, then stop. */
early_report:
	mov	r5, lr
	ldr	r6, =BOARD_UART_BASE
	mov	r0, #'!'
	bl	early_putc
	mov	r0, r4
	bl	early_putc
	mov	r7, r5
	bl	early_hex
	mrc	p15, 0, r7, c5, c0, 0	@ DFSR
	bl	early_hex
	mrc	p15, 0, r7, c6, c0, 0	@ DFAR
	bl	early_hex
	mov	r0, #'\r'
	bl	early_putc
	mov	r0, #'\n'
	bl	early_putc
1:	wfi
	b	1b

early_hex:
	mov	r12, lr
	mov	r0, #' '
	bl	early_putc
	mov	r3, #28
1:	lsr	r0, r7, r3
	and	r0, r0, #15
	cmp	r0, #10
	addlo	r0, r0, #'0'
	addhs	r0, r0, #'a' - 10
	bl	early_putc
	subs	r3, r3, #4
	bpl	1b
	bx	r12

early_putc:
	mov	r2, #1 << 20
1:	ldr	r1, [r6, #BOARD_UART_EARLY_STATUS]
	eor	r1, r1, #BOARD_UART_EARLY_INVERT
	tst	r1, #BOARD_UART_EARLY_FULL
	beq	2f
	subs	r2, r2, #1		@ bounded in case the UART is off
	bne	1b
2:	str	r0, [r6, #BOARD_UART_EARLY_DATA]
	bx	lr

	.ltorg

/* copy_down's twin for a target below the source; linker.ld puts it last. */
	.section .tail, "ax"
copy_up:
	add	r6, r4, r6
1:	ldr	r7, [r4], #4
	str	r7, [r5], #4
	cmp	r4, r6
	blo	1b
	bx	lr
