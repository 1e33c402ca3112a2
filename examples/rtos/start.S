/* SPDX-License-Identifier: MIT */
/*
 * From reset to C on every core, exceptions, and the switch from one task to another.
 *
 * Expected at the entry: SVC mode, MMU and caches off, as after reset; all cores at once
 * (a debugger, an emulator's ELF loader), or core 0 alone with the others in a pen that reads
 * SYS_FLAGS.  What a boot loader leaves behind (MMU on, L2 on) is not cleaned up here.
 *
 * Nothing before the MMU is on uses LDREX or STREX.  Sections cited: ARMv7-A ARM (DDI0406C),
 * Cortex-A9 MPCore TRM (DDI0407).
 */
#define __ASSEMBLER__ 1
#include "board.h"

	.arm
	.syntax	unified
	.arch	armv7-a
	.section .head, "ax"
	.balign	32			@ VBAR
	.global	_start
_start:
	b	reset
	b	vec_undef
	b	vec_svc
	b	vec_pabt
	b	vec_dabt
	b	vec_other
	b	vec_irq
	b	vec_other

reset:
	cpsid	aif, #0x13
	mrc	p15, 0, r0, c0, c0, 5	@ MPIDR
	ands	r4, r0, #3
	bne	pen

	bl	cpu_invalidate
	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b
	ldr	sp, =boot_stacks + BOOT_STACK
	bl	board_early
	bl	mmu_on
	bl	kernel_main
	b	.

/* Interrupts are masked: one that is pending still ends WFI, and nothing is taken. */
pen:
	ldr	r0, =GICC_BASE
	mov	r1, #0xff
	str	r1, [r0, #4]		@ GICC_PMR
	mov	r1, #1
	str	r1, [r0]		@ GICC_CTLR
	ldr	r2, =SYS_FLAGS
	dsb
1:	ldr	r0, [r2]
	cmp	r0, #0
	bxne	r0
	wfi
	b	1b

/* No memory is touched until caches and SMP bit are on: others may hold the lines. */
	.global	secondary_start
secondary_start:
	cpsid	aif, #0x13
	bl	cpu_invalidate
	bl	mmu_on
	mrc	p15, 0, r0, c0, c0, 5
	and	r0, r0, #3
	ldr	sp, =boot_stacks + BOOT_STACK
	mov	r1, #BOOT_STACK
	mla	sp, r0, r1, sp
	bl	secondary_main
	b	.

/*
 * This core's L1, branch predictor and TLB hold junk after reset ("Behavior of the caches at
 * reset"): D by set and way, which is for one core alone.  r0-r3, r12.
 */
cpu_invalidate:
	ldr	r0, =_start
	mcr	p15, 0, r0, c12, c0, 0	@ VBAR
	mov	r0, #0
	mcr	p15, 0, r0, c13, c0, 4	@ TPIDRPRW: libbuddy's pointer, not set yet
	mcr	p15, 0, r0, c13, c0, 3	@ TPIDRURO: no task
	mcr	p15, 2, r0, c0, c0, 0	@ CSSELR: L1 data
	isb
	mrc	p15, 1, r1, c0, c0, 0	@ CCSIDR
	ubfx	r1, r1, #13, #15	@ sets - 1; 4 ways of 32-byte lines
1:	mov	r2, #3
2:	lsl	r3, r2, #30
	orr	r3, r3, r1, lsl #5
	mcr	p15, 0, r3, c7, c6, 2	@ DCISW
	subs	r2, r2, #1
	bpl	2b
	subs	r1, r1, #1
	bpl	1b
	mcr	p15, 0, r0, c7, c5, 0	@ ICIALLU
	mcr	p15, 0, r0, c7, c5, 6	@ BPIALL
	mcr	p15, 0, r0, c8, c7, 0	@ TLBIALL
	dsb
	isb
	bx	lr

/*
 * In the order of the MPCore TRM, "Multiprocessor bring-up": L1 invalid, SCU on (board.c),
 * SMP bit, then MMU and caches.  FW: maintenance by address reaches the other cores.  r0, r1.
 */
mmu_on:
	mov	r0, #(1 << 6) | (1 << 0)
	mcr	p15, 0, r0, c1, c0, 1	@ ACTLR: SMP, FW
	isb
	mov	r0, #0
	mcr	p15, 0, r0, c2, c0, 2	@ TTBCR: TTBR0 for all
	ldr	r1, =page_table
	orr	r1, r1, #0x6a		@ walks: write-back, write-allocate, shareable
	mcr	p15, 0, r1, c2, c0, 0	@ TTBR0
	mov	r1, #1
	mcr	p15, 0, r1, c3, c0, 0	@ DACR: domain 0 by its descriptors
	mcr	p15, 0, r0, c8, c7, 0	@ TLBIALL
	dsb
	isb
	ldr	r0, =SCTLR_VALUE
	mcr	p15, 0, r0, c1, c0, 0
	isb
	bx	lr

/*
 * An interrupt runs on the stack of the task that it meets, in SVC mode: so the handler may
 * switch tasks, and this one goes on from here when it is its turn again.
 */
vec_irq:
	sub	lr, lr, #4
	srsdb	sp!, #0x13		@ where to go back to, and its CPSR
	cps	#0x13
	push	{r0-r3, r12, lr}
	and	r1, sp, #4		@ the AAPCS wants 8 at a call
	sub	sp, sp, r1
	push	{r1, r2}
	bl	irq_entry
	pop	{r1, r2}
	add	sp, sp, r1
	clrex				@ "Context switch support": a STREX of before must fail
	pop	{r0-r3, r12, lr}
	rfeia	sp!

vec_undef:
	mov	r0, #1
	b	fatal
vec_svc:
	mov	r0, #2
	b	fatal
vec_pabt:
	mov	r0, #3
	b	fatal
vec_dabt:
	mov	r0, #4
	b	fatal
vec_other:
	mov	r0, #0
fatal:
	mov	r1, lr
	mrc	p15, 0, r2, c6, c0, 0	@ DFAR
	mrc	p15, 0, r3, c5, c0, 0	@ DFSR
	cps	#0x13
	bic	sp, sp, #7
	bl	fatal_exception
	b	.

/* context_switch(&from->sp, to->sp): the kernel's lock is held, interrupts are off. */
	.global	context_switch
context_switch:
	push	{r4-r11, lr}
	str	sp, [r0]
	mov	sp, r1
	clrex
	pop	{r4-r11, pc}

/* Where a new task comes out of its first context_switch(): r4 its function, r5 what for. */
	.global	task_entry
task_entry:
	mov	r0, r4
	mov	r1, r5
	bl	task_begin
	b	.
