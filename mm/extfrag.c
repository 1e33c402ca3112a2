// SPDX-License-Identifier: MIT
/*
 * extfrag - how fragmented the free memory is, in Linux's two figures.
 *
 * State and locks: none; zone_info() takes a zone's lock for a moment.
 *
 * Follows fragmentation_index() and unusable_free_index() of Linux's mm/vmstat.c (6.1).
 */
#include <buddy/compaction.h>
#include <mm/internal.h>

#if !BUDDY_TINY

struct free_shape {
	unsigned long blocks, pages; /* free: of any size; together */
	unsigned long suitable;	     /* blocks of the order that could be cut out of them */
};

static bool free_shape(unsigned i, unsigned order, struct free_shape *s)
{
	struct zone_info info;

	*s = (struct free_shape){0};
	if (order > MAX_ORDER || !zone_info(i, &info))
		return false;
	for (unsigned o = 0; o < NR_ORDERS; o++)
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
			unsigned long nr = mt == MIGRATE_ISOLATE ? 0 : info.nr_free[o][mt];

			s->blocks += nr;
			s->pages += nr << o;
			if (o >= order)
				s->suitable += nr << (o - order);
		}
	return true;
}

/*
 * With as many blocks as there are, a request of this order would be served if the pages
 * were `requested` each: 1 - (1 + pages / requested) / blocks is near 0 when there are few
 * pages, and near 1 when there are enough, in blocks too small.
 */
int extfrag_index(unsigned zone, unsigned order)
{
	struct free_shape s;

	if (!free_shape(zone, order, &s) || !s.blocks)
		return 0;
	if (s.suitable)
		return -1000;
	return 1000 - (int)((1000 + (unsigned)(((uint64_t)s.pages * 1000) >> order)) / s.blocks);
}

int unusable_free_index(unsigned zone, unsigned order)
{
	struct free_shape s;

	if (!free_shape(zone, order, &s) || !s.pages)
		return 1000;
	return (int)((uint64_t)(s.pages - (s.suitable << order)) * 1000 / s.pages);
}

static void show_one(const char *what, int (*index)(unsigned zone, unsigned order))
{
	struct zone *zone;

	port_log("%s\n", what);
	for_each_zone(zone) {
		port_log("Node %u, zone %8s ", (unsigned)zone->nid, zone->name);
		for (unsigned order = 0; order < NR_ORDERS; order++) {
			int i = index(zone->zid, order);

			port_log("%s%d.%03d ", i < 0 ? "-" : " ", (i < 0 ? -i : i) / 1000,
				 (i < 0 ? -i : i) % 1000);
		}
		port_log("\n");
	}
}

void show_extfrag(void)
{
	show_one("extfrag_index", extfrag_index);
	show_one("unusable_index", unusable_free_index);
}

#endif /* !BUDDY_TINY */
