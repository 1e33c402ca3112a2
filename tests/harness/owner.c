// SPDX-License-Identifier: MIT
/*
 * owner - see owner.h.  The least that an owner can be; also the example of migrate.h's
 * protocol.
 */
#include "tests/harness/owner.h"

#include <buddy/errno.h>
#include <buddy/highmem.h>

#include "fixture_priv.h"

#define WORDS  (PAGE_SIZE / sizeof(uint32_t))
#define STRIDE 61u /* words between those that are looked at; no power of two */

static struct test_owner *owner_of(const struct page *page)
{
	return (struct test_owner *)page->mapping; /* mops is the first member */
}

static uint32_t value(unsigned i, unsigned word)
{
	return (i + 1) * 2654435761u ^ word;
}

static void write_pattern(struct page *page, unsigned i)
{
	uint32_t *p = kmap_local_page(page);

	unpoison_block(page, 0);
	for (unsigned w = 0; w < WORDS; w += STRIDE)
		p[w] = value(i, w);
	p[WORDS - 1] = value(i, WORDS - 1);
	kunmap_local(p);
}

bool owner_pattern_ok(const struct page *page, unsigned i)
{
	uint32_t *p = kmap_local_page(page);
	bool ok = p[WORDS - 1] == value(i, WORDS - 1);

	for (unsigned w = 0; w < WORDS; w += STRIDE)
		ok &= p[w] == value(i, w);
	kunmap_local(p);
	return ok;
}

static void count(uint32_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* One in n. */
static bool fails(struct test_owner *o, unsigned n)
{
	if (!n || __atomic_add_fetch(&o->failed, 1, __ATOMIC_RELAXED) % n)
		return false;
	return true;
}

/* Under the lock: the slot that the page says it is in has it. */
static bool is_mine(struct test_owner *o, const struct page *page)
{
	if (page->index < o->nr_slots && o->slot[page->index] == page)
		return true;
	count(&o->not_mine);
	return false;
}

static port_irqflags_t lock(struct test_owner *o)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&o->lock);
	return flags;
}

static void unlock(struct test_owner *o, port_irqflags_t flags)
{
	port_spin_unlock(&o->lock);
	port_irq_restore(flags);
}

static bool isolate_page(struct page *page, enum migrate_mode mode)
{
	struct test_owner *o = owner_of(page);
	port_irqflags_t flags;
	bool mine;

	(void)mode;
	if (fails(o, o->fail_isolate))
		return false;
	flags = lock(o);
	mine = is_mine(o, page);
	unlock(o, flags);
	if (mine)
		count(&o->isolated);
	return mine;
}

static int migrate_page(struct page *dst, struct page *src, enum migrate_mode mode)
{
	struct test_owner *o = owner_of(src);
	port_irqflags_t flags;
	int err = -EAGAIN;

	(void)mode;
	if (fails(o, o->fail_migrate))
		return -EAGAIN;
	flags = lock(o);
	if (is_mine(o, src) && page_count(src) == 2 && !PageWriteback(src)) {
		unpoison_block(dst, 0);
		migrate_page_copy(dst, src);
		migrate_page_states(dst, src);
		o->slot[dst->index] = dst;
		err = 0;
	}
	unlock(o, flags);
	if (!err)
		count(&o->migrated);
	return err;
}

static void putback_page(struct page *page)
{
	count(&owner_of(page)->putback);
}

static int evict_page(struct page *page)
{
	struct test_owner *o = owner_of(page);
	port_irqflags_t flags;
	int err = -EAGAIN;

	if (fails(o, o->fail_evict))
		return -EAGAIN;
	flags = lock(o);
	if (is_mine(o, page) && page_count(page) == 2 && !PageDirty(page) && !PageWriteback(page)) {
		o->slot[page->index] = NULL;
		err = 0;
	}
	unlock(o, flags);
	if (!err)
		count(&o->evicted);
	return err;
}

static int write_page(struct page *page)
{
	struct test_owner *o = owner_of(page);

	if (!clear_page_dirty_for_io(page))
		return 0;
	set_page_writeback(page);
	if (fails(o, o->fail_write)) {
		set_page_dirty(page);
		end_page_writeback(page);
		return -EIO;
	}
	count(&o->written);
	end_page_writeback(page);
	return 0;
}

void owner_init(struct test_owner *o, struct page **slots, unsigned nr_slots, bool reclaimable)
{
	*o = (struct test_owner){
		.mops = {isolate_page, migrate_page, putback_page, evict_page, write_page},
		.slot = slots,
		.nr_slots = nr_slots,
		.reclaimable = reclaimable,
	};
}

bool owner_fill(struct test_owner *o, unsigned i, gfp_t gfp)
{
	struct page *page = alloc_page(gfp);
	port_irqflags_t flags;
	struct page *old;

	if (!page)
		return false;
	write_pattern(page, i);
	page->index = i;
	page->priv = 0;
	__SetPageMovable(page, &o->mops);
	if (o->reclaimable)
		lru_cache_add(page);
	flags = lock(o);
	old = o->slot[i];
	o->slot[i] = page;
	unlock(o, flags);
	if (old)
		put_page(old);
	return true;
}

void owner_drop(struct test_owner *o, unsigned i)
{
	port_irqflags_t flags = lock(o);
	struct page *page = o->slot[i];

	o->slot[i] = NULL;
	unlock(o, flags);
	if (page)
		put_page(page);
}

void owner_drop_all(struct test_owner *o)
{
	for (unsigned i = 0; i < o->nr_slots; i++)
		owner_drop(o, i);
}

struct page *owner_get(struct test_owner *o, unsigned i)
{
	port_irqflags_t flags = lock(o);
	struct page *page = o->slot[i];

	if (page)
		get_page(page);
	unlock(o, flags);
	return page;
}

unsigned owner_verify(struct test_owner *o)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < o->nr_slots; i++) {
		struct page *page = owner_get(o, i);

		if (!page)
			continue;
		wrong += page->index != i || !owner_pattern_ok(page, i);
		put_page(page);
	}
	return wrong;
}

unsigned owner_nr_pages(const struct test_owner *o)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < o->nr_slots; i++)
		nr += o->slot[i] != NULL;
	return nr;
}
