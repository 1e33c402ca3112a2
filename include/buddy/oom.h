/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: what happens when reclaim and compaction have nothing left.
 *
 * Requests of up to order 3 that may wait, and may enter file systems (__GFP_FS), or must not fail,
 * come here; not those with __GFP_NORETRY, __GFP_RETRY_MAYFAIL or __GFP_THISNODE.  The owner that has the most among those
 * registered is asked to give up all of it; without one port_out_of_memory() is; if that says no
 * the request fails, with its report (__GFP_NOFAIL: panic).
 *
 * Follows Linux's mm/oom_kill.c (6.1), with owners in the place of processes.
 */
#ifndef BUDDY_OOM_H
#define BUDDY_OOM_H

#include <stdbool.h>

/*
 * An owner that can be sacrificed.  nr_pages(): pages that it would give up; the largest goes first, after adj pages
 * are added (negative: spared).  sacrifice() frees them, and returns how many; called once at a
 * time, in the context of the request that needs memory: task, interrupts on, no lock held; it may free, not
 * allocate with __GFP_DIRECT_RECLAIM.
 */
struct oom_owner {
	const char *name;
	unsigned long (*nr_pages)(struct oom_owner *);
	unsigned long (*sacrifice)(struct oom_owner *);
	long adj;
	struct oom_owner *next; /* the library's */
};

/* 0, or -EINVAL: an operation or the name is missing, or it is registered.  unregister waits for a sacrifice that runs. */
int register_oom_owner(struct oom_owner *owner);
void unregister_oom_owner(struct oom_owner *owner);

#endif /* BUDDY_OOM_H */
