// SPDX-License-Identifier: MIT
/*
 * The program: starts libbuddy on all cores, tests the port, and has tasks and the timer
 * interrupt allocate until memory has run out twice.  Exit status 0: all of it held.
 *
 * State: failures, atomic; the rest says by whom it is used.
 */
#include "kernel.h"

#include <buddy/buddy.h>
#include <port/port.h>

#include "board.h"

#define NR_OPS	     3000 /* of each worker */
#define NR_HELD	     16
#define CACHE_PAGES  4000
#define SCRAP_PAGES  128
#define TICKS_LOADED 50

/*
 * The kernel's own zones: libbuddy has a struct zone, `zones` and `nr_zones`, too, and a
 * zone_watermark_ok(), and neither takes the other's.
 */
struct zone {
	const char *name;
	unsigned users;
};
struct zone zones[] = {{"tasks", 1}, {"interrupts", 2}};
unsigned nr_zones = 2;
bool zone_watermark_ok(const struct zone *zone);
bool zone_watermark_ok(const struct zone *zone)
{
	return zone->users == (unsigned)(zone - zones) + 1;
}

static unsigned failures;

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	print("FAILED: %s\n", what);
	__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

/* ---- memory that names itself ------------------------------------------- */

static void fill(struct page *page, unsigned order)
{
	uint32_t *p = page_address(page);

	for (unsigned i = 0; i < (PAGE_SIZE << order) / sizeof(*p); i += 4)
		p[i] = (uint32_t)(uintptr_t)&p[i] ^ order;
}

static bool is_filled(struct page *page, unsigned order)
{
	const uint32_t *p = page_address(page);

	for (unsigned i = 0; i < (PAGE_SIZE << order) / sizeof(*p); i += 4)
		if (p[i] != ((uint32_t)(uintptr_t)&p[i] ^ order))
			return false;
	return true;
}

/* ---- interrupts: a few pages for each core, by GFP_ATOMIC, in the tick --- */

static struct {
	struct page *held[4];
	unsigned nr_ticks, nr_failed;
} __attribute__((aligned(64))) in_tick[NR_CPUS];

static void allocate_in_tick(unsigned cpu)
{
	struct page **slot = &in_tick[cpu].held[in_tick[cpu].nr_ticks++ % 4];

	if (*slot) {
		check(is_filled(*slot, 0), "a page of the tick's is as it was filled");
		__free_page(*slot);
	}
	*slot = alloc_page(GFP_ATOMIC | __GFP_NOWARN);
	if (*slot)
		fill(*slot, 0);
	else
		in_tick[cpu].nr_failed++; /* nothing is left, and a handler cannot wait */
}

static bool irq_tested;

static void test_in_tick(unsigned cpu)
{
	static unsigned taken;

	(void)cpu;
	if (__atomic_exchange_n(&taken, 1, __ATOMIC_ACQ_REL))
		return;
	buddy_port_selftest_irq();
	__atomic_store_n(&tick_hook, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&irq_tested, true, __ATOMIC_RELEASE);
}

/* ---- a cache that can be had back: the shrinker asks for it when memory is short --- */

static struct {
	struct spinlock lock;
	struct list_head pages; /* by page->lru */
	unsigned nr, nr_shrunk;
} cache;

static unsigned take_from_cache(unsigned nr)
{
	struct list_head taken;
	unsigned done = 0;
	uint32_t flags;

	INIT_LIST_HEAD(&taken);
	flags = irq_save();
	spin_lock(&cache.lock);
	for (; done < nr && !list_empty(&cache.pages); done++, cache.nr--) {
		struct list_head *entry = cache.pages.next;

		list_del(entry);
		list_add(entry, &taken);
	}
	spin_unlock(&cache.lock);
	irq_restore(flags);
	while (!list_empty(&taken)) {
		struct page *page = list_first(&taken, struct page, lru);

		list_del(&page->lru);
		check(is_filled(page, 0), "a page of the cache is as it was filled");
		__free_page(page);
	}
	return done;
}

static unsigned long count_cache(struct shrinker *s, struct shrink_control *sc)
{
	(void)s, (void)sc;
	return __atomic_load_n(&cache.nr, __ATOMIC_RELAXED);
}

static unsigned long shrink_cache(struct shrinker *s, struct shrink_control *sc)
{
	unsigned done = take_from_cache(sc->nr_to_scan);

	(void)s;
	__atomic_add_fetch(&cache.nr_shrunk, done, __ATOMIC_RELAXED);
	return done ? done : SHRINK_STOP;
}

static struct shrinker cache_shrinker = {
	.count_objects = count_cache,
	.scan_objects = shrink_cache,
	.seeks = DEFAULT_SEEKS,
};

static void fill_cache(void)
{
	uint32_t flags;

	for (unsigned i = 0; i < CACHE_PAGES; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			break;
		fill(page, 0);
		flags = irq_save();
		spin_lock(&cache.lock);
		list_add(&page->lru, &cache.pages);
		cache.nr++;
		spin_unlock(&cache.lock);
		irq_restore(flags);
	}
}

/* ---- tasks: blocks of all sizes, some of them freed by another task ----- */

static struct mutex exchange_lock;
static struct {
	struct page *page;
	unsigned order;
} exchange; /* under exchange_lock */

static void worker(void *arg)
{
	struct page *held[NR_HELD] = {0}, *page;
	unsigned order[NR_HELD] = {0}, swapped;
	uint32_t rnd = (uint32_t)(uintptr_t)arg * 2654435761u + 1;

	for (unsigned op = 0; op < NR_OPS; op++) {
		unsigned i = (rnd >> 8) % NR_HELD;

		rnd = rnd * 1664525 + 1013904223;
		if (!held[i]) {
			order[i] = (unsigned)__builtin_ctz(rnd >> 16 | 1u << 6);
			held[i] = alloc_pages(GFP_KERNEL, order[i]);
			if (held[i])
				fill(held[i], order[i]);
			check(held[i] != NULL, "a worker gets its block");
		} else if (rnd >> 28) {
			check(is_filled(held[i], order[i]), "a block is as it was filled");
			__free_pages(held[i], order[i]);
			held[i] = NULL;
		} else {
			mutex_lock(&exchange_lock);
			page = exchange.page;
			swapped = exchange.order;
			exchange.page = held[i];
			exchange.order = order[i];
			if (rnd & 0x100000)
				task_yield(); /* others wait for the mutex meanwhile */
			mutex_unlock(&exchange_lock);
			held[i] = page;
			order[i] = swapped;
		}
	}
	for (unsigned i = 0; i < NR_HELD; i++) {
		if (held[i])
			check(is_filled(held[i], order[i]), "a block is as it was filled");
		__free_pages(held[i], order[i]);
	}
}

static void load(unsigned nr_cpus)
{
	struct task *workers[2 * NR_CPUS];

	__atomic_store_n(&tick_hook, allocate_in_tick, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 2 * nr_cpus; i++) {
		workers[i] = task_create("worker", worker, (void *)(uintptr_t)i, 5, ANY_CPU);
		if (!workers[i])
			panic("no memory for a worker");
	}
	for (unsigned i = 0; i < 2 * nr_cpus; i++)
		task_join(workers[i]);
	__free_pages(exchange.page, exchange.order);
	exchange.page = NULL;
}

/* ---- nothing left: the hook gives up what is kept for that -------------- */

static struct page *scrap[SCRAP_PAGES];
static unsigned nr_oom_calls; /* one request at a time comes here */

static bool give_scrap_up(unsigned order)
{
	(void)order;
	nr_oom_calls++;
	if (!scrap[0])
		return false;
	for (unsigned i = 0; i < SCRAP_PAGES; i++) {
		__free_page(scrap[i]);
		scrap[i] = NULL;
	}
	return true;
}

static void run_out(void)
{
	struct list_head pages;
	struct page *page;
	unsigned nr = 0;

	check(alloc_pages_bulk_array(GFP_KERNEL, SCRAP_PAGES, scrap) == SCRAP_PAGES,
	      "there is memory for the scrap");
	oom_hook = give_scrap_up;
	INIT_LIST_HEAD(&pages);
	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN)) != NULL) {
		fill(page, 0);
		list_add(&page->lru, &pages);
		nr++;
	}
	print("out of memory after %u pages: %u shrunk from the cache, %u of it left, hook called "
	      "%u times\n",
	      nr, cache.nr_shrunk, cache.nr, nr_oom_calls);
	check(nr_oom_calls >= 2 && !scrap[0], "the hook is asked, gives, and has no more");
	check(cache.nr_shrunk > 0, "the cache has been asked to shrink");
	check(vm_events(PAGEOUTRUN) > 0, "kswapd has run");
	while (!list_empty(&pages)) {
		page = list_first(&pages, struct page, lru);
		list_del(&page->lru);
		check(is_filled(page, 0), "a page is as it was filled");
		__free_page(page);
	}
	oom_hook = NULL;
}

/* ---- the kernel itself: who holds a mutex runs for whom he keeps waiting --- */

static struct mutex pi_mutex;
static struct semaphore pi_held;
static volatile bool pi_urgent_done, pi_spun_out;

static void pi_low(void *arg)
{
	(void)arg;
	mutex_lock(&pi_mutex);
	sem_up(&pi_held);
	for (uint32_t end = ticks_now() + 5; (int32_t)(ticks_now() - end) < 0;)
		; /* longer than the others take to come */
	mutex_unlock(&pi_mutex);
}

static void pi_spinner(void *arg)
{
	(void)arg;
	for (uint32_t end = ticks_now() + 40; (int32_t)(ticks_now() - end) < 0;)
		if (pi_urgent_done)
			return;
	pi_spun_out = true;
}

static void pi_urgent(void *arg)
{
	(void)arg;
	mutex_lock(&pi_mutex);
	pi_urgent_done = true;
	mutex_unlock(&pi_mutex);
}

static void test_inheritance(void)
{
	struct task *low, *spinner, *urgent;

	mutex_init(&pi_mutex);
	sem_init(&pi_held, 0);
	low = task_create("low", pi_low, NULL, 3, 1);
	sem_down(&pi_held);
	urgent = task_create("urgent", pi_urgent, NULL, 9, 1);
	spinner = task_create("spinner", pi_spinner, NULL, 6, 1);
	task_join(urgent);
	task_join(spinner);
	task_join(low);
	check(!pi_spun_out, "the holder of a mutex inherits the priority of who waits for it");
}

/* ---- from nothing to the first page ------------------------------------- */

static void start_on_core(void *arg)
{
	check(!mm_init_cpu(cpu_id()), "mm_init_cpu()");
	(void)arg;
}

static void test_on_core(void *arg)
{
	uint32_t flags = irq_save();
	unsigned cpu = cpu_id();

	irq_restore(flags);
	buddy_port_selftest_cpu(cpu, (unsigned)(uintptr_t)arg);
	/* The handler is to meet a task whose scope is known: one of these. */
	if (cpu == 0)
		__atomic_store_n(&tick_hook, test_in_tick, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&irq_tested, __ATOMIC_ACQUIRE))
		;
}

static void test_port_on_all(unsigned nr_cpus)
{
	struct task *tasks[NR_CPUS];

	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		tasks[cpu] = task_create("selftest", test_on_core, (void *)(uintptr_t)nr_cpus, 7,
					 1u << cpu);
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		task_join(tasks[cpu]);
}

static void start_libbuddy(unsigned nr_cpus)
{
	extern char image_end[];

	if (memblock_add(RAM_BASE, RAM_SIZE, 0) ||
	    memblock_reserve(RAM_BASE, (uintptr_t)image_end - RAM_BASE, "image", 0) ||
	    mm_init(&(struct mm_limits){.nr_cpus = nr_cpus}))
		panic("libbuddy does not start");
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		check(port_run_on_cpu(cpu, start_on_core, NULL), "every core is reached");
}

void demo_main(void *arg)
{
	static char room[4 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	unsigned nr_cpus = kernel_nr_cpus(), nr_ticks = 0;
	unsigned long free_before;

	(void)arg;
	print("rtos: %u cores\n", nr_cpus);
	buddy_port_selftest(room, 4, 0);
	start_libbuddy(nr_cpus);
	port_start_background();
	test_port_on_all(nr_cpus);
	check(!buddy_port_selftest_failures(), "the port passes its self-test");
	test_inheritance();

	INIT_LIST_HEAD(&cache.pages);
	mutex_init(&exchange_lock);
	check(!register_shrinker(&cache_shrinker), "register_shrinker()");
	drain_all_pages();
	free_before = nr_free_pages() + nr_pcp_pages();
	fill_cache();
	load(nr_cpus);
	check(!mm_check(), "mm_check() under load");
	run_out();
	task_sleep(TICKS_LOADED); /* kswapd and kcompactd come to their end */

	__atomic_store_n(&tick_hook, NULL, __ATOMIC_RELEASE);
	task_sleep(2);
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		for (unsigned i = 0; i < 4; i++)
			__free_page(in_tick[cpu].held[i]);
		check(in_tick[cpu].nr_ticks > in_tick[cpu].nr_failed, "ticks get pages");
		nr_ticks += in_tick[cpu].nr_ticks;
	}
	unregister_shrinker(&cache_shrinker);
	take_from_cache(CACHE_PAGES);
	drain_all_pages();
	check(nr_free_pages() + nr_pcp_pages() == free_before, "every page is back");
	check(!mm_check_quiet(), "mm_check_quiet()");
	check(nr_zones == 2 && zone_watermark_ok(&zones[0]) && zone_watermark_ok(&zones[1]),
	      "the kernel's own zones are as they were");
	print("rtos: %u pages allocated, %u of them in %u ticks; %s\n",
	      (unsigned)vm_events(PGALLOC), nr_ticks, nr_ticks, failures ? "FAIL" : "PASS");
	board_exit(failures ? 1 : 0);
}
