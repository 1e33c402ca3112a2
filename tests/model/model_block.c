// SPDX-License-Identifier: MIT
/*
 * The model's blocks: what is asked for, what is checked of what was given, and giving it
 * back.
 *
 * State: the table of live blocks; its owner is the running operation.
 */
#include <buddy/highmem.h>
#include <mm/internal.h>

#include "model.h"

struct block live[LIVE_MAX];
unsigned nr_live;
struct page *stale[NR_STALE];
unsigned nr_stale;

/* ---- one block in, one block out -------------------------------------------- */

gfp_t random_gfp(struct rng *r)
{
	static const gfp_t base[] = {GFP_KERNEL,
				     GFP_KERNEL,
				     GFP_ATOMIC,
				     GFP_NOWAIT,
				     GFP_HIGHUSER,
				     GFP_HIGHUSER_MOVABLE,
				     GFP_HIGHUSER_MOVABLE,
				     GFP_KERNEL | GFP_DMA,
				     GFP_DMA,
				     GFP_NOIO,
				     GFP_NOFS};
	gfp_t gfp = base[rng_below(r, sizeof(base) / sizeof(base[0]))] | __GFP_NOWARN;

	static const struct {
		unsigned chance; /* one in so many */
		gfp_t gfp;
	} more[] = {{10, __GFP_ZERO},	  {10, __GFP_COLD},	     {40, __GFP_HIGH},
		    {40, __GFP_MEMALLOC}, {80, __GFP_NOMEMALLOC},    {10, __GFP_COMP},
		    {10, __GFP_ACCOUNT},  {40, __GFP_ATOMIC},	     {20, __GFP_NORETRY},
		    {20, __GFP_WRITE},	  {20, __GFP_RETRY_MAYFAIL}, {20, __GFP_HARDWALL},
		    {200, __GFP_MOVABLE}, {200, __GFP_RECLAIMABLE},  {200, __GFP_DMA},
		    {200, __GFP_HIGHMEM}};

	if (!(gfp & __GFP_MOVABLE)) {
		unsigned mt = rng_below(r, 5);

		gfp |= mt == 0 ? __GFP_MOVABLE : mt == 1 ? __GFP_RECLAIMABLE : 0;
	}
	for (unsigned i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (rng_below(r, more[i].chance) == 0)
			gfp |= more[i].gfp;
	return gfp;
}

unsigned random_order(struct rng *r)
{
	switch (rng_below(r, 8)) {
	case 0:
		return rng_below(r, NR_ORDERS);
	case 1:
	case 2:
		return rng_below(r, PCP_MAX_ORDER + 1);
	default:
		return 0;
	}
}

static bool is_zeroed(const struct page *page, unsigned order)
{
	bool zeroed = true;

	for (unsigned long n = 0; n < 1UL << order; n++) {
		const unsigned char *p = kmap_local_page(page + n);

		for (unsigned long i = 0; i < PAGE_SIZE; i += 509)
			zeroed &= !p[i];
		zeroed &= !p[PAGE_SIZE - 1];
		kunmap_local(p);
	}
	return zeroed;
}

/* All that the request's flags promise of the block. */
void check_block(struct page *page, gfp_t gfp, unsigned order, int nid, nodemask_t mask)
{
	unsigned long pfn = page_to_pfn(page);
	enum zone_type type = ref_zone_type(pfn);
	uint32_t word = PAGE_ALLOCATED(order);

	gfp = ref_settle(gfp);
	word |= gfp & __GFP_COMP && order ? PAGE_COMP : 0;
	word |= gfp & __GFP_ACCOUNT ? PAGE_ACCOUNT : 0;
	ref_take(pfn, order);
	CHECK_EQ(page_word(page), word);
	CHECK(mask >> page_zone(page)->nid & 1);
	CHECK(compound_head(page + (1UL << order) - 1) ==
	      (word & PAGE_COMP ? page : page + (1UL << order) - 1));
	for (unsigned o = 0; o < order; o++)
		CHECK_EQ(page_word(page + (1UL << o)), 0);
	CHECK_EQ(ref_zone_type(pfn + (1UL << order) - 1), type);
	if (gfp & __GFP_DMA)
		CHECK_EQ(type, ZONE_DMA);
	else if (!(gfp & __GFP_HIGHMEM))
		CHECK(type <= ZONE_NORMAL);
	else if (!(gfp & __GFP_MOVABLE))
		CHECK(type <= ZONE_HIGHMEM);
	if (type <= ZONE_NORMAL)
		CHECK(virt_to_page(page_address(page)) == page);
	if (gfp & __GFP_ZERO)
		CHECK(is_zeroed(page, order));
	if (gfp & __GFP_THISNODE)
		CHECK_EQ(page_zone(page)->nid, nid);
}

void add_live(struct rng *r, struct page *page, unsigned order)
{
	struct block *b = &live[nr_live++];

	*b = (struct block){page, 0, (uint8_t)order, 1};
	if (rng_below(r, 4) == 0) {
		b->pattern = rng_next(r) | 1;
		fill_block(page, order, b->pattern);
	}
}

void give_back(struct block *b)
{
	struct page *page = b->page;
	unsigned order = b->order;
	void *addr = page_address(page);

	if (b->pattern)
		CHECK(verify_block(page, order, b->pattern));
	poison_block(page, order);
	for (; b->refs > 1; b->refs--) {
		/* any page of a compound one leads to its first */
		if (rng_below(&rng, 2))
			put_page(PageHead(page) ? page + rng_below(&rng, 1U << order) : page);
		else
			__free_pages(page, order);
	}
	/* off the books first: in the next moment an interrupt may be given it */
	ref_give(page_to_pfn(page), order);
	stale[nr_stale++ % NR_STALE] = page;
	*b = live[--nr_live];
	switch (rng_below(&rng, 5)) {
	case 0:
		put_page(page);
		break;
	case 1:
		if (addr) {
			free_pages(addr, order);
			break;
		}
		/* fall through */
	case 2:
		if (!order) {
			__free_page(page);
			break;
		}
		/* fall through */
	default:
		__free_pages(page, order);
	}
}
