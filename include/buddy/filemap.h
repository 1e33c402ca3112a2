/* SPDX-License-Identifier: MIT */
/*
 * filemap: a page cache over a block device.
 *
 * What is read stays in memory until somebody needs the memory more; what is
 * written is in memory first and goes to the device when it is asked for (filemap_sync()),
 * when too much is dirty (reclaim.h), or under pressure.  Pages of the cache are movable
 * and reclaimable.
 *
 * Context of all: task, interrupts on, no lock held; several CPUs at once.  Follows Linux's
 * mm/filemap.c (6.1): names and policy.
 */
#ifndef BUDDY_FILEMAP_H
#define BUDDY_FILEMAP_H

#include <stddef.h>
#include <stdint.h>

#include <buddy/migrate.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SECTOR_SHIFT 9

/*
 * A device of sectors of 512 bytes.  read() and write() transfer nr sectors from `sector`
 * on, to and from memory that is mapped; 0 or -EIO.  They are called by one CPU at a time,
 * task context.
 */
struct block_device {
	const char *name;
	uint32_t nr_sectors;
	int (*read)(struct block_device *dev, uint32_t sector, void *buf, unsigned nr);
	int (*write)(struct block_device *dev, uint32_t sector, const void *buf, unsigned nr);
	void *priv;
};

/* The cache of one device.  Its memory is the caller's; its fields are filemap.c's. */
struct address_space;

/* NULL: no memory, or a device without sectors or operations (a line says so). */
struct address_space *filemap_open(struct block_device *dev);
/*
 * Writes what is dirty, forgets all pages, frees the rest.  0; -EIO: something could not be
 * written, and nothing is freed; -EBUSY: pages are pinned.
 */
int filemap_close(struct address_space *mapping);

/*
 * len bytes from pos on.  0; -EINVAL: beyond the device; -EIO; -ENOMEM.  write: partial
 * pages are read first.
 */
int filemap_read(struct address_space *mapping, uint64_t pos, void *buf, size_t len);
int filemap_write(struct address_space *mapping, uint64_t pos, const void *buf, size_t len);

/*
 * Everything that was written before is on the device: 0 or -EIO (what failed stays dirty).
 */
int filemap_sync(struct address_space *mapping);
/* Forgets clean pages that nobody holds; how many. */
unsigned long filemap_invalidate(struct address_space *mapping);

/*
 * The cached (or now read) page of a position, with a reference, until put_page(); NULL:
 * -EIO, -ENOMEM or beyond.
 */
struct page *filemap_get_page(struct address_space *mapping, uint64_t pos);
unsigned long filemap_nr_pages(const struct address_space *mapping);

/* Counters of one cache since it was opened. */
struct filemap_stats {
	uint32_t hits, misses, reads, writes, evicted, moved, errors; /* pages */
};
void filemap_stats(const struct address_space *mapping, struct filemap_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_FILEMAP_H */
