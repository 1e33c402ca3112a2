/* SPDX-License-Identifier: MIT */
/* From reset to main() on core 0; what main() returns becomes the emulator's exit status. */
	.syntax	unified
	.arm
	.section .head, "ax"
	.global	_start
_start:
	mrc	p15, 0, r0, c0, c0, 5	@ MPIDR: the other cores sleep
	ands	r0, r0, #3
1:	wfine
	bne	1b
	ldr	sp, =stack_top
	ldr	r1, =bss_start
	ldr	r2, =bss_end
2:	cmp	r1, r2			@ r0 is 0
	strlo	r0, [r1], #4
	blo	2b
#ifdef __ARM_PCS_VFP
	mrc	p15, 0, r1, c1, c0, 2	@ CPACR: floats are passed in VFP registers, and the C
	orr	r1, r1, #0xf << 20	@ library's memcpy() may copy with them
	mcr	p15, 0, r1, c1, c0, 2
	isb
	mov	r1, #1 << 30
	vmsr	fpexc, r1
#endif
	bl	mmu_on
	bl	main

	ldr	r1, =exit_block		@ semihosting: SYS_EXIT_EXTENDED
	str	r0, [r1, #4]
	mov	r0, #0x20
	svc	0x123456
3:	wfi
	b	3b

	.data
exit_block:
	.word	0x20026, 0		@ ADP_Stopped_ApplicationExit, the status
