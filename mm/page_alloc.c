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
#include <mm/internal.h>

/* Pages of an array that are moved before interrupts are let in. */
#define BULK_RUN 64

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define CALLER	      __builtin_return_address(0)
/* Makes the compiler keep a value in a register that it would otherwise compute twice. */
#define KEEP(x) __asm__("" : "+r"(x))

/*
 * These end the function that calls them, as jumps: their return address is the
 * caller's caller, and nobody has to carry it there.
 */
static __attribute__((noinline)) struct page *alloc_slow(gfp_t gfp, unsigned order);
static __attribute__((noinline)) struct page *alloc_special(gfp_t gfp, unsigned order);
static __attribute__((noinline)) struct page *alloc_retry(gfp_t gfp, unsigned order,
							  const struct node *node);
static __attribute__((noinline)) void free_slow(struct page *page, unsigned order);
static void bad_free(const char *what, const void *page, unsigned order, uint32_t word,
		     const char *why, const void *caller);

/* ---- allocate ---------------------------------------------------------- */

/*
 * A block from this CPU's cache for the request's first choice of zone, NULL
 * when it has none.  Pages in a cache are off their zone's count, so that no
 * watermark is owed.
 */
ALWAYS_INLINE struct page *alloc_fast(gfp_t gfp, unsigned order)
{
	port_irqflags_t flags = port_irq_save();
	struct pcp_list *list = this_cpu()->fast[gfp & GFP_FAST_MASK] + order;
	struct page **top = list->top;
	struct page *page = *--top;

	if (likely(page)) {
		WRITE_ONCE(list->top, top);
		set_page_word(page, PAGE_ALLOCATED(order));
		ADD_ONCE(list->nr_alloc, 1);
	}
	port_irq_restore(flags);
	return page;
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

/* An event off the fast paths; how often it had happened on this CPU. */
static uint32_t count_rare_event(enum vm_event_item item)
{
	port_irqflags_t flags = port_irq_save();
	struct mm_cpu *cpu = this_cpu();
	uint32_t before = cpu->events[item];

	count_vm_event(cpu, item);
	port_irq_restore(flags);
	return before;
}

static __attribute__((noinline)) struct page *bad_alloc(const char *what, gfp_t gfp, unsigned order,
							const void *caller)
{
	count_rare_event(BAD_ALLOC);
	port_log("alloc_pages: order %u, gfp 0x%x from %p: %s\n", order, (unsigned)gfp, caller,
		 what);
	return NULL;
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned order)
{
	if (unlikely(nid < -1 || nid >= BUDDY_MAX_NODES))
		return bad_alloc("no such node", gfp, order, CALLER);
	return alloc_retry(gfp, order, nid < 0 ? NULL : &nodes[nid]);
}

static const char *what_is_wrong(gfp_t gfp, unsigned order)
{
	if (order > MAX_ORDER)
		return "order 0 to MAX_ORDER expected";
	if (gfp & ~__GFP_BITS_MASK)
		return "unknown bits in gfp";
	return "__GFP_MOVABLE and __GFP_RECLAIMABLE exclude each other";
}

/* Each CPU says so for the first eight, then ever more rarely: it happens again and again. */
static __attribute__((noinline)) struct page *alloc_failed(gfp_t gfp, unsigned order,
							   const void *caller)
{
	uint32_t nr = count_rare_event(PGALLOC_FAIL);

	if (!(gfp & __GFP_NOWARN) && (nr < 8 || !(nr & (nr - 1))))
		port_log("alloc_pages: order %u, gfp 0x%x from %p: no memory (%lu pages free, "
			 "%lu in caches)\n",
			 order, (unsigned)gfp, caller, nr_free_pages(), nr_pcp_pages());
	return NULL;
}

static inline bool bad_gfp(gfp_t gfp)
{
	/* Both mobilities: bit 2 is set where bit 3 is too. */
	return ((gfp & ~__GFP_BITS_MASK) | (gfp & gfp >> 1 & __GFP_MOVABLE)) != 0;
}
static_assert(__GFP_RECLAIMABLE >> 1 == __GFP_MOVABLE, "bad_gfp() needs it");

static void clear_pages(struct page *page, unsigned order)
{
	char *addr = page_address(page);
	char *end = addr + (PAGE_SIZE << order);

	for (; addr != end; addr += PAGE_SIZE)
		port_clear_page(addr);
}

/*
 * The zonelist of `node`, then the retry policy.  NULL: this CPU's; its first
 * zone has refused already unless the flags are special.
 */
static __attribute__((noinline)) struct page *alloc_retry(gfp_t gfp, unsigned order,
							  const struct node *node)
{
	struct zone *const *zonelist;
	port_irqflags_t flags;
	struct page *page;
	unsigned skip;

	if (unlikely(order > MAX_ORDER || bad_gfp(gfp)))
		return bad_alloc(what_is_wrong(gfp, order), gfp, order, CALLER);
	/* A page that has no address cannot be zeroed here. */
	if (gfp & __GFP_ZERO)
		gfp &= ~__GFP_HIGHMEM;

	/* For the large orders it was asked for its own mobility only. */
	skip = !node && !(gfp & GFP_NOT_FAST) && order <= PCP_MAX_ORDER;
	flags = port_irq_save();
	if (!node)
		node = this_cpu()->node;
	zonelist = gfp & __GFP_THISNODE ? node->thisnode[gfp_zone(gfp)]
					: node->zonelist[gfp_zone(gfp)];
	page = NULL;
	if (zonelist[0] && zonelist[skip])
		page = get_page_from_freelist(gfp, order, ALLOC_WMARK_LOW, zonelist + skip);
	port_irq_restore(flags);
	if (!page) {
		page = __alloc_pages_slowpath(gfp, order, zonelist);
		if (!page)
			return alloc_failed(gfp, order, CALLER);
	}
	set_page_word(page, PAGE_ALLOCATED(order));
	if (gfp & __GFP_ZERO)
		clear_pages(page, order);
	return page;
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
			clear_pages(page, order);
			return page;
		}
	}
	return alloc_retry(gfp, order, NULL);
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
	struct mm_cpu *cpu;
	struct zone *zone;

	if (unlikely(order > MAX_ORDER || gfp & GFP_NOT_FAST || bad_gfp(gfp)))
		return alloc_special(gfp, order);
	flags = port_irq_save();
	cpu = this_cpu();
	zonelist = cpu->zonelist[gfp & GFP_ZONEMASK];
	zone = zonelist[0];
	mt = gfp_migratetype(gfp);
	if (likely(zone && order > PCP_MAX_ORDER))
		page = pcp_take_block(cpu, (unsigned)zone->zid << PB_ZONE_SHIFT | mt, order);
	if (!page && likely(first_zone_ok(zone, order)))
		page = order > PCP_MAX_ORDER ? rmqueue_buddy(zone, order, mt)
					     : rmqueue_pcplist(cpu, zone, order, mt);
	if (likely(page)) {
		set_page_word(page, PAGE_ALLOCATED(order));
		port_irq_restore(flags);
		return page;
	}
	port_irq_restore(flags);
	/* A list of one zone has been seen to its end. */
	if (!zone || zonelist[1] || order > PCP_MAX_ORDER)
		return alloc_retry(gfp, order, NULL);
	page = __alloc_pages_slowpath(gfp, order, zonelist);
	if (!page)
		return alloc_failed(gfp, order, CALLER);
	set_page_word(page, PAGE_ALLOCATED(order));
	return page;
}

/* Fills empty slots from this CPU's cache for as long as it has pages; where it stopped. */
static struct page **bulk_from_pcp(gfp_t gfp, struct page **slot, struct page **stop)
{
	port_irqflags_t flags = port_irq_save();
	struct pcp_list *list = this_cpu()->fast[gfp & GFP_FAST_MASK];
	struct page **top = list->top;

	if (stop - slot > top - list->base)
		stop = slot + (top - list->base);
	for (; slot < stop; slot++) {
		if (likely(!*slot)) {
			struct page *page = *--top;

			set_page_word(page, PAGE_ALLOCATED(0));
			*slot = page;
		}
	}
	ADD_ONCE(list->nr_alloc, (uint32_t)(list->top - top));
	WRITE_ONCE(list->top, top);
	port_irq_restore(flags);
	return slot;
}

unsigned alloc_pages_bulk_array(gfp_t gfp, unsigned nr, struct page **pages)
{
	struct page **slot = pages, **end = pages + nr;

	while (slot < end) {
		struct page **stop = end - slot > BULK_RUN ? slot + BULK_RUN : end;

		if (!(gfp & GFP_NOT_FAST))
			slot = bulk_from_pcp(gfp, slot, stop);
		if (slot < stop) {
			if (!*slot)
				*slot = alloc_slow(gfp, 0);
			if (!*slot)
				break;
			slot++;
		}
	}
	return (unsigned)(slot - pages);
}

void *__get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page;

	if (unlikely(gfp & __GFP_HIGHMEM))
		return bad_alloc("memory of __GFP_HIGHMEM has no address", gfp, order, CALLER);
	/* Looked at here, as alloc_pages() would take this function for the caller. */
	if (unlikely(order > MAX_ORDER || bad_gfp(gfp)))
		return bad_alloc(what_is_wrong(gfp, order), gfp, order, CALLER);
	page = alloc_pages(gfp, order);
	return page ? page_address(page) : NULL;
}

void *get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* ---- free -------------------------------------------------------------- */

/* i rotated right by the size of a descriptor: a misaligned offset becomes a huge index. */
ALWAYS_INLINE uintptr_t rotated_index(uintptr_t offset)
{
	const unsigned shift = (unsigned)__builtin_ctz((unsigned)sizeof(struct page));

	return offset >> shift | offset << (sizeof(offset) * 8 - shift);
}
static_assert(!(sizeof(struct page) & (sizeof(struct page) - 1)), "rotated_index() needs it");

/* The pageblock's byte of what may be a page; PB_NONE if it is none. */
ALWAYS_INLINE unsigned byte_of(const uint8_t *base, const struct page *page)
{
	uintptr_t index = rotated_index((uintptr_t)page - (uintptr_t)base);

	return likely(index < MAX_INDEX) ? READ_ONCE(base[index >> pageblock_order]) : PB_NONE;
}

/*
 * Pushes the block on this CPU's cache of its zone and mobility.  False, and
 * nothing has happened: no such block, or no room.  Interrupts are off.
 */
ALWAYS_INLINE bool push_fast(struct mm_cpu *cpu, struct page *page, unsigned order)
{
	const uint8_t *base = cpu->map_base;
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

/*
 * Pushes pages of order 0 for as long as they are of one zone and mobility and
 * there is room; where it stopped.
 */
static struct page **bulk_to_pcp(struct page **slot, struct page **stop)
{
	port_irqflags_t flags = port_irq_save();
	struct mm_cpu *cpu = this_cpu();
	const uint8_t *base = cpu->map_base;
	unsigned byte = byte_of(base, *slot);
	struct pcp_list *list = &cpu->list[byte >> PB_ZONE_SHIFT][byte & PB_TYPE_MASK][0];
	struct page **top = list->top;

	if (stop - slot > list->end - top)
		stop = slot + (list->end - top);
	while (slot < stop) {
		struct page *page = *slot;

		/* In this order: what is no descriptor is not read. */
		if (byte_of(base, page) != byte || page_word(page) != PAGE_ALLOCATED(0))
			break;
		slot++;
		*top++ = page;
		set_page_word(page, PAGE_STATE_PCP);
	}
	WRITE_ONCE(list->top, top);
	port_irq_restore(flags);
	return slot;
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

/* What is wrong with this free, in words. */
static const char *why_not(uint32_t word, unsigned order)
{
	switch (page_word_state(word)) {
	case PAGE_STATE_FREE:
		return "double free: the block is free";
	case PAGE_STATE_PCP:
		return "double free: the block is in a per-CPU cache";
	case PAGE_STATE_RESERVED:
		return "reserved page: never allocated";
	case PAGE_STATE_ALLOCATED:
		return page_word_order(word) != order ? "wrong order" : "no reference left";
	default:
		return "not the first page of an allocated block (inside one, freed and merged, "
		       "or no RAM)";
	}
}

/* Refuses a free: nothing was changed. */
static void bad_free(const char *what, const void *page, unsigned order, uint32_t word,
		     const char *why, const void *caller)
{
	count_rare_event(BAD_FREE);
	if (word)
		port_log("%s: page %p pfn 0x%lx order %u from %p: %s (word 0x%08x, order %u)\n",
			 what, page, page_to_pfn(page), order, caller, why, (unsigned)word,
			 page_word_order(word));
	else
		port_log("%s: %p order %u from %p: %s\n", what, page, order, caller, why);
}

static inline bool is_descriptor(const struct page *page)
{
	return byte_of(map_base, page) != PB_NONE;
}

/*
 * Frees a block whose only reference is the caller's: into the cache after making
 * room, else straight to its zone.  byte: its pageblock's.
 */
static inline void free_block_now(struct page *page, unsigned order, unsigned byte)
{
	port_irqflags_t flags = port_irq_save();

	if (order > PCP_MAX_ORDER ? !pcp_keep_block(this_cpu(), byte, page, order)
				  : !free_to_pcp(this_cpu(), byte, page, order))
		free_one_page(&zones[byte >> PB_ZONE_SHIFT], page, order);
	port_irq_restore(flags);
}

/*
 * One reference of a block is dropped; the last one frees it.  order: what the
 * caller says, or -1.
 */
static void put_block(const char *what, struct page *page, int order, const void *caller)
{
	uint32_t word = page_word(page);

	do {
		if (page_word_state(word) != PAGE_STATE_ALLOCATED ||
		    (order >= 0 && page_word_order(word) != (unsigned)order)) {
			unsigned said = order < 0 ? page_word_order(word) : (unsigned)order;

			bad_free(what, page, said, word, why_not(word, said), caller);
			return;
		}
		if (word >> PAGE_REF_SHIFT == 1) {
			/* What the other holders did comes before the free. */
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			free_block_now(page, page_word_order(word), page_pageblock(page));
			return;
		}
	} while (!__atomic_compare_exchange_n(&page->word, &word, word - PAGE_REF_ONE, false,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
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

/* What could not be pushed: the cache is full, or the block too large for it, or all is not well. */
ALWAYS_INLINE void free_checked(struct page *page, unsigned order, const void *caller)
{
	unsigned byte = byte_of(map_base, page);

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

void free_pages_bulk_array(unsigned nr, struct page **pages)
{
	struct page **end = pages + nr;

	while (pages < end) {
		struct page **stop = end - pages > BULK_RUN ? pages + BULK_RUN : end;
		struct page **next = bulk_to_pcp(pages, stop);

		if (next == pages)
			free_checked(*next++, 0, CALLER);
		pages = next;
	}
}

/* ---- references ---------------------------------------------------------- */

void get_page(struct page *page)
{
	uint32_t word;

	if (unlikely(!is_descriptor(page))) {
		bad_free("get_page", page, 0, 0, "foreign: no page descriptor", CALLER);
		return;
	}
	word = page_word(page);
	do {
		if (unlikely(page_word_state(word) != PAGE_STATE_ALLOCATED ||
			     word >> PAGE_REF_SHIFT >= PAGE_REF_MAX)) {
			bad_free("get_page", page, page_word_order(word), word,
				 page_word_state(word) == PAGE_STATE_ALLOCATED
					 ? "too many references"
					 : "not allocated",
				 CALLER);
			return;
		}
	} while (!__atomic_compare_exchange_n(&page->word, &word, word + PAGE_REF_ONE, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void put_page(struct page *page)
{
	if (!page)
		return;
	if (unlikely(!is_descriptor(page)))
		bad_free("put_page", page, 0, 0, "foreign: no page descriptor", CALLER);
	else
		put_block("put_page", page, -1, CALLER);
}
