// SPDX-License-Identifier: MIT
/*
 * pageblock - zone and migratetype of every pageblock.
 *
 * One byte each: zid << 3 | migratetype.  Zones begin and end at sections, which
 * are whole pageblocks, so that a block of the free lists never lies in two
 * zones and a free needs one load to know both zone and mobility.
 *
 * The bytes stand at map_base, in front of the descriptors, in one allocation:
 *
 *	map_base	      mem_map = map_base + a whole number of sections
 *	| bytes | other tables | descriptor | descriptor | ...
 *
 * and pages are numbered from map_base on (page_index()), as if descriptors
 * began there.  So the fast path has one base for both, and a number below the
 * first descriptor finds a byte too: PB_NONE, whose caches are always full.
 *
 * State: PB_BYTES bytes; one is written under its zone's lock and read
 * without: a byte does not tear, and who needs it to stay holds the lock.
 *
 * Not here: the free lists that must agree with it (buddy.c).
 */
#include <string.h>

#include <mm/internal.h>

#if !BUDDY_TINY

uint8_t *map_base;

/* At start-up: base has 2 * PB_BYTES bytes; see no_map_base(). */
void init_pageblocks(void *base)
{
	map_base = base;
	memset(map_base, PB_NONE, 2 * PB_BYTES);
}

/*
 * At start-up: the pageblock that begins at page.  Release: its descriptors may be read
 * from now on.
 */
void init_pageblock(struct page *page, unsigned zid, enum migratetype mt)
{
	__atomic_store_n(&map_base[page_index(page) >> pageblock_order],
			 (uint8_t)(zid << PB_ZONE_SHIFT | mt), __ATOMIC_RELEASE);
}

void set_pageblock_migratetype(struct page *page, enum migratetype mt)
{
	uint8_t *byte = &map_base[page_index(page) >> pageblock_order];
	enum migratetype old = (enum migratetype)(*byte & PB_TYPE_MASK);

	MM_ASSERT_LOCKED(page_zone(page));
	WRITE_ONCE(*byte, (uint8_t)((*byte & ~PB_TYPE_MASK) | mt));
#if BUDDY_SPECIAL
	if (unlikely(mt >= MIGRATE_PCPTYPES || old >= MIGRATE_PCPTYPES))
		page_zone(page)->nr_special_blocks +=
			(uint32_t)(mt >= MIGRATE_PCPTYPES) - (old >= MIGRATE_PCPTYPES);
#else
	(void)old;
#endif
}

#endif /* !BUDDY_TINY */
