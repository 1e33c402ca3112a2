/* SPDX-License-Identifier: MIT */
/* An owner of reclaimable pages, many of them, as the tests of reclaim need it. */
#ifndef TESTS_RECLAIM_FIXTURE_H
#define TESTS_RECLAIM_FIXTURE_H

#include <mm/reclaim_priv.h>

#include "../harness/fixture.h"
#include "../harness/owner.h"
#include "../harness/tap.h"

/* Never reclaims for itself, and wakes nobody. */
#define OWNED ((GFP_KERNEL & ~__GFP_RECLAIM) | __GFP_MOVABLE | __GFP_NOWARN)

/* Enough for 64 MiB on the host; on the target for what an 8 MiB board can spare. */
#ifdef TEST_HOST
#define MAX_SLOTS 16384u
#else
#define MAX_SLOTS 256u
#endif

static struct test_owner owner;
static struct page *slots[MAX_SLOTS];

/* A new owner, nothing of it failing, with n pages. */
static inline bool own(unsigned n)
{
	for (unsigned i = 0; i < MAX_SLOTS; i++)
		slots[i] = NULL;
	owner_init(&owner, slots, MAX_SLOTS, true);
	for (unsigned i = 0; i < n; i++)
		if (!owner_fill(&owner, i, OWNED)) {
			check_failed(__FILE__, __LINE__, "no memory for the owner's pages");
			return false;
		}
	return true;
}

static inline void disown(void)
{
	CHECK_EQ(owner_verify(&owner), 0);
	owner_drop_all(&owner);
	CHECK_EQ(nr_lru_pages(), 0);
	CHECK_EQ(nr_dirty_pages(), 0);
	CHECK_EQ(nr_writeback_pages(), 0);
}

/* A request of this CPU's, as the slow path hands it on. */
static inline struct alloc_context request(gfp_t gfp)
{
	const struct node *node = this_cpu_node();

	return (struct alloc_context){
		.zonelist = node->zonelist[gfp_zone(gfp)],
		.nodemask = NODE_MASK_ALL,
		.highest = gfp_zone(gfp),
		.migratetype = gfp_migratetype(gfp),
		.nid = node->nid,
	};
}

static inline unsigned long reclaim_for(gfp_t gfp, unsigned order)
{
	struct alloc_context ac = request(gfp | __GFP_MOVABLE | __GFP_HIGHMEM);

	return try_to_free_pages(gfp, order, &ac);
}

/* The pages that all rounds together look at, of n: n >> 12 + ... + n >> lowest. */
static inline unsigned long looked_at(unsigned long n, unsigned lowest)
{
	unsigned long sum = 0;

	for (unsigned p = lowest; p <= DEF_PRIORITY; p++)
		sum += n >> p;
	return sum;
}

#endif /* TESTS_RECLAIM_FIXTURE_H */
