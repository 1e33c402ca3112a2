// SPDX-License-Identifier: MIT
/*
 * debug - the hooks that the entry points call while a debugging option is on.
 *
 * A block on its way out is mapped, looked at for poison, zeroed, and its owner noted; on its
 * way back it is filled and unmapped.  A request may be made to fail, and what
 * happened is kept in rings, one per CPU.
 *
 * State: mm_debug_on, mm_debug (debug_state.h has the guards).  No lock is taken and
 * nothing is allocated.  Blocks belong to the caller when they are touched here: to
 * who gets one, or to who frees it.
 *
 * Not here: turning options on and off, tables, pictures (debug_options.c).
 * Follows Linux 6.1 mm/page_poison.c, page_owner.c, lib/fault-inject.c.
 */
#include <string.h>

#include <buddy/highmem.h>
#include <mm/debug_state.h>

#if BUDDY_DEBUG_HOOKS

#define POISON_BYTE 0xaaU
#define POISON_WORD 0xaaaaaaaaU
#define RANDOM_SEED 0x9e3779b9U

unsigned mm_debug_on;
struct debug_state mm_debug;

/* For mm_init(): nothing is on, and there are no tables. */
void debug_reset(void)
{
	memset(&mm_debug, 0, sizeof(mm_debug));
	mm_debug_on = 0;
}

/* ---- what free pages hold --------------------------------------------------- */

static void fill_pages(struct page *page, unsigned order, bool poison)
{
	for (struct page *end = page + (1UL << order); page < end; page++) {
		void *addr = kmap_local_page(page);

		if (poison)
			memset(addr, POISON_BYTE, PAGE_SIZE);
		else
			port_clear_page(addr);
		kunmap_local(addr);
	}
}

static bool map_pages(struct page *page, unsigned order, enum port_page_attr attr)
{
	void *addr = page_address(page);

	return !addr || port_map_pages(addr, 1U << order, attr);
}

void debug_map(struct page *page, unsigned order)
{
	map_pages(page, order, PORT_PAGE_NORMAL);
}

bool debug_fill_and_unmap(struct page *page, unsigned order, unsigned on)
{
	if (on & DEBUG_FILL)
		fill_pages(page, order, on & DEBUG_POISON);
	return !(on & DEBUG_PAGEALLOC) || map_pages(page, order, PORT_PAGE_UNMAPPED);
}

/* What was found in a block that was to be full of poison. */
struct damage {
	struct page *page; /* the first one hurt */
	unsigned offset;   /* in it */
	uint8_t byte;	   /* there */
	unsigned long nr;  /* bytes in all */
};

static void find_damage(struct page *page, struct damage *d)
{
	const uint32_t *word = kmap_local_page(page);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		const uint8_t *byte = (const uint8_t *)(word + i);

		if (likely(word[i] == POISON_WORD))
			continue;
		for (unsigned k = 0; k < sizeof(*word); k++) {
			if (byte[k] == POISON_BYTE)
				continue;
			if (!d->nr++) {
				d->page = page;
				d->offset = i * (unsigned)sizeof(*word) + k;
				d->byte = byte[k];
			}
		}
	}
	kunmap_local(word);
}

static void check_poison(struct page *page, unsigned order, const void *caller)
{
	struct damage d = {.nr = 0};
	unsigned bits;

	for (unsigned long i = 0; i < 1UL << order; i++)
		find_damage(page + i, &d);
	if (likely(!d.nr))
		return;
	bits = d.byte ^ POISON_BYTE;
	port_log("page_poison: page %p pfn 0x%lx was written to while it was free: 0x%02x at byte "
		 "0x%x, %lu bad byte%s%s; given to %p\n",
		 d.page, page_to_pfn(d.page), d.byte, d.offset, d.nr, d.nr == 1 ? "" : "s",
		 d.nr == 1 && !(bits & (bits - 1)) ? ", one bit" : "", caller);
}

/* ---- who has it, what happened -------------------------------------------------- */

static void set_owner(const struct page *page, unsigned order, const void *caller, gfp_t gfp)
{
	struct page_owner *owner = page_owner_entry(page);

	for (struct page_owner *end = owner + (1UL << order); owner < end; owner++) {
		WRITE_ONCE(owner->gfp, gfp);
		WRITE_ONCE(owner->caller, caller);
	}
}

/* May come under a zone's lock: no message, no lock. */
static void trace(uint32_t what, uint32_t pfn, const void *caller)
{
	port_irqflags_t flags;
	struct trace_entry *entry;
	struct trace_ring *ring;

	if (!(READ_ONCE(mm_debug_on) & DEBUG_TRACE))
		return;
	flags = port_irq_save();
	ring = &mm_debug.ring[port_cpu_id()];
	entry = READ_ONCE(ring->entry);
	if (likely(entry)) {
		entry += ring->nr & (mm_debug.trace_size - 1);
		/* A reader on another CPU must not take old and new for one event. */
		WRITE_ONCE(entry->seq, 0);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		WRITE_ONCE(entry->what, what);
		WRITE_ONCE(entry->pfn, pfn);
		WRITE_ONCE(entry->caller, caller);
		__atomic_store_n(&entry->seq,
				 __atomic_add_fetch(&mm_debug.trace_seq, 1, __ATOMIC_RELAXED),
				 __ATOMIC_RELEASE);
		__atomic_store_n(&ring->nr, ring->nr + 1, __ATOMIC_RELEASE);
	}
	port_irq_restore(flags);
}

void trace_event(enum mm_trace_kind kind, const struct page *page, unsigned order, gfp_t gfp,
		 const void *caller)
{
	trace(TRACE_WHAT(kind, order, gfp), page ? (uint32_t)page_to_pfn(page) : PFN_NONE, caller);
}

void trace_step(enum mm_trace_kind kind, unsigned long nr, unsigned order, gfp_t gfp,
		const void *caller)
{
	trace(TRACE_WHAT(kind, order, gfp), (uint32_t)nr, caller);
}

/* ---- requests that fail -------------------------------------------------------- */

/* Takes n, or what there is, off *left; what there was. */
static uint32_t take(uint32_t *left, uint32_t n)
{
	uint32_t old = READ_ONCE(*left);

	while (!__atomic_compare_exchange_n(left, &old, old > n ? old - n : 0, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return old;
}

/* 0 to 99; two CPUs at once may get the same.  Marsaglia's xorshift, 13, 17, 5. */
static uint32_t percent(uint32_t *state)
{
	uint32_t x = READ_ONCE(*state) ^ RANDOM_SEED;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	WRITE_ONCE(*state, x ^ RANDOM_SEED);
	return x % 100;
}

bool should_fail_alloc_page(gfp_t gfp, unsigned order)
{
	struct debug_fail *f = &mm_debug.fail;

	if (!(READ_ONCE(mm_debug_on) & DEBUG_FAIL) || gfp & __GFP_NOFAIL ||
	    order < mm_debug.fail_min_order ||
	    (mm_debug.fail_ignore_wait && gfp & __GFP_DIRECT_RECLAIM))
		return false;
	if (take(&f->space, 1U << order))
		return false;
	if (__atomic_add_fetch(&f->nr, 1, __ATOMIC_RELAXED) % f->interval)
		return false;
	if (percent(&f->random) >= f->probability)
		return false;
	return READ_ONCE(f->times) == FAIL_FOREVER || take(&f->times, 1);
}

/* ---- the hooks ------------------------------------------------------------------- */

void post_alloc_hook(struct page *page, unsigned order, gfp_t gfp, const void *caller)
{
	unsigned on = READ_ONCE(mm_debug_on);

	if (on & DEBUG_PAGEALLOC)
		debug_map(page, order);
	if (on & DEBUG_POISON)
		check_poison(page, order, caller);
	/* __GFP_ZERO does it anyway. */
	if (on & DEBUG_INIT_ON_ALLOC && !(gfp & __GFP_ZERO))
		fill_pages(page, order, false);
	if (on & DEBUG_OWNER)
		set_owner(page, order, caller, gfp);
	trace_event(TRACE_ALLOC, page, order, gfp, caller);
}

void free_pages_prepare(struct page *page, unsigned order, const void *caller)
{
	unsigned on = READ_ONCE(mm_debug_on);

	trace_event(TRACE_FREE, page, order, 0, caller);
	if (on & DEBUG_OWNER)
		set_owner(page, order, NULL, 0);
	debug_fill_and_unmap(page, order, on);
}

#else

void debug_reset(void)
{
}

#endif /* BUDDY_DEBUG_HOOKS */
