// SPDX-License-Identifier: MIT
/*
 * atags - a reader, see atags.h.
 *
 * The list is foreign data: every size is held against what is left of it, and a range
 * of memory that is empty or wraps is left out.  State: none.
 */
#include "boot/atags.h"

#include <string.h>

#define ATAG_CORE    0x54410001u
#define ATAG_MEM     0x54410002u
#define ATAG_CMDLINE 0x54410009u

#define HEADER_WORDS 2

static void add_memory(struct atags *out, const uint32_t *tag)
{
	uint32_t bytes = tag[2], base = tag[3];

	if (out->nr_memory == ATAGS_MAX_MEMORY || !bytes || base + bytes - 1 < base)
		return;
	out->memory[out->nr_memory].base = base;
	out->memory[out->nr_memory++].bytes = bytes;
}

bool atags_read(const uint32_t *list, size_t max_bytes, struct atags *out)
{
	size_t left = max_bytes / sizeof(*list);

	memset(out, 0, sizeof(*out));
	if (left < HEADER_WORDS || list[1] != ATAG_CORE || (list[0] != 2 && list[0] != 5))
		return false;
	while (left >= HEADER_WORDS && list[0] >= HEADER_WORDS && list[0] <= left) {
		uint32_t words = list[0];
		const char *text = (const char *)(list + HEADER_WORDS);

		if (list[1] == ATAG_MEM && words >= 4)
			add_memory(out, list);
		if (list[1] == ATAG_CMDLINE && memchr(text, 0, (words - HEADER_WORDS) * 4) && *text)
			out->bootargs = text;
		list += words;
		left -= words;
	}
	return true;
}
