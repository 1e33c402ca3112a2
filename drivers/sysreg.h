/* SPDX-License-Identifier: MIT */
/*
 * System registers that ARM's motherboards have in common (Versatile Express, RealView):
 * flags, where waiting cores look (cpu_release.h), the 24 MHz counter (refclock.h), the
 * card slot's switch.  No state but the base address.
 *
 * Source: Motherboard Express uATX TRM (DUI0447), "register summary", "SYS_MCI"; RealView
 * Platform Baseboard Explore TRM (DUI0411), "status and system control registers".
 */
#ifndef DRIVERS_SYSREG_H
#define DRIVERS_SYSREG_H

#include <stdbool.h>

/* The memory card's write protection switch.  After refclock_init(). */
bool sysreg_card_protected(void);

#endif /* DRIVERS_SYSREG_H */
