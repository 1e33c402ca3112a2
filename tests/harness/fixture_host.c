// SPDX-License-Identifier: MIT
/*
 * The fixture on the host: an allocator started anew for every case, in fake
 * memory that is as unfriendly as can be: filled with garbage, nothing outside
 * it accessible, what memblock handed over poisoned for AddressSanitizer.
 *
 * State: the geometry that runs; changed only between cases.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "fixture_priv.h"
#include "tap.h"

#define POISON_MAX (256ULL << 20) /* shadow memory is an eighth of what is poisoned */
#define SECTION	   ((uint64_t)PAGE_SIZE * PAGES_PER_SECTION)

const struct geometry default_geometry = {
	.ram = {{0x60000000, 64 << 20, 0}},
};

/* One mapping for ranges that one block could cross: on 32 bit they must be side by side. */
void map_geometry(const struct geometry *g)
{
	struct range ram[8];
	unsigned nr = 0;

	host_cpu_reset();
	host_unmap_all();
	memblock_reset();
	for (const struct range *r = g->ram; r < g->ram + 8 && r->size; r++) {
		unsigned i = nr++;

		for (; i && ram[i - 1].base > r->base; i--)
			ram[i] = ram[i - 1];
		ram[i] = *r;
	}
	for (unsigned i = 0; i < nr;) {
		uint64_t base = ram[i].base, end = base + ram[i].size;

		while (++i < nr && ram[i].base < end + SECTION)
			if (ram[i].base + ram[i].size > end)
				end = ram[i].base + ram[i].size;
		host_map_phys(base, end - base);
	}
	for (const struct range *r = g->ram; r < g->ram + 8 && r->size; r++)
		if (memblock_add(r->base, r->size, r->nid))
			check_failed(__FILE__, __LINE__, "memblock_add() of the geometry");
	for (const struct range *r = g->reserved; r < g->reserved + 8 && r->size; r++)
		if (memblock_reserve(r->base, r->size, "test", 0))
			check_failed(__FILE__, __LINE__, "memblock_reserve() of the geometry");
}

static void poison_free_memory(void)
{
	uint64_t iter = 0;
	phys_addr_t from, to;
	int nid;

	if (memblock_phys_mem_size() > POISON_MAX)
		return;
	while (memblock_next_free(&iter, &from, &to, &nid))
		host_poison_phys(from, to - from);
}

int start_mm(const struct mm_limits *limits)
{
	int ret = mm_init(limits);

	if (ret)
		return ret;
	ret = mm_init_cpu(0);
	if (ret)
		return ret;
	poison_free_memory();
	fixture_count();
	host_log_clear();
	return 0;
}

int start(const struct geometry *g)
{
	map_geometry(g);
	return start_mm(&g->limits);
}

void fixture_begin(void)
{
	int ret;

	memset(&mm_policy, 0, sizeof(mm_policy));
	gfp_allowed_mask = __GFP_BITS_MASK;
	ret = start(&default_geometry);

	if (ret) {
		printf("Bail out! mm_init() of the default geometry returned %d\n", ret);
		exit(1);
	}
}

void fixture_settle(void)
{
	host_irq_set_rate(0, 1);
	host_set_jitter(0);
}

void init_this_cpu(unsigned cpu)
{
	port_irqflags_t flags = port_irq_save();
	bool is_new = !port_percpu();

	port_irq_restore(flags);
	if (is_new)
		CHECK_EQ(mm_init_cpu(cpu), 0);
}

void play_cpu(unsigned cpu)
{
	host_cpu_switch(cpu);
	init_this_cpu(cpu);
}

void unpoison_block(struct page *page, unsigned order)
{
	host_unpoison_phys((uint64_t)page_to_pfn(page) << PAGE_SHIFT, PAGE_SIZE << order);
}

void poison_block(struct page *page, unsigned order)
{
	host_poison_phys((uint64_t)page_to_pfn(page) << PAGE_SHIFT, PAGE_SIZE << order);
}

/* ---- faults ------------------------------------------------------------- */

#define FAULTED 42

static void on_fault(int sig)
{
	(void)sig;
	_exit(FAULTED);
}

bool touch_faults(char *p, bool write)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		signal(SIGSEGV, on_fault);
		if (write)
			*(volatile char *)p = 1;
		else
			(void)*(volatile char *)p;
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status) == FAULTED;
}
