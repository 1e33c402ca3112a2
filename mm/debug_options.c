// SPDX-License-Identifier: MIT
/*
 * debug_options - turns the debugging options on and off, and shows what the hooks noted.
 *
 * An option that changes what free pages are like is applied to all that are free now: mem_map
 * is walked block by block, without a lock, as nobody allocates meanwhile
 * (debug.h).  Tables are ordinary blocks, taken before their option is on and given back
 * after it is off, so that they have no owner and leave no trace.
 *
 * State: none of its own; writes what debug_state.h marks [O].  Lock: none; one caller
 * of mm_debug_set() at a time, and one of the pictures.
 *
 * Not here: what an option does on a request (debug.c), the boot arguments and the
 * monitor's commands (boot/).
 */
#include <buddy/init.h>
#include <mm/debug_state.h>

#if BUDDY_DEBUG_HOOKS

#define TRACE_MIN  16U
#define TRACE_MAX  4096U
#define NUMBER_MAX 0x7fffffffU

static const struct debug_option_text {
	const char *name, *expected;
} options[NR_DEBUG_OPTIONS] = {
	[OPT_INIT_ON_ALLOC] = {"init_on_alloc", NULL},
	[OPT_INIT_ON_FREE] = {"init_on_free", NULL},
	[OPT_PAGE_POISON] = {"page_poison", NULL},
	[OPT_PAGEALLOC] = {"debug_pagealloc", NULL},
	[OPT_PAGE_OWNER] = {"page_owner", NULL},
	[OPT_TRACE] = {"trace", "0, or events per CPU, at most 4096"},
	[OPT_FAIL] = {"fail_page_alloc",
		      "0, or interval,probability,space,times: from 1, 0 to 100, "
		      "from 0, from 0 or -1"},
	[OPT_FAIL_MIN_ORDER] = {"fail_page_alloc.min_order", "an order"},
	[OPT_FAIL_IGNORE_WAIT] = {"fail_page_alloc.ignore_gfp_wait", NULL},
};

/* ---- text ------------------------------------------------------------------- */

/* A decimal number of at most max, and `end` behind it; *text is past that. */
static bool read_number(const char **text, char end, uint32_t max, uint32_t *value)
{
	const char *p = *text;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (unsigned)(*p - '0');
		if (v > max)
			return false;
	}
	if (p == *text || *p != end)
		return false;
	*text = p + 1;
	*value = (uint32_t)v;
	return true;
}

/* True and *on says if there is to be any; false: not understood. */
static bool read_fail(const char *text, struct debug_fail *fail, uint32_t *on)
{
	const char *p = text;

	*fail = (struct debug_fail){.interval = 1};
	if (read_number(&p, '\0', 0, on))
		return true;
	*on = 1;
	if (!read_number(&p, ',', NUMBER_MAX, &fail->interval) || !fail->interval ||
	    !read_number(&p, ',', 100, &fail->probability) ||
	    !read_number(&p, ',', NUMBER_MAX, &fail->space))
		return false;
	if (p[0] == '-' && p[1] == '1' && !p[2]) {
		fail->times = FAIL_FOREVER;
		return true;
	}
	return read_number(&p, '\0', NUMBER_MAX, &fail->times);
}

struct text {
	char *p, *last; /* where the NUL goes at the latest */
};

static void put_char(struct text *t, char c)
{
	if (t->p < t->last)
		*t->p++ = c;
	*t->p = '\0';
}

static void put_number(struct text *t, uint32_t v)
{
	char digit[10];
	unsigned nr = 0;

	do
		digit[nr++] = (char)('0' + v % 10);
	while (v /= 10);
	while (nr)
		put_char(t, digit[--nr]);
}

const char *mm_debug_name(unsigned i)
{
	return i < NR_DEBUG_OPTIONS ? options[i].name : NULL;
}

void mm_debug_value(unsigned i, char *buf, unsigned size)
{
	const struct debug_fail *fail = &mm_debug.fail;
	struct text t;
	bool on;

	if (!size)
		return;
	t = (struct text){buf, buf + size - 1};
	*buf = '\0';
	if (i >= NR_DEBUG_OPTIONS)
		return;
	on = mm_debug_on >> i & 1;
	if (i == OPT_FAIL_MIN_ORDER || i == OPT_FAIL_IGNORE_WAIT) {
		put_number(&t, i == OPT_FAIL_MIN_ORDER ? mm_debug.fail_min_order
						       : mm_debug.fail_ignore_wait);
	} else if (i == OPT_FAIL && on) {
		put_number(&t, fail->interval);
		put_char(&t, ',');
		put_number(&t, fail->probability);
		put_char(&t, ',');
		put_number(&t, READ_ONCE(fail->space));
		put_char(&t, ',');
		if (READ_ONCE(fail->times) == FAIL_FOREVER)
			put_char(&t, '-');
		put_number(&t, fail->times == FAIL_FOREVER ? 1 : READ_ONCE(fail->times));
	} else {
		put_number(&t, i == OPT_TRACE && on ? mm_debug.trace_size : on);
	}
}

static bool same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a == *b;
}

/* ---- blocks ------------------------------------------------------------------- */

/* The block that begins at or after page *i of mem_map; *i is then past it.  NULL: none. */
static struct page *next_block(unsigned long *i, uint32_t *word)
{
	while (*i < nr_map_pages) {
		struct page *page = mem_map + *i;

		if (!(*i & (PAGES_PER_SECTION - 1)))
			port_cond_resched();
		*word = page_word(page);
		*i += 1UL << page_word_order(*word);
		if (*word)
			return page;
	}
	return NULL;
}

/* What free pages are full of. */
static unsigned filling(unsigned on)
{
	return on & DEBUG_POISON ? DEBUG_POISON : on & DEBUG_INIT_ON_FREE;
}

/* Free pages are as `was` wants them, and are to be as `is` does.  False: some cannot. */
static bool treat_free_pages(unsigned was, unsigned is)
{
	bool fill = filling(is) && filling(is) != filling(was);
	unsigned long i = 0;
	struct page *page;
	uint32_t word;

	if (!fill && !((was ^ is) & DEBUG_PAGEALLOC))
		return true;
	while ((page = next_block(&i, &word))) {
		uint32_t state = page_word_state(word);
		unsigned order = page_word_order(word);

		if (state != PAGE_STATE_FREE && state != PAGE_STATE_PCP)
			continue;
		if (was & DEBUG_PAGEALLOC)
			debug_map(page, order);
		if (!debug_fill_and_unmap(page, order, fill ? is : is & ~DEBUG_FILL))
			return false;
	}
	return true;
}

/* ---- tables --------------------------------------------------------------------- */

/* MAX_ORDER + 1: too much for one block. */
static unsigned order_of(size_t bytes)
{
	unsigned order = 0;

	while (order <= MAX_ORDER && PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static void *alloc_table(size_t bytes)
{
	unsigned order = order_of(bytes);

	if (order > MAX_ORDER)
		return NULL;
	return __get_free_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
}

static void free_table(const void *table, size_t bytes)
{
	if (table)
		free_pages(table, order_of(bytes));
}

/*
 * Blocks of one caller with the same flags: what show_page_owner() adds up.  It has to work when no memory is left, so
 * that its table lies behind the index of page_owner's, in what its block has over.
 */
struct owner_group {
	const void *caller; /* NULL: not known */
	gfp_t gfp;
	uint32_t nr_blocks, nr_pages;
};

#define MIN_GROUPS 64U

static unsigned nr_sections(void)
{
	return nr_map_pages >> PFN_SECTION_SHIFT;
}

static size_t owner_index_bytes(void)
{
	return nr_sections() * sizeof(struct page_owner *) +
	       MIN_GROUPS * sizeof(struct owner_group);
}

static void free_owner(struct page_owner **owner)
{
	if (!owner)
		return;
	for (unsigned i = 0; i < nr_sections(); i++)
		free_table(owner[i], PAGES_PER_SECTION * sizeof(**owner));
	free_table(owner, owner_index_bytes());
}

static struct page_owner **alloc_owner(void)
{
	struct page_owner **owner = alloc_table(owner_index_bytes());

	for (unsigned i = 0; owner && i < nr_sections(); i++) {
		owner[i] = alloc_table(PAGES_PER_SECTION * sizeof(**owner));
		if (!owner[i]) {
			free_owner(owner);
			return NULL;
		}
	}
	return owner;
}

struct rings {
	uint32_t size;
	struct trace_entry *entry[PORT_NR_CPUS];
};

static void free_rings(const struct rings *rings)
{
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		free_table(rings->entry[cpu], rings->size * sizeof(*rings->entry[cpu]));
}

static bool alloc_rings(struct rings *rings, uint32_t size)
{
	*rings = (struct rings){.size = size};
	for (unsigned cpu = 0; size && cpu < nr_mm_cpus; cpu++) {
		rings->entry[cpu] = alloc_table(size * sizeof(*rings->entry[cpu]));
		if (!rings->entry[cpu]) {
			free_rings(rings);
			return false;
		}
	}
	return true;
}

/* ---- on and off ------------------------------------------------------------------- */

/* Makes `is` what is on: 0, or -EPERM and nothing has changed. */
static int turn(unsigned is)
{
	unsigned was = mm_debug_on;
	int err = 0;

	if (!was && is)
		pcp_detour(DETOUR_HOOKS, true);
	/* Whoever sees the bit sees the table. */
	__atomic_store_n(&mm_debug_on, is, __ATOMIC_RELEASE);
	if (!treat_free_pages(was, is)) {
		treat_free_pages(is, was);
		WRITE_ONCE(mm_debug_on, was);
		err = -EPERM;
	}
	if (!mm_debug_on && (was || is))
		pcp_detour(DETOUR_HOOKS, false);
	return err;
}

static int set_owner_tracking(unsigned is)
{
	struct page_owner **owner = mm_debug.owner;

	if (is & DEBUG_OWNER) {
		if (owner)
			return 0;
		owner = alloc_owner();
		if (!owner)
			return -ENOMEM;
		mm_debug.owner = owner;
		return turn(is);
	}
	turn(is);
	mm_debug.owner = NULL;
	free_owner(owner);
	return 0;
}

static int set_trace(unsigned is, uint32_t nr)
{
	struct rings old = {.size = mm_debug.trace_size}, now;
	uint32_t size = nr ? TRACE_MIN : 0;

	while (size < nr)
		size *= 2;
	if (!alloc_rings(&now, size))
		return -ENOMEM;
	turn(is & ~DEBUG_TRACE);
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		old.entry[cpu] = mm_debug.ring[cpu].entry;
		mm_debug.ring[cpu] = (struct trace_ring){.entry = now.entry[cpu]};
	}
	mm_debug.trace_size = size;
	mm_debug.trace_seq = 0;
	free_rings(&old);
	turn(is);
	return 0;
}

int mm_debug_set(const char *name, const char *value)
{
	const char *text = value, *expected;
	struct debug_fail fail;
	unsigned opt = 0, is;
	uint32_t v;
	int err;

	while (opt < NR_DEBUG_OPTIONS && !same(options[opt].name, name))
		opt++;
	if (opt == NR_DEBUG_OPTIONS) {
		port_log("mm_debug_set: %s: no such option\n", name);
		return -ENOENT;
	}
	if (opt == OPT_FAIL ? !read_fail(value, &fail, &v)
			    : !read_number(&text, '\0',
					   opt == OPT_TRACE	       ? TRACE_MAX
					   : opt == OPT_FAIL_MIN_ORDER ? MAX_ORDER
								       : 1,
					   &v)) {
		expected = options[opt].expected;
		port_log("mm_debug_set: %s=%s: expected %s\n", name, value,
			 expected ? expected : "0 or 1");
		return -EINVAL;
	}
	if (opt == OPT_FAIL_MIN_ORDER || opt == OPT_FAIL_IGNORE_WAIT) {
		*(opt == OPT_FAIL_MIN_ORDER ? &mm_debug.fail_min_order
					    : &mm_debug.fail_ignore_wait) = v;
		return 0;
	}
	/* Pages that are not initialised yet would be missed by a walk, and trusted by it. */
	while (v && !deferred_init_done()) {
		deferred_init();
		port_cpu_relax();
	}
	is = v ? mm_debug_on | 1U << opt : mm_debug_on & ~(1U << opt);
	if (opt == OPT_FAIL && v)
		mm_debug.fail = fail;
	err = opt == OPT_PAGE_OWNER ? set_owner_tracking(is)
	      : opt == OPT_TRACE    ? set_trace(is, v)
				    : turn(is);
	if (err)
		port_log("mm_debug_set: %s=%s: %s\n", name, value,
			 err == -EPERM ? "the port cannot unmap pages"
				       : "no memory for its tables");
	return err;
}

/* ---- pictures ----------------------------------------------------------------------- */

bool page_owner_of(const struct page *page, const void **caller, gfp_t *gfp)
{
	const struct page_owner *owner;

	if (!(mm_debug_on & DEBUG_OWNER) || page < mem_map || page >= mem_map + nr_map_pages ||
	    page_word_state(page_word(page)) != PAGE_STATE_ALLOCATED)
		return false;
	owner = page_owner_entry(page);
	*caller = READ_ONCE(owner->caller);
	*gfp = READ_ONCE(owner->gfp);
	return *caller != NULL;
}

/* Adds a block to its group.  The last one of nr takes those that find no room. */
static void add_to_group(struct owner_group *group, unsigned nr, const void *caller, gfp_t gfp,
			 unsigned order)
{
	struct owner_group *last = group + nr - 1;

	while (group < last && group->nr_blocks && (group->caller != caller || group->gfp != gfp))
		group++;
	if (group < last && !group->nr_blocks)
		*group = (struct owner_group){.caller = caller, .gfp = gfp};
	group->nr_blocks++;
	group->nr_pages += 1U << order;
}

static void show_group(const struct owner_group *g, bool is_rest)
{
	char flags[64] = "";

	if (is_rest)
		port_log("other callers: ");
	else if (!g->caller)
		port_log("caller not known: ");
	else
		port_log("caller %p: ", g->caller);
	port_log("%u blocks, %u pages", (unsigned)g->nr_blocks, (unsigned)g->nr_pages);
	if (!is_rest && g->caller) {
		gfp_format(g->gfp, flags, sizeof(flags));
		port_log(", gfp %s", flags);
	}
	port_log("\n");
}

void show_page_owner(unsigned max)
{
	struct owner_group *group, *most;
	unsigned long i = 0;
	struct page *page;
	uint32_t word;
	unsigned nr;

	if (!(mm_debug_on & DEBUG_OWNER)) {
		port_log("page_owner is off\n");
		return;
	}
	group = (struct owner_group *)(mm_debug.owner + nr_sections());
	nr = (unsigned)(((PAGE_SIZE << order_of(owner_index_bytes())) -
			 nr_sections() * sizeof(*mm_debug.owner)) /
			sizeof(*group));
	for (unsigned k = 0; k < nr; k++)
		group[k].nr_blocks = group[k].nr_pages = 0;
	while ((page = next_block(&i, &word))) {
		const struct page_owner *owner = page_owner_entry(page);

		if (page_word_state(word) == PAGE_STATE_ALLOCATED)
			add_to_group(group, nr, READ_ONCE(owner->caller), READ_ONCE(owner->gfp),
				     page_word_order(word));
	}
	for (unsigned line = 0; !max || line < max; line++) {
		most = group;
		for (unsigned k = 1; k < nr; k++)
			if (group[k].nr_pages > most->nr_pages)
				most = group + k;
		if (!most->nr_pages)
			break;
		show_group(most, most == group + nr - 1);
		most->nr_pages = 0;
	}
}

/* The ring's event number nr; false when its CPU has written, or is writing, over it. */
static bool read_entry(const struct trace_ring *ring, uint32_t nr, struct trace_entry *e)
{
	const struct trace_entry *from = ring->entry + (nr & (mm_debug.trace_size - 1));

	e->seq = __atomic_load_n(&from->seq, __ATOMIC_ACQUIRE);
	e->what = READ_ONCE(from->what);
	e->pfn = READ_ONCE(from->pfn);
	e->caller = READ_ONCE(from->caller);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return e->seq && READ_ONCE(from->seq) == e->seq;
}

static void show_event(unsigned cpu, const struct trace_entry *e)
{
	static const char *const kinds[] = {
		[TRACE_ALLOC] = "alloc",
		[TRACE_FREE] = "free",
		[TRACE_FAIL] = "fail",
		[TRACE_EXTFRAG] = "extfrag",
	};
	char flags[64];

	port_log("%8lu cpu%u %-7s order %u", (unsigned long)e->seq, cpu, kinds[TRACE_KIND(e->what)],
		 (unsigned)TRACE_ORDER(e->what));
	if (e->pfn != PFN_NONE)
		port_log(" pfn 0x%lx", (unsigned long)e->pfn);
	if (e->caller)
		port_log(" caller %p", e->caller);
	if (TRACE_KIND(e->what) == TRACE_ALLOC || TRACE_KIND(e->what) == TRACE_FAIL) {
		gfp_format(TRACE_GFP(e->what), flags, sizeof(flags));
		port_log(" gfp %s", flags);
	}
	port_log("\n");
}

void show_trace(unsigned max)
{
	uint32_t next[PORT_NR_CPUS], end[PORT_NR_CPUS], left = 0;
	struct trace_entry e, oldest = {0};

	if (!(mm_debug_on & DEBUG_TRACE)) {
		port_log("trace is off\n");
		return;
	}
	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++) {
		end[cpu] = __atomic_load_n(&mm_debug.ring[cpu].nr, __ATOMIC_ACQUIRE);
		next[cpu] = end[cpu] - min_t(end[cpu], mm_debug.trace_size);
		left += end[cpu] - next[cpu];
	}
	for (;;) {
		unsigned first = PORT_NR_CPUS;

		for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++) {
			while (next[cpu] != end[cpu] &&
			       !read_entry(&mm_debug.ring[cpu], next[cpu], &e)) {
				next[cpu]++;
				left--;
			}
			if (next[cpu] != end[cpu] &&
			    (first == PORT_NR_CPUS || (int32_t)(e.seq - oldest.seq) < 0)) {
				first = cpu;
				oldest = e;
			}
		}
		if (first == PORT_NR_CPUS)
			break;
		next[first]++;
		if (!max || left <= max)
			show_event(first, &oldest);
		left--;
	}
}

#else

/* The name of what is not there, so that a boot argument does not go unheard. */
int mm_debug_set(const char *name, const char *value)
{
	(void)value;
	port_log("mm_debug_set: %s: not in this build (BUDDY_DEBUG_HOOKS is 0)\n", name);
	return -ENOENT;
}

const char *mm_debug_name(unsigned i)
{
	(void)i;
	return NULL;
}

void mm_debug_value(unsigned i, char *buf, unsigned size)
{
	(void)i;
	if (size)
		*buf = '\0';
}

void show_page_owner(unsigned max)
{
	(void)max;
	port_log("page_owner is not in this build\n");
}

bool page_owner_of(const struct page *page, const void **caller, gfp_t *gfp)
{
	(void)page;
	(void)caller;
	(void)gfp;
	return false;
}

void show_trace(unsigned max)
{
	(void)max;
	port_log("trace is not in this build\n");
}

#endif /* BUDDY_DEBUG_HOOKS */
