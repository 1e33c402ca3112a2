/* SPDX-License-Identifier: MIT */
/*
 * What start.S and the start-up code in C say to each other, and linker.ld's
 * symbols.  Nothing here outlives start-up but the addresses.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#define BOOT_DTB_LOST	   1 /* a tree lay where the image had to go, and is too large to move */
#define BOOT_ABORT_DROPPED 2 /* an asynchronous abort was pending */
#define BOOT_DTB_GO	   4 /* the tree is the one on the `go` command's line, not r2's */
#define BOOT_DTB_APPENDED  8 /* it is the one that followed the image */
#define BOOT_DTB_MOVED	   16

#ifndef __ASSEMBLER__

#include <stdint.h>

/* What the loader left; laid out by start.S, on the boot core's stack. */
struct boot_args {
	uint32_t r0, r1, r2;
	uint32_t sctlr;	    /* MMU and caches on or off */
	uint32_t load_addr; /* where the image was before it moved itself */
	uint32_t flags;	    /* BOOT_* */
	uint32_t dtb;	    /* what may be a tree: its first word is right; 0: none */
};

extern char _start[], _end[];
extern char __text_end[], __rodata_start[], __rodata_end[];
extern char __data_start[], __load_end[], __stacks[];
extern char vectors[], secondary_entry[];
/* Constructors of C++ objects and of functions with that attribute, in their order. */
extern void (*const __init_array_start[])(void), (*const __init_array_end[])(void);
extern const unsigned char builtin_dtb[], builtin_dtb_end[];

/* start.S: this core's MMU and caches on, with the table mmu_l1. */
void cpu_mmu_on(void);

/* early.c, MMU off: SCU, L2, first page table.  Word-aligned accesses only. */
void early_init(const struct boot_args *args);

/* main.c, MMU on. */
_Noreturn void boot_main(const struct boot_args *args);

/*
 * In ticks of the global timer, for the bench: what mm_init() took; and that with what was
 * left for later, which all cores did together (not what start-up does in between).
 */
extern uint32_t boot_mm_init_ticks, boot_mm_ready_ticks;

/*
 * debugargs.c: what the boot arguments want of buddy/debug.h.  After mm_init_cpu(), before
 * other cores.
 */
void debug_from_bootargs(void);

#endif /* __ASSEMBLER__ */

#endif /* BOOT_BOOT_H */
