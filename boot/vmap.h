/* SPDX-License-Identifier: MIT */
/*
 * vmalloc's window on the Cortex-A9: LAYOUT_VMAP_BASE, LAYOUT_VMAP_BYTES.  The contract is
 * port_vmap_*() in port/port.h.
 */
#ifndef BOOT_VMAP_H
#define BOOT_VMAP_H

#include <stdbool.h>
#include <stdint.h>

int vmap_prepare(uint32_t addr, uint32_t bytes);
void vmap_set(uint32_t addr, uint32_t phys);
void vmap_clear(uint32_t addr, unsigned nr);
void vmap_break(uint32_t addr);
/* UINT64_MAX: not mapped now. */
uint64_t vmap_phys(uint32_t addr);

/*
 * From vectors.S: a data abort.  True: it was an access to a page of the window that was
 * being moved and is there again: the instruction is to be executed once more.
 */
bool vmap_fault(uint32_t dfsr, uint32_t dfar);

/*
 * What an address of the window that faulted was, for a report; NULL: it is not in the
 * window.
 */
const char *vmap_fault_name(uint32_t addr);

/*
 * How often a core has met a page that was being moved, and waited; counted before the
 * wait.
 */
uint32_t vmap_waits(unsigned cpu);

/* Pages that tables were made of; they are kept. */
unsigned vmap_table_pages(void);

#endif /* BOOT_VMAP_H */
