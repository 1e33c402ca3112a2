// SPDX-License-Identifier: MIT
/*
 * scope - what a context says once for all its requests.
 *
 * A scope's flags are its own context's; others only change its set of nodes, under a
 * sequence count: odd while it changes, so that who failed meanwhile tries again.
 *
 * State: none; each scope that has flags counts in mm_unusual, so that the slow path asks the
 * port only when there is something to hear.  The detours that pin scopes and sets of nodes
 * need are pcp.c's.  No lock.
 *
 * Follows Linux's memalloc_*_save(), current_gfp_context() and set_mems_allowed() (6.1).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

/*
 * The flags of a context and its set of nodes count each by itself: they have different
 * writers, who do not wait for each other.
 */
static void set_flags(struct alloc_scope *scope, uint32_t flags)
{
	if (!scope->flags != !flags)
		count_unusual(flags != 0);
	scope->flags = flags;
}

/* Sets `flag` of the running context; returns what it was. */
static unsigned scope_save(uint32_t flag)
{
	struct alloc_scope *scope = port_alloc_scope();
	uint32_t old = scope->flags & flag;

	set_flags(scope, scope->flags | flag);
	return old;
}

static void scope_restore(uint32_t flag, unsigned saved)
{
	struct alloc_scope *scope = port_alloc_scope();

	set_flags(scope, (scope->flags & ~flag) | (saved & flag));
}

unsigned memalloc_noio_save(void)
{
	return scope_save(SCOPE_NOIO);
}

void memalloc_noio_restore(unsigned saved)
{
	scope_restore(SCOPE_NOIO, saved);
}

unsigned memalloc_nofs_save(void)
{
	return scope_save(SCOPE_NOFS);
}

void memalloc_nofs_restore(unsigned saved)
{
	scope_restore(SCOPE_NOFS, saved);
}

unsigned memalloc_noreclaim_save(void)
{
	return scope_save(SCOPE_MEMALLOC);
}

void memalloc_noreclaim_restore(unsigned saved)
{
	scope_restore(SCOPE_MEMALLOC, saved);
}

unsigned memalloc_pin_save(void)
{
	unsigned saved = scope_save(SCOPE_PIN);

	if (!saved)
		pcp_detour(DETOUR_PIN, true);
	return saved;
}

void memalloc_pin_restore(unsigned saved)
{
	bool was = port_alloc_scope()->flags & SCOPE_PIN;

	scope_restore(SCOPE_PIN, saved);
	if (was && !saved)
		pcp_detour(DETOUR_PIN, false);
}

gfp_t current_gfp_context(gfp_t gfp)
{
	uint32_t flags = port_alloc_scope()->flags;

	if (flags & SCOPE_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	else if (flags & SCOPE_NOFS)
		gfp &= ~__GFP_FS;
	if (flags & SCOPE_PIN)
		gfp &= ~__GFP_MOVABLE;
	/* Who frees memory does not wait for others who do. */
	if (flags & SCOPE_MEMALLOC) {
		gfp &= ~__GFP_DIRECT_RECLAIM;
		if (!(gfp & __GFP_NOMEMALLOC))
			gfp |= __GFP_MEMALLOC;
	}
	return gfp;
}

/* ---- allowed nodes ---------------------------------------------------------- */

int set_mems_allowed(struct alloc_scope *scope, nodemask_t nodes)
{
	nodemask_t real = 0, old = scope->mems_allowed;
	port_irqflags_t flags;
	struct zone *zone;

	for_each_zone(zone)
		real |= 1U << zone->nid;
	if (nodes && !(nodes & real)) {
		port_log("set_mems_allowed: nodes 0x%x: at least one of 0x%x expected\n",
			 (unsigned)nodes, (unsigned)real);
		return -EINVAL;
	}
	nodes &= real;
	if (nodes == real)
		nodes = 0;
	/* Those who look at the set must do so before it says anything. */
	if (nodes && !old)
		pcp_detour(DETOUR_NODES, true);
	/* Not to be preempted by the very task whose set this is: it would wait for us for ever. */
	flags = port_irq_save();
	__atomic_store_n(&scope->mems_seq, scope->mems_seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(scope->mems_allowed, nodes);
	__atomic_store_n(&scope->mems_seq, scope->mems_seq + 1, __ATOMIC_RELEASE);
	port_irq_restore(flags);
	if (!nodes && old)
		pcp_detour(DETOUR_NODES, false);
	return 0;
}

unsigned read_mems_allowed_begin(void)
{
	const struct alloc_scope *scope = port_alloc_scope();
	uint32_t seq;

	while ((seq = __atomic_load_n(&scope->mems_seq, __ATOMIC_ACQUIRE)) & 1)
		port_cpu_relax();
	return seq;
}

bool read_mems_allowed_retry(unsigned seq)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&port_alloc_scope()->mems_seq, __ATOMIC_RELAXED) != seq;
}

#endif /* !BUDDY_TINY */
