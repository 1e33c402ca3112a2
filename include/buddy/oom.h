/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: what happens when reclaim and compaction have nothing left.
 *
 * Requests of up to order 3 that may wait and may enter file systems (__GFP_FS), and those
 * that must not fail, come here; not GFP_DMA, nor those with __GFP_NORETRY,
 * __GFP_RETRY_MAYFAIL or __GFP_THISNODE.  Of the owners that are registered the one that
 * has the most is asked to give up all of it; if that gave nothing the next one, and at
 * last port_out_of_memory().  If that says no the request fails, with its report
 * (__GFP_NOFAIL: panic).
 *
 * One request at a time does this; another one that comes meanwhile waits a little and tries
 * again, as does one that finds memory free after all.  A request that has had memory
 * given up 16 times without getting it fails (__GFP_NOFAIL goes on).
 *
 * The console is told who asked, with which flags, what is free, what every owner has, and
 * who gave how much: the first four times, then those whose number is a power of two.
 *
 * Follows Linux's mm/oom_kill.c (6.1), with owners in the place of processes.
 */
#ifndef BUDDY_OOM_H
#define BUDDY_OOM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An owner that can be sacrificed.
 *
 * name: for the report; stays valid after unregister_oom_owner().
 * nr_pages(): pages that it would give up; 0: none.  Any number of calls; a guess will do.
 * sacrifice(): frees them, and returns how many it freed; 0: none could be.
 * adj: pages that are added to nr_pages() where the largest is looked for; an owner whose sum
 * is 0 or less is spared.
 *
 * Both are called in the context of the request that needs memory: task, interrupts on, no
 * lock held, one call at a time.  They may free, and allocate without waiting; they must not
 * wait for memory, nor for a context that does.  sacrifice() may unregister owners, its
 * own included.
 */
struct oom_owner {
	const char *name;
	unsigned long (*nr_pages)(struct oom_owner *);
	unsigned long (*sacrifice)(struct oom_owner *);
	long adj;
	/* The library's. */
	struct oom_owner *next;
	uint32_t round; /* in which it was asked last */
};

/*
 * After mm_init(), which forgets them all.  Context: task, interrupts on, no lock held.
 * Waits for a sacrifice that runs, unless that is what calls it: owner is the caller's
 * again when unregister returns.  0, or -EINVAL: an operation or the name is missing, or it
 * is registered.
 */
int register_oom_owner(struct oom_owner *owner);
void unregister_oom_owner(struct oom_owner *owner);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_OOM_H */
