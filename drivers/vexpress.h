/* SPDX-License-Identifier: MIT */
/*
 * Versatile Express motherboard: system registers.
 *
 * Flags (where waiting cores look), the 24 MHz counter, the card slot's switch, and the
 * configuration interface that turns the board off or restarts it.  No state of its own but
 * the base address; used by one core at a time (start-up, or the last one
 * standing), so no lock.
 *
 * Source: Motherboard Express uATX TRM (DUI0447), "register summary",
 * "SYS_MCI", "SYS_CFGCTRL".
 */
#ifndef DRIVERS_VEXPRESS_H
#define DRIVERS_VEXPRESS_H

#include <stdbool.h>
#include <stdint.h>

void vexpress_init(uintptr_t sysreg_base);

/* Free-running, 24 MHz, 32 bits. */
uint32_t vexpress_24mhz(void);

/* The memory card's write protection switch. */
bool vexpress_card_protected(void);

/* Ask for it; the board takes its time, so these return. */
void vexpress_poweroff(void);
void vexpress_reboot(void);

#endif /* DRIVERS_VEXPRESS_H */
