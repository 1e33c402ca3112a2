/* SPDX-License-Identifier: MIT */
/*
 * demo_disk - a block device that needs no card and no memory: what a sector holds is what
 * its number says.
 *
 * Reading makes it up; writing compares, and remembers only whether it was right.  So
 * whatever comes back through a page cache can be verified, however often its pages were
 * dropped, written and read again.
 */
#ifndef BOOT_DEMO_DISK_H
#define BOOT_DEMO_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/filemap.h>

#define DEMO_DISK_STRIDE 8u /* of the words of a sector, one in so many has contents */

extern struct block_device demo_disk;

/* It has so many pages from now on, and nothing has been read, written, or written wrong. */
void demo_disk_init(uint32_t nr_pages);

/* What a page holds, into memory of one page; memory holds it.  Any context. */
void demo_disk_fill(void *memory, uint32_t page);
bool demo_disk_matches(const void *memory, uint32_t page);

/*
 * Sectors read and written since; of those written, with other contents than they should
 * have.
 */
extern uint32_t demo_disk_reads, demo_disk_writes, demo_disk_wrong;

#endif /* BOOT_DEMO_DISK_H */
