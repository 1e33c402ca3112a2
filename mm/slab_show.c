// SPDX-License-Identifier: MIT
/*
 * slab_show - what there is in caches of objects, and the validator's part of it.
 *
 * State: none; what is found wrong under a node's lock is said after it.  Locks: one node's
 * at a time, interrupts off while its slabs are walked (mm_check() only).
 *
 * Follows Linux's /proc/slabinfo and mm/slub.c's validate_slab() (6.1).
 */
#include <mm/slab_priv.h>

#if BUDDY_SLAB

/* ---- pictures --------------------------------------------------------------- */

static unsigned long nr_cached(const struct kmem_cache *s)
{
	unsigned long nr = 0;

	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		nr += (unsigned long)(READ_ONCE(s->cpu[cpu].top) - s->cpu[cpu].base);
	return nr;
}

/* The i-th that there is. */
static struct kmem_cache *nth_cache(unsigned i)
{
	for (unsigned id = 0; id < SLAB_MAX_CACHES; id++) {
		struct kmem_cache *s = slab_walked(id);

		if (s != &slab_none && !i--)
			return s;
	}
	return NULL;
}

bool slab_info(unsigned i, struct slab_info *info)
{
	const struct kmem_cache *s;
	unsigned long nr_free = 0, taken;

	slab_walk(true);
	s = nth_cache(i);
	if (!s) {
		slab_walk(false);
		return false;
	}
	*info = (struct slab_info){
		.name = s->name,
		.object_size = s->object_size,
		.size = s->size,
		.order = s->order,
		.objects = s->objects,
		.nr_cached = nr_cached(s),
	};
	for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++) {
		const struct kmem_cache_node *n = &s->node[nid];

		info->nr_slabs += READ_ONCE(n->nr_slabs);
		info->nr_pages += READ_ONCE(n->nr_pages);
		info->nr_objects += READ_ONCE(n->nr_objects);
		info->nr_partial += READ_ONCE(n->nr_partial);
		info->nr_empty += READ_ONCE(n->nr_empty);
		nr_free += READ_ONCE(n->nr_free);
	}
	slab_walk(false);
	taken = nr_free + info->nr_cached;
	info->nr_active = info->nr_objects > taken ? info->nr_objects - taken : 0;
	return true;
}

void show_slabinfo(void)
{
	struct slab_info info;

	port_log("slabinfo - version: 2.1\n");
	port_log("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> "
		 ": slabdata <active_slabs> <num_slabs> <cached> <pages>\n");
	for (unsigned i = 0; slab_info(i, &info); i++)
		port_log("%-17s %6lu %6lu %6u %4u %4u : slabdata %6lu %6lu %6lu %6lu\n", info.name,
			 info.nr_active, info.nr_objects, info.size, info.objects, 1U << info.order,
			 info.nr_slabs - info.nr_empty, info.nr_slabs, info.nr_cached,
			 info.nr_pages);
}

/* ---- the validator ------------------------------------------------------------- */

#define MAX_REPORTS 8

struct slab_report {
	const char *what; /* the invariant, as a sentence that is false */
	const struct kmem_cache *s;
	const void *where;
	unsigned long found, expected;
};

struct slab_result {
	unsigned broken;
	struct slab_report report[MAX_REPORTS];
};

static void broken(struct slab_result *r, const char *what, const struct kmem_cache *s,
		   const void *where, unsigned long found, unsigned long expected)
{
	if (r->broken < MAX_REPORTS)
		r->report[r->broken] = (struct slab_report){what, s, where, found, expected};
	r->broken++;
}

/* One slab with free objects: its list, and the counts that it adds to. */
static void check_slab(struct slab_result *r, const struct kmem_cache *s, struct page *slab,
		       uint32_t *nr_free)
{
	const uint32_t state = slab_state(slab);
	unsigned objects = slab_objects(s, page_word_order(page_word(slab))), nr = 0;
	unsigned next = slab_free(state);

	if (slab_inuse(state) > objects)
		broken(r, "more objects are in use than a slab has", s, slab, slab_inuse(state),
		       objects);
	while (next && nr <= objects) {
		void *object = (char *)page_address(slab) + (size_t)(next - 1) * s->size;

		nr++;
		next = next <= objects ? slab_next(s, object) : objects + 1;
		if (next > objects ||
		    free_words(s, object)->canary != slab_canary(s, object, CANARY_LISTED)) {
			broken(r, "a free object was written to", s, object,
			       free_words(s, object)->canary,
			       slab_canary(s, object, CANARY_LISTED));
			break;
		}
	}
	if (nr != objects - slab_inuse(state))
		broken(r, "a slab's free objects are not what it counts", s, slab, nr,
		       objects - slab_inuse(state));
	*nr_free += nr;
}

/* It may be on a list of this cache. */
static bool is_slab_of(const struct kmem_cache *s, const struct page *slab)
{
	return page_valid(slab) && page_word_state(page_word(slab)) == PAGE_STATE_SLAB &&
	       slab_id(slab_state(slab)) == s->id;
}

static void check_node(struct slab_result *r, struct kmem_cache *s, struct kmem_cache_node *n)
{
	port_irqflags_t flags = port_irq_save();
	uint32_t nr_partial = 0, nr_empty = 0, nr_free = 0;
	struct list_head *l;

	port_spin_lock(&n->lock);
	for (l = n->partial.next; l != &n->partial; l = l->next) {
		struct page *slab = lru_to_page(l);

		if (!is_slab_of(s, slab)) {
			broken(r, "a list of slabs leads to something that is none of the cache", s,
			       slab, nr_partial, n->nr_partial);
			break;
		}
		if (l->next->prev != l || l->prev->next != l || nr_partial++ > n->nr_partial) {
			broken(r, "a list of slabs has wrong links, or no end", s, slab, nr_partial,
			       n->nr_partial);
			break;
		}
		if (page_zone(slab)->nid != n - s->node)
			broken(r, "a slab is on the list of another node", s, slab,
			       (unsigned long)page_zone(slab)->nid, (unsigned long)(n - s->node));
		if (!slab_inuse(slab_state(slab)))
			nr_empty++;
		else if (nr_empty)
			broken(r, "a slab in use stands behind an empty one", s, slab, nr_empty, 0);
		check_slab(r, s, slab, &nr_free);
	}
	if (nr_partial != n->nr_partial)
		broken(r, "nr_partial is not what is on the list", s, n, n->nr_partial, nr_partial);
	if (nr_empty != n->nr_empty)
		broken(r, "nr_empty is not what is on the list", s, n, n->nr_empty, nr_empty);
	if (nr_free != n->nr_free)
		broken(r, "nr_free is not what is on the slabs", s, n, n->nr_free, nr_free);
	port_spin_unlock(&n->lock);
	port_irq_restore(flags);
}

/* Nobody allocates or frees: arrays, and all slabs there are. */
static void check_arrays(struct slab_result *r, struct kmem_cache *s)
{
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu[cpu];

		if (c->base[-1])
			broken(r, "an array's sentinel was overwritten", s, c, cpu, 0);
		for (void **slot = c->base; slot < c->top; slot++) {
			uint32_t word;
			struct page *slab = slab_of(*slot, &word);

			if (!slab || !is_slab_of(s, slab))
				broken(r, "an array holds something that is no object of the cache",
				       s, *slot, cpu, s->id);
			else if (free_words(s, *slot)->canary !=
				 slab_canary(s, *slot, CANARY_CACHED))
				broken(r, "an object in an array was written to, or is there twice",
				       s, *slot, free_words(s, *slot)->canary,
				       slab_canary(s, *slot, CANARY_CACHED));
		}
	}
}

static void check_pages(struct slab_result *r)
{
	static uint32_t nr_slabs[SLAB_MAX_CACHES]; /* one caller at a time: it is quiet */
	const struct page *end = mem_map + nr_map_pages;

	for (unsigned id = 0; id < SLAB_MAX_CACHES; id++)
		nr_slabs[id] = 0;
	for (struct page *page = mem_map; page < end;) {
		uint32_t word = section_ready(page) ? page_word(page) : 0;
		unsigned id = slab_id(slab_state(page));

		if (page_word_state(word) == PAGE_STATE_SLAB && id != SLAB_ID_LARGE) {
			if (id < SLAB_MAX_CACHES && slab_hot.cache[id] != &slab_none)
				nr_slabs[id]++;
			else
				broken(r, "a slab's cache does not exist", &slab_none, page, id,
				       SLAB_MAX_CACHES);
		}
		page += 1UL << page_word_order(word);
	}
	for (unsigned id = 0; id < SLAB_MAX_CACHES; id++) {
		const struct kmem_cache *s = slab_hot.cache[id];
		uint32_t nr = 0;

		for (unsigned nid = 0; s != &slab_none && nid < BUDDY_MAX_NODES; nid++)
			nr += s->node[nid].nr_slabs;
		if (nr != nr_slabs[id])
			broken(r, "nr_slabs is not what pages say", s, s, nr, nr_slabs[id]);
	}
}

unsigned slab_check(bool quiet)
{
	struct slab_result r = {.broken = 0};
	struct kmem_cache *s;

	slab_walk(true);
	for (unsigned i = 0; (s = nth_cache(i)); i++) {
		for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++)
			check_node(&r, s, &s->node[nid]);
		if (quiet)
			check_arrays(&r, s);
	}
	if (quiet)
		check_pages(&r);
	slab_walk(false);
	for (unsigned i = 0; i < r.broken && i < MAX_REPORTS; i++)
		port_log("mm_check: cache %s, at %p: %s (found 0x%lx, expected 0x%lx)\n",
			 r.report[i].s->name, r.report[i].where, r.report[i].what,
			 r.report[i].found, r.report[i].expected);
	return r.broken;
}

#endif /* BUDDY_SLAB */
