// SPDX-License-Identifier: MIT
/*
 * demo_disk - a block device made up of its sectors' numbers.  See demo_disk.h.
 *
 * State: the counters, which the one core at a time that reads or writes (filemap.h) counts
 * up, and others read when it is over.  Locks: none.
 *
 * Not here: a real card (sdcard.c).
 */
#include "boot/demo_disk.h"

#include <buddy/mm.h>

#define SECTOR_WORDS	 (1u << (SECTOR_SHIFT - 2))
#define SECTORS_PER_PAGE ((unsigned)(PAGE_SIZE >> SECTOR_SHIFT))

uint32_t demo_disk_reads, demo_disk_writes, demo_disk_wrong;

static uint32_t value(uint32_t sector, unsigned word)
{
	return (sector + 1) * 2654435761u ^ word;
}

static void fill(uint32_t *p, uint32_t sector, unsigned nr)
{
	for (; nr--; sector++, p += SECTOR_WORDS)
		for (unsigned w = 0; w < SECTOR_WORDS; w += DEMO_DISK_STRIDE)
			p[w] = value(sector, w);
}

static bool matches(const uint32_t *p, uint32_t sector, unsigned nr)
{
	for (; nr--; sector++, p += SECTOR_WORDS)
		for (unsigned w = 0; w < SECTOR_WORDS; w += DEMO_DISK_STRIDE)
			if (p[w] != value(sector, w))
				return false;
	return true;
}

static int disk_read(struct block_device *dev, uint32_t sector, void *buf, unsigned nr)
{
	(void)dev;
	fill(buf, sector, nr);
	demo_disk_reads += nr;
	return 0;
}

static int disk_write(struct block_device *dev, uint32_t sector, const void *buf, unsigned nr)
{
	(void)dev;
	demo_disk_writes += nr;
	if (!matches(buf, sector, nr))
		demo_disk_wrong++;
	return 0;
}

struct block_device demo_disk = {.name = "demo", .read = disk_read, .write = disk_write};

void demo_disk_init(uint32_t nr_pages)
{
	demo_disk.nr_sectors = nr_pages * SECTORS_PER_PAGE;
	demo_disk_reads = demo_disk_writes = demo_disk_wrong = 0;
}

void demo_disk_fill(void *memory, uint32_t page)
{
	fill(memory, page * SECTORS_PER_PAGE, SECTORS_PER_PAGE);
}

bool demo_disk_matches(const void *memory, uint32_t page)
{
	return matches(memory, page * SECTORS_PER_PAGE, SECTORS_PER_PAGE);
}
