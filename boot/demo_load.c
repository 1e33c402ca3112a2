// SPDX-License-Identifier: MIT
/*
 * demo_load - what one core does while memory is overcommitted.  See demo_load.h.
 *
 * A page of an area: the first word is its version, how often it was written; the others, one
 * in each cache line, are made of version and address.  The area's sum of versions is kept
 * elsewhere, so that a page that went back to what it was before (a write lost in a move)
 * shows at the end.  The file's contents are demo_disk's.
 *
 * State: struct demo_load, its core's own.  Locks: none.
 *
 * Not here: who asks for large blocks meanwhile, the verdict (demo_pressure.c).
 */
#include "boot/demo_load.h"

#include <buddy/mm.h>
#include <buddy/vmalloc.h>
#include <port/port.h>

#include "boot/daemon.h"
#include "boot/demo_disk.h"

#define WORDS	       ((unsigned)(PAGE_SIZE / sizeof(uint32_t)))
#define STRIDE	       8u
#define FILL_PAGES     16u /* of the file in one step */
#define STEPS_PER_POLL 32u
#define LOAD_GFP       (GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

uint32_t demo_load_stop;

/* One for each core: a stack is too small. */
static uint32_t buffers[PORT_NR_CPUS][PAGE_SIZE / sizeof(uint32_t)];

static unsigned below(uint32_t *state, unsigned n)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return (unsigned)(((uint64_t)x * n) >> 32);
}

static void fail(struct demo_load *load, const char *what, uintptr_t where)
{
	if (load->error)
		return;
	load->error = what;
	load->where = where;
}

/* ---- areas ------------------------------------------------------------------------ */

static uint32_t value(const uint32_t *p, uint32_t version)
{
	return ((uint32_t)(uintptr_t)p ^ version) * 0x9e3779b1u;
}

static void write_page(uint32_t *page, uint32_t version)
{
	page[0] = version;
	for (unsigned w = STRIDE; w < WORDS; w += STRIDE)
		page[w] = value(page + w, version);
}

static void verify_page(struct demo_load *load, const uint32_t *page)
{
	uint32_t version = page[0];

	for (unsigned w = STRIDE; w < WORDS; w += STRIDE)
		if (page[w] != value(page + w, version))
			fail(load, "memory of an area changed", (uintptr_t)(page + w));
	load->verified++;
}

/* False: no memory, or no addresses. */
static bool new_area(struct demo_load *load)
{
	struct load_area *area = &load->area[load->nr_areas];

	area->memory = __vmalloc(LOAD_AREA_PAGES * PAGE_SIZE, LOAD_GFP);
	if (!area->memory) {
		load->refused++;
		return false;
	}
	for (unsigned i = 0; i < LOAD_AREA_PAGES; i++)
		write_page(area->memory + i * WORDS, 1);
	area->sum = LOAD_AREA_PAGES;
	load->nr_areas++;
	load->writes += LOAD_AREA_PAGES;
	return true;
}

static void end_area(struct demo_load *load, struct load_area *area)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < LOAD_AREA_PAGES; i++) {
		verify_page(load, area->memory + i * WORDS);
		sum += area->memory[i * WORDS];
	}
	if (sum != area->sum)
		fail(load, "a page of an area is older than it was", (uintptr_t)area->memory);
	vfree(area->memory);
	area->memory = NULL;
}

static void use_area(struct demo_load *load)
{
	struct load_area *area = &load->area[below(&load->random, load->nr_areas)];
	uint32_t *page = area->memory + below(&load->random, LOAD_AREA_PAGES) * WORDS;

	verify_page(load, page);
	write_page(page, page[0] + 1);
	area->sum++;
	load->writes++;
}

/* ---- the file ------------------------------------------------------------------------ */

static void read_file(struct demo_load *load, uint32_t page)
{
	uint32_t *buffer = buffers[load->cpu];
	int err = filemap_read(load->file, (uint64_t)page << PAGE_SHIFT, buffer, PAGE_SIZE);

	if (err) {
		load->refused++;
		return;
	}
	load->file_reads++;
	if (!demo_disk_matches(buffer, page))
		fail(load, "a page of the file has other contents", page);
}

static void write_file(struct demo_load *load, uint32_t page)
{
	uint32_t *buffer = buffers[load->cpu];

	demo_disk_fill(buffer, page);
	if (filemap_write(load->file, (uint64_t)page << PAGE_SHIFT, buffer, PAGE_SIZE))
		load->refused++;
	else
		load->file_writes++;
}

/* ---- the whole --------------------------------------------------------------------- */

bool demo_load_fill(struct demo_load *load)
{
	if (load->nr_areas < load->want_areas) {
		if (!new_area(load))
			load->want_areas = load->nr_areas;
		return true;
	}
	if (!load->file || load->file_from == load->file_to)
		return false;
	for (unsigned i = 0; i < FILL_PAGES && load->file_from < load->file_to; i++)
		read_file(load, load->file_from++);
	return true;
}

void demo_load_step(struct demo_load *load)
{
	unsigned what = below(&load->random, 8);

	if (load->nr_areas && (what < 5 || !load->file))
		use_area(load);
	else if (load->file && what < 7)
		read_file(load, below(&load->random, load->file_pages));
	else if (load->file)
		write_file(load, below(&load->random, load->file_pages));
}

void demo_load_end(struct demo_load *load)
{
	while (load->nr_areas)
		end_area(load, &load->area[--load->nr_areas]);
}

static bool stopped(void)
{
	return __atomic_load_n(&demo_load_stop, __ATOMIC_RELAXED);
}

void demo_load_run(void *arg)
{
	struct demo_load *load = arg;

	while (!stopped() && demo_load_fill(load))
		;
	__atomic_store_n(&load->filled, 1, __ATOMIC_RELEASE);
	for (unsigned i = 1; !stopped(); i++) {
		demo_load_step(load);
		/* All cores are busy, so nobody else would. */
		if (i % STEPS_PER_POLL == 0)
			daemon_step();
	}
	demo_load_end(load);
	__atomic_store_n(&load->finished, 1, __ATOMIC_RELEASE);
}
