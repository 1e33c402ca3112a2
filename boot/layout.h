/* SPDX-License-Identifier: MIT */
/*
 * The stacks of a core, for assembler, C and linker script (which includes it), and
 * where temporary mappings and vmalloc's window are.
 *
 * One block of STACK_CORE_BYTES per core, each stack with an unmapped page
 * beneath it, so that the first push too many is an abort with an address that
 * names the stack, and not a neighbour's data:
 *
 *	guard  und 4 K | guard  abt 4 K | guard  irq 8 K | guard  svc 16 K
 */
#ifndef BOOT_LAYOUT_H
#define BOOT_LAYOUT_H

#define LAYOUT_NR_CPUS 4

#define STACK_GUARD	 0x1000
#define STACK_UND_GUARD	 0x0000
#define STACK_UND_TOP	 0x2000
#define STACK_ABT_GUARD	 0x2000
#define STACK_ABT_TOP	 0x4000
#define STACK_IRQ_GUARD	 0x4000
#define STACK_IRQ_TOP	 0x7000
#define STACK_SVC_GUARD	 0x7000
#define STACK_SVC_TOP	 0xc000
#define STACK_CORE_BYTES 0xc000

/* The MiB of virtual addresses for temporary mappings: no board may have anything there. */
#define LAYOUT_KMAP_BASE 0xff000000

/* The same for vmalloc's window, of whole MiB. */
#define LAYOUT_VMAP_BASE  0xc0000000
#define LAYOUT_VMAP_BYTES 0x20000000

/*
 * The MiB where RAM's first MiB can be read at start-up, on boards whose RAM begins at 0
 * (BOARD_RAM_AT_0) and where addresses from 0 on are to fault.
 */
#define LAYOUT_LOW_BASE 0xfee00000

#endif /* BOOT_LAYOUT_H */
