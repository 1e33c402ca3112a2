// SPDX-License-Identifier: MIT
/*
 * debug_options - turns the debugging options on and off.
 *
 * An option that changes what free pages are like is applied to all that are free now:
 * mem_map is walked block by block, without a lock, as nobody allocates meanwhile
 * (debug.h).  Tables are ordinary blocks, taken before their option is on and given back
 * after it is off, so that they have no owner and leave no trace.
 *
 * State: none of its own; writes what debug_state.h marks [O].  Lock: none; one caller
 * of mm_debug_set() at a time.
 *
 * Not here: what an option does on a request (debug.c), what was noted (debug_show.c),
 * the boot arguments and the monitor's commands (boot/).
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
	[OPT_SLAB] = {"slab_debug", NULL},
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

/* Those that are a number, and nothing else happens. */
static uint32_t *plain_option(unsigned opt)
{
	return opt == OPT_FAIL_MIN_ORDER     ? &mm_debug.fail_min_order
	       : opt == OPT_FAIL_IGNORE_WAIT ? &mm_debug.fail_ignore_wait
	       : opt == OPT_SLAB	     ? &mm_debug.slab
					     : NULL;
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
	if (plain_option(i)) {
		put_number(&t, *plain_option(i));
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
 * What show_page_owner() adds up in has to be there when no memory is left: it lies
 * behind the index of page_owner's tables, in what that block has over.
 */
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
		mm_debug.group = (struct owner_group *)(owner + nr_sections());
		mm_debug.nr_groups = (uint32_t)(((PAGE_SIZE << order_of(owner_index_bytes())) -
						 ((char *)mm_debug.group - (char *)owner)) /
						sizeof(*mm_debug.group));
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
	if (plain_option(opt)) {
		*plain_option(opt) = v;
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

#endif /* BUDDY_DEBUG_HOOKS */
