/* SPDX-License-Identifier: MIT */
/*
 * vexpress-a9: where things are, and what board.c does with them.
 *
 * Source: CoreTile Express A9x4 TRM (DUI0448), Motherboard Express uATX TRM (DUI0447);
 * Cortex-A9 MPCore TRM (DDI0407), "Private memory region".
 */
#ifndef BOARD_H
#define BOARD_H

#define RAM_BASE 0x60000000
#define RAM_SIZE 0x04000000 /* as much of it as this kernel gives to libbuddy */

#define PERIPHBASE  0x1e000000
#define SCU_BASE    (PERIPHBASE + 0x000)
#define GICC_BASE   (PERIPHBASE + 0x100)
#define PTIMER_BASE (PERIPHBASE + 0x600)
#define GICD_BASE   (PERIPHBASE + 0x1000)
#define PTIMER_IRQ  29
#define PTIMER_HZ   100000000 /* PERIPHCLK; on silicon: what the clock generator is set to */

#define UART_BASE 0x10009000 /* PL011, 24 MHz */

/* The waiting cores jump to what is in here. */
#define SYS_FLAGS      0x10000030
#define SYS_FLAGSSET   0x10000030
#define SYS_FLAGSCLEAR 0x10000034

#define NR_CPUS	    4
#define BOOT_STACK  8192       /* of each core; start.S, then its idle task */
#define SCTLR_VALUE 0x00c5187d /* M, C, Z, I, and the bits that read as one */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* SGIs: look for another task; run what another core asks (port.c). */
enum { SGI_RESCHED, SGI_CALL, SGI_START };

void board_early(void);		       /* MMU off: SCU on, the page table made */
void board_init(void);		       /* core 0: console, distributor */
void board_init_cpu(unsigned tick_hz); /* each core: its interrupts and its tick */
void board_start_cpus(void);	       /* lets the others go to secondary_start */
unsigned board_nr_cpus(void);
void board_send_sgi(unsigned sgi, uint32_t cpu_mask);
uint32_t board_irq_begin(void); /* what GICC_IAR says; its low 10 bits are the interrupt */
void board_irq_end(uint32_t iar);
void board_tick_ack(void);
void board_putc(char c);
_Noreturn void board_exit(int status); /* by semihosting */
#endif

#endif /* BOARD_H */
