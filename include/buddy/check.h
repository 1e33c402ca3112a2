/* SPDX-License-Identifier: MIT */
/*
 * mm_check - the validator.  Ship it, run it after every test, call it from a
 * watchdog when something looks wrong.
 */
#ifndef BUDDY_CHECK_H
#define BUDDY_CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Walks every zone: free lists against descriptors, counters against lists, non-empty
 * bits against lists, alignment, buddies that should have merged, mobility of
 * lists against pageblocks, watermark sanity, blocks that overlap.  Returns the
 * number of broken invariants and prints a line for each of the first eight,
 * naming it; 0 is a whole allocator.
 *
 * mm_check() may run while other CPUs allocate and free: each zone is walked
 * under its lock, with interrupts off for as long as that takes.  It
 * is a debugging aid and exempt from the bound on interrupts-off time.
 *
 * mm_check_quiet() is for a system on which nobody allocates meanwhile: it also
 * walks the per-CPU caches and all of mem_map and requires that every page is
 * accounted for exactly once.
 *
 * Context: any CPU, never under a lock of the allocator's.
 */
unsigned mm_check(void);
unsigned mm_check_quiet(void);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_CHECK_H */
