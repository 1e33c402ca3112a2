/* SPDX-License-Identifier: MIT */
/*
 * A block device in memory, for tests: with a plain copy of what should be on it kept by
 * whoever tests, and operations that fail when they are told to.
 */
#ifndef TESTS_RAMDISK_H
#define TESTS_RAMDISK_H

#include <stdbool.h>
#include <stdint.h>

#include <buddy/filemap.h>

struct ramdisk {
	struct block_device dev;
	unsigned char *bytes;
	uint32_t fail_read, fail_write; /* the n-th operation from now on fails; 0: none */
	bool broken;			/* all writes fail */
	uint32_t reads, writes;		/* operations, those that failed included */
	uint32_t inside;		/* CPUs in an operation: one at a time */
	bool collided;
};

/* bytes: nr_sectors * 512 of them, the caller's. */
void ramdisk_init(struct ramdisk *disk, unsigned char *bytes, uint32_t nr_sectors);

#endif /* TESTS_RAMDISK_H */
