// SPDX-License-Identifier: MIT
/*
 * hoard - an owner of pages of all kinds.  See hoard.h.
 *
 * A hoard has numbered slots; a slot has a page, or an area of vmalloc(), or nothing.
 * Slots stand in pages of their own, of which a static table knows the addresses,
 * so that a hoard can be as large as memory while memory is in pieces.
 *
 * State: hoards[], each under its own lock, but for the counters, which are atomic.  Under
 * the lock a page is looked up, taken out, or replaced by its copy; it is filled, verified
 * and freed without.
 *
 * Not here: who wants it (commands_reclaim.c, demo_pressure.c).
 */
#include "boot/hoard.h"

#include <string.h>

#include <buddy/buddy.h>
#include <buddy/errno.h>
#include <buddy/oom.h>
#include <buddy/reclaim.h>
#include <buddy/vmalloc.h>
#include <port/port.h>

#define LEAF_SLOTS ((unsigned)(PAGE_SIZE / sizeof(void *)))
#define NR_LEAVES  ((unsigned)(MAX_PFN / LEAF_SLOTS / 4)) /* a quarter of 4 GiB */
#define AREA_PAGES 16u
#define WORDS	   ((unsigned)(PAGE_SIZE / sizeof(uint32_t)))
#define STRIDE	   8u /* a word in each cache line */

#define HOARD_GFP (__GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct hoard {
	struct movable_operations mops; /* first: page->mapping leads here */
	struct oom_owner oom;
	enum hoard_kind kind;
	struct port_spinlock lock;
	void **leaf[NR_LEAVES]; /* [lock] */
	uint32_t nr_slots;	/* atomic, as are the rest; those below may have something */
	uint32_t nr_pages;
	uint32_t moved, evicted, written, sacrificed, verified, wrong;
};

const char *const hoard_name[NR_HOARD_KINDS] = {
	[HOARD_UNMOVABLE] = "unmovable",
	[HOARD_MOVABLE] = "movable",
	[HOARD_RECLAIMABLE] = "reclaimable",
	[HOARD_VMALLOC] = "vmalloc",
};

static struct hoard hoards[NR_HOARD_KINDS];

static void count(uint32_t *counter, unsigned nr)
{
	__atomic_add_fetch(counter, nr, __ATOMIC_RELAXED);
}

static uint32_t read_count(const uint32_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* ---- contents ------------------------------------------------------------------- */

static uint32_t value(const struct hoard *h, unsigned slot, unsigned word)
{
	return (slot * NR_HOARD_KINDS + h->kind + 1) * 2654435761u ^ word;
}

static void fill(const struct hoard *h, uint32_t *p, unsigned slot, unsigned nr_pages)
{
	for (unsigned w = 0; w < WORDS * nr_pages; w += STRIDE)
		p[w] = value(h, slot, w);
}

static bool is_filled(const struct hoard *h, const uint32_t *p, unsigned slot, unsigned nr_pages)
{
	for (unsigned w = 0; w < WORDS * nr_pages; w += STRIDE)
		if (p[w] != value(h, slot, w))
			return false;
	return true;
}

static void verify_page(struct hoard *h, const struct page *page, unsigned slot)
{
	const uint32_t *p = kmap_local_page((struct page *)(uintptr_t)page);

	count(&h->verified, 1);
	if (!is_filled(h, p, slot, 1))
		count(&h->wrong, 1);
	kunmap_local(p);
}

/* ---- slots ------------------------------------------------------------------------- */

static port_irqflags_t lock(struct hoard *h)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&h->lock);
	return flags;
}

static void unlock(struct hoard *h, port_irqflags_t flags)
{
	port_spin_unlock(&h->lock);
	port_irq_restore(flags);
}

/* Under the lock: where a slot's content stands; NULL: nowhere. */
static void **slot_of(struct hoard *h, uintptr_t slot)
{
	void **leaf = slot / LEAF_SLOTS < NR_LEAVES ? h->leaf[slot / LEAF_SLOTS] : NULL;

	return leaf ? &leaf[slot % LEAF_SLOTS] : NULL;
}

/* Makes room for a slot; false: no memory, or no more slots. */
static bool make_slot(struct hoard *h, unsigned slot)
{
	port_irqflags_t flags;
	void **leaf;

	if (slot / LEAF_SLOTS >= NR_LEAVES)
		return false;
	if (h->leaf[slot / LEAF_SLOTS])
		return true;
	leaf = get_zeroed_page(GFP_KERNEL | HOARD_GFP);
	if (!leaf)
		return false;
	flags = lock(h);
	h->leaf[slot / LEAF_SLOTS] = leaf;
	unlock(h, flags);
	return true;
}

static void set_slot(struct hoard *h, unsigned slot, void *content)
{
	port_irqflags_t flags = lock(h);

	*slot_of(h, slot) = content;
	unlock(h, flags);
}

static void *take_slot(struct hoard *h, unsigned slot)
{
	port_irqflags_t flags = lock(h);
	void **at = slot_of(h, slot), *content = at ? *at : NULL;

	if (content)
		*at = NULL;
	unlock(h, flags);
	return content;
}

static void free_leaves(struct hoard *h)
{
	for (unsigned i = 0; i < NR_LEAVES; i++) {
		port_irqflags_t flags = lock(h);
		void **leaf = h->leaf[i];

		h->leaf[i] = NULL;
		unlock(h, flags);
		free_page(leaf);
	}
}

/* Under the lock: the page is in the slot that it says, or has left. */
static bool is_mine(struct hoard *h, const struct page *page)
{
	void **at = slot_of(h, page->index);

	return at && *at == page;
}

/* ---- what the allocator asks for ------------------------------------------------------ */

static struct hoard *hoard_of(const struct page *page)
{
	return (struct hoard *)page->mapping;
}

static bool isolate_page(struct page *page, enum migrate_mode mode)
{
	struct hoard *h = hoard_of(page);
	port_irqflags_t flags = lock(h);
	bool mine = is_mine(h, page);

	(void)mode;
	unlock(h, flags);
	return mine;
}

static int migrate_page(struct page *dst, struct page *src, enum migrate_mode mode)
{
	struct hoard *h = hoard_of(src);
	port_irqflags_t flags = lock(h);
	int err = -EAGAIN;

	(void)mode;
	if (is_mine(h, src) && page_count(src) == 2 && !PageWriteback(src)) {
		migrate_page_copy(dst, src);
		migrate_page_states(dst, src);
		*slot_of(h, dst->index) = dst;
		err = 0;
	}
	unlock(h, flags);
	if (!err)
		count(&h->moved, 1);
	return err;
}

static void putback_page(struct page *page)
{
	(void)page;
}

static int evict_page(struct page *page)
{
	struct hoard *h = hoard_of(page);
	port_irqflags_t flags = lock(h);
	int err = -EAGAIN;

	if (is_mine(h, page) && page_count(page) == 2 && !PageDirty(page) && !PageWriteback(page)) {
		*slot_of(h, page->index) = NULL;
		err = 0;
	}
	unlock(h, flags);
	if (!err) {
		/* It cannot be found any more, and is the caller's to free. */
		verify_page(h, page, (unsigned)page->index);
		count(&h->evicted, 1);
		count(&h->nr_pages, -1u);
	}
	return err;
}

/* To a device that has nothing to remember: contents are what the slot says. */
static int write_page(struct page *page)
{
	struct hoard *h = hoard_of(page);

	if (!clear_page_dirty_for_io(page))
		return 0;
	set_page_writeback(page);
	count(&h->written, 1);
	end_page_writeback(page);
	return 0;
}

/* ---- growing and shrinking --------------------------------------------------------- */

static unsigned content_pages(const struct hoard *h)
{
	return h->kind == HOARD_VMALLOC ? AREA_PAGES : 1;
}

static void *new_area(struct hoard *h, unsigned slot)
{
	uint32_t *area = __vmalloc(AREA_PAGES * PAGE_SIZE, GFP_HIGHUSER_MOVABLE | HOARD_GFP);

	if (area)
		fill(h, area, slot, AREA_PAGES);
	return area;
}

static void *new_page(struct hoard *h, unsigned slot)
{
	gfp_t gfp = h->kind == HOARD_UNMOVABLE ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE;
	struct page *page = alloc_page(gfp | HOARD_GFP);
	uint32_t *p;

	if (!page)
		return NULL;
	p = kmap_local_page(page);
	fill(h, p, slot, 1);
	kunmap_local(p);
	page->index = slot;
	page->priv = 0;
	page->mapping = h;
	return page;
}

/*
 * Fills an empty slot.  The page is movable before it can be found there: whoever takes it
 * until then is told that it is not ours.
 */
static bool fill_slot(struct hoard *h, unsigned slot)
{
	void *content;

	if (!make_slot(h, slot))
		return false;
	content = h->kind == HOARD_VMALLOC ? new_area(h, slot) : new_page(h, slot);
	if (!content)
		return false;
	if (h->kind == HOARD_MOVABLE || h->kind == HOARD_RECLAIMABLE)
		__SetPageMovable(content, &h->mops);
	if (h->kind == HOARD_RECLAIMABLE) {
		if (slot % 4 == 0)
			set_page_dirty(content);
		lru_cache_add(content);
	}
	count(&h->nr_pages, content_pages(h));
	set_slot(h, slot, content);
	if (h->kind == HOARD_RECLAIMABLE && slot % 4 == 0)
		balance_dirty_pages();
	return true;
}

static unsigned long empty_slot(struct hoard *h, unsigned slot)
{
	void *content = take_slot(h, slot);

	if (!content)
		return 0;
	if (h->kind == HOARD_VMALLOC) {
		count(&h->verified, AREA_PAGES);
		if (!is_filled(h, content, slot, AREA_PAGES))
			count(&h->wrong, 1);
		vfree(content);
	} else {
		verify_page(h, content, slot);
		put_page(content);
	}
	count(&h->nr_pages, -content_pages(h));
	return content_pages(h);
}

static unsigned long empty_all(struct hoard *h, unsigned step)
{
	unsigned long nr = 0;

	for (unsigned slot = 0; slot < read_count(&h->nr_slots); slot += step)
		nr += empty_slot(h, slot);
	return nr;
}

/* ---- being sacrificed -------------------------------------------------------------- */

static struct hoard *hoard_of_oom(struct oom_owner *oom)
{
	return (struct hoard *)((char *)oom - offsetof(struct hoard, oom));
}

static unsigned long oom_pages(struct oom_owner *oom)
{
	return read_count(&hoard_of_oom(oom)->nr_pages);
}

static unsigned long oom_sacrifice(struct oom_owner *oom)
{
	struct hoard *h = hoard_of_oom(oom);
	unsigned long nr = empty_all(h, 1);

	count(&h->sacrificed, (unsigned)nr);
	return nr;
}

/* ---- the interface ----------------------------------------------------------------- */

static struct hoard *get_hoard(enum hoard_kind kind)
{
	static const char *const oom_name[NR_HOARD_KINDS] = {"hoard-unmovable", "hoard-movable",
							     "hoard-reclaimable", "hoard-vmalloc"};
	struct hoard *h = &hoards[kind];

	if (h->oom.name)
		return h;
	h->kind = kind;
	h->mops = (struct movable_operations){isolate_page, migrate_page, putback_page, NULL, NULL};
	if (kind == HOARD_RECLAIMABLE) {
		h->mops.evict_page = evict_page;
		h->mops.write_page = write_page;
	}
	h->oom.nr_pages = oom_pages;
	h->oom.sacrifice = oom_sacrifice;
	h->oom.name = oom_name[kind];
	register_oom_owner(&h->oom);
	return h;
}

unsigned long hoard_grow(enum hoard_kind kind, unsigned long nr)
{
	struct hoard *h = get_hoard(kind);
	unsigned long got = 0;

	/*
	 * Slots that reclaim or a sacrifice has emptied are not filled again: contents name
	 * their slot.
	 */
	while (got < nr && h->nr_slots < LEAF_SLOTS * NR_LEAVES) {
		count(&h->nr_slots, 1);
		if (!fill_slot(h, h->nr_slots - 1)) {
			count(&h->nr_slots, -1u);
			break;
		}
		got += content_pages(h);
	}
	return got;
}

unsigned long hoard_thin(enum hoard_kind kind)
{
	return empty_all(get_hoard(kind), 2);
}

unsigned long hoard_drop(enum hoard_kind kind)
{
	struct hoard *h = get_hoard(kind);
	unsigned long nr = empty_all(h, 1);

	__atomic_store_n(&h->nr_slots, 0, __ATOMIC_RELAXED);
	free_leaves(h);
	return nr;
}

void hoard_info(enum hoard_kind kind, struct hoard_info *info)
{
	const struct hoard *h = &hoards[kind];

	*info = (struct hoard_info){
		.pages = read_count(&h->nr_pages),
		.moved = read_count(&h->moved),
		.evicted = read_count(&h->evicted),
		.written = read_count(&h->written),
		.sacrificed = read_count(&h->sacrificed),
		.verified = read_count(&h->verified),
		.wrong = read_count(&h->wrong),
	};
}
