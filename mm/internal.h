/* SPDX-License-Identifier: MIT */
/*
 * What mm/ says to itself.
 *
 * Glossary
 *	block	    2^order pages, aligned; named by its first page, the head
 *	buddy	    the block with which a block merges: index ^ 2^order
 *	interior    a page of a block that is not its head: word 0
 *	pageblock   2^pageblock_order pages, the unit of mobility
 *	section	    PAGES_PER_SECTION pages, the unit of mem_map and of zones
 *	pcp	    per-CPU cache of blocks of orders 0 to 4
 *	fallback    taking a block of another mobility
 *	claim	    a fallback that turns the whole pageblock over
 *
 * Locks: one per zone.  No code path holds two.  Interrupts are off while it
 * is held and while a per-CPU cache is touched; the latter comes first where
 * both are needed.  docs/LOCKING.md has the whole of it.
 *
 * Layers, lowest first; a file calls only downwards (`make check` reads this):
 *	port_selftest -> port_selftest_cpus, memblock, tiny_map -> memblock_query -> memmap,
 *	pageblock, gfpflags, vm_area -> buddy, highmem -> deferred -> misuse, watermark, debug,
 *	detour -> movable, tiny -> fallback, tiny_init, tiny_util, tiny_check -> pcp -> vmstat,
 *	scope -> show_mem, alloc_report, compound -> page_ref, clock -> page_writeback ->
 *	zonelist, migrate, extfrag, shrinker -> vmscan, compact_targets -> compact_scan ->
 *	compaction -> kswapd -> oom -> slowpath -> page_alloc -> slab_debug -> slab ->
 *	slab_cache -> kmalloc, slab_show -> bulk -> exact, page_isolation -> contig_migrate ->
 *	contig -> cma -> dma, pin, vmalloc, filemap, mm_init -> debug_options, debug_show, check.
 * vmstat and check read the data of all.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <buddy/alloc_scope.h>
#include <buddy/debug.h>
#include <buddy/compaction.h>
#include <buddy/errno.h>
#include <buddy/reclaim.h>

#include <mm/misuse.h>
#include <mm/mmzone.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1 /* clang's way of saying it */
#endif
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define CALLER	      __builtin_return_address(0)
/* Makes the compiler keep a value in a register that it would otherwise compute twice. */
#define KEEP(x) __asm__("" : "+r"(x))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * Fields that are read without their guard.  A volatile access of at most a word
 * is single-copy atomic (ARMv7-A ARM, A3.5.3) and combines with sign extension
 * and address modes; the C11 form does not, but the sanitizer can see it.
 */
#if defined(__SANITIZE_THREAD__)
#define READ_ONCE(x)	 __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#else
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#endif
/* For a field whose writers exclude one another: no read-modify-write instruction. */
#define ADD_ONCE(x, v) WRITE_ONCE(x, (x) + (v))

#define min_t(a, b) ((a) < (b) ? (a) : (b))

/* n is not 0. */
static inline unsigned ilog2(unsigned n)
{
	return 31U - (unsigned)__builtin_clz(n);
}

/* Pages that hold so many bytes; the order of a block of so many pages, 1 at least. */
static inline unsigned long bytes_to_pages(size_t bytes)
{
	return (bytes >> PAGE_SHIFT) + !!(bytes & (PAGE_SIZE - 1));
}

static inline unsigned order_of_pages(unsigned nr)
{
	return nr > 1 ? ilog2(nr - 1) + 1 : 0;
}

/*
 * Assertions of the contract between these files: in test builds only, as a
 * user's mistake is refused by the entry points in every build.
 */
#ifdef BUDDY_DEBUG
#define MM_ASSERT(cond)                                                                       \
	do {                                                                                  \
		if (unlikely(!(cond)))                                                        \
			port_panic("%s: %s does not hold (%s:%d)", __func__, #cond, __FILE__, \
				   __LINE__);                                                 \
	} while (0)
#else
#define MM_ASSERT(cond) ((void)(0 && (cond)))
#endif
#define MM_ASSERT_LOCKED(zone) MM_ASSERT(port_irqs_disabled() && port_spin_is_locked(&(zone)->lock))

/* ---- a page's word ------------------------------------------------------ */

static inline uint32_t page_word(const struct page *page)
{
	return READ_ONCE(page->word);
}

static inline void set_page_word(struct page *page, uint32_t word)
{
	WRITE_ONCE(page->word, word);
}

static inline unsigned long page_index(const struct page *page)
{
	return (unsigned long)(page - (const struct page *)map_base);
}

static inline struct page *index_to_page(unsigned long index)
{
	return (struct page *)map_base + index;
}

/* Whatever it points to: it is a descriptor of mem_map. */
static inline bool page_valid(const struct page *page)
{
	uintptr_t offset = (uintptr_t)page - (uintptr_t)mem_map;

	return offset < nr_map_pages * sizeof(*page) && !(offset % sizeof(*page));
}

/* ---- memmap.c ------------------------------------------------------------ */

struct page *block_head(const struct page *page, uint32_t *word);

/* ---- lists (struct list_head is circular) -------------------------------- */

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}

static inline void list_add(struct list_head *n, struct list_head *h)
{
	struct list_head *first = h->next;

	n->next = first;
	n->prev = h;
	first->prev = n;
	h->next = n;
}

static inline void list_del(struct list_head *n)
{
	struct list_head *next = n->next, *prev = n->prev;

	next->prev = prev;
	prev->next = next;
}

#if !BUDDY_TINY /* whose descriptors have no such links; nothing there includes this */
static inline struct page *lru_to_page(struct list_head *n)
{
	return (struct page *)((char *)n - offsetof(struct page, lru));
}
#endif

/* ---- pageblock.c ---------------------------------------------------------- */

#define PB_TYPE_MASK  7U
#define PB_ZONE_SHIFT 3
#define PB_NONE	      7U	    /* zone 0, no migratetype: what holds no descriptors */
#define MAX_INDEX     (2 * MAX_PFN) /* descriptors, and the tables before them */
#define PB_BYTES      (MAX_INDEX >> pageblock_order)

static inline unsigned page_pageblock(const struct page *page)
{
	return READ_ONCE(map_base[page_index(page) >> pageblock_order]);
}

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
 * The section that begins with page is initialised (deferred.c): its descriptors may be
 * read.
 */
static inline bool section_ready(const struct page *page)
{
	return __atomic_load_n(&map_base[page_index(page) >> pageblock_order], __ATOMIC_ACQUIRE) !=
	       PB_NONE;
}

/*
 * What the fast paths use instead of map_base to have every free come the longer way: the
 * bytes from there on all say PB_NONE, so that nothing is taken for a page, or read as
 * one.
 */
static inline const uint8_t *no_map_base(void)
{
	return map_base + PB_BYTES;
}

static inline bool is_descriptor(const struct page *page)
{
	return byte_of(map_base, page) != PB_NONE;
}

static inline enum migratetype get_pageblock_migratetype(const struct page *page)
{
	if (!BUDDY_MOBILITY)
		return MIGRATE_UNMOVABLE;
	return (enum migratetype)(page_pageblock(page) & PB_TYPE_MASK);
}

static inline struct zone *page_zone(const struct page *page)
{
	return &zones[page_pageblock(page) >> PB_ZONE_SHIFT];
}

void init_pageblocks(void *base);
void init_pageblock(struct page *page, unsigned zid, enum migratetype mt);
/* The zone's lock is held.  Leaves free lists alone: move_freepages_block() does both. */
void set_pageblock_migratetype(struct page *page, enum migratetype mt);

/* ---- buddy.c -------------------------------------------------------------- */

#include <mm/options.h>

void init_free_lists(struct zone *zone);

/* Interrupts are off. */
struct page *rmqueue_buddy(struct zone *zone, unsigned order, enum migratetype mt);
unsigned rmqueue_bulk(struct zone *zone, unsigned order, unsigned want, enum migratetype mt,
		      struct page **block, unsigned most);
void free_one_page(struct zone *zone, struct page *page, unsigned order);
void free_pcppages_bulk(struct zone *zone, struct page **block, unsigned nr);

/* The zone's lock is held. */
void __free_one_page(struct zone *zone, struct page *page, unsigned order);
struct page *__rmqueue_smallest(struct zone *zone, unsigned order, enum migratetype mt);
unsigned count_free_in_block(struct page *page, unsigned most);
unsigned move_freepages_block(struct zone *zone, struct page *page, enum migratetype mt);
void move_free_block(struct zone *zone, struct page *page, enum migratetype mt);
void update_fast_mark(struct zone *zone);
struct page *free_block_of(struct page *page);
void split_to_pageblock(struct zone *zone, struct page *page);
struct page *move_isolated(struct zone *zone, struct page *p, struct page *end,
			   enum migratetype old);
unsigned take_isolated(struct zone *zone, struct page *page, struct page *end);
/* Takes the lock itself.  Interrupts are off. */
unsigned take_free_blocks(struct zone *zone, struct page **block, unsigned nr, unsigned want,
			  unsigned types);

/* Descriptors that move_isolated() looks at under one lock; a block that it moves is four. */
#define MOVE_STEPS 88

/* Some list that every request may use has a block so large: a guess without the lock. */
static inline bool zone_has_block(const struct zone *zone, unsigned order)
{
	return (READ_ONCE(zone->nonempty[MIGRATE_UNMOVABLE]) |
		READ_ONCE(zone->nonempty[MIGRATE_MOVABLE]) |
		READ_ONCE(zone->nonempty[MIGRATE_RECLAIMABLE])) >>
	       order;
}

/* The lists that serve a mobility: movable requests take their share of the CMA areas. */
static inline enum migratetype rmqueue_type(const struct zone *zone, unsigned order,
					    enum migratetype mt)
{
	if (BUDDY_CMA && mt == MIGRATE_MOVABLE && unlikely(zone_free_cma(zone)) &&
	    (zone_free_cma(zone) > READ_ONCE(zone->nr_free_pages) / 2 ||
	     !(READ_ONCE(zone->nonempty[mt]) >> order)) &&
	    READ_ONCE(zone->nonempty[MIGRATE_CMA]) >> order)
		return MIGRATE_CMA;
	return mt;
}

/* ---- fallback.c: interrupts are off ---------------------------------------- */

#if BUDDY_MOBILITY
struct page *fallback_locked(struct zone *zone, unsigned order, enum migratetype mt,
			     unsigned alloc_flags);

static inline struct page *rmqueue_fallback(struct zone *zone, unsigned order, enum migratetype mt,
					    unsigned alloc_flags)
{
	if (!zone_has_block(zone, order) && (mt != MIGRATE_MOVABLE || !zone_free_cma(zone)))
		return NULL;
	return fallback_locked(zone, order, mt, alloc_flags);
}
#else
#define rmqueue_fallback(zone, order, mt, alloc_flags) \
	((void)(zone), (void)(order), (void)(mt), (void)(alloc_flags), (struct page *)NULL)
#endif
#if BUDDY_HIGHATOMIC
struct page *rmqueue_highatomic(struct zone *zone, unsigned order);
void reserve_highatomic_pageblock(struct zone *zone, struct page *page);
bool unreserve_highatomic_pageblock(struct zone *zone);
#else
#define rmqueue_highatomic(zone, order)		 ((void)(zone), (void)(order), (struct page *)NULL)
#define reserve_highatomic_pageblock(zone, page) ((void)(zone), (void)(page))
#define unreserve_highatomic_pageblock(zone)	 ((void)(zone), false)
#endif

/* ---- debug.c: the hooks, called only while mm_debug_on --------------------- */

/* Options that are on, a bit each (debug.c); 0 nearly always.  [I] but for mm_debug_set() */
#if BUDDY_DEBUG_HOOKS
extern unsigned mm_debug_on;
#else
#define mm_debug_on 0U
#endif

/* The request is made to fail. */
bool should_fail_alloc_page(gfp_t gfp, unsigned order);
/* A block has been allocated; its pages are mapped, checked, zeroed, noted, as asked for. */
void post_alloc_hook(struct page *page, unsigned order, gfp_t gfp, const void *caller);
/* A block is about to be freed: the opposite.  Its word is still the allocated one. */
void free_pages_prepare(struct page *page, unsigned order, const void *caller);
/* For the ring only. */
void trace_event(enum mm_trace_kind kind, const struct page *page, unsigned order, gfp_t gfp,
		 const void *caller);
/* The same for a step of the slow path (TRACE_SLOWPATH and on), with its number. */
void trace_step(enum mm_trace_kind kind, unsigned long nr, unsigned order, gfp_t gfp,
		const void *caller);

void debug_reset(void);

/* ---- gfpflags.c -------------------------------------------------------------- */

/*
 * Flags that exclude each other (gfp.h): never in a request that its author has thought
 * about, so that only the question is inline.  Asked before gfp_allowed_mask or a scope
 * takes bits off: __GFP_NOFAIL without what they took is no mistake of the caller's.
 */
static inline bool gfp_contradicts(gfp_t gfp)
{
	return ((gfp & gfp >> 1 & (__GFP_DMA | __GFP_MOVABLE)) | (gfp & gfp >> 3 & __GFP_ATOMIC) |
		(gfp & (~gfp << 7 | gfp << 1 | gfp << 2) & __GFP_NOFAIL)) != 0;
}
static_assert(__GFP_HIGHMEM >> 1 == __GFP_DMA && __GFP_RECLAIMABLE >> 1 == __GFP_MOVABLE &&
		      __GFP_DIRECT_RECLAIM >> 3 == __GFP_ATOMIC &&
		      __GFP_DIRECT_RECLAIM << 7 == __GFP_NOFAIL &&
		      __GFP_RETRY_MAYFAIL << 1 == __GFP_NOFAIL &&
		      __GFP_NORETRY << 2 == __GFP_NOFAIL,
	      "gfp_contradicts() needs it");

/*
 * What is left of gfp when contradictions are settled; reports the first of each kind.  Any
 * context.
 */
gfp_t gfp_settle(gfp_t gfp, const void *caller);
/* Nothing has been reported yet.  One CPU, or a report more. */
void gfpflags_init(void);

/* Zone or mobility bits that exclude each other: each pair is neighbours. */
static inline bool gfp_zone_contradicts(gfp_t gfp)
{
	return gfp & gfp >> 1 & (__GFP_DMA | __GFP_MOVABLE);
}

/* ---- alloc_report.c ------------------------------------------------------------ */

/*
 * One request, as the files of the slow path hand it on.
 * Follows Linux's struct alloc_context (6.1).
 */
struct alloc_context {
	struct zone *const *zonelist; /* zones that may serve it, best first, then NULL */
	nodemask_t nodemask;	      /* nodes that may */
	enum zone_type highest;	      /* zone type */
	enum migratetype migratetype;
	bool unusual;	    /* mm_unusual was not 0 */
	bool hardwall;	    /* the context's set of nodes is in nodemask */
	int nid;	    /* preferred node */
	const void *caller; /* for the report */
};

/*
 * Why a request failed: Linux's "page allocation failure", a line of cause, the
 * zones.  The first four, then ever more rarely; nothing with __GFP_NOWARN.  alloc_flags:
 * of its last attempt. Any context, no lock held.
 */
void warn_alloc(gfp_t gfp, unsigned order, unsigned alloc_flags, const struct alloc_context *ac);
/* No failure has been counted yet. */
void alloc_report_init(void);

/* ---- vmstat.c ----------------------------------------------------------------- */

/* Interrupts are off. */
static inline void count_vm_event(struct mm_cpu *cpu, enum vm_event_item item)
{
	ADD_ONCE(cpu->events[item], 1);
}

/* ---- compound.c --------------------------------------------------------------- */

/*
 * The last reference of a PAGE_COMP block is dropped: calls its destructor.  Afterwards the
 * word has no destructor; one that took or dropped a reference shows in the word.
 */
void destroy_compound_page(struct page *head);

/* ---- pcp.c ------------------------------------------------------------------ */

static inline struct mm_cpu *this_cpu(void)
{
	return port_percpu();
}

/*
 * Detours: while any is on, requests on all CPUs leave the fast path at its ordinary
 * exits (the tables that it reads lead to an empty cache, no zone, no descriptor), so
 * that it needs no test for them. Counted: each on wants its off.  Any context.
 */
enum detour {
	DETOUR_HOOKS, /* every request and every free: debug.c's hooks want to see them */
	DETOUR_NODES, /* every request: some context may not have all nodes; fair_zones */
	DETOUR_PIN,   /* movable requests: some context pins what it allocates */
	NR_DETOURS
};
void pcp_detour(enum detour which, bool on);

/* The node whose zonelists this CPU uses; a guess with interrupts on. */
static inline const struct node *this_cpu_node(void)
{
	port_irqflags_t flags = port_irq_save();
	const struct node *node = this_cpu()->node;

	port_irq_restore(flags);
	return node;
}

void pcp_set_tables(struct mm_cpu *cpu);
void pcp_init_detours(void);

#include <mm/pcp.h>

/* ---- watermark.c: the check itself is in watermark.h ------------------------------ */

void wmark_init(unsigned min_free_kbytes, const unsigned ratio[MAX_NR_ZONES]);
void wmark_update(void);

/* ---- zonelist.c -------------------------------------------------------------- */

/* The highest zone type that may serve a request: DMA first, MOVABLE needs HIGHMEM too. */
static inline enum zone_type gfp_zone(gfp_t gfp)
{
	static const uint8_t table[GFP_ZONEMASK + 1] = {
		[0] = ZONE_NORMAL,
		[__GFP_DMA] = ZONE_DMA,
		[__GFP_HIGHMEM] = ZONE_HIGHMEM,
		[__GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
		[__GFP_MOVABLE] = ZONE_NORMAL,
		[__GFP_MOVABLE | __GFP_DMA] = ZONE_DMA,
		[__GFP_MOVABLE | __GFP_HIGHMEM] = ZONE_MOVABLE,
		[__GFP_MOVABLE | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	};

	return (enum zone_type)table[gfp & GFP_ZONEMASK];
}

static inline enum migratetype gfp_migratetype(gfp_t gfp)
{
	if (!BUDDY_MOBILITY)
		return MIGRATE_UNMOVABLE;
	return (enum migratetype)((gfp & GFP_MOVABLE_MASK) >> 2);
}
#if BUDDY_MOBILITY
static_assert(__GFP_MOVABLE >> 2 == MIGRATE_MOVABLE, "gfp bits are the migratetype");
static_assert(__GFP_RECLAIMABLE >> 2 == MIGRATE_RECLAIMABLE, "gfp bits are the migratetype");
#endif

struct page *get_page_from_freelist(gfp_t gfp, unsigned order, unsigned alloc_flags,
				    const struct alloc_context *ac);

/* ---- deferred.c ------------------------------------------------------------------ */

/* Sections yet to be initialised; 0: all is there. */
extern uint32_t nr_deferred_sections;
extern uint8_t section_zid[NR_MEM_SECTIONS];
bool ram_range(unsigned i, unsigned long *start, unsigned long *end, unsigned *nid);
bool next_free_frames(uint64_t *iter, unsigned long from, unsigned long to, unsigned long *start,
		      unsigned long *end);
bool deferred_grow(void);
void deferred_start(unsigned nr_sections);

/* ---- cma.c ------------------------------------------------------------------------- */

#if BUDDY_CMA
void cma_init_areas(void);
#else
#define cma_init_areas() ((void)0)
#endif

/* ---- page_alloc.c: for the files below and above it -------------------------------- */

/*
 * How many things are going on that requests off the fast path have to look at: open scopes,
 * detours, policies, a deferred start.  Atomic.
 */
extern uint32_t mm_unusual;

static inline void count_unusual(bool on)
{
	__atomic_add_fetch(&mm_unusual, on ? 1U : ~0U, __ATOMIC_RELAXED);
}

void free_pages_from(struct page *page, unsigned order, const void *caller);

/* ---- slowpath.c --------------------------------------------------------------- */

unsigned gfp_to_alloc_flags(gfp_t gfp);
void grow_first_zone(unsigned order, const struct alloc_context *ac);
struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned order, const struct alloc_context *ac);

#include <mm/owners.h>
#include <mm/watermark.h>

#endif /* MM_INTERNAL_H */
