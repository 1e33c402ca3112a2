// SPDX-License-Identifier: MIT
/*
 * slab - slabs and their objects, below the CPUs' arrays.
 *
 * Objects come from the slabs of this CPU's node that have free ones, some at a time; then
 * from another node's, if that has many; then from a new slab; at last from wherever one is
 * left.  They go back to the slab that they are of.  A slab that becomes empty goes to the
 * end of its node's list, of which SLAB_MIN_EMPTY are kept, or back to the page allocator,
 * after the lock is dropped.
 *
 * Every free object is checked when it changes places: its canary says where it should be, so
 * that one that was freed twice is found before it is on any list twice.  What is found under
 * a lock is reported after it.
 *
 * State: [N] of slab_priv.h; of the arrays, those of the CPU that it runs on.  Locks: a
 * node's, interrupts off, for SLAB_SLOTS objects at most.
 *
 * Not here: the fast paths and what is wrong with a free (kmalloc.c); making and destroying
 * caches (slab_cache.c); what debugging writes into objects (slab_debug.c).
 * Follows Linux's mm/slub.c (6.1); the arrays are what its mm/slab.c had.
 */
#include <string.h>

#include <mm/slab_priv.h>

#if BUDDY_SLAB

struct slab_hot slab_hot;
struct kmalloc_hot kmalloc_hot;
struct kmem_cache slab_none, slab_boot;

/* ---- pages ---------------------------------------------------------------- */

void slab_own_pages(struct page *page, unsigned id)
{
	unsigned long pfn = page_to_pfn(page);

	WRITE_ONCE(slab_hot.section[pfn >> PFN_SECTION_SHIFT],
		   (uintptr_t)page - pfn * sizeof(*page));
	set_slab_state(page, id, 0, 0);
	set_page_word(page, page_word(page) ^ (PAGE_STATE_ALLOCATED ^ PAGE_STATE_SLAB));
}

void slab_free_pages(struct page *page)
{
	uint32_t word = page_word(page);

	set_page_word(page, word ^ (PAGE_STATE_ALLOCATED ^ PAGE_STATE_SLAB));
	__free_pages(page, page_word_order(word));
}

struct page *slab_of(const void *p, uint32_t *word)
{
	struct page *page = slab_frame(p);

	*word = 0;
	if (unlikely(!page))
		return NULL;
	page = block_head(page, word);
	return page && page_word_state(*word) == PAGE_STATE_SLAB ? page : NULL;
}

static inline struct kmem_cache_node *node_of(struct kmem_cache *s, const struct page *slab)
{
	return &s->node[page_zone(slab)->nid];
}

static inline unsigned order_of(const struct page *slab)
{
	return page_word_order(page_word(slab));
}

static inline void *object_at(const struct kmem_cache *s, char *base, unsigned i)
{
	return base + (size_t)i * s->size;
}

/* ---- free objects on a slab ------------------------------------------------- */

static inline void set_listed(const struct kmem_cache *s, void *object, unsigned next)
{
	struct free_object *f = free_words(s, object);

	f->canary = slab_canary(s, object, CANARY_LISTED);
	f->next = next ^ slab_scramble(s, object);
}

/*
 * Object `nr` of a slab as it should be on its list; *next: what follows.  NULL: it is not.
 */
static inline void *listed(const struct kmem_cache *s, char *base, unsigned nr, unsigned objects,
			   unsigned *next)
{
	void *object = object_at(s, base, nr);

	*next = slab_next(s, object);
	if (unlikely(free_words(s, object)->canary != slab_canary(s, object, CANARY_LISTED) ||
		     *next > objects))
		return NULL;
	return object;
}

/* All that a lock's holder has found out and may not say. */
struct findings {
	const void *damaged;
	unsigned nr_damaged;
	struct list_head empty; /* slabs to be given back */
};

static void find_damaged(struct findings *f, const void *object)
{
	if (!f->nr_damaged++)
		f->damaged = object;
}

/*
 * Takes up to want objects off a slab's list, into to[].  Where the list is damaged it ends:
 * what came after is lost to it, counted as in use for ever.
 */
static unsigned take_from_slab(struct kmem_cache *s, struct kmem_cache_node *n, struct page *slab,
			       void **to, unsigned want, struct findings *found)
{
	const unsigned objects = slab_objects(s, order_of(slab));
	const uint32_t state = slab_state(slab);
	unsigned got = 0, inuse = slab_inuse(state), free = slab_free(state), next;
	char *base = page_address(slab);

	MM_ASSERT(port_irqs_disabled() && port_spin_is_locked(&n->lock));
	while (got < want && free) {
		void *object = listed(s, base, free - 1, objects, &next);

		if (unlikely(!object)) {
			find_damaged(found, object_at(s, base, free - 1));
			inuse = objects - got;
			next = 0;
		} else {
			free_words(s, object)->canary = slab_canary(s, object, CANARY_CACHED);
			WRITE_ONCE(to[got], object);
			got++;
		}
		free = next;
	}
	inuse += got;
	ADD_ONCE(n->nr_free, slab_inuse(state) - inuse);
	set_slab_state(slab, s->id, inuse, free);
	return got;
}

/* The same from a node, slab by slab.  Interrupts are off. */
static unsigned take_from_node(struct kmem_cache *s, struct kmem_cache_node *n, void **to,
			       unsigned want, struct findings *found)
{
	unsigned got = 0;

	if (!READ_ONCE(n->nr_partial))
		return 0;
	port_spin_lock(&n->lock);
	while (got < want && n->nr_partial) {
		struct page *slab = lru_to_page(n->partial.next);

		if (!slab_inuse(slab_state(slab)))
			ADD_ONCE(n->nr_empty, -1U);
		got += take_from_slab(s, n, slab, to + got, want - got, found);
		if (!slab_free(slab_state(slab))) {
			list_del(&slab->lru);
			ADD_ONCE(n->nr_partial, -1U);
		}
	}
	port_spin_unlock(&n->lock);
	return got;
}

static void take_off(struct kmem_cache *s, struct kmem_cache_node *n, struct page *slab)
{
	unsigned order = order_of(slab), objects = slab_objects(s, order);

	list_del(&slab->lru);
	ADD_ONCE(n->nr_partial, -1U);
	ADD_ONCE(n->nr_slabs, -1U);
	ADD_ONCE(n->nr_pages, -(1U << order));
	ADD_ONCE(n->nr_objects, -objects);
	ADD_ONCE(n->nr_free, -objects);
}

/* Puts an object back on the list of its slab, which begins at base.  The lock is held. */
static void put_on_slab(struct kmem_cache *s, struct kmem_cache_node *n, struct page *slab,
			uintptr_t base, void *object, struct findings *found)
{
	uint32_t state = slab_state(slab), offset = (uint32_t)((uintptr_t)object - base);
	unsigned inuse = slab_inuse(state) - 1;

	if (unlikely(free_words(s, object)->canary != slab_canary(s, object, CANARY_CACHED))) {
		find_damaged(found, object);
		return;
	}
	set_listed(s, object, slab_free(state));
	set_slab_state(slab, s->id, inuse, (unsigned)((uint64_t)offset * s->recip >> 32) + 1);
	ADD_ONCE(n->nr_free, 1);
	if (!slab_free(state)) {
		list_add(&slab->lru, &n->partial);
		ADD_ONCE(n->nr_partial, 1);
	}
	if (likely(inuse))
		return;
	if (n->nr_empty >= SLAB_MIN_EMPTY) {
		take_off(s, n, slab);
		list_add(&slab->lru, &found->empty);
		return;
	}
	ADD_ONCE(n->nr_empty, 1);
	list_del(&slab->lru);
	list_add(&slab->lru, n->partial.prev);
}

/*
 * Gives nr objects back to their slabs; neighbours often come together.  Interrupts are off.
 */
static void put_objects(struct kmem_cache *s, void **object, unsigned nr, struct findings *found)
{
	struct kmem_cache_node *n = NULL;
	struct page *slab = NULL;
	uintptr_t base = 0, bytes = 0;

	for (unsigned i = 0; i < nr; i++) {
		struct kmem_cache_node *own;
		uint32_t word;

		if (!slab || (uintptr_t)object[i] - base >= bytes) {
			slab = slab_of(object[i], &word);
			if (unlikely(!slab))
				port_panic("slab: %s: an array holds %p, which is no object",
					   s->name, object[i]);
			base = (uintptr_t)page_address(slab);
			bytes = PAGE_SIZE << page_word_order(word);
			own = node_of(s, slab);
			if (!n || own != n) {
				if (n)
					port_spin_unlock(&n->lock);
				n = own;
				port_spin_lock(&n->lock);
			}
		}
		put_on_slab(s, n, slab, base, object[i], found);
	}
	if (n)
		port_spin_unlock(&n->lock);
}

/* ---- what is left to do after the lock -------------------------------------------- */

static void findings_init(struct findings *found)
{
	found->nr_damaged = 0;
	INIT_LIST_HEAD(&found->empty);
}

static unsigned long findings_end(struct kmem_cache *s, struct findings *found, const void *caller)
{
	unsigned long pages = 0;

	while (found->empty.next != &found->empty) {
		struct page *slab = lru_to_page(found->empty.next);

		list_del(&slab->lru);
		pages += 1UL << order_of(slab);
		slab_free_pages(slab);
	}
	if (unlikely(found->nr_damaged))
		slab_damaged(s, found->damaged, caller);
	return pages;
}

/* ---- a new slab ------------------------------------------------------------------ */

static struct page *new_pages(struct kmem_cache *s, gfp_t gfp)
{
	struct page *page;

	gfp = (gfp & ~(GFP_FAST_MASK | __GFP_ZERO | __GFP_COMP | __GFP_ACCOUNT)) | s->gfp;
	if (s->order > s->min_order) {
		/* Nobody need give anything up for the convenience of a larger one. */
		page = alloc_pages((gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL)) | __GFP_NOWARN,
				   s->order);
		if (likely(page))
			return page;
	}
	return alloc_pages(gfp, s->min_order);
}

/* A slab whose objects are all free, on no list. */
static struct page *new_slab(struct kmem_cache *s, gfp_t gfp)
{
	struct page *slab = new_pages(s, gfp);
	unsigned objects;
	char *base;

	if (!slab)
		return NULL;
	objects = slab_objects(s, order_of(slab));
	base = page_address(slab);
	for (unsigned i = 0; i < objects; i++) {
		void *object = object_at(s, base, i);

		if (s->ctor)
			s->ctor(object);
		if (unlikely(s->flags & SLAB_DEBUG_FLAGS))
			slab_debug_init(s, object);
		set_listed(s, object, i + 1 < objects ? i + 2 : 0);
	}
	/*
	 * A free of an object on a later page finds the cache there, and the head by its
	 * order.
	 */
	for (unsigned i = 1U << order_of(slab); --i;)
		set_slab_state(slab + i, s->id, 0, 0);
	slab_own_pages(slab, s->id);
	set_slab_state(slab, s->id, 0, 1);
	return slab;
}

/* Takes what is wanted of it, and puts the rest where others find it.  Interrupts are off. */
static unsigned add_slab(struct kmem_cache *s, struct page *slab, void **to, unsigned want,
			 struct findings *found)
{
	struct kmem_cache_node *n = node_of(s, slab);
	unsigned order = order_of(slab), objects = slab_objects(s, order), got;

	port_spin_lock(&n->lock);
	ADD_ONCE(n->nr_slabs, 1);
	ADD_ONCE(n->nr_pages, 1U << order);
	ADD_ONCE(n->nr_objects, objects);
	ADD_ONCE(n->nr_free, objects);
	got = take_from_slab(s, n, slab, to, want, found);
	if (slab_free(slab_state(slab))) {
		if (got)
			list_add(&slab->lru, &n->partial);
		else
			list_add(&slab->lru, n->partial.prev);
		ADD_ONCE(n->nr_partial, 1);
		if (!got)
			ADD_ONCE(n->nr_empty, 1);
	}
	port_spin_unlock(&n->lock);
	return got;
}

/* ---- one object -------------------------------------------------------------------- */

enum where { WHERE_NEAR, WHERE_ANY };

/* From slabs that there are.  Interrupts are off. */
static unsigned take_from_slabs(struct kmem_cache *s, void **to, unsigned want, enum where where,
				struct findings *found)
{
	const unsigned nid = (unsigned)this_cpu()->node->nid;
	unsigned got = take_from_node(s, &s->node[nid], to, want, found);

	for (unsigned i = 0; !got && i < BUDDY_MAX_NODES; i++)
		if (where == WHERE_ANY || READ_ONCE(s->node[i].nr_partial) > SLAB_MIN_EMPTY)
			got = take_from_node(s, &s->node[i], to, want, found);
	return got;
}

/*
 * One object, from this CPU's array if it has any left, or after filling it: from slabs that
 * there are, or from a new one that was made.  NULL: there was nothing.
 */
static void *take_one(struct kmem_cache *s, struct page *slab, enum where where,
		      struct findings *found)
{
	port_irqflags_t flags = port_irq_save();
	struct kmem_cache_cpu *c = &s->cpu[port_cpu_id()];
	const unsigned slots = (unsigned)(c->end - c->base);
	void **top = c->top, *one = NULL, *object;
	unsigned want = slots ? min_t((unsigned)s->batch, (unsigned)(c->end - top)) : 1, got = 0;

	if (slab)
		got = add_slab(s, slab, slots ? top : &one, want, found);
	else if (top == c->base)
		got = take_from_slabs(s, slots ? top : &one, want, where, found);
	if (!slots) {
		port_irq_restore(flags);
		return one;
	}
	top += got;
	object = top[-1];
	if (object)
		top--;
	WRITE_ONCE(c->top, top);
	port_irq_restore(flags);
	return object;
}

/* It is the caller's now; false: it was not as it was left. */
static bool check_object(struct kmem_cache *s, void *object, const void *caller)
{
	struct free_object *f = free_words(s, object);

	if (unlikely(f->canary != slab_canary(s, object, CANARY_CACHED))) {
		slab_damaged(s, object, caller);
		return false;
	}
	f->canary = 0;
	if (unlikely(s->flags & SLAB_DEBUG_FLAGS))
		slab_debug_alloc(s, object, caller);
	return true;
}

void *slab_alloc(struct kmem_cache *s, gfp_t gfp, const void *caller)
{
	struct findings found;
	void *object;

	findings_init(&found);
	do {
		object = take_one(s, NULL, WHERE_NEAR, &found);
		if (unlikely(!object)) {
			struct page *slab = new_slab(s, gfp);

			object = slab ? take_one(s, slab, WHERE_NEAR, &found)
				      : take_one(s, NULL, WHERE_ANY, &found);
		}
	} while (unlikely(object && !check_object(s, object, caller)));
	findings_end(s, &found, caller);
	if (object && gfp & __GFP_ZERO)
		memset(object, 0, s->object_size);
	return object;
}

/* Half of this CPU's array, the part that was not used for longest, or all of it. */
static void flush(struct kmem_cache *s, struct kmem_cache_cpu *c, unsigned nr,
		  struct findings *found)
{
	unsigned left = (unsigned)(c->top - c->base) - nr;

	put_objects(s, c->base, nr, found);
	for (unsigned i = 0; i < left; i++)
		WRITE_ONCE(c->base[i], c->base[nr + i]);
	WRITE_ONCE(c->top, c->base + left);
}

void slab_put(struct kmem_cache *s, void *object, const void *caller)
{
	port_irqflags_t flags = port_irq_save();
	struct kmem_cache_cpu *c = &s->cpu[port_cpu_id()];
	struct findings found;

	findings_init(&found);
	free_words(s, object)->canary = slab_canary(s, object, CANARY_CACHED);
	if (c->end == c->base) {
		put_objects(s, &object, 1, &found);
	} else {
		if (c->top == c->end)
			flush(s, c, s->batch, &found);
		WRITE_ONCE(*c->top, object);
		WRITE_ONCE(c->top, c->top + 1);
	}
	port_irq_restore(flags);
	findings_end(s, &found, caller);
}

/* ---- giving back ------------------------------------------------------------------- */

unsigned long slab_flush_cpu(struct kmem_cache *s)
{
	port_irqflags_t flags = port_irq_save();
	struct kmem_cache_cpu *c = &s->cpu[port_cpu_id()];
	struct findings found;

	findings_init(&found);
	flush(s, c, (unsigned)(c->top - c->base), &found);
	port_irq_restore(flags);
	return findings_end(s, &found, CALLER);
}

#define DISCARD_BATCH 16U

unsigned long slab_discard_empty(struct kmem_cache *s)
{
	unsigned long pages = 0, before;

	for (struct kmem_cache_node *n = s->node; n < s->node + BUDDY_MAX_NODES; n++)
		do {
			struct findings found;
			port_irqflags_t flags = port_irq_save();

			findings_init(&found);
			port_spin_lock(&n->lock);
			for (unsigned i = 0; i < DISCARD_BATCH && n->nr_empty; i++) {
				struct page *slab = lru_to_page(n->partial.prev);

				ADD_ONCE(n->nr_empty, -1U);
				take_off(s, n, slab);
				list_add(&slab->lru, &found.empty);
			}
			port_spin_unlock(&n->lock);
			port_irq_restore(flags);
			before = pages;
			pages += findings_end(s, &found, CALLER);
		} while (pages != before);
	return pages;
}

/* ---- is it free? ------------------------------------------------------------------- */

static bool is_cached(struct kmem_cache *s, const void *object)
{
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		struct kmem_cache_cpu *c = &s->cpu[cpu];
		void **top = READ_ONCE(c->top);

		for (void **slot = c->base; slot < top; slot++)
			if (READ_ONCE(*slot) == object)
				return true;
	}
	return false;
}

bool slab_object_is_free(struct kmem_cache *s, struct page *slab, const void *object)
{
	struct kmem_cache_node *n = node_of(s, slab);
	const unsigned objects = slab_objects(s, order_of(slab));
	unsigned next, i = 0;
	port_irqflags_t flags;
	bool listed = false;

	if (is_cached(s, object))
		return true;
	flags = port_irq_save();
	port_spin_lock(&n->lock);
	for (next = slab_free(slab_state(slab)); next && i < objects; i++) {
		const void *o = object_at(s, page_address(slab), next - 1);

		listed = listed || o == object;
		next = slab_next(s, o);
		if (next > objects)
			break;
	}
	port_spin_unlock(&n->lock);
	port_irq_restore(flags);
	return listed;
}

#endif /* BUDDY_SLAB */
