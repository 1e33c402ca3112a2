/* SPDX-License-Identifier: MIT */
/*
 * Scopes: what a context (a task) says once instead of with every request.
 *
 *	unsigned saved = memalloc_noio_save();
 *	...  nothing allocated in here, however deep, starts I/O  ...
 *	memalloc_noio_restore(saved);
 *
 * A scope holds for the context that opened it, until the matching restore;
 * scopes nest.  What a context is says the port: port_alloc_scope() returns the
 * struct alloc_scope of the running one, which an RTOS keeps in its task
 * structure (all bytes 0 to begin with) and the image has one of per core, and
 * one per core for interrupt handlers.
 *
 * A request is seen through current_gfp_context(): flags that the scope forbids
 * are taken off.  The fast path does not look at scopes.  It need not: what it
 * gives takes no I/O and no reserve.  Only a pin scope and a set of nodes change
 * which page may be given, and while any context has one, requests that it could
 * concern go the longer way on all CPUs; nobody else pays.
 *
 * Context: any; a scope is changed by its own context, but for its nodes.
 * Follows Linux's include/linux/sched/mm.h and cpuset.h (6.1).
 */
#ifndef BUDDY_ALLOC_SCOPE_H
#define BUDDY_ALLOC_SCOPE_H

#include <stdbool.h>

#include <buddy/gfp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A set of nodes: bit n is node n. */
typedef uint32_t nodemask_t;
#define NODE_MASK_ALL ((nodemask_t)((1U << BUDDY_MAX_NODES) - 1))

struct alloc_scope {
	uint32_t flags;		 /* SCOPE_*; its context's */
	nodemask_t mems_allowed; /* nodes; 0: all.  Set by set_mems_allowed() only */
	uint32_t mems_seq;	 /* even; odd while mems_allowed changes */
};

#define SCOPE_NOIO 0x1U /* __GFP_IO and __GFP_FS are off */
#define SCOPE_NOFS 0x2U /* __GFP_FS is off */
#define SCOPE_MEMALLOC \
	0x4U	       /* reserves without limit, as by __GFP_MEMALLOC; no reclaim, no waiting */
#define SCOPE_PIN 0x8U /* __GFP_MOVABLE is off: the pages will be pinned */

/* Each returns what the matching restore takes. */
unsigned memalloc_noio_save(void);
void memalloc_noio_restore(unsigned saved);
unsigned memalloc_nofs_save(void);
void memalloc_nofs_restore(unsigned saved);
/* For who frees memory and needs a little for it (PF_MEMALLOC). */
unsigned memalloc_noreclaim_save(void);
void memalloc_noreclaim_restore(unsigned saved);
/* Pages allocated in here come neither from ZONE_MOVABLE nor out of a CMA area. */
unsigned memalloc_pin_save(void);
void memalloc_pin_restore(unsigned saved);

/* The flags that the running context's scope leaves of gfp. */
gfp_t current_gfp_context(gfp_t gfp);

/*
 * Which nodes a context may have (0 or NODE_MASK_ALL: any).  A request goes to the others
 * only if it is GFP_ATOMIC and does not say __GFP_HARDWALL; an interrupt handler has a
 * scope of its own, and so is not bound.  __GFP_THISNODE for a node that is not allowed
 * gets nothing.  Bits of nodes that do not exist are ignored; a set that has none left is
 * refused with -EINVAL and a line.  Another context may set it: a request that failed
 * while the set changed is tried again.  Context: any; one setter at a time.
 */
int set_mems_allowed(struct alloc_scope *scope, nodemask_t nodes);

/*
 * The pattern of a reader, as in Linux:
 *	do { seq = read_mems_allowed_begin(); ... } while (!page && read_mems_allowed_retry(seq));
 */
unsigned read_mems_allowed_begin(void);
bool read_mems_allowed_retry(unsigned seq);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_ALLOC_SCOPE_H */
