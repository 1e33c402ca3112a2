// SPDX-License-Identifier: MIT
// NEEDS: ALLOC_REPORT
// HOST ONLY
/*
 * Out of memory: who is sacrificed, in which order, one at a time, and what the console is
 * told.
 */
#include <stdio.h>
#include <string.h>

#include <buddy/oom.h>
#include <mm/internal.h>

#include "../harness/hoard.h"

#define NR_OWNERS 3

struct victim {
	struct oom_owner oom;
	struct port_spinlock lock;
	struct page *pages; /* [lock] linked by mapping */
	unsigned long nr;   /* [lock] */
	bool stubborn;	    /* gives nothing */
	void (*inside)(struct victim *);
	unsigned asked; /* atomic */
};

static struct victim victim[NR_OWNERS];
static unsigned port_asked;
static unsigned inside, most_inside; /* atomic: sacrifices at this moment */
static const char *order_of_names[16];
static unsigned nr_asked;

static unsigned long victim_pages(struct oom_owner *o)
{
	return READ_ONCE(((struct victim *)o)->nr);
}

static struct page *take_page(struct victim *v)
{
	port_irqflags_t flags = port_irq_save();
	struct page *page;

	port_spin_lock(&v->lock);
	page = v->pages;
	if (page) {
		v->pages = page->mapping;
		WRITE_ONCE(v->nr, v->nr - 1);
	}
	port_spin_unlock(&v->lock);
	port_irq_restore(flags);
	return page;
}

static unsigned long sacrifice(struct oom_owner *o)
{
	struct victim *v = (struct victim *)o;
	unsigned n = __atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED);
	struct page *page;
	unsigned long nr = 0;

	if (n > most_inside)
		most_inside = n;
	CHECK(!port_irqs_disabled());
	__atomic_add_fetch(&v->asked, 1, __ATOMIC_RELAXED);
	if (nr_asked < 16)
		order_of_names[nr_asked++] = o->name;
	if (v->inside)
		v->inside(v);
	while (!v->stubborn && (page = take_page(v))) {
		__free_page(page);
		nr++;
		test_idle();
	}
	__atomic_sub_fetch(&inside, 1, __ATOMIC_RELAXED);
	return nr;
}

static bool port_says_no(unsigned order, uint32_t gfp)
{
	(void)order;
	(void)gfp;
	port_asked++;
	return false;
}

static void give_to(struct victim *v, unsigned long nr)
{
	while (nr-- && hoard) {
		struct page *page = hoard;

		hoard = page->mapping;
		page->mapping = v->pages;
		v->pages = page;
		v->nr++;
	}
}

static unsigned long mins(unsigned n)
{
	return n * (zones[0].watermark[WMARK_HIGH] + 64UL);
}

/* All memory is out; the owners have so many times what it takes to get above high. */
static void begin(unsigned a, unsigned b, unsigned c)
{
	static const char *const names[NR_OWNERS] = {"anna", "bert", "carl"};
	const unsigned has[NR_OWNERS] = {a, b, c};

	port_asked = nr_asked = inside = most_inside = 0;
	hoard_all(GFP_NOWAIT | __GFP_MEMALLOC, 0);
	memset(victim, 0, sizeof(victim));
	for (unsigned i = 0; i < NR_OWNERS; i++) {
		victim[i].oom.name = names[i];
		victim[i].oom.nr_pages = victim_pages;
		victim[i].oom.sacrifice = sacrifice;
		give_to(&victim[i], mins(has[i]));
		CHECK_EQ(victim[i].nr, mins(has[i]));
		CHECK_EQ(register_oom_owner(&victim[i].oom), 0);
	}
	host_oom_set_handler(port_says_no);
	host_log_clear();
}

static void end(void)
{
	struct page *page;

	CHECK_EQ(most_inside > 1, 0);
	for (unsigned i = 0; i < NR_OWNERS; i++) {
		unregister_oom_owner(&victim[i].oom);
		while ((page = take_page(&victim[i])))
			__free_page(page);
	}
	hoard_give_all();
}

static struct page *want(void)
{
	return alloc_page(GFP_KERNEL | __GFP_NOWARN);
}

static void take_back(struct page *page)
{
	CHECK(page != NULL);
	if (page)
		__free_page(page);
}

/* Takes until the next one would have to come from a sacrifice. */
static void all_out_again(void)
{
	hoard_all(GFP_NOWAIT | __GFP_MEMALLOC, 0);
}

static void the_largest_gives_all_it_has(void)
{
	begin(1, 3, 2);
	take_back(want());
	CHECK_EQ(victim[1].asked, 1);
	CHECK_EQ(victim[1].nr, 0);
	CHECK_EQ(victim[0].asked + victim[2].asked, 0);
	CHECK_EQ(victim[0].nr, mins(1));
	CHECK_EQ(vm_events(OOM_KILL), 1);
	all_out_again();
	take_back(want());
	CHECK_EQ(victim[2].asked, 1);
	all_out_again();
	take_back(want());
	CHECK_EQ(victim[0].asked, 1);
	all_out_again();
	CHECK(!want());
	CHECK_EQ(port_asked, 1);
	CHECK_EQ(vm_events(OOM_KILL), 3);
	end();
}

static void adj_moves_an_owner_forward_and_back(void)
{
	begin(1, 3, 2);
	victim[0].oom.adj = (long)mins(4);
	victim[1].oom.adj = -(long)mins(3); /* spared */
	take_back(want());
	CHECK_EQ(victim[0].asked, 1);
	all_out_again();
	take_back(want());
	CHECK_EQ(victim[2].asked, 1);
	all_out_again();
	/* what is spared stays so, and what has nothing is not asked, whatever its adj */
	CHECK(!want());
	CHECK_EQ(victim[0].asked, 1);
	CHECK_EQ(victim[1].asked, 0);
	CHECK_EQ(port_asked, 1);
	end();
}

static void who_gives_nothing_is_asked_once_and_then_the_next(void)
{
	begin(1, 3, 2);
	victim[1].stubborn = true;
	take_back(want());
	CHECK_EQ(victim[1].asked, 1);
	CHECK_EQ(victim[2].asked, 1);
	CHECK_EQ(victim[0].asked, 0);
	CHECK_EQ(port_asked, 0);
	CHECK_EQ(vm_events(OOM_KILL), 1);
	CHECK(host_log_has("Out of memory: bert gave nothing\nOut of memory: sacrificed carl: "));
	end();
}

static void when_all_give_nothing_the_port_is_asked(void)
{
	begin(1, 3, 2);
	for (unsigned i = 0; i < NR_OWNERS; i++)
		victim[i].stubborn = true;
	CHECK(!want());
	CHECK_EQ(nr_asked, 3);
	CHECK(!strcmp(order_of_names[0], "bert") && !strcmp(order_of_names[1], "carl") &&
	      !strcmp(order_of_names[2], "anna"));
	CHECK_EQ(port_asked, 1);
	CHECK_EQ(vm_events(OOM_KILL), 0);
	end();
}

/* Somebody else was here meanwhile. */
static void nobody_is_sacrificed_while_memory_is_free(void)
{
	struct alloc_context ac = {.zonelist = nodes[0].zonelist[ZONE_NORMAL],
				   .nodemask = NODE_MASK_ALL,
				   .highest = ZONE_NORMAL};

	begin(1, 1, 1);
	hoard_give_all();
	drain_all_pages();
	CHECK(out_of_memory(GFP_KERNEL, 0, &ac));
	CHECK_EQ(nr_asked + port_asked, 0);
	end();
}

/* ---- registering ------------------------------------------------------------------ */

static void what_is_registered_wrongly_is_refused(void)
{
	struct oom_owner o = {"x", victim_pages, sacrifice, .adj = 0};

	begin(0, 0, 0);
	CHECK_EQ(register_oom_owner(&victim[0].oom), -EINVAL);
	CHECK(host_log_has("anna is registered"));
	o.name = NULL;
	CHECK_EQ(register_oom_owner(&o), -EINVAL);
	o = (struct oom_owner){"x", NULL, sacrifice, .adj = 0};
	CHECK_EQ(register_oom_owner(&o), -EINVAL);
	o = (struct oom_owner){"x", victim_pages, NULL, .adj = 0};
	CHECK_EQ(register_oom_owner(&o), -EINVAL);
	CHECK_EQ(register_oom_owner(NULL), -EINVAL);
	unregister_oom_owner(&o); /* is not there */
	unregister_oom_owner(&victim[1].oom);
	CHECK_EQ(register_oom_owner(&victim[1].oom), 0);
	end();
}

static void leave_all(struct victim *v)
{
	(void)v;
	for (unsigned i = 0; i < NR_OWNERS; i++) {
		unregister_oom_owner(&victim[i].oom);
		victim[i].oom.next = (void *)16; /* whoever follows it falls */
	}
}

static void a_sacrifice_may_unregister_all_owners(void)
{
	begin(1, 3, 2);
	victim[1].inside = leave_all;
	victim[1].stubborn = true;
	CHECK(!want());
	CHECK_EQ(nr_asked, 1);
	CHECK_EQ(port_asked, 1);
	end();
}

static void register_again(struct victim *v)
{
	unregister_oom_owner(&v->oom);
	CHECK_EQ(register_oom_owner(&v->oom), 0);
}

/* It is new, but not in this round, which would not end. */
static void a_sacrifice_may_register(void)
{
	begin(1, 3, 2);
	for (unsigned i = 1; i < NR_OWNERS; i++) {
		victim[i].inside = register_again;
		victim[i].stubborn = true;
	}
	take_back(want());
	CHECK_EQ(nr_asked, 3);
	victim[1].stubborn = false;
	all_out_again();
	take_back(want());
	CHECK_EQ(victim[1].asked, 2);
	CHECK_EQ(nr_asked, 4);
	end();
}

static void allocate_without_waiting(struct victim *v)
{
	struct alloc_context ac = {.zonelist = nodes[0].zonelist[ZONE_NORMAL],
				   .nodemask = NODE_MASK_ALL,
				   .highest = ZONE_NORMAL};

	(void)v;
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK(!out_of_memory(GFP_KERNEL, 0, &ac));
}

static void who_is_called_from_in_there_does_not_come_in_again(void)
{
	begin(1, 3, 2);
	victim[1].inside = allocate_without_waiting;
	take_back(want());
	CHECK_EQ(nr_asked, 1);
	CHECK_EQ(port_asked, 0);
	end();
}

/* ---- several CPUs ------------------------------------------------------------------- */

static struct page *got[4];

static void one_wants(unsigned cpu, void *arg)
{
	(void)arg;
	got[cpu] = want();
	drain_local_pages();
}

static void one_sacrifice_does_for_all_who_wait(void)
{
	unsigned nr = test_nr_cpus() < 4 ? test_nr_cpus() : 4;

	begin(1, 4, 2);
	run_on_cpus(nr, one_wants, NULL);
	for (unsigned cpu = 0; cpu < nr; cpu++)
		take_back(got[cpu]);
	CHECK_EQ(victim[1].asked, 1);
	CHECK_EQ(nr_asked, 1);
	CHECK_EQ(port_asked, 0);
	end();
}

static unsigned in_sacrifice, may_end, left_at;

static void wait_inside(struct victim *v)
{
	(void)v;
	__atomic_store_n(&in_sacrifice, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&may_end, __ATOMIC_ACQUIRE))
		test_idle();
}

static void one_leaves(unsigned cpu, void *arg)
{
	(void)arg;
	if (!cpu) {
		got[0] = want();
		return;
	}
	while (!__atomic_load_n(&in_sacrifice, __ATOMIC_ACQUIRE))
		test_idle();
	if (cpu == 1) {
		unregister_oom_owner(&victim[1].oom);
		left_at = READ_ONCE(victim[1].nr) + 1;
	} else if (cpu == 2) {
		for (unsigned i = 0; i < 1000; i++)
			test_idle();
		CHECK_EQ(__atomic_load_n(&left_at, __ATOMIC_RELAXED), 0);
		__atomic_store_n(&may_end, 1, __ATOMIC_RELEASE);
	}
}

static void unregister_waits_for_a_sacrifice_that_runs(void)
{
	if (test_nr_cpus() < 3) {
		test_skip("three CPUs");
		return;
	}
	begin(1, 3, 2);
	in_sacrifice = may_end = left_at = 0;
	victim[1].inside = wait_inside;
	run_on_cpus(3, one_leaves, NULL);
	CHECK_EQ(left_at, 1); /* it had nothing any more */
	take_back(got[0]);
	end();
}

/* ---- the report ------------------------------------------------------------------------ */

static void the_report_has_who_asked_who_has_what_and_who_gave(void)
{
	char line[120];

	begin(1, 3, 2);
	victim[2].oom.adj = -7;
	take_back(alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_HARDWALL, 0));
	CHECK(strstr(host_log_text(), " invoked oom: gfp_mask=0x"));
	CHECK(host_log_has("(GFP_USER|__GFP_NOWARN), order=0, node 0\n"));
	CHECK(host_log_has("\nMemTotal:") || host_log_has("MemTotal:"));
	CHECK(host_log_has("Node 0, zone"));
	CHECK(host_log_has("[  pages]       adj name\n"));
	snprintf(line, sizeof(line), "[%7lu] %9d bert\n", mins(3), 0);
	CHECK(host_log_has(line));
	snprintf(line, sizeof(line), "[%7lu] %9d carl\n", mins(2), -7);
	CHECK(host_log_has(line));
	snprintf(line, sizeof(line), "Out of memory: sacrificed bert: %lu kB\n",
		 mins(3) * (PAGE_SIZE / 1024));
	CHECK(host_log_has(line));
	end();
}

static unsigned reports(void)
{
	unsigned nr = 0;

	for (const char *p = host_log_text(); (p = strstr(p, "invoked oom")); p++)
		nr++;
	return nr;
}

static void a_long_series_is_told_ever_more_rarely(void)
{
	begin(0, 0, 0);
	for (unsigned i = 1; i <= 16; i++) {
		give_to(&victim[0], mins(1));
		host_log_clear();
		take_back(want());
		CHECK_EQ(reports(), i <= 4 || i == 8 || i == 16);
		CHECK_EQ(host_log_has("Out of memory: sacrificed"), reports());
		CHECK_EQ(host_log_has("7 times since the last report went without one\n"), i == 16);
		all_out_again();
	}
	CHECK_EQ(vm_events(OOM_KILL), 16);
	end();
}

static const struct test_case cases[] = {
	TEST(the_largest_gives_all_it_has),
	TEST(adj_moves_an_owner_forward_and_back),
	TEST(who_gives_nothing_is_asked_once_and_then_the_next),
	TEST(when_all_give_nothing_the_port_is_asked),
	TEST(nobody_is_sacrificed_while_memory_is_free),
	TEST(what_is_registered_wrongly_is_refused),
	TEST(a_sacrifice_may_unregister_all_owners),
	TEST(a_sacrifice_may_register),
	TEST(who_is_called_from_in_there_does_not_come_in_again),
	TEST(one_sacrifice_does_for_all_who_wait),
	TEST(unregister_waits_for_a_sacrifice_that_runs),
	TEST(the_report_has_who_asked_who_has_what_and_who_gave),
	TEST(a_long_series_is_told_ever_more_rarely),
};
TEST_SUITE(oom, cases);
