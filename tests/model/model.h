/* SPDX-License-Identifier: MIT */
/*
 * The model: a byte map of pages, so simple that it is right, beside the real allocator.
 * model_make.c makes memories up; model_ref.c knows whose each page is; model_block.c has
 * the blocks that are out, model_ops.c what is done with them; model.c plays.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "../harness/fixture.h"
#include "../harness/tap.h"

enum ref_state { REF_NONE, REF_RESERVED, REF_FREE, REF_OWNED };

/* One byte per frame of the 32-bit address space. */
extern uint8_t ref_map[MAX_PFN];
extern unsigned long ref_managed, ref_owned;
extern struct geometry ref_geometry;

/*
 * Makes up a memory by the generator's will: banks, holes, odd ends, reserved
 * ranges, zones, nodes.
 */
void ref_make_geometry(struct rng *rng);
/* The same with the policies, for the next start. */
void ref_make_policy(struct rng *rng);
/* What mm_unusual is when nothing but the policies is going on. */
uint32_t ref_unusual(void);
/* What is left of the flags when contradictions are settled. */
gfp_t ref_settle(gfp_t gfp);
/*
 * After start(): whose each frame is, from the geometry and from what memblock says is
 * reserved.
 */
void ref_learn(void);
/* Zones lie where the limits say, and hold what they should. */
void ref_check_zones(void);

/* The zone type that the limits give a frame. */
enum zone_type ref_zone_type(unsigned long pfn);

/* The block goes to the model's books; checks that nobody had any page of it. */
void ref_take(unsigned long pfn, unsigned order);
void ref_give(unsigned long pfn, unsigned order);

/* Every page is free, cached, owned or yet to come. */
void ref_check_sum(void);

/* A request got NULL: is that right? */
void ref_check_failure(gfp_t gfp, unsigned order, int nid, nodemask_t mask);
/* Pageblocks of the highatomic reserve are as all others again. */
void ref_give_up_reserves(void);

/* Blocks by zone and order, to compare the end with the start. */
struct ref_shape {
	unsigned long nr[16][NR_ORDERS];
};
void ref_take_shape(struct ref_shape *shape);

/* ---- blocks ------------------------------------------------------------- */

#define LIVE_MAX 20000
#define IRQ_MAX	 24
#define NR_STALE 64

struct block {
	struct page *page;
	uint32_t pattern; /* 0: not filled */
	uint8_t order, refs;
};

extern struct block live[LIVE_MAX], irq_live[IRQ_MAX];
extern unsigned nr_live;
extern struct page *stale[NR_STALE]; /* freed lately: for double frees */
extern unsigned nr_stale;
extern struct rng rng;
extern unsigned irq_rate;

gfp_t random_gfp(struct rng *r);
unsigned random_order(struct rng *r);
/* All that the request's flags promise of the block; it goes to the books. */
void check_block(struct page *page, gfp_t gfp, unsigned order, int nid, nodemask_t mask);
void add_live(struct rng *r, struct page *page, unsigned order);
void give_back(struct block *b);

/* ---- operations ------------------------------------------------------------ */

void op_alloc(void);
void op_bulk(void);
void op_exact(void);
void op_list(void);
void op_split(void);
void op_free(void);
void op_bulk_free(void);
void op_ref(void);
void op_drain(void);
void op_wrong_free(void);
void op_wrong_alloc(void);

#endif /* TESTS_MODEL_H */
