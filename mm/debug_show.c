// SPDX-License-Identifier: MIT
/*
 * debug_show - who holds which block, and what happened last: what the hooks noted, printed.
 *
 * Allocates nothing, as it is asked when memory has run out: page_owner's groups have
 * their place in its tables.  A running system gives a picture with a few blocks that came
 * or went meanwhile; an event that is being written over is left out.
 *
 * State: mm_debug.group, while show_page_owner() runs; one caller at a time.  The rings
 * are read without a guard, entry by entry (debug.c writes them).
 *
 * Not here: turning it on (debug_options.c).
 */
#include <mm/debug_state.h>

#if BUDDY_DEBUG_HOOKS

/* ---- page_owner ------------------------------------------------------------------ */

static inline bool is_held(uint32_t word)
{
	return page_word_state(word) == PAGE_STATE_ALLOCATED ||
	       page_word_state(word) == PAGE_STATE_SLAB;
}

bool page_owner_of(const struct page *page, const void **caller, gfp_t *gfp)
{
	const struct page_owner *owner;

	if (!(mm_debug_on & DEBUG_OWNER) || page < mem_map || page >= mem_map + nr_map_pages ||
	    !is_held(page_word(page)))
		return false;
	owner = page_owner_entry(page);
	*caller = READ_ONCE(owner->caller);
	*gfp = READ_ONCE(owner->gfp);
	return *caller != NULL;
}

/* Adds a block to its group.  The last one of nr takes those that find no room. */
static void add_to_group(struct owner_group *group, unsigned nr, const void *caller, gfp_t gfp,
			 unsigned order)
{
	struct owner_group *last = group + nr - 1;

	while (group < last && group->nr_blocks && (group->caller != caller || group->gfp != gfp))
		group++;
	if (group < last && !group->nr_blocks)
		*group = (struct owner_group){.caller = caller, .gfp = gfp};
	group->nr_blocks++;
	group->nr_pages += 1U << order;
}

static void show_group(const struct owner_group *g, bool is_rest)
{
	char flags[64] = "";

	if (is_rest)
		port_log("other callers: ");
	else if (!g->caller)
		port_log("caller not known: ");
	else
		port_log("caller %p: ", g->caller);
	port_log("%u blocks, %u pages", (unsigned)g->nr_blocks, (unsigned)g->nr_pages);
	if (!is_rest && g->caller) {
		gfp_format(g->gfp, flags, sizeof(flags));
		port_log(", gfp %s", flags);
	}
	port_log("\n");
}

void show_page_owner(unsigned max)
{
	struct owner_group *group, *most;
	unsigned long i = 0;
	struct page *page;
	uint32_t word;
	unsigned nr;

	if (!(mm_debug_on & DEBUG_OWNER)) {
		port_log("page_owner is off\n");
		return;
	}
	group = mm_debug.group;
	nr = mm_debug.nr_groups;
	for (unsigned k = 0; k < nr; k++)
		group[k].nr_blocks = group[k].nr_pages = 0;
	while ((page = next_block(&i, &word))) {
		const struct page_owner *owner = page_owner_entry(page);

		if (is_held(word))
			add_to_group(group, nr, READ_ONCE(owner->caller), READ_ONCE(owner->gfp),
				     page_word_order(word));
	}
	for (unsigned line = 0; !max || line < max; line++) {
		most = group;
		for (unsigned k = 1; k < nr; k++)
			if (group[k].nr_pages > most->nr_pages)
				most = group + k;
		if (!most->nr_pages)
			break;
		show_group(most, most == group + nr - 1);
		most->nr_pages = 0;
	}
}

/* ---- trace -------------------------------------------------------------------------- */

/* The ring's event number nr; false when its CPU has written, or is writing, over it. */
static bool read_entry(const struct trace_ring *ring, uint32_t nr, struct trace_entry *e)
{
	const struct trace_entry *from = ring->entry + (nr & (mm_debug.trace_size - 1));

	e->seq = __atomic_load_n(&from->seq, __ATOMIC_ACQUIRE);
	e->what = READ_ONCE(from->what);
	e->pfn = READ_ONCE(from->pfn);
	e->caller = READ_ONCE(from->caller);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return e->seq && READ_ONCE(from->seq) == e->seq;
}

static void show_event(unsigned cpu, const struct trace_entry *e)
{
	static const char *const kinds[] = {
		[TRACE_ALLOC] = "alloc",     [TRACE_FREE] = "free",
		[TRACE_FAIL] = "fail",	     [TRACE_EXTFRAG] = "extfrag",
		[TRACE_SLOWPATH] = "slow",   [TRACE_KSWAPD] = "kswapd",
		[TRACE_DRAIN] = "drain",     [TRACE_RECLAIM] = "reclaim",
		[TRACE_COMPACT] = "compact", [TRACE_RESERVES] = "reserve",
		[TRACE_OOM] = "oom",
	};
	const unsigned kind = TRACE_KIND(e->what);
	char flags[64];

	port_log("%8lu cpu%u %-7s order %u", (unsigned long)e->seq, cpu, kinds[kind],
		 (unsigned)TRACE_ORDER(e->what));
	if (kind >= TRACE_SLOWPATH)
		port_log(" nr %lu", (unsigned long)e->pfn);
	else if (e->pfn != PFN_NONE)
		port_log(" pfn 0x%lx", (unsigned long)e->pfn);
	if (e->caller)
		port_log(" caller %p", e->caller);
	if (kind == TRACE_ALLOC || kind == TRACE_FAIL || kind == TRACE_SLOWPATH) {
		gfp_format(TRACE_GFP(e->what), flags, sizeof(flags));
		port_log(" gfp %s", flags);
	}
	port_log("\n");
}

void show_trace(unsigned max)
{
	uint32_t next[PORT_NR_CPUS] = {0}, end[PORT_NR_CPUS] = {0}, left = 0;
	const unsigned nr_cpus = nr_mm_cpus;
	struct trace_entry e, oldest = {0};

	if (!(mm_debug_on & DEBUG_TRACE)) {
		port_log("trace is off\n");
		return;
	}
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		end[cpu] = __atomic_load_n(&mm_debug.ring[cpu].nr, __ATOMIC_ACQUIRE);
		next[cpu] = end[cpu] - min_t(end[cpu], mm_debug.trace_size);
		left += end[cpu] - next[cpu];
	}
	for (;;) {
		unsigned first = PORT_NR_CPUS;

		for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
			while (next[cpu] != end[cpu] &&
			       !read_entry(&mm_debug.ring[cpu], next[cpu], &e)) {
				next[cpu]++;
				left--;
			}
			if (next[cpu] != end[cpu] &&
			    (first == PORT_NR_CPUS || (int32_t)(e.seq - oldest.seq) < 0)) {
				first = cpu;
				oldest = e;
			}
		}
		if (first == PORT_NR_CPUS)
			break;
		next[first]++;
		if (!max || left <= max)
			show_event(first, &oldest);
		left--;
	}
}

#else

void show_page_owner(unsigned max)
{
	(void)max;
	port_log("page_owner is not in this build\n");
}

bool page_owner_of(const struct page *page, const void **caller, gfp_t *gfp)
{
	(void)page;
	(void)caller;
	(void)gfp;
	return false;
}

void show_trace(unsigned max)
{
	(void)max;
	port_log("trace is not in this build\n");
}

#endif /* BUDDY_DEBUG_HOOKS */
