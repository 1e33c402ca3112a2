// SPDX-License-Identifier: MIT
/*
 * pageblock - zone and migratetype of every pageblock.
 *
 * One byte each: zid << 3 | migratetype, indexed by a page's place in mem_map.
 * Zones begin and end at sections, which are whole pageblocks, so that a block
 * of the free lists never lies in two zones and a free needs one load to know
 * both zone and mobility.
 *
 * State: pageblock_flags[], a byte is written under its zone's lock and read
 * without: a byte does not tear, and who needs it to stay holds the lock.
 *
 * Not here: the free lists that must agree with it (buddy.c).
 */
#include <mm/internal.h>

uint8_t *pageblock_flags;

/* At start-up: index is that of the pageblock's first page in mem_map. */
void init_pageblock(unsigned long index, unsigned zid, enum migratetype mt)
{
	pageblock_flags[index >> pageblock_order] = (uint8_t)(zid << PB_ZONE_SHIFT | mt);
}

void set_pageblock_migratetype(struct page *page, enum migratetype mt)
{
	uint8_t *byte = &pageblock_flags[page_index(page) >> pageblock_order];

	MM_ASSERT_LOCKED(page_zone(page));
	WRITE_ONCE(*byte, (uint8_t)((*byte & ~PB_TYPE_MASK) | mt));
}
