// SPDX-License-Identifier: MIT
/*
 * detour - leading requests and frees off the fast path, for a while.
 *
 * The fast path reads tables: gfp bits to a cache, pageblock byte to a cache, gfp bits to
 * a zonelist.  Who wants to see every request (the debug hooks) or every movable one (a
 * pin scope), or restricts nodes, has the tables of all CPUs lead to an empty cache, to
 * no zone, to no descriptor.  The fast path then leaves at its ordinary exits, and has no
 * test for it.
 *
 * A CPU whose caches are known to be empty does the same for its frees, so that the
 * first of them notes that there is something again.
 *
 * State: detours[], fast_map_base, the tables in struct mm_cpu.  Guard: detour_lock,
 * interrupts off, taken with no other.
 *
 * Linux patches its code for this (static keys); freestanding code in ROM cannot.
 *
 * Not here: what is done on the longer way (page_alloc.c).
 */
#include <string.h>

#include <mm/internal.h>

#if !BUDDY_TINY

/* map_base, or no_map_base(): for frees that are not on the fast path. */
const uint8_t *fast_map_base;

static struct port_spinlock detour_lock = PORT_SPINLOCK_INIT;
static uint32_t detours[NR_DETOURS]; /* [detour_lock] who wants each; read without */
static struct zone *no_zone[1];	     /* a zonelist */

/*
 * What a CPU's fast paths read, by the detours of now.  Words: who reads them on another CPU
 * meanwhile finds the old way or the new one.  With no_map_base() every page is one without a
 * descriptor.
 */
void pcp_set_tables(struct mm_cpu *cpu)
{
	bool all = detours[DETOUR_HOOKS] || detours[DETOUR_NODES];
	gfp_t off = all ? ~0U : detours[DETOUR_PIN] ? __GFP_MOVABLE : 0;

	for (unsigned bits = 0; bits <= GFP_ZONEMASK; bits++)
		WRITE_ONCE(cpu->zonelist[bits],
			   all || bits & off ? no_zone : cpu->node->zonelist[gfp_zone(bits)]);
#if BUDDY_PCP
	for (unsigned bits = 0; bits <= GFP_FAST_MASK; bits++) {
		struct zone *zone = cpu->node->zonelist[gfp_zone(bits)][0];
		bool open = zone && !all && !(bits & off) && !gfp_zone_contradicts(bits);

		WRITE_ONCE(cpu->fast[bits],
			   open ? cpu->list[zone->zid][gfp_migratetype(bits)] : pcp_none);
	}
#endif
	WRITE_ONCE(fast_map_base, detours[DETOUR_HOOKS] ? no_map_base() : map_base);
#if BUDDY_PCP
	WRITE_ONCE(cpu->map_base, cpu->drained ? no_map_base() : fast_map_base);
#endif
}

/* At start-up: none is on. */
void pcp_init_detours(void)
{
	memset(detours, 0, sizeof(detours));
	fast_map_base = map_base;
}

void pcp_detour(enum detour which, bool on)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&detour_lock);
	MM_ASSERT(on || detours[which]);
	detours[which] += on ? 1U : ~0U;
	count_unusual(on);
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		pcp_set_tables(mm_cpus[cpu]);
	port_spin_unlock(&detour_lock);
	port_irq_restore(flags);
}

#if BUDDY_PCP
/*
 * Says that this CPU has nothing cached, or no longer so.  Under the lock: a detour that
 * another CPU turns on or off meanwhile writes map_base by what drained was.  Interrupts
 * are off.
 */
void pcp_set_drained(struct mm_cpu *cpu, bool drained)
{
	port_spin_lock(&detour_lock);
	cpu->drained = drained;
	WRITE_ONCE(cpu->map_base, drained ? no_map_base() : fast_map_base);
	port_spin_unlock(&detour_lock);
}
#endif

#endif /* !BUDDY_TINY */
