/* SPDX-License-Identifier: MIT */
/*
 * a9mem self-test: entry of all cores, and the functions whose every instruction and
 * access is counted.  ROI opens the calling core's region, the next one closes it;
 * the closing movw, movt and str are counted, the opening ones are not.
 */
	.syntax	unified
	.cpu	cortex-a9
	.arm
	.section	.text.start, "ax"
	.global	_start
_start:
	cpsid	aif
	mrc	p15, 0, r0, c0, c0, 5
	and	r0, r0, #3
	ldr	sp, =0x61f00000
	sub	sp, sp, r0, lsl #16
	mov	r4, r0
	bl	main
	ldr	r1, =0x20026		@ ADP_Stopped_ApplicationExit
	mov	r0, #0x18		@ SYS_EXIT
	svc	0x123456
2:	b	2b
	.pool

	.text
	.macro	ROI
	movw	r12, #0x0008
	movt	r12, #0x1000
	str	r12, [r12]
	.endm

	.macro	F n
	.balign	64
	.global	\n
\n:
	.endm

	F	rd2		@ (base, lines): two regions, each reads every line once:
				@ 3 * lines instructions, and 3 for closing
	push	{r4, r5}
	mov	r4, r0
	mov	r5, r1
	ROI
1:	ldr	r2, [r0], #32
	subs	r1, r1, #1
	bne	1b
	ROI
	ROI
1:	ldr	r2, [r4], #32
	subs	r5, r5, #1
	bne	1b
	ROI
	pop	{r4, r5}
	bx	lr

	F	rd1		@ (base, lines): one region
	ROI
1:	ldr	r2, [r0], #32
	subs	r1, r1, #1
	bne	1b
	ROI
	bx	lr

	F	wr1		@ the same, stores
	ROI
1:	str	r1, [r0], #32
	subs	r1, r1, #1
	bne	1b
	ROI
	bx	lr

	F	rdn		@ the same without regions
1:	ldr	r2, [r0], #32
	subs	r1, r1, #1
	bne	1b
	bx	lr

	F	wrn
1:	str	r1, [r0], #32
	subs	r1, r1, #1
	bne	1b
	bx	lr

	F	special		@ (word): 100 times each special instruction once
	ROI
	mov	r1, #100
1:	ldrex	r2, [r0]
	strex	r3, r2, [r0]
	dmb
	dsb
	cpsid	i
	cpsie	i
	subs	r1, r1, #1
	bne	1b
	ROI
	bx	lr

	F	special_dev	@ 10 device reads (UART flag register)
	movw	r0, #0x9018
	movt	r0, #0x1000
	ROI
	.rept	10
	ldr	r1, [r0]
	.endr
	ROI
	bx	lr

	F	handoff		@ (flag, data, me, other, n): n times: wait for my turn,
				@ data++, hand over
	push	{r4-r6, lr}
	ldr	r4, [sp, #16]
	ROI
1:	ldr	r5, [r0]
	cmp	r5, r2
	bne	1b
	dmb
	ldr	r5, [r1]
	add	r5, r5, #1
	str	r5, [r1]
	dmb
	str	r3, [r0]
	subs	r4, r4, #1
	bne	1b
	ROI
	pop	{r4-r6, pc}

	F	handoffw	@ the same, data only written
	push	{r4-r6, lr}
	ldr	r4, [sp, #16]
	ROI
1:	ldr	r5, [r0]
	cmp	r5, r2
	bne	1b
	dmb
	str	r4, [r1]
	dmb
	str	r3, [r0]
	subs	r4, r4, #1
	bne	1b
	ROI
	pop	{r4-r6, pc}

	F	locked		@ (lock, word, n): n times: spin lock, word++
	push	{r4-r6, lr}
	mov	r3, #1
	ROI
1:	ldrex	r4, [r0]
	cmp	r4, #0
	bne	1b
	strex	r4, r3, [r0]
	cmp	r4, #0
	bne	1b
	dmb
	ldr	r4, [r1]
	add	r4, r4, #1
	str	r4, [r1]
	dmb
	mov	r4, #0
	str	r4, [r0]
	subs	r2, r2, #1
	bne	1b
	ROI
	pop	{r4-r6, pc}

	.thumb
	.balign	64
	.global	special_t
	.thumb_func
special_t:				@ special() in Thumb
	movw	r12, #0x0008
	movt	r12, #0x1000
	str	r12, [r12]
	movs	r1, #100
1:	ldrex	r2, [r0]
	strex	r3, r2, [r0]
	dmb
	dsb
	cpsid	i
	cpsie	i
	subs	r1, r1, #1
	bne	1b
	str	r12, [r12]
	bx	lr
