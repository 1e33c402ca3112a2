/* SPDX-License-Identifier: MIT */
/*
 * sched self-test, the part that counts instructions: entry of all cores, and the
 * loops whose interleaving is judged.  Each works between roi_toggle() calls of
 * sched_guest.c; r0-r3 are C arguments.
 */
	.syntax unified
	.cpu cortex-a9
	.arm
	.section .text.start, "ax"
	.global _start
_start:
	cpsid	aif
	mrc	p15, 0, r0, c0, c0, 5
	and	r0, r0, #3
	ldr	sp, =0x61f00000
	sub	sp, sp, r0, lsl #16
	bl	main
	ldr	r1, =0x20026		@ ADP_Stopped_ApplicationExit
	mov	r0, #0x18		@ SYS_EXIT
	svc	0x123456
1:	b	1b
	.pool

	.text
	.macro	F name
	.balign	64
	.global	\name
\name:
	.endm

	F	count_plain		@ (word, n): n times word++, nothing protects it
1:	ldr	r2, [r0]
	add	r2, r2, #1
	str	r2, [r0]
	subs	r1, r1, #1
	bne	1b
	bx	lr

	F	count_locked		@ (word, n, lock): the same under a spin lock
	mov	r12, #1
1:	ldrex	r3, [r2]
	cmp	r3, #0
	bne	1b
	strex	r3, r12, [r2]
	cmp	r3, #0
	bne	1b
	dmb
	ldr	r3, [r0]
	add	r3, r3, #1
	str	r3, [r0]
	dmb
	mov	r3, #0
	str	r3, [r2]
	subs	r1, r1, #1
	bne	1b
	bx	lr

	F	take_mail		@ (mailbox, delay): flawed: a letter that is posted
	mov	r3, #0			@ between the two marked instructions is lost
1:	subs	r1, r1, #1
	bne	1b
	ldr	r2, [r0]		@ <- window opens
	str	r3, [r0]		@ <- window closes
	mov	r0, r2
	bx	lr

	F	post_mail		@ (mailbox, delay, letter)
1:	subs	r1, r1, #1
	bne	1b
	str	r2, [r0]
	bx	lr

	F	sign_ring		@ (ring, n, me, index): n times ring[index++] = me
	push	{r4, r5}
1:	ldrex	r4, [r3]
	add	r5, r4, #1
	strex	r12, r5, [r3]
	cmp	r12, #0
	bne	1b
	strb	r2, [r0, r4]
	subs	r1, r1, #1
	bne	1b
	pop	{r4, r5}
	bx	lr

	F	aba_try			@ (seqs: a word, 64 bytes on a sequence): 1 if an LDREX/
	add	r1, r0, #64		@ STREX pair succeeded across a round of aba_spoil()
	ldrex	r2, [r0]
	ldr	r3, [r1]
	nop
	nop
	ldr	r12, [r1]
	strex	r1, r2, [r0]
	sub	r12, r12, r3
	cmp	r12, #3			@ sequence + 3: a store to the word lies in between
	mov	r0, #0
	bxlo	lr
	cmp	r1, #0
	moveq	r0, #1
	bx	lr

	F	aba_spoil		@ (seqs, n): n times sequence++, word 1, word 0, sequence++
	push	{r4}
	add	r2, r0, #64
	mov	r12, #1
	mov	r4, #0
1:	ldr	r3, [r2]
	add	r3, r3, #1
	str	r3, [r2]
	str	r12, [r0]
	str	r4, [r0]
	add	r3, r3, #1
	str	r3, [r2]
	subs	r1, r1, #1
	bne	1b
	pop	{r4}
	bx	lr

	F	pair			@ (word): one LDREX/STREX pair: 1 if it failed
	ldrex	r1, [r0]
	nop
	nop
	strex	r2, r1, [r0]
	mov	r0, r2
	bx	lr

	F	store_n			@ (word, n): n plain stores
1:	str	r1, [r0]
	subs	r1, r1, #1
	bne	1b
	bx	lr

	F	spin_on			@ (flag): until it is not 0
1:	ldr	r1, [r0]
	cmp	r1, #0
	beq	1b
	bx	lr

	F	spin_count		@ (n): 2 n + 1 instructions, registers only
1:	subs	r0, r0, #1
	bne	1b
	bx	lr
