/* SPDX-License-Identifier: MIT */
/*
 * sdcard - the memory card as a block device, with a page cache over it.
 */
#ifndef BOOT_SDCARD_H
#define BOOT_SDCARD_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/filemap.h>

/*
 * Looks for a card; a line says what was found.  Boot core, once, after the allocator; 25
 * ms.
 */
void sdcard_init(void);

/* NULL: there is none.  Any context. */
struct block_device *sdcard(void);

/*
 * Its page cache, opened at the first call; NULL: no card, no memory, or an image without
 * filemap.  Task context, interrupts on, any core.
 */
struct address_space *sdcard_cache(void);

/* Its write protection switch is on: every write fails. */
bool sdcard_protected(void);

/* Blocks that were sent again. */
uint32_t sdcard_retries(void);

#endif /* BOOT_SDCARD_H */
