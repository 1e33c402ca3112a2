// SPDX-License-Identifier: MIT
/*
 * oom - out of memory: the largest owner gives all it has.
 *
 * Called by the retry policy when nothing could be reclaimed or compacted any more.
 * Memory that is free after all comes first (somebody else has been here meanwhile), then the
 * owners, the largest first, then the port.
 *
 * State: the list of owners, the number of the round, and of the reports.  All of it
 * belongs to the context that is in here, which is `holder`: one at a time, set by
 * compare-and-swap.  It is a mutex rather than a lock: owners' functions run meanwhile,
 * interrupts on; who waits for it lets others run.  A context is known by its scope
 * (port_alloc_scope()), so that what is called from in here finds itself.
 *
 * Bound: each owner is asked once in a round; who comes meanwhile waits for at most OOM_WAITS
 * looks in which no page more became free.
 *
 * Not here: who may come here, and how often (slowpath.c).
 * Follows Linux's out_of_memory(), select_bad_process() and dump_header() (6.1).
 */
#include <buddy/oom.h>
#include <mm/internal.h>

#if !BUDDY_TINY

#define OOM_WAITS	1000u
#define ALWAYS_REPORTED 4u

static struct oom_owner *owners;
static const struct alloc_scope *holder; /* atomic: the context that is in here, or NULL */
static uint32_t round_nr;
static uint32_t nr_ooms;

/* Nobody is registered, and nobody in here.  One CPU. */
void oom_init(void)
{
	owners = NULL;
	round_nr = nr_ooms = 0;
	__atomic_store_n(&holder, NULL, __ATOMIC_RELAXED);
}

/* ---- one at a time -------------------------------------------------------------- */

static bool try_enter(void)
{
	const struct alloc_scope *nobody = NULL;

	return __atomic_compare_exchange_n(&holder, &nobody, port_alloc_scope(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void leave(void)
{
	__atomic_store_n(&holder, NULL, __ATOMIC_RELEASE);
}

/* The caller is called from in here. */
static bool is_inside(void)
{
	return __atomic_load_n(&holder, __ATOMIC_RELAXED) == port_alloc_scope();
}

static void let_others_run(void)
{
	port_cpu_relax();
	port_cond_resched();
}

/* False: the caller is in already, and is not to leave. */
static bool enter(void)
{
	if (is_inside())
		return false;
	while (!try_enter())
		let_others_run();
	return true;
}

/* ---- owners ----------------------------------------------------------------------- */

/* What points to the owner in the list, or to its end. */
static struct oom_owner **find(const struct oom_owner *owner)
{
	struct oom_owner **at = &owners;

	while (*at && *at != owner)
		at = &(*at)->next;
	return at;
}

int register_oom_owner(struct oom_owner *owner)
{
	struct oom_owner **at;
	int err = -EINVAL;
	bool entered;

	if (!owner || !owner->name || !owner->nr_pages || !owner->sacrifice) {
		port_log("register_oom_owner: a name and both operations expected\n");
		return -EINVAL;
	}
	entered = enter();
	at = find(owner);
	if (!*at) {
		owner->next = NULL;
		owner->round = round_nr; /* not in this one: it might never end */
		*at = owner;
		err = 0;
	}
	if (entered)
		leave();
	if (err)
		port_log("register_oom_owner: %s is registered\n", owner->name);
	return err;
}

void unregister_oom_owner(struct oom_owner *owner)
{
	bool entered = enter();
	struct oom_owner **at = find(owner);

	if (*at)
		*at = owner->next;
	if (entered)
		leave();
}

/*
 * Of those that were not asked in this round the one with the most pages; NULL: none has
 * any.
 */
static struct oom_owner *largest_owner(void)
{
	struct oom_owner *largest = NULL, *next;
	long most = 0;

	for (struct oom_owner *owner = owners; owner; owner = next) {
		long nr, score;

		next = owner->next;
		if (owner->round == round_nr)
			continue;
		nr = (long)owner->nr_pages(owner);
		score = nr + owner->adj;
		if (nr > 0 && score > most) {
			most = score;
			largest = owner;
		}
	}
	return largest;
}

/* ---- the report ---------------------------------------------------------------------- */

#if BUDDY_ALLOC_REPORT

static void show_owners(void)
{
	port_log("[  pages]       adj name\n");
	for (struct oom_owner *owner = owners; owner; owner = owner->next)
		port_log("[%7lu] %9ld %s\n", owner->nr_pages(owner), owner->adj, owner->name);
}

static __attribute__((noinline)) void show_request(gfp_t gfp, unsigned order,
						   const struct alloc_context *ac)
{
	char names[120];

	gfp_format(gfp, names, sizeof(names));
	port_log("%p invoked oom: gfp_mask=0x%x(%s), order=%u, node %d\n", ac->caller,
		 (unsigned)gfp, names, order, ac->nid);
}

static void report_request(gfp_t gfp, unsigned order, const struct alloc_context *ac,
			   unsigned suppressed)
{
	show_request(gfp, order, ac);
	if (suppressed)
		port_log("%u times since the last report went without one\n", suppressed);
	show_meminfo();
	show_buddyinfo();
	show_owners();
}

#else

static void report_request(gfp_t gfp, unsigned order, const struct alloc_context *ac,
			   unsigned suppressed)
{
	(void)suppressed;
	port_log("%p invoked oom: gfp_mask=0x%x, order=%u\n", ac->caller, (unsigned)gfp, order);
}

#endif

/* ---- out of memory --------------------------------------------------------------------- */

/*
 * Somebody has freed memory since the request looked: a zone is at its high mark.  That high,
 * so that a few pages on their way do not save anybody for a moment.
 */
static bool enough_is_free(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	const unsigned alloc_flags = ALLOC_WMARK_HIGH | (gfp & __GFP_MOVABLE ? ALLOC_CMA : 0);

	for (struct zone *const *z = ac->zonelist; *z; z++)
		if (ac->nodemask >> (*z)->nid & 1 &&
		    zone_watermark_ok(*z, order, ac->highest, alloc_flags))
			return true;
	return false;
}

/*
 * Another context is getting memory.  Not for as long as that takes: it may want something
 * that the waiting request's caller holds.  But for as long as there comes ever more of it.
 */
static void wait_for_holder(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	unsigned long most = nr_free_pages();

	for (unsigned i = 0; i < OOM_WAITS; i++) {
		unsigned long nr;

		if (!__atomic_load_n(&holder, __ATOMIC_RELAXED) || enough_is_free(gfp, order, ac))
			break;
		let_others_run();
		nr = nr_free_pages();
		if (nr > most) {
			most = nr;
			i = 0;
		}
	}
}

/* Asks one owner after the other until one gives something; how many pages. */
static unsigned long sacrifice_largest(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	struct oom_owner *owner;
	unsigned long nr = 0;
	bool report;

	round_nr++;
	owner = largest_owner();
	if (!owner)
		return 0;
	nr_ooms++;
	report = nr_ooms <= ALWAYS_REPORTED || !(nr_ooms & (nr_ooms - 1));
	if (report)
		report_request(gfp, order, ac, nr_ooms > ALWAYS_REPORTED ? nr_ooms / 2 - 1 : 0);
	while (owner && !nr) {
		const char *name = owner->name;

		/* It may be gone when it returns. */
		owner->round = round_nr;
		nr = owner->sacrifice(owner);
		if (report && nr)
			port_log("Out of memory: sacrificed %s: %lu kB\n", name,
				 nr * (PAGE_SIZE / 1024));
		else if (report)
			port_log("Out of memory: %s gave nothing\n", name);
		if (!nr)
			owner = largest_owner();
	}
	return nr;
}

bool out_of_memory(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	unsigned long nr;
	bool made = true;

	/* Who is called from in here has nobody left to ask. */
	if (is_inside())
		return false;
	if (!try_enter()) {
		wait_for_holder(gfp, order, ac);
		return true;
	}
	if (!enough_is_free(gfp, order, ac)) {
		nr = sacrifice_largest(gfp, order, ac);
		if (nr)
			count_rare_event(OOM_KILL);
		if (nr && unlikely(mm_debug_on))
			trace_step(TRACE_OOM, nr, order, gfp, ac->caller);
		made = nr || port_out_of_memory(order, gfp);
	}
	leave();
	return made;
}

#endif /* !BUDDY_TINY */
