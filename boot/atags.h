/* SPDX-License-Identifier: MIT */
/*
 * atags - the list that a loader without device trees passes in r2.
 *
 * Words from the loader, little-endian: each tag is its size in words, header
 * included, its kind, and its own words.  ATAG_CORE is first (2 words, or 5), a tag
 * of size 0 and kind ATAG_NONE last.  What is used: ATAG_MEM and ATAG_CMDLINE, in
 * the place of /memory and /chosen/bootargs of the built-in tree.
 *
 * Source: "Booting ARM Linux" and the structures named there.
 */
#ifndef BOOT_ATAGS_H
#define BOOT_ATAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATAGS_MAX_MEMORY 8

struct atags {
	const char *bootargs; /* in the list, ended; NULL: none */
	unsigned nr_memory;
	struct {
		uint32_t base, bytes; /* do not wrap; not sorted */
	} memory[ATAGS_MAX_MEMORY];
};

/*
 * Reads a list of which at most max_bytes may be looked at.  False: list does not begin
 * with ATAG_CORE.  A tag that leaves the list or makes no sense ends it; *out is what came
 * before.  list: word-aligned.  Any context.
 */
bool atags_read(const uint32_t *list, size_t max_bytes, struct atags *out);

#endif /* BOOT_ATAGS_H */
