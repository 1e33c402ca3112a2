// SPDX-License-Identifier: MIT
/*
 * watermark - may a zone give a block of this order to this request?
 *
 * min, low and high are pages that must stay free, by the kind of request; a
 * zone that could be left alone (because a higher one would have done) keeps
 * lowmem_reserve on top of it, for those who have no choice.
 *
 * Checked when pages leave the zone, not when a CPU hands one out of its
 * cache: those are off the zone's count already.  A refill may overdraw the low mark by
 * the rest of its batch, as in Linux, but not min (pcp.c).
 *
 * Free pages of CMA areas and of the highatomic reserve count only for those who may have
 * them.  A boost (fallback.c) is added to all marks.
 *
 * State: zone->watermark[], lowmem_reserve[], written at start-up and when memory goes out
 * of service, under the zone's lock.  The check itself, zone_watermark_ok(), is inline in
 * internal.h; it reads nr_free_pages and nonempty[] without the lock: a request that
 * squeezes by on an old value takes a block too many, never a batch (rmqueue_bulk()).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

static unsigned wanted_kbytes; /* [I] min_free_kbytes, 0: by size */
static unsigned wanted_ratio[MAX_NR_ZONES];

/* The largest r with r * r <= n. */
static unsigned isqrt(uint64_t n)
{
	uint32_t r = 0;

	for (uint32_t bit = 1U << 31; bit; bit >>= 1)
		if ((uint64_t)(r | bit) * (r | bit) <= n)
			r |= bit;
	return r;
}

/* Free pages that a request of this kind may not have: case 25, they may be more than all. */
unsigned unusable_free(const struct zone *zone, unsigned alloc_flags)
{
	unsigned nr = 0;

	if (!(alloc_flags & ALLOC_CMA))
		nr += zone_free_cma(zone);
	if (!(alloc_flags & ALLOC_HARDER))
		nr += zone_free_highatomic(zone);
	return nr;
}

/* The lists that not everybody may use have a block of 2^order pages or more. */
bool special_has_block(const struct zone *zone, unsigned order, unsigned alloc_flags)
{
	uint32_t orders = 0;

	if (BUDDY_CMA && alloc_flags & ALLOC_CMA)
		orders |= READ_ONCE(zone->nonempty[MIGRATE_CMA]);
	if (BUDDY_HIGHATOMIC && alloc_flags & ALLOC_HARDER)
		orders |= READ_ONCE(zone->nonempty[MIGRATE_HIGHATOMIC]);
	return orders >> order;
}

static inline bool is_lowmem(const struct zone *zone)
{
	return zone->type == ZONE_DMA || zone->type == ZONE_NORMAL;
}

static void set_wmarks(struct zone *zone, unsigned min, unsigned gap)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&zone->lock);
	WRITE_ONCE(zone->watermark[WMARK_MIN], min);
	WRITE_ONCE(zone->watermark[WMARK_LOW], min + gap);
	WRITE_ONCE(zone->watermark[WMARK_HIGH], min + 2 * gap);
	update_fast_mark(zone);
	port_spin_unlock(&zone->lock);
	port_irq_restore(flags);
}

/*
 * min: each zone's share of min_free_kbytes (0: 4 * sqrt(lowmem KiB), 128 to
 * 262,144); low and high one and two quarters of that, or thousandths of the
 * zone, above.  Follows Linux's __setup_per_zone_wmarks() (6.1).
 */
static void setup_per_zone_wmarks(void)
{
	unsigned min_free_kbytes = wanted_kbytes;
	uint64_t lowmem = 0;
	uint64_t pages_min;
	struct zone *zone;

	for_each_zone(zone)
		if (is_lowmem(zone))
			lowmem += READ_ONCE(zone->managed_pages);
	if (!min_free_kbytes) {
		min_free_kbytes = isqrt((lowmem << (PAGE_SHIFT - 10)) * 16);
		min_free_kbytes = min_free_kbytes < 128 ? 128 : min_free_kbytes;
		min_free_kbytes = min_free_kbytes > 262144 ? 262144 : min_free_kbytes;
	}
	pages_min = min_free_kbytes >> (PAGE_SHIFT - 10);
	for_each_zone(zone) {
		unsigned long managed = READ_ONCE(zone->managed_pages);
		unsigned min, gap;

		if (is_lowmem(zone)) {
			min = (unsigned)(pages_min * managed / (lowmem ? lowmem : 1));
		} else {
			min = (unsigned)(managed / 1024);
			min = min < 32 ? 32 : min;
			min = min > 128 ? 128 : min;
		}
		/* A zone of a few pages still has to be able to give some of them. */
		min = (unsigned)min_t((unsigned long)min, managed / 4);
		gap = (unsigned)(managed / 1000);
		gap = gap > min / 4 ? gap : min / 4;
		set_wmarks(zone, min, gap);
	}
}

/*
 * A zone keeps 1/ratio of the pages of the zones above it, of the same node, from
 * requests that may use those.  Follows Linux's setup_per_zone_lowmem_reserve().
 */
static void setup_lowmem_reserve(void)
{
	static const unsigned usual[MAX_NR_ZONES] = {256, 32, 0, 0};
	struct zone *zone, *above;

	for_each_zone(zone) {
		unsigned r =
			wanted_ratio[zone->type] ? wanted_ratio[zone->type] : usual[zone->type];

		for (unsigned highest = 0; highest < MAX_NR_ZONES; highest++) {
			unsigned long pages = 0;

			for_each_zone(above)
				if (above->nid == zone->nid && above->type > zone->type &&
				    above->type <= highest)
					pages += READ_ONCE(above->managed_pages);
			WRITE_ONCE(zone->lowmem_reserve[highest], r ? (uint32_t)(pages / r) : 0);
		}
	}
}

/* Both again, after the size of a zone has changed.  Interrupts on or off, no lock held. */
void wmark_update(void)
{
	setup_per_zone_wmarks();
	setup_lowmem_reserve();
}

/* At start-up: what is wished, see init.h. */
void wmark_init(unsigned min_free_kbytes, const unsigned ratio[MAX_NR_ZONES])
{
	wanted_kbytes = min_free_kbytes;
	for (unsigned t = 0; t < MAX_NR_ZONES; t++)
		wanted_ratio[t] = ratio[t];
	wmark_update();
}

#endif /* !BUDDY_TINY */
