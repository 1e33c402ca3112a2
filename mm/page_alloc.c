// SPDX-License-Identifier: MIT
/*
 * page_alloc - the public entry points, on top of everything else.
 *
 * The two functions that matter are alloc_fast() and free_fast(): a pop from
 * and a push to this CPU's cache, with interrupts off and without a lock or an
 * atomic operation.  They are written for the instructions that the compiler
 * makes of them; alloc_page() and __free_page() are the same with the order
 * compiled in.  What they cannot do goes one call further down: alloc_slow()
 * asks the zones (zonelist.c) and then the retry policy (slowpath.c),
 * free_slow() makes room or frees to the zone, free_unusual() says what was wrong.
 *
 * Misuse.  A block that may be freed has exactly one word (mm_types.h), so one
 * comparison catches a wrong order, a double free, a page inside a block and a
 * reserved page; a subtraction and a rotated comparison catch a pointer that is
 * no descriptor.  Only then is it told in free_unusual() what it was.
 *
 * State: none of its own; pops and pushes mm_cpu->list[][][].
 */
#include <buddy/highmem.h>
#include <buddy/init.h>
#include <mm/internal.h>

#if !BUDDY_TINY

gfp_t gfp_allowed_mask = __GFP_BITS_MASK;
uint32_t mm_unusual;

/*
 * These end the function that calls them, as jumps: their return address is the
 * caller's caller, and nobody has to carry it there.
 */
static __attribute__((noinline)) struct page *alloc_slow(gfp_t gfp, unsigned order);
static __attribute__((noinline)) struct page *alloc_special(gfp_t gfp, unsigned order);
static __attribute__((noinline)) struct page *alloc_retry(gfp_t gfp, unsigned order, int nid,
							  nodemask_t nodemask);
#define NID_TRIED (-2)
static __attribute__((noinline)) void free_slow(struct page *page, unsigned order);

/* ---- allocate ---------------------------------------------------------- */

/*
 * A block from this CPU's cache for the request's first choice of zone, NULL
 * when it has none.  Pages in a cache are off their zone's count, so that no
 * watermark is owed.
 */
ALWAYS_INLINE struct page *alloc_fast(gfp_t gfp, unsigned order)
{
#if BUDDY_PCP
	port_irqflags_t flags = port_irq_save();
	struct pcp_list *list = READ_ONCE(this_cpu()->fast[gfp & GFP_FAST_MASK]) + order;
	struct page **top = list->top;
	struct page *page = *--top;

	if (likely(page)) {
		WRITE_ONCE(list->top, top);
		set_page_word(page, PAGE_ALLOCATED(order));
		ADD_ONCE(list->nr_alloc, 1);
	}
	port_irq_restore(flags);
	return page;
#else
	(void)gfp;
	(void)order;
	return NULL;
#endif
}

struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	if (likely(order <= PCP_MAX_ORDER && !(gfp & GFP_NOT_FAST))) {
		struct page *page = alloc_fast(gfp, order);

		if (likely(page))
			return page;
	}
	return alloc_slow(gfp, order);
}

struct page *alloc_page(gfp_t gfp)
{
	struct page *page;

	if (unlikely(gfp & GFP_NOT_FAST))
		return alloc_special(gfp, 0);
	page = alloc_fast(gfp, 0);
	return likely(page) ? page : alloc_slow(gfp, 0);
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned order)
{
	if (unlikely(nid < -1 || nid >= BUDDY_MAX_NODES))
		return bad_alloc("no such node", gfp, order, CALLER);
	return alloc_retry(gfp, order, nid, NODE_MASK_ALL);
}

struct page *__alloc_pages(gfp_t gfp, unsigned order, int nid, const nodemask_t *nodemask)
{
	if (unlikely(nid < -1 || nid >= BUDDY_MAX_NODES))
		return bad_alloc("no such node", gfp, order, CALLER);
	return alloc_retry(gfp, order, nid, nodemask ? *nodemask : NODE_MASK_ALL);
}

static inline void clear_lowmem(char *addr, unsigned order)
{
	for (char *end = addr + (PAGE_SIZE << order); addr != end; addr += PAGE_SIZE)
		port_clear_page(addr);
}

static void clear_pages(struct page *page, unsigned order)
{
	char *addr = page_address(page);

	if (!BUDDY_HIGHMEM || likely(addr)) {
		clear_lowmem(addr, order);
		return;
	}
	for (unsigned long i = 0; i < 1UL << order; i++)
		clear_highpage(page + i);
}

/* The zones at their low marks. */
static inline struct page *at_low_mark(gfp_t gfp, unsigned order, unsigned alloc_flags,
				       const struct alloc_context *ac)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page = get_page_from_freelist(gfp, order, alloc_flags, ac);

	port_irq_restore(flags);
	return page;
}

/*
 * The preferred node's own zones, once more after something was got back, before the
 * others.
 */
static struct page *at_low_mark_here(gfp_t gfp, unsigned order, unsigned alloc_flags,
				     const struct alloc_context *ac)
{
	struct alloc_context here = *ac;
	struct page *page;

	here.zonelist = nodes[ac->nid].thisnode[ac->highest];
	/* A node without such memory, or one that is not allowed, has nothing to get back. */
	if (!here.zonelist[0] || !(ac->nodemask >> ac->nid & 1))
		return NULL;
	page = at_low_mark(gfp, order, alloc_flags, &here);
	if (!page && node_reclaim(ac->nid, gfp, order) >= NODE_RECLAIM_SOME)
		page = at_low_mark(gfp, order, alloc_flags, &here);
	return page;
}

static_assert(ALLOC_SPREAD_DIRTY == __GFP_WRITE, "alloc_from() needs it");

/* tried: the first zone has refused at its low mark already, and there is no other. */
ALWAYS_INLINE struct page *alloc_from(gfp_t gfp, unsigned order, const struct alloc_context *ac,
				      bool tried)
{
	struct page *page = NULL;
	unsigned alloc_flags;

	if (unlikely(!ac->zonelist[0]))
		return NULL;
	if (!tried) {
		if (ac->unusual && READ_ONCE(nr_deferred_sections))
			grow_first_zone(order, ac);
		alloc_flags = ac->zonelist[0]->low_flags | (gfp & ALLOC_SPREAD_DIRTY);
		if (gfp & __GFP_MOVABLE)
			alloc_flags |= ALLOC_CMA;
		if (ac->unusual && mm_policy.fair_zones)
			alloc_flags |= ALLOC_FAIR;
		if (ac->unusual && mm_policy.node_reclaim)
			page = at_low_mark_here(gfp, order, alloc_flags, ac);
		if (likely(!page))
			page = at_low_mark(gfp, order, alloc_flags, ac);
		if (likely(page))
			return page;
	}
	return __alloc_pages_slowpath(gfp, order, ac);
}

/*
 * A context that may not have all nodes.  A request that failed while that changed is made
 * again; one that cannot wait may go beyond, unless it says that it must not.
 */
static struct page *alloc_allowed(gfp_t gfp, unsigned order, struct alloc_context *ac)
{
	const struct alloc_scope *scope = port_alloc_scope();
	const nodemask_t mask = ac->nodemask;
	struct page *page;
	nodemask_t mems;
	unsigned seq;

	do {
		seq = read_mems_allowed_begin();
		mems = READ_ONCE(scope->mems_allowed);
		ac->nodemask = mems ? mask & mems : mask;
		ac->hardwall = mems != 0;
		page = alloc_from(gfp, order, ac, false);
	} while (!page && read_mems_allowed_retry(seq));
	if (!page && mems && (gfp & (__GFP_ATOMIC | __GFP_HARDWALL)) == __GFP_ATOMIC) {
		ac->nodemask = mask;
		ac->hardwall = false;
		page = alloc_from(gfp, order, ac, false);
	}
	return page;
}

/*
 * Counts it.  injected: by fail_page_alloc; nothing is short, so that the zones have
 * nothing to tell.
 */
static __attribute__((noinline)) struct page *
alloc_failed(gfp_t gfp, unsigned order, const struct alloc_context *ac, bool injected)
{
	count_rare_event(PGALLOC_FAIL);
	if (unlikely(ac->unusual && mm_debug_on))
		trace_event(TRACE_FAIL, NULL, order, gfp, ac->caller);
	if (!(gfp & __GFP_NOWARN) && injected)
		port_log("alloc_pages: order %u, gfp 0x%x from %p: made to fail by "
			 "fail_page_alloc\n",
			 order, (unsigned)gfp, ac->caller);
	else if (!(gfp & __GFP_NOWARN))
		warn_alloc(gfp, order, gfp_to_alloc_flags(gfp), ac);
	return NULL;
}

/* The block's word by the flags, and what they want of its pages. */
ALWAYS_INLINE struct page *prep_new_page(struct page *page, gfp_t gfp, unsigned order,
					 const struct alloc_context *ac)
{
	uint32_t word = PAGE_ALLOCATED(order);

	if (unlikely(gfp & (__GFP_COMP | __GFP_ACCOUNT))) {
		if (gfp & __GFP_COMP && order)
			word |= PAGE_COMP;
		if (gfp & __GFP_ACCOUNT) {
			word |= PAGE_ACCOUNT;
			count_rare_events(PGACCOUNT, 1U << order);
		}
	}
	set_page_word(page, word);
	if (unlikely(ac->unusual && mm_debug_on))
		post_alloc_hook(page, order, gfp, ac->caller);
	if (gfp & __GFP_ZERO)
		clear_pages(page, order);
	return page;
}

/* unusual: a constant; what needs no look when nothing is going on is left out. */
ALWAYS_INLINE struct page *alloc_in_context(gfp_t gfp, unsigned order, int nid, nodemask_t nodemask,
					    const void *caller, const bool unusual)
{
	struct alloc_context ac;
	const struct node *node;
	struct page *page;

	if (unlikely(gfp_contradicts(gfp))) {
		count_rare_event(BAD_GFP);
		gfp = gfp_settle(gfp, caller);
	}
	gfp &= gfp_allowed_mask;
	if (unusual)
		gfp = current_gfp_context(gfp);
	/* A guess is good enough: who moves on meanwhile gets another CPU's best. */
	node = nid < 0 ? this_cpu_node() : &nodes[nid];
	ac.nodemask = nodemask;
	ac.highest = gfp_zone(gfp);
	ac.migratetype = gfp_migratetype(gfp);
	ac.nid = node->nid;
	ac.unusual = unusual;
	ac.hardwall = false;
	ac.caller = caller;
	ac.zonelist =
		gfp & __GFP_THISNODE ? node->thisnode[ac.highest] : node->zonelist[ac.highest];
	if (unusual && mm_debug_on && should_fail_alloc_page(gfp, order))
		return alloc_failed(gfp, order, &ac, true);
	if (unusual)
		page = alloc_allowed(gfp, order, &ac);
	else
		page = alloc_from(gfp, order, &ac, nid == NID_TRIED);
	return likely(page) ? prep_new_page(page, gfp, order, &ac)
			    : alloc_failed(gfp, order, &ac, false);
}

static __attribute__((noinline)) struct page *alloc_unusual(gfp_t gfp, unsigned order, int nid,
							    nodemask_t nodemask)
{
	return alloc_in_context(gfp, order, nid, nodemask, CALLER, true);
}

/*
 * From node nid (-1: this CPU's; NID_TRIED: and its zone, the only one, has refused at
 * the low mark) and the others of the mask: the zones, then the retry policy.
 */
static __attribute__((noinline)) struct page *alloc_retry(gfp_t gfp, unsigned order, int nid,
							  nodemask_t nodemask)
{
	if (unlikely(order > MAX_ORDER || gfp & ~__GFP_BITS_MASK))
		return bad_alloc(NULL, gfp, order, CALLER);
	if (unlikely(READ_ONCE(mm_unusual)))
		return alloc_unusual(gfp, order, nid, nodemask);
	return alloc_in_context(gfp, order, nid, nodemask, CALLER, false);
}

/*
 * Requests with flags that alloc_fast() does not look at, and wrong ones.  Only
 * __GFP_ZERO is common: it is the fast path, and then some.
 */
static struct page *alloc_special(gfp_t gfp, unsigned order)
{
	if (order <= PCP_MAX_ORDER && (gfp & (GFP_NOT_FAST | __GFP_HIGHMEM)) == __GFP_ZERO) {
		struct page *page = alloc_fast(gfp, order);

		if (likely(page)) {
			clear_lowmem(page_address(page), order);
			return page;
		}
	}
	return alloc_retry(gfp, order, -1, NODE_MASK_ALL);
}

/* Flags that change nothing for a request that cannot be served. */
#define GFP_NO_HELP                                                                    \
	(GFP_FAST_MASK | __GFP_KSWAPD_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL | \
	 __GFP_NORETRY | __GFP_RETRY_MAYFAIL)

/*
 * Waking kswapd would change nothing: there is nothing for it, or it knows, or has given
 * up.
 */
static inline bool kswapd_knows(const struct zone *zone, gfp_t gfp, unsigned order)
{
	const struct node_daemon *daemon = &nodes[zone->nid].daemon;

	return likely(!READ_ONCE(nr_reclaim_sources)) || !(gfp & __GFP_KSWAPD_RECLAIM) ||
	       READ_ONCE(daemon->kswapd_wanted) > order ||
	       (order && READ_ONCE(daemon->kcompactd_wanted) > order) ||
	       READ_ONCE(daemon->kswapd_failures) >= MAX_RECLAIM_RETRIES;
}

/*
 * No step of the slow path could help: the only zone is at min or has no block so large,
 * and holds nothing in reserve; this CPU's caches are empty; the request may neither wait
 * nor go deeper, and wants no report; it need not wake anybody.  For who asks again and
 * again, or lives with little.  Interrupts are off.
 */
static inline bool is_hopeless(const struct mm_cpu *cpu, const struct zone *zone, gfp_t gfp,
			       unsigned order)
{
	return (gfp & ~GFP_NO_HELP) == __GFP_NOWARN && cpu_drained(cpu) && !READ_ONCE(mm_unusual) &&
	       READ_ONCE(zone->fast_mark) == READ_ONCE(zone->watermark[WMARK_LOW]) &&
	       (READ_ONCE(zone->nr_free_pages) <
			READ_ONCE(zone->watermark[WMARK_MIN]) + (1U << order) ||
		!zone_has_block(zone, order)) &&
	       kswapd_knows(zone, gfp, order);
}

/*
 * What the cache could not give at once: from the first choice of zone, if it
 * is above its low watermark, by refilling the cache or straight from its lists.
 */
static struct page *alloc_slow(gfp_t gfp, unsigned order)
{
	port_irqflags_t flags;
	struct page *page = NULL;
	enum migratetype mt;
	struct zone *const *zonelist;
	bool tried = false;
	struct mm_cpu *cpu;
	struct zone *zone;

	if (unlikely(order > MAX_ORDER || gfp & (GFP_NOT_FAST | ~__GFP_BITS_MASK) ||
		     gfp_zone_contradicts(gfp)))
		return alloc_special(gfp, order);
	flags = port_irq_save();
	cpu = this_cpu();
	zonelist = READ_ONCE(cpu->zonelist[gfp & GFP_ZONEMASK]);
	zone = zonelist[0];
	mt = gfp_migratetype(gfp);
	if (likely(zone && order > PCP_MAX_ORDER))
		page = pcp_take_block(cpu, (unsigned)zone->zid << PB_ZONE_SHIFT | mt, order);
	if (!page && likely(zone_watermark_fast(zone, order)))
		page = order > PCP_MAX_ORDER ? rmqueue_buddy(zone, order, mt)
					     : rmqueue_pcplist(zone, order, mt, zone->low_flags);
	if (likely(page)) {
		set_page_word(page, PAGE_ALLOCATED(order));
		port_irq_restore(flags);
		return page;
	}
	if (zone && !zonelist[1]) {
		if (is_hopeless(cpu, zone, gfp, order)) {
			count_vm_event(cpu, PGALLOC_FAIL);
			port_irq_restore(flags);
			return NULL;
		}
		/*
		 * Seen to its end at the low mark, unless for CMA areas and other
		 * mobilities.
		 */
		tried = order <= PCP_MAX_ORDER && !zone_free_cma(zone);
	}
	port_irq_restore(flags);
	return alloc_retry(gfp, order, tried ? NID_TRIED : -1, NODE_MASK_ALL);
}

void *__get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page;

	if (unlikely(gfp & __GFP_HIGHMEM))
		return bad_alloc("memory of __GFP_HIGHMEM has no address", gfp, order, CALLER);
	/* Looked at here, as alloc_pages() would take this function for the caller. */
	if (unlikely(order > MAX_ORDER || gfp & ~__GFP_BITS_MASK))
		return bad_alloc(NULL, gfp, order, CALLER);
	page = alloc_pages(gfp, order);
	return page ? page_address(page) : NULL;
}

void *get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* ---- free -------------------------------------------------------------- */

#if BUDDY_PCP
/*
 * Pushes the block on this CPU's cache of its zone and mobility.  False, and
 * nothing has happened: no such block, or no room.  Interrupts are off.
 */
ALWAYS_INLINE bool push_fast(struct mm_cpu *cpu, struct page *page, unsigned order)
{
	const uint8_t *base = READ_ONCE(cpu->map_base);
	uintptr_t index = rotated_index((uintptr_t)page - (uintptr_t)base);
	struct page **top;

	if (unlikely(index >= MAX_INDEX))
		return false;
	/* Now cpu->list[0][0][order] is this zone's and mobility's. */
	cpu = (struct mm_cpu *)((char *)cpu + READ_ONCE(base[index >> pageblock_order]) *
						      sizeof(cpu->list[0][0]));
	KEEP(cpu);
	top = cpu->list[0][0][order].top;
	/* In this order: what is no descriptor has no room, and is not read. */
	if (unlikely(top == cpu->list[0][0][order].end) ||
	    unlikely(page_word(page) != PAGE_ALLOCATED(order)))
		return false;
	*top++ = page;
	WRITE_ONCE(cpu->list[0][0][order].top, top);
	set_page_word(page, PAGE_STATE_PCP | order);
	return true;
}

ALWAYS_INLINE bool free_fast(struct page *page, unsigned order)
{
	port_irqflags_t flags = port_irq_save();
	bool done = push_fast(this_cpu(), page, order);

	port_irq_restore(flags);
	return done;
}
#else
ALWAYS_INLINE bool free_fast(struct page *page, unsigned order)
{
	(void)page;
	(void)order;
	return false;
}
#endif

void __free_pages(struct page *page, unsigned order)
{
	if (unlikely(order > PCP_MAX_ORDER) || unlikely(!free_fast(page, order)))
		free_slow(page, order);
}

void __free_page(struct page *page)
{
	if (unlikely(!free_fast(page, 0)))
		free_slow(page, 0);
}

void free_pages(const void *addr, unsigned order)
{
	struct page *page;

	if (!addr)
		return;
	page = (uintptr_t)addr & (PAGE_SIZE - 1) ? NULL : virt_to_page(addr);
	if (unlikely(!page))
		bad_free("free_pages", addr, order, 0, "foreign: not the address of a page",
			 CALLER);
	else if (unlikely(order > PCP_MAX_ORDER) || unlikely(!free_fast(page, order)))
		free_slow(page, order);
}

static __attribute__((noinline)) void free_unusual(struct page *page, unsigned order,
						   const void *caller)
{
	if (!page)
		return;
	if (unlikely(!is_descriptor(page)))
		bad_free("__free_pages", page, order, 0, "foreign: no page descriptor", caller);
	else if (unlikely(order > MAX_ORDER))
		bad_free("__free_pages", page, order, page_word(page),
			 "order 0 to MAX_ORDER expected", caller);
	else
		put_block("__free_pages", page, (int)order, caller);
}

/*
 * What could not be pushed: the cache is full, or the block too large for it, or all is not
 * well.
 */
ALWAYS_INLINE void free_checked(struct page *page, unsigned order, const void *caller)
{
	unsigned byte = byte_of(READ_ONCE(fast_map_base), page);

	if (likely(byte != PB_NONE && order <= MAX_ORDER &&
		   page_word(page) == PAGE_ALLOCATED(order)))
		free_block_now(page, order, byte);
	else
		free_unusual(page, order, caller);
}

static void free_slow(struct page *page, unsigned order)
{
	free_checked(page, order, CALLER);
}

/* For the files above, which free for a caller of theirs. */
void free_pages_from(struct page *page, unsigned order, const void *caller)
{
	free_checked(page, order, caller);
}

#endif /* !BUDDY_TINY */
