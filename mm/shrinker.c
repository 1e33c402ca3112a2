// SPDX-License-Identifier: MIT
/*
 * shrinker - asking caches of objects for a share of what they hold.
 *
 * How much is Linux's arithmetic: of n objects, at priority p, 4/seeks of n >> p are to be
 * looked at (half of n when they cost nothing to make again), and what could not be asked
 * for at once, because it is less than a batch, is remembered (nr_deferred) and added, also
 * shifted by p, the next time.  Worked: 10,000 objects, seeks 2, priority 4: 10,000 / 16 =
 * 625, times 4, by 2: 1,250.  In batches of 128 that is 9 calls, 1,152 objects; 98 are
 * deferred.
 *
 * A shrinker that is entered counts its users.  Its link is followed only while it has one,
 * and unregistering takes it off the list, under the lock, when it has none; so a walk may
 * go on from where it is, and nothing is locked while a callback runs.
 *
 * State: the list, the links, users and unregistering of its members: shrinker_lock,
 * interrupts off for a look at the whole list at most; nr_deferred: atomic.
 *
 * Follows Linux's shrink_slab() and do_shrink_slab() (6.1).
 */
#include <mm/reclaim_priv.h>

#if BUDDY_RECLAIM

#define SHRINK_BATCH 128U

static struct port_spinlock shrinker_lock = PORT_SPINLOCK_INIT;
static struct shrinker *shrinkers; /* the last one registered first */

static port_irqflags_t lock(void)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&shrinker_lock);
	return flags;
}

static void unlock(port_irqflags_t flags)
{
	port_spin_unlock(&shrinker_lock);
	port_irq_restore(flags);
}

/* The link that leads to s, or the end.  The lock is held. */
static struct shrinker **link_to(const struct shrinker *s)
{
	struct shrinker **link = &shrinkers;

	while (*link && *link != s)
		link = &(*link)->next;
	return link;
}

/* ---- registering ---------------------------------------------------------------- */

void shrinker_init(void)
{
	shrinkers = NULL;
}

int register_shrinker(struct shrinker *s)
{
	port_irqflags_t flags;
	bool known;

	if (!s->count_objects || !s->scan_objects) {
		port_log("register_shrinker: count_objects and scan_objects expected\n");
		return -EINVAL;
	}
	flags = lock();
	known = *link_to(s) != NULL;
	if (!known) {
		for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++)
			s->nr_deferred[nid] = 0;
		s->users = 0;
		s->leaving = false;
		s->next = shrinkers;
		shrinkers = s;
	}
	unlock(flags);
	if (known) {
		port_log("register_shrinker: %p is registered already\n", (void *)s);
		return -EINVAL;
	}
	__atomic_add_fetch(&nr_reclaim_sources, RECLAIM_SHRINKER, __ATOMIC_RELAXED);
	return 0;
}

void unregister_shrinker(struct shrinker *s)
{
	struct shrinker **link;
	port_irqflags_t flags;
	bool done;

	for (;;) {
		flags = lock();
		link = link_to(s);
		done = *link == NULL;
		if (!done && !s->users) {
			*link = s->next;
			unlock(flags);
			break;
		}
		if (!done)
			s->leaving = true; /* nobody comes in any more */
		unlock(flags);
		if (done)
			return;
		port_cpu_relax();
		port_cond_resched();
	}
	__atomic_sub_fetch(&nr_reclaim_sources, RECLAIM_SHRINKER, __ATOMIC_RELAXED);
}

/* From one that the caller is in (NULL: the first) to the next; NULL past the last. */
static struct shrinker *next_shrinker(struct shrinker *s)
{
	port_irqflags_t flags = lock();
	struct shrinker *next = s ? s->next : shrinkers;

	while (next && next->leaving)
		next = next->next;
	if (next)
		next->users++;
	if (s)
		s->users--;
	unlock(flags);
	return next;
}

/* ---- asking ------------------------------------------------------------------------ */

/*
 * What n objects are to be looked at for, at this priority; 32-bit counts, so that nothing
 * overflows.
 */
static uint64_t share(const struct shrinker *s, unsigned long freeable, unsigned priority)
{
	if (s->seeks <= 0)
		return freeable / 2;
	return (uint64_t)(freeable >> priority) * 4 / (unsigned)s->seeks;
}

/* To what is deferred comes some; never more than would make sense. */
static void defer(uint32_t *deferred, uint64_t nr)
{
	uint32_t old = __atomic_load_n(deferred, __ATOMIC_RELAXED), sum;

	do {
		sum = (uint32_t)min_t(old + nr, (uint64_t)UINT32_MAX);
	} while (!__atomic_compare_exchange_n(deferred, &old, sum, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

/* Objects freed.  Bound: one call for each batch of twice its objects. */
static unsigned long do_shrink_slab(struct shrinker *s, struct shrink_control *sc,
				    unsigned priority)
{
	const unsigned batch = s->batch ? s->batch : SHRINK_BATCH;
	uint32_t *deferred = &s->nr_deferred[sc->nid];
	unsigned long freeable = s->count_objects(s, sc), freed = 0;
	uint64_t delta, before, total, scanned = 0, calls;

	if (!freeable || freeable == SHRINK_EMPTY)
		return 0;
	before = __atomic_exchange_n(deferred, 0, __ATOMIC_RELAXED);
	delta = share(s, freeable, priority);
	total = min_t((before >> priority) + delta, (uint64_t)freeable * 2);
	/* One that says it looked at nothing would be asked for ever. */
	calls = total / batch + 1;
	while ((total >= batch || total >= freeable) && total && calls--) {
		unsigned long ret;

		sc->nr_to_scan = sc->nr_scanned = (unsigned long)min_t(total, (uint64_t)batch);
		ret = s->scan_objects(s, sc);
		if (ret == SHRINK_STOP)
			break;
		freed += ret;
		count_rare_events(SLABS_SCANNED, (uint32_t)sc->nr_scanned);
		scanned += sc->nr_scanned;
		total -= min_t((uint64_t)sc->nr_scanned, total);
		port_cond_resched();
	}
	before += delta;
	defer(deferred, min_t(before > scanned ? before - scanned : 0, (uint64_t)freeable * 2));
	return freed;
}

unsigned long shrink_slab(gfp_t gfp, int nid, unsigned priority)
{
	unsigned long freed = 0;

	for (struct shrinker *s = next_shrinker(NULL); s; s = next_shrinker(s)) {
		struct shrink_control sc = {
			.gfp_mask = gfp,
			.nid = s->flags & SHRINKER_NUMA_AWARE ? nid : 0,
		};

		freed += do_shrink_slab(s, &sc, priority);
	}
	return freed;
}

#endif /* BUDDY_RECLAIM */
