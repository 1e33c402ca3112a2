// SPDX-License-Identifier: MIT
/*
 * vexpress-a9: page table, SCU, GIC, private timer, UART, exit.
 *
 * State: the page table, written once with the MMU off.  The GIC's distributor is core 0's
 * until the others start; interface and timer are each core's own.
 *
 * Not here: the L2 cache (PL310), which stays off; the errata of early Cortex-A9s (those of
 * the image are in boot/errata.c); finding out the timer's clock.
 * Sections cited: ARMv7-A ARM (DDI0406C), Cortex-A9 MPCore TRM (DDI0407), GIC architecture
 * (IHI0048), PL011 TRM (DDI0183).
 */
#include "board.h"

#include "cpu.h"

#define REG(addr) (*(volatile uint32_t *)(uintptr_t)(addr))

/* ---- memory ------------------------------------------------------------- */

/*
 * "Short-descriptor translation table format": sections of 1 MiB, domain 0, privileged only.
 * Normal, write-back, write-allocate, shareable: what LDREX needs, and the SCU keeps
 * coherent.  Device, shareable, never executed.
 */
#define SECTION_NORMAL 0x1140eu /* TEX 1, C, B, S, AP 1 */
#define SECTION_DEVICE 0x00416u /* B, XN, AP 1 */
#define MIB	       0x100000u

uint32_t page_table[4096] __attribute__((aligned(16384)));

void board_early(void)
{
	for (uint32_t mib = RAM_BASE / MIB; mib < (RAM_BASE + RAM_SIZE) / MIB; mib++)
		page_table[mib] = mib * MIB | SECTION_NORMAL;
	page_table[UART_BASE / MIB] = UART_BASE / MIB * MIB | SECTION_DEVICE;
	page_table[PERIPHBASE / MIB] = PERIPHBASE / MIB * MIB | SECTION_DEVICE;

	/* "SCU Invalidate All Registers in Secure State", "SCU Control Register". */
	REG(SCU_BASE + 0x0c) = 0xffff;
	REG(SCU_BASE) |= 1;
	__asm__ volatile("dsb" ::: "memory");
}

unsigned board_nr_cpus(void)
{
	return (REG(SCU_BASE + 4) & 3) + 1; /* "SCU Configuration Register" */
}

/* ---- interrupts --------------------------------------------------------- */

void board_send_sgi(unsigned sgi, uint32_t cpu_mask)
{
	/* What the receiver is to read is there before the interrupt: "DSB". */
	__asm__ volatile("dsb" ::: "memory");
	REG(GICD_BASE + 0xf00) = cpu_mask << 16 | sgi;
}

uint32_t board_irq_begin(void)
{
	return REG(GICC_BASE + 0x0c);
}

void board_irq_end(uint32_t iar)
{
	__asm__ volatile("dsb" ::: "memory"); /* the device has had its acknowledge */
	REG(GICC_BASE + 0x10) = iar;
}

void board_tick_ack(void)
{
	REG(PTIMER_BASE + 0x0c) = 1;
}

void board_init_cpu(unsigned tick_hz)
{
	for (unsigned i = 0; i < 32; i += 4)
		REG(GICD_BASE + 0x400 + i) = 0xa0a0a0a0; /* priorities of SGIs and PPIs */
	REG(GICD_BASE + 0x100) = 0xffff | 1u << PTIMER_IRQ;
	REG(GICC_BASE + 4) = 0xf0; /* lets all priorities through that are in use */
	REG(GICC_BASE) = 1;
	REG(PTIMER_BASE) = PTIMER_HZ / tick_hz - 1;
	REG(PTIMER_BASE + 8) = 7; /* on, again and again, with an interrupt */
}

void board_init(void)
{
	REG(UART_BASE + 0x30) = 0;
	REG(UART_BASE + 0x24) = 39; /* 38,400 Bd of 24 MHz */
	REG(UART_BASE + 0x28) = 4;
	REG(UART_BASE + 0x2c) = 0x70; /* 8n1, FIFOs */
	REG(UART_BASE + 0x30) = 0x301;
	REG(GICD_BASE) = 1;
}

extern char secondary_start[];

void board_start_cpus(void)
{
	REG(SYS_FLAGSCLEAR) = 0xffffffff;
	REG(SYS_FLAGSSET) = (uint32_t)(uintptr_t)secondary_start;
	board_send_sgi(SGI_START, 0xe);
}

/* ---- console and exit --------------------------------------------------- */

void board_putc(char c)
{
	while (REG(UART_BASE + 0x18) & 1u << 5) /* FIFO full */
		;
	REG(UART_BASE) = (uint8_t)c;
}

/* SYS_EXIT_EXTENDED.  Off a debugger the SVC is an exception like any other. */
_Noreturn void board_exit(int status)
{
	uint32_t block[2] = {0x20026, (uint32_t)status};
	register uint32_t r0 __asm__("r0") = 0x20;
	register uint32_t *r1 __asm__("r1") = block;

	__asm__ volatile("svc 0x123456" : : "r"(r0), "r"(r1) : "memory");
	for (;;)
		__asm__ volatile("wfi");
}
