// SPDX-License-Identifier: MIT
/*
 * The model's operations: each does something at random with the allocator and the same
 * with the books (model_ref.c), and checks what can be said at once.
 *
 * State: none of its own.
 */
#include <mm/internal.h>

#include "model.h"

void op_alloc(void)
{
	gfp_t gfp = random_gfp(&rng);
	unsigned order = random_order(&rng);
	struct page *page;
	nodemask_t mask = NODE_MASK_ALL;
	int nid = 0;
	void *p;

	if (nr_live == LIVE_MAX)
		return;
	switch (rng_below(&rng, 9)) {
	case 8:
		nid = (int)rng_below(&rng, BUDDY_MAX_NODES);
		mask = rng_below(&rng, NODE_MASK_ALL + 1);
		if (rng_below(&rng, 4) == 0)
			gfp |= __GFP_THISNODE;
		page = __alloc_pages(gfp, order, nid, &mask);
		break;
	case 0:
		nid = (int)rng_below(&rng, BUDDY_MAX_NODES);
		if (rng_below(&rng, 2))
			gfp |= __GFP_THISNODE;
		page = alloc_pages_node(nid, gfp, order);
		break;
	case 1:
		gfp &= ~__GFP_HIGHMEM;
		p = __get_free_pages(gfp, order);
		page = p ? virt_to_page(p) : NULL;
		CHECK(!p || page);
		break;
	case 2:
		order = 0;
		gfp &= ~__GFP_HIGHMEM;
		gfp |= __GFP_ZERO;
		p = get_zeroed_page(gfp);
		page = p ? virt_to_page(p) : NULL;
		break;
	case 3:
		order = 0;
		page = alloc_page(gfp);
		break;
	default:
		page = alloc_pages(gfp, order);
	}
	if (page) {
		check_block(page, gfp, order, nid, mask);
		add_live(&rng, page, order);
	} else if (!irq_rate) {
		ref_check_failure(gfp, order, nid, mask);
	}
}

void op_bulk(void)
{
	struct page *pages[200] = {NULL};
	gfp_t gfp = random_gfp(&rng);
	unsigned nr = rng_below(&rng, 200), got;
	uint8_t given[200] = {0};

	if (nr_live + 200 > LIVE_MAX)
		return;
	for (unsigned i = 0; i < nr && nr_live; i++)
		if (rng_below(&rng, 16) == 0) {
			pages[i] = live[rng_below(&rng, nr_live)].page;
			given[i] = 1;
		}
	got = alloc_pages_bulk_array(gfp, nr, pages);
	CHECK(got <= nr);
	for (unsigned i = 0; i < nr; i++) {
		if (given[i])
			continue;
		CHECK_EQ(pages[i] != NULL, i < got);
		if (!pages[i])
			continue;
		check_block(pages[i], gfp, 0, 0, NODE_MASK_ALL);
		add_live(&rng, pages[i], 0);
	}
}

/* Single pages that stand side by side, or on a list. */
static void keep_single(struct page *page, gfp_t gfp)
{
	check_block(page, gfp & ~__GFP_COMP, 0, 0, NODE_MASK_ALL);
	add_live(&rng, page, 0);
}

void op_exact(void)
{
	gfp_t gfp = random_gfp(&rng) & ~__GFP_HIGHMEM;
	size_t bytes = 1 + rng_below(&rng, (uint32_t)PAGE_SIZE << (MAX_ORDER < 6 ? MAX_ORDER : 6));
	unsigned nr = (unsigned)((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
	struct page *page;
	void *addr;

	if (nr_live + nr > LIVE_MAX)
		return;
	host_irq_hold(true);
	addr = alloc_pages_exact(bytes, gfp);
	page = addr ? virt_to_page(addr) : NULL;
	if (page && rng_below(&rng, 2)) {
		free_pages_exact(addr, bytes);
	} else if (page) {
		for (unsigned i = 0; i < nr; i++)
			keep_single(page + i, gfp);
	}
	ref_check_sum();
	host_irq_hold(false);
}

void op_list(void)
{
	struct list_head list = {&list, &list}, *n;
	gfp_t gfp = random_gfp(&rng);
	unsigned nr = rng_below(&rng, 100), got, seen = 0;

	if (nr_live + 100 > LIVE_MAX)
		return;
	host_irq_hold(true);
	got = alloc_pages_bulk_list(gfp, nr, &list);
	CHECK(got <= nr);
	if (rng_below(&rng, 2)) {
		free_unref_page_list(&list);
		CHECK(list.next == &list);
	} else {
		for (n = list.next; n != &list && seen <= nr; seen++) {
			struct page *page = lru_to_page(n);

			n = n->next; /* the words are the owner's to fill */
			keep_single(page, gfp);
		}
		CHECK_EQ(seen, got);
	}
	ref_check_sum();
	host_irq_hold(false);
}

/*
 * A block that is not compound and has one reference becomes single pages, accounted as it
 * was.
 */
void op_split(void)
{
	unsigned n = nr_live ? rng_below(&rng, nr_live) : 0;
	struct block b;
	uint32_t word;

	if (!nr_live || live[n].refs > 1 || nr_live + (1U << live[n].order) > LIVE_MAX ||
	    live[n].order > 6 || PageHead(live[n].page))
		return;
	b = live[n];
	if (b.pattern)
		CHECK(verify_block(b.page, b.order, b.pattern));
	word = PAGE_ALLOCATED(0) | (page_word(b.page) & PAGE_ACCOUNT);
	split_page(b.page, b.order);
	live[n] = live[--nr_live];
	for (unsigned i = 0; i < 1U << b.order; i++) {
		CHECK_EQ(page_word(b.page + i), word);
		live[nr_live++] = (struct block){b.page + i, 0, 0, 1};
	}
}

void op_free(void)
{
	if (nr_live)
		give_back(&live[rng_below(&rng, nr_live)]);
}

/* Single pages off the books and back in one call, some gaps and some misuse between them. */
void op_bulk_free(void)
{
	struct page *pages[100];
	unsigned nr = 1 + rng_below(&rng, 100), wrong = 0;
	uint32_t bad;

	host_irq_hold(true); /* the misuse must stay misuse */
	for (unsigned i = 0; i < nr; i++) {
		unsigned n = nr_live ? rng_below(&rng, nr_live) : 0;

		pages[i] = NULL;
		if (!nr_live || rng_below(&rng, 8) == 0)
			continue;
		if (live[n].order || live[n].refs > 1) {
			if (live[n].order && rng_below(&rng, 2)) {
				pages[i] = live[n].page; /* the wrong order */
				wrong++;
			}
			continue;
		}
		if (live[n].pattern)
			CHECK(verify_block(live[n].page, 0, live[n].pattern));
		poison_block(live[n].page, 0);
		ref_give(page_to_pfn(live[n].page), 0);
		pages[i] = live[n].page;
		stale[nr_stale++ % NR_STALE] = live[n].page;
		live[n] = live[--nr_live];
		if (i + 1 < nr && rng_below(&rng, 16) == 0) {
			pages[i + 1] = pages[i]; /* twice */
			wrong++;
			i++;
		}
	}
	bad = vm_events(BAD_FREE);
	free_pages_bulk_array(nr, pages);
	CHECK_EQ(vm_events(BAD_FREE) - bad, wrong);
	ref_check_sum();
	host_irq_hold(false);
}

void op_ref(void)
{
	struct block *b;

	if (!nr_live)
		return;
	b = &live[rng_below(&rng, nr_live)];
	if (b->refs > 1 && rng_below(&rng, 2)) {
		put_page(b->page);
		b->refs--;
	} else if (b->refs < 200) {
		get_page(b->page);
		b->refs++;
	}
	CHECK_EQ(page_count(b->page), b->refs);
}

void op_drain(void)
{
	unsigned long cached = nr_pcp_pages(), got;

	if (rng_below(&rng, 2)) {
		got = drain_all_pages();
		if (!irq_rate) {
			CHECK_EQ(got, cached);
			CHECK_EQ(nr_pcp_pages(), 0);
		}
	} else {
		got = drain_local_pages();
		if (!irq_rate)
			CHECK_EQ(nr_pcp_pages(), cached - got);
	}
}

/* ---- misuse -------------------------------------------------------------- */

/* Whether a free of this page with this order would be right: then it is no misuse. */
static bool is_live(const struct page *page, unsigned order)
{
	for (unsigned i = 0; i < nr_live; i++)
		if (live[i].page == page && live[i].order == order)
			return true;
	for (unsigned i = 0; i < IRQ_MAX; i++)
		if (irq_live[i].page == page && irq_live[i].order == order)
			return true;
	return false;
}

static struct page *random_victim(void)
{
	struct page *page;

	switch (rng_below(&rng, 5)) {
	case 0: /* freed lately */
		return nr_stale ? stale[rng_below(&rng, nr_stale < NR_STALE ? nr_stale : NR_STALE)]
				: NULL;
	case 1: /* anything that has a descriptor: holes, reserved, interior, cached, free */
		return mem_map + rng_below(&rng, nr_map_pages);
	case 2: /* a live block, or inside of it */
		if (!nr_live)
			return NULL;
		page = live[rng_below(&rng, nr_live)].page;
		return page + (rng_below(&rng, 2) ? 0 : rng_below(&rng, 1U << rng_below(&rng, 5)));
	case 3: /* between descriptors */
		return (struct page *)((char *)(mem_map + rng_below(&rng, nr_map_pages)) + 1 +
				       rng_below(&rng, sizeof(struct page) - 1));
	default: /* not in mem_map at all */
		return (struct page *)(uintptr_t)(rng_below(&rng, 2)
							  ? (uintptr_t)rng_next(&rng) * 16
							  : (uintptr_t)(mem_map + nr_map_pages) +
								    rng_below(&rng, 1 << 20));
	}
}

void op_wrong_free(void)
{
	struct page *page = random_victim();
	unsigned order = rng_below(&rng, 20) ? random_order(&rng) : rng_next(&rng) | 16;
	uint32_t bad = vm_events(BAD_FREE);

	if (!page || is_live(page, order))
		return;
	host_irq_hold(true); /* an interrupt could be given this very page */
	if (rng_below(&rng, 8) == 0)
		free_pages((char *)port_phys_to_virt(0x60000000) + 1 + rng_below(&rng, 1000),
			   order);
	else if (order == 0 && rng_below(&rng, 2))
		__free_page(page);
	else
		__free_pages(page, order);
	CHECK_EQ(vm_events(BAD_FREE) - bad, 1);
	ref_check_sum();
	host_irq_hold(false);
}

void op_wrong_alloc(void)
{
	uint32_t bad = vm_events(BAD_ALLOC);

	CHECK(!alloc_pages(random_gfp(&rng), MAX_ORDER + 1 + rng_below(&rng, 60)));
	CHECK(!alloc_pages((4U << rng_below(&rng, 6)) << 24 & ~__GFP_BITS_MASK, PCP_MAX_ORDER + 1));
	CHECK_EQ(vm_events(BAD_ALLOC) - bad, 2);
}
