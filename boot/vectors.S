/* SPDX-License-Identifier: MIT */
/*
 * The exception table and what happens before C sees an exception.
 *
 * Interrupts run to their end in IRQ mode on the core's IRQ stack, not nested:
 * six words saved, so entry and exit cost what the hardware costs.  A data abort
 * goes back to its instruction if that met a page of vmalloc's window on its way from
 * one frame to another (vmap.c).  Everything else is fatal: the frame of
 * exception.h is stored on the stack of the mode that took it (UND, ABT; never SVC's,
 * which may be what overflowed) and exception_report() does not come back.
 */
	.arm
	.syntax	unified
	.arch	armv7-a

	.section .text.vectors, "ax"
	.balign	32			@ VBAR
	.global	vectors
vectors:
	b	vec_reset
	b	vec_undef
	b	vec_svc
	b	vec_pabt
	b	vec_dabt
	b	vec_unused
	b	vec_irq
	b	vec_fiq

vec_irq:
	sub	lr, lr, #4		@ the interrupted instruction: it was not executed
	push	{r0-r3, r12, lr}	@ 24 bytes: the stack stays aligned to 8
	bl	irq_dispatch
	/*
	 * ARMv7-A ARM, "Context switch support" of the exclusive accesses: a
	 * LDREX in the handler without its STREX (a failed trylock) must not
	 * let an interrupted STREX succeed.
	 */
	clrex
	ldm	sp!, {r0-r3, r12, pc}^

/* kind: EXC_* of exception.h.  The frame: r0-r12, sp, lr, pc, spsr, kind. */
	.macro	fatal kind
	sub	sp, sp, #72
	stm	sp, {r0-r12}
	mov	r0, #\kind
	b	fatal_common
	.endm

vec_reset:
	fatal	0
vec_undef:
	fatal	1
vec_svc:
	/*
	 * From SVC mode to SVC mode: lr is lost, and its stack may be too.  Go on
	 * in UND mode, with the return address and state in the right registers.
	 */
	str	r0, [sp, #-8]
	str	r1, [sp, #-4]
	mrs	r0, spsr
	mov	r1, lr
	cps	#0x1b
	msr	spsr_fsxc, r0
	mov	lr, r1
	cps	#0x13
	ldr	r0, [sp, #-8]
	ldr	r1, [sp, #-4]
	cps	#0x1b
	fatal	2
vec_pabt:
	fatal	3
vec_dabt:
	/*
	 * The caller-saved registers are saved, SPSR stays where it is: what is
	 * called takes no exception, as interrupts are off and it uses only this stack and
	 * the permanent mapping.  LR is 8 beyond the instruction, in ARM and in Thumb
	 * state.
	 */
	sub	lr, lr, #8
	push	{r0-r3, r12, lr}
	mrc	p15, 0, r0, c5, c0, 0	@ DFSR
	mrc	p15, 0, r1, c6, c0, 0	@ DFAR
	bl	vmap_fault
	teq	r0, #0
	beq	1f
	clrex				@ as in vec_irq: a pair that was interrupted starts anew
	ldm	sp!, {r0-r3, r12, pc}^
1:	pop	{r0-r3, r12, lr}
	add	lr, lr, #8
	fatal	4
vec_unused:
	fatal	5
vec_fiq:
	fatal	6

fatal_common:
	mrs	r1, spsr
	str	lr, [sp, #60]
	str	r1, [sp, #64]
	str	r0, [sp, #68]
	mrs	r3, cpsr		@ the interrupted mode's own sp and lr
	bic	r4, r3, #0x1f
	and	r2, r1, #0x1f
	cmp	r2, #0x10		@ user: there is none, but its bank is SYS's
	moveq	r2, #0x1f
	orr	r4, r4, r2
	orr	r4, r4, #0xc0
	msr	cpsr_c, r4
	mov	r5, sp
	mov	r6, lr
	msr	cpsr_c, r3
	str	r5, [sp, #52]
	str	r6, [sp, #56]
	mov	r0, sp
	clrex
	bl	exception_report
	b	.

	.section .rodata.dtb, "a"
	.balign	8
	.global	builtin_dtb, builtin_dtb_end
builtin_dtb:
	.incbin	BUILTIN_DTB
builtin_dtb_end:
