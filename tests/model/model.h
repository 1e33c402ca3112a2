/* SPDX-License-Identifier: MIT */
/*
 * The model: a byte map of pages, so simple that it is right, beside the real
 * allocator.  model_ref.c makes memories and knows whose each page is;
 * model.c plays.
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
/* After start(): whose each frame is, from the geometry and from what memblock says is reserved. */
void ref_learn(void);
/* Zones lie where the limits say, and hold what they should. */
void ref_check_zones(void);

/* The zone type that the limits give a frame. */
enum zone_type ref_zone_type(unsigned long pfn);

/* The block goes to the model's books; checks that nobody had any page of it. */
void ref_take(unsigned long pfn, unsigned order);
void ref_give(unsigned long pfn, unsigned order);

/* Every page is free, cached or owned. */
void ref_check_sum(void);

/* A request that may wait got NULL: is that right? */
void ref_check_failure(gfp_t gfp, unsigned order, int nid);

/* Blocks by zone and order, to compare the end with the start. */
struct ref_shape {
	unsigned long nr[16][NR_ORDERS];
};
void ref_take_shape(struct ref_shape *shape);

#endif /* TESTS_MODEL_H */
