/* SPDX-License-Identifier: MIT */
/*
 * One call between two readings of the global timer.
 *
 * In assembler, so that exactly the call and its return stand between the two
 * loads, whatever the compiler is: the arguments are in their registers before
 * the first, and the result is stored after the second.  See timed.h.
 */
	.arm
	.syntax	unified
	.arch	armv7-a

	@ struct timed: fn, arg[3], ret, timer
	.macro	timed_frame name, middle
	.section .text.\name, "ax"
	.global	\name
	.type	\name, %function
\name:
	push	{r4-r8, lr}
	mov	r4, r0
	ldr	r6, [r4]
	ldr	r5, [r4, #20]
	ldmib	r4, {r0-r2}
	ldr	r7, [r5]
	\middle
	ldr	r8, [r5]
	str	r0, [r4, #16]
	sub	r0, r8, r7
	pop	{r4-r8, pc}
	.size	\name, . - \name
	.endm

	timed_frame timed_call, "blx r6"
	timed_frame timed_nothing, ""

	@ What the count is checked with: 1000 instructions, and the return.
	.section .text.timed_1001, "ax"
	.global	timed_1001
	.type	timed_1001, %function
timed_1001:
	.rept	1000
	nop
	.endr
	bx	lr
	.size	timed_1001, . - timed_1001

	.global	timed_1
	.type	timed_1, %function
timed_1:
	bx	lr
	.size	timed_1, . - timed_1
