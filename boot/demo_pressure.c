// SPDX-License-Identifier: MIT
/*
 * demo_pressure - the director of the demonstration under pressure.  See demo_pressure.h.
 *
 * Sends all cores to work (demo_load.c), works itself in between, asks for blocks, counts
 * how many it got and what was done for them, stops the cores, and compares: contents,
 * pages, invariants.
 *
 * State: loads[], each its core's own while it runs; the rest is the boot core's.
 * Locks: none.
 *
 * Not here: the load of one core (demo_load.c), its file's device (demo_disk.c), cores that
 * do background work (daemon.c).
 */
#include "boot/demo_pressure.h"

#include <buddy/buddy.h>
#include <buddy/compaction.h>
#include <buddy/reclaim.h>
#include <buddy/vmalloc.h>
#include <port/port.h>

#include "boot/daemon.h"
#include "boot/demo_disk.h"
#include "boot/demo_load.h"
#include "boot/hoard.h"
#include "boot/memmap.h"
#include "boot/smp.h"
#include "boot/vmap.h"
#include "drivers/a9timer.h"

#define FILL_CHUNK	256u
#define REQUEST_STEPS	64u /* of the load, between two requests, on the boot core */
#define MAX_BLOCKS	40u
#define CMA_PAGES	256u
#define MAX_CMA_BUFFERS 4u
#define PAGES_PER_MIB	(1UL << (20 - PAGE_SHIFT))
#define PLAY_PAGES	(192 * PAGES_PER_MIB)
#define SMALL_PAGES	(128 * PAGES_PER_MIB)
#define UNMOVABLE_SHARE 64u /* one page in so many is somebody's for good, and scattered */

static struct demo_load loads[PORT_NR_CPUS];
static unsigned nr_loads;
static const char *wrong;

/* What was counted before. */
static uint32_t events[NR_VM_EVENT_ITEMS], waits_before;

static uint32_t since(enum vm_event_item item)
{
	return vm_events(item) - events[item];
}

static unsigned long all_free(void)
{
	return nr_free_pages() + nr_pcp_pages();
}

static unsigned long mib(unsigned long nr_pages)
{
	return nr_pages / PAGES_PER_MIB;
}

static unsigned ms_since(uint64_t start)
{
	return (unsigned)((a9timer_read() - start) * 1000 / a9timer_rate());
}

static void fail(const char *why)
{
	if (!wrong)
		wrong = why;
}

/* Pages that vmalloc() has taken for its records and tables, and will use again. */
static unsigned long vmalloc_kept(void)
{
	struct vmalloc_info info;

	vmalloc_info(&info);
	return info.nr_kept + vmap_table_pages();
}

/* ---- ballast ----------------------------------------------------------------- */

/*
 * Of a large memory most goes away in the largest blocks, so that the rest is full in
 * seconds. Returns their list.
 */
static struct page *take_ballast(void)
{
	struct page *head = NULL, *page;
	unsigned long nr = 0;

	while (nr_free_buffer_pages() > PLAY_PAGES + (1UL << MAX_ORDER)) {
		page = alloc_pages(GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN, MAX_ORDER);
		if (!page)
			break;
		page->mapping = head;
		head = page;
		nr += 1UL << MAX_ORDER;
	}
	if (nr)
		port_log("  %lu MiB put away in blocks of order %u, so that it takes seconds\n",
			 mib(nr), MAX_ORDER);
	return head;
}

static void drop_ballast(struct page *head)
{
	struct page *page;

	while ((page = head)) {
		head = page->mapping;
		__free_pages(page, MAX_ORDER);
	}
}

/* ---- the cores ---------------------------------------------------------------------- */

/*
 * A quarter of what is free in areas, if there are addresses for them, and a file as large as
 * what is free.
 */
static void share_out(uint32_t seed, struct address_space *file, unsigned long free)
{
	struct vmalloc_info window;
	unsigned long areas;

	vmalloc_info(&window);
	/* An area takes an address more than it has pages. */
	areas = window.free_pages / (LOAD_AREA_PAGES + 1) * 3 / 4;
	if (areas > free / 4 / LOAD_AREA_PAGES)
		areas = free / 4 / LOAD_AREA_PAGES;
	for (unsigned i = 0; i < nr_loads; i++) {
		struct demo_load *load = &loads[i];

		load->random = seed + 0x9e3779b9u * (i + 1) ? seed + 0x9e3779b9u * (i + 1) : 1;
		load->nr_areas = 0;
		load->want_areas = (unsigned)(areas / nr_loads);
		if (load->want_areas > LOAD_MAX_AREAS)
			load->want_areas = LOAD_MAX_AREAS;
		load->file = file;
		load->file_pages = (uint32_t)free;
		load->file_from = (uint32_t)(free / nr_loads * i);
		load->file_to = (uint32_t)(free / nr_loads * (i + 1));
		load->writes = load->verified = load->file_reads = load->file_writes = 0;
		load->refused = 0;
		load->error = NULL;
		load->filled = load->finished = 0;
	}
}

static void start_cores(void)
{
	__atomic_store_n(&demo_load_stop, 0, __ATOMIC_RELAXED);
	for (unsigned i = 1; i < nr_loads; i++)
		if (!smp_call(loads[i].cpu, demo_load_run, &loads[i]))
			fail("a core did not take its work");
}

static bool others_filled(void)
{
	for (unsigned i = 1; i < nr_loads; i++)
		if (!__atomic_load_n(&loads[i].filled, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

/* So many pages of a kind, as long as there is time. */
static void fill_hoard(enum hoard_kind kind, unsigned long nr, uint64_t start)
{
	for (; nr >= FILL_CHUNK && ms_since(start) < PRESSURE_SECONDS * 1000; nr -= FILL_CHUNK)
		hoard_grow(kind, FILL_CHUNK);
}

/*
 * While the other cores sleep, so that it does not take long: a board of single pages that
 * can be moved, with a hole beside each, and pages that can be given back, until there is
 * little left.
 */
static void fill_hoards(unsigned long free)
{
	uint64_t start = a9timer_read();

	hoard_grow(HOARD_UNMOVABLE, free / UNMOVABLE_SHARE);
	fill_hoard(HOARD_MOVABLE, free / 4, start);
	hoard_thin(HOARD_MOVABLE);
	fill_hoard(HOARD_RECLAIMABLE, free - free / 4, start);
}

/*
 * This core's share of areas and file; then it loads until the others have theirs, or time
 * is up.
 */
static void fill_areas(void)
{
	uint64_t start = a9timer_read();
	unsigned limit = PRESSURE_SECONDS * 1000;

	while (ms_since(start) < limit && demo_load_fill(&loads[0]))
		;
	while (ms_since(start) < limit && !others_filled())
		demo_load_step(&loads[0]);
}

static void work_a_little(void)
{
	for (unsigned i = 0; i < REQUEST_STEPS; i++)
		demo_load_step(&loads[0]);
	hoard_grow(HOARD_RECLAIMABLE, REQUEST_STEPS);
	daemon_step();
}

static void stop_cores(void)
{
	__atomic_store_n(&demo_load_stop, 1, __ATOMIC_RELEASE);
	for (unsigned i = 1; i < nr_loads; i++)
		smp_wait(loads[i].cpu);
	demo_load_end(&loads[0]);
}

/* ---- what is asked for ----------------------------------------------------------------- */

/* A quarter of what there is to play with in blocks of an order, one at least. */
static unsigned nr_wanted(unsigned order, unsigned long free)
{
	unsigned long nr = free / 4 >> order;

	return nr > MAX_BLOCKS ? MAX_BLOCKS : nr ? (unsigned)nr : 1;
}

static void ask_for_blocks(unsigned order, unsigned long free)
{
	unsigned want = nr_wanted(order, free);
	struct page *head = NULL, *page;
	uint64_t start = a9timer_read();
	unsigned got = 0, again = 0;

	for (unsigned i = 0; i < want + again; i++) {
		work_a_little();
		page = alloc_pages(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN, order);
		if (!page) {
			again += again < want;
			continue;
		}
		page->mapping = head;
		head = page;
		got++;
	}
	port_log("  order %2u: got %u of %u while %u %s wrote, %u ms, %u asked for again\n", order,
		 got, want, nr_loads, nr_loads == 1 ? "core" : "cores", ms_since(start), again);
	while ((page = head)) {
		head = page->mapping;
		__free_pages(page, order);
	}
	/*
	 * What a request tries is bounded, and meanwhile others take what it made free: it
	 * may be made again, as many times in all as there are blocks.  In a small machine
	 * one block is a large part of all, and scattered pages are everywhere.
	 */
	if (free >= SMALL_PAGES && got < want / 4)
		fail("of large blocks fewer than one in four were to be had");
}

static void ask_for_buffers(void)
{
	struct page *buffer[MAX_CMA_BUFFERS];
	struct cma *cma = cma_default();
	uint64_t start = a9timer_read();
	unsigned want, got = 0;

	if (!cma) {
		port_log("  CMA:      no area here\n");
		return;
	}
	want = (unsigned)(cma_nr_pages(cma) / 2 / CMA_PAGES);
	want = want > MAX_CMA_BUFFERS ? MAX_CMA_BUFFERS : want;
	for (unsigned i = 0; i < want; i++) {
		work_a_little();
		buffer[got] = cma_alloc(cma, CMA_PAGES, 0, true);
		if (buffer[got])
			got++;
	}
	port_log("  CMA:      got %u of %u buffers of 1 MiB while %u %s wrote, %u ms%s%s\n", got,
		 want, nr_loads, nr_loads == 1 ? "core" : "cores", ms_since(start),
		 got < want ? "; in the way: " : "", got < want ? contig_busy_reason() : "");
	for (unsigned i = 0; i < got; i++)
		cma_release(cma, buffer[i], CMA_PAGES);
	if (got < want)
		fail("a CMA buffer was not to be had");
}

/* ---- what it looks like ------------------------------------------------------------ */

static void show_memory(const char *when)
{
	port_log("%s:\n", when);
	show_buddyinfo();
	show_extfrag();
	memmap_show(false);
}

static void show_work(const struct filemap_stats *file)
{
	uint32_t writes = 0, verified = 0, reads = 0, file_writes = 0, refused = 0;
	struct hoard_info hoard;
	uint32_t waits = 0;

	for (unsigned i = 0; i < nr_loads; i++) {
		writes += loads[i].writes;
		verified += loads[i].verified;
		reads += loads[i].file_reads;
		file_writes += loads[i].file_writes;
		refused += loads[i].refused;
	}
	port_log("  areas            %lu pages written, %lu verified\n", (unsigned long)writes,
		 (unsigned long)verified);
	hoard_info(HOARD_RECLAIMABLE, &hoard);
	port_log("  hoard            %lu pages evicted and %lu written since start-up\n",
		 (unsigned long)hoard.evicted, (unsigned long)hoard.written);
	port_log("  file             %lu pages read, %lu written; %lu hits, %lu misses, %lu "
		 "evicted, %lu written back\n",
		 (unsigned long)reads, (unsigned long)file_writes, (unsigned long)file->hits,
		 (unsigned long)file->misses, (unsigned long)file->evicted,
		 (unsigned long)file->writes);
	port_log("  reclaimed        %lu pages by kswapd, %lu by requests; %lu requests waited for "
		 "it\n",
		 (unsigned long)since(PGSTEAL_KSWAPD), (unsigned long)since(PGSTEAL_DIRECT),
		 (unsigned long)since(ALLOCSTALL));
	port_log("  moved            %lu pages while they were in use, %lu attempts failed; %lu "
		 "requests compacted\n",
		 (unsigned long)since(PGMIGRATE_SUCCESS), (unsigned long)since(PGMIGRATE_FAIL),
		 (unsigned long)since(COMPACTSTALL));
	for (unsigned i = 0; i < nr_loads; i++)
		waits += vmap_waits(loads[i].cpu);
	port_log("  waited           %lu times for a page that was being moved, in the abort "
		 "handler\n",
		 (unsigned long)(waits - waits_before));
	port_log("  sacrificed       %lu owners; %lu requests of the load got nothing\n",
		 (unsigned long)since(OOM_KILL), (unsigned long)refused);
}

/* ---- the verdict ------------------------------------------------------------------- */

static void check_loads(void)
{
	for (unsigned i = 0; i < nr_loads; i++) {
		if (!loads[i].error)
			continue;
		port_log("  cpu%u: %s, at 0x%lx\n", loads[i].cpu, loads[i].error,
			 (unsigned long)loads[i].where);
		fail(loads[i].error);
	}
	if (demo_disk_wrong) {
		port_log("  %lu sectors were written with other contents\n",
			 (unsigned long)demo_disk_wrong);
		fail("the file's device was written wrong");
	}
}

static void check_memory(unsigned long before, unsigned long kept)
{
	struct hoard_info hoard;
	unsigned long free;

	for (unsigned kind = 0; kind < NR_HOARD_KINDS; kind++) {
		hoard_info((enum hoard_kind)kind, &hoard);
		if (hoard.wrong)
			fail("a page of a hoard changed");
	}
	drain_all_pages();
	free = all_free();
	kept = vmalloc_kept() - kept;
	port_log("  pages free       %lu before, %lu after, %lu kept for tables of addresses\n",
		 before, free, kept);
	if (free + kept != before)
		fail("pages are missing after the pressure");
	if (since(BAD_FREE) || since(BAD_ALLOC))
		fail("a correct request was refused");
	if (mm_check_quiet())
		fail("mm_check found a broken invariant after the pressure");
}

/* ---- the run ----------------------------------------------------------------------- */

static void run(uint32_t seed, struct address_space *file, unsigned long free)
{
	unsigned long areas = 0;
	struct hoard_info hoard;
	uint64_t start = a9timer_read();

	fill_hoards(free);
	share_out(seed, file, free);
	start_cores();
	fill_areas();
	for (unsigned i = 0; i < nr_loads; i++)
		areas += __atomic_load_n(&loads[i].nr_areas, __ATOMIC_RELAXED);
	hoard_info(HOARD_RECLAIMABLE, &hoard);
	port_log("  %lu MiB in %lu areas, %lu MiB of the file cached, %lu MiB in a hoard that can "
		 "be "
		 "reclaimed,\n",
		 mib(areas * LOAD_AREA_PAGES), areas, file ? mib(filemap_nr_pages(file)) : 0,
		 mib(hoard.pages));
	port_log("  %lu MiB free, after %u ms\n", mib(nr_free_pages()), ms_since(start));
	show_memory("before");
	ask_for_blocks(MAX_ORDER - 1, free);
	if (mm_check())
		fail("mm_check found a broken invariant under pressure");
	ask_for_blocks(MAX_ORDER, free);
	ask_for_buffers();
	show_memory("after");
	stop_cores();
}

const char *demo_pressure(uint32_t seed)
{
	struct filemap_stats stats = {0};
	struct page *ballast;
	unsigned long before, free, kept = vmalloc_kept();
	struct address_space *file;
	uint32_t online = smp_online_mask();

	wrong = NULL;
	drain_all_pages();
	before = all_free();
	for (unsigned item = 0; item < NR_VM_EVENT_ITEMS; item++)
		events[item] = vm_events((enum vm_event_item)item);
	nr_loads = waits_before = 0;
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		if (!(online & 1u << cpu))
			continue;
		loads[nr_loads++].cpu = cpu;
		waits_before += vmap_waits(cpu);
	}
	port_log("\npressure:\n");
	ballast = take_ballast();
	free = nr_free_buffer_pages();
	demo_disk_init((uint32_t)free);
	file = filemap_open(&demo_disk);
	port_log("  more is wanted than the %lu MiB that are free\n", mib(free));
	if (!file)
		port_log("  no page cache: a hoard is what there is to reclaim\n");
	daemon_start();
	run(seed, file, free);
	if (file) {
		filemap_stats(file, &stats);
		if (filemap_close(file))
			fail("the page cache could not be closed");
	}
	for (unsigned kind = 0; kind < NR_HOARD_KINDS; kind++)
		hoard_drop((enum hoard_kind)kind);
	drop_ballast(ballast);
	daemon_stop();
	show_work(&stats);
	check_loads();
	check_memory(before, kept);
	return wrong;
}
