// SPDX-License-Identifier: MIT
// TARGET ONLY
/*
 * Page tables and caches on the board: temporary mappings, pages that are
 * withdrawn and made uncached, edges of cache maintenance.
 *
 * What is mapped by pages depends on how the image was started (debug_pagealloc=1, a
 * reusable range in the device tree, or the rest of the image's own MiB): a case that
 * finds none is skipped.  That the caches and TLBs obey is for silicon to show: an emulator
 * has no caches.  Misuse, which ends in panic(), is tests/target/crash.py's.
 *
 * State: taken[], the pages held while one with an entry of its own is looked for.
 */
#include <string.h>

#include <board.h>
#include <boot/boot.h>
#include <boot/bootargs.h>
#include <boot/cache.h>
#include <boot/mmu.h>
#include <boot/mmu_desc.h>
#include <boot/smp.h>

#include "tests/harness/fixture.h"
#include "tests/harness/tap.h"

#define TAKEN_MAX 2048

static struct page *taken[TAKEN_MAX];

static uint32_t phys_of(const struct page *page)
{
	return (uint32_t)page_to_pfn(page) << PAGE_SHIFT;
}

static bool in_window(const void *addr)
{
	return (uint32_t)addr - LAYOUT_KMAP_BASE < MIB;
}

/* ---- temporary mappings ------------------------------------------------------- */

static void both_mappings_show_the_same_contents(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	volatile uint32_t *low, *tmp;

	REQUIRE(page);
	low = page_address(page);
	low[0] = 0x11111111;
	low[1023] = 0x22222222;
	tmp = mmu_kmap_local(phys_of(page));
	CHECK(in_window((void *)tmp));
	CHECK(mmu_is_mapped((uint32_t)tmp));
	CHECK_EQ(mmu_phys((uint32_t)&tmp[7]), phys_of(page) + 28);
	CHECK_EQ(tmp[0], 0x11111111);
	CHECK_EQ(tmp[1023], 0x22222222);
	tmp[5] = 0x33333333;
	CHECK_EQ(low[5], 0x33333333);
	cache_flush_range((void *)tmp, (void *)(tmp + 1024));
	CHECK_EQ(tmp[5], 0x33333333);
	mmu_kunmap_local((void *)&tmp[1023]); /* anywhere in the page */
	CHECK(!mmu_is_mapped((uint32_t)tmp));
	CHECK_EQ(*mmu_l2_entry((uint32_t)tmp), 0);
	CHECK_EQ(low[5], 0x33333333);
	__free_page(page);
}

static void a_temporary_mapping_is_normal_memory_never_executable(void)
{
	void *tmp = mmu_kmap_local(BOARD_RAM_BASE);
	uint32_t entry = *mmu_l2_entry((uint32_t)tmp);

	CHECK_EQ(entry, BOARD_RAM_BASE | P_NORMAL | P_XN);
	/* and alone: what runs over its ends faults */
	CHECK(!mmu_is_mapped((uint32_t)tmp - PAGE));
	CHECK(!mmu_is_mapped((uint32_t)tmp + PAGE));
	mmu_kunmap_local(tmp);
}

static void nest(unsigned cpu, void *arg)
{
	struct page *page[KMAP_LOCAL_MAX];
	uint32_t *addr[KMAP_LOCAL_MAX];
	unsigned i, k, n;

	for (i = 0; i < KMAP_LOCAL_MAX; i++)
		page[i] = alloc_page(GFP_KERNEL);
	for (n = 0; n < 50; n++) {
		/*
		 * A tick's handler may take a slot above: fewer than all, on other cores
		 * too.
		 */
		for (i = 0; i < KMAP_LOCAL_MAX - 2; i++) {
			addr[i] = mmu_kmap_local(phys_of(page[i]));
			*addr[i] = cpu << 16 | i;
			CHECK(!i || addr[i] != addr[i - 1]);
		}
		for (k = 0; k < i; k++)
			CHECK_EQ(*addr[k], cpu << 16 | k);
		while (i--) {
			mmu_kunmap_local(addr[i]);
			CHECK_EQ(*(uint32_t *)page_address(page[i]), cpu << 16 | i);
		}
	}
	for (i = 0; i < KMAP_LOCAL_MAX; i++)
		__free_page(page[i]);
}

static uint32_t ticks_mapped;

static void map_in_interrupt(unsigned cpu)
{
	uint32_t *outer = mmu_kmap_local(BOARD_RAM_BASE), *inner = mmu_kmap_local(BOARD_RAM_BASE);

	if (*outer == *inner)
		__atomic_add_fetch(&ticks_mapped, 1, __ATOMIC_RELAXED);
	mmu_kunmap_local(inner);
	mmu_kunmap_local(outer);
}

static void all_cores_nest_and_interrupts_nest_on_top(void)
{
	ticks_mapped = 0;
	tick_hook = map_in_interrupt;
	for (unsigned round = 0; round < 1000 && !ticks_mapped; round++)
		run_on_cpus(test_nr_cpus(), nest, NULL);
	tick_hook = NULL;
	CHECK(ticks_mapped);
}

static void all_slots_of_a_core(void)
{
	void *addr[KMAP_LOCAL_MAX];
	port_irqflags_t flags = port_irq_save();
	unsigned i;

	for (i = 0; i < KMAP_LOCAL_MAX; i++)
		addr[i] = mmu_kmap_local(BOARD_RAM_BASE + i * PAGE);
	for (i = 0; i < KMAP_LOCAL_MAX; i++)
		CHECK_EQ(mmu_phys((uint32_t)addr[i]), BOARD_RAM_BASE + i * PAGE);
	while (i--)
		mmu_kunmap_local(addr[i]);
	port_irq_restore(flags);
}

static void a_page_of_highmem(void)
{
	uint32_t highmem = (uint32_t)bootarg_size("highmem", 0, UINT32_MAX), *tmp;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);

	REQUIRE(page);
	if (!highmem || phys_of(page) < highmem) {
		test_skip("no highmem");
		__free_page(page);
		return;
	}
	CHECK(!page_address(page));
	CHECK(!mmu_is_mapped(phys_of(page)));
	CHECK(!mmu_map_pages(phys_of(page), 1, PORT_PAGE_NORMAL));
	tmp = mmu_kmap_local(phys_of(page));
	memset(tmp, 0x5a, PAGE);
	mmu_kunmap_local(tmp);
	tmp = mmu_kmap_local(phys_of(page));
	CHECK_EQ(tmp[0], 0x5a5a5a5a);
	CHECK_EQ(tmp[1023], 0x5a5a5a5a);
	mmu_kunmap_local(tmp);
	__free_page(page);
}

/* ---- caches ----------------------------------------------------------------------- */

/*
 * Whatever the range, what lies beside it is as it was; clean and flush keep what is in it.
 */
static void case_48_edges_keep_their_neighbours(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	uint8_t *p;
	unsigned from, to, i;

	REQUIRE(page);
	p = page_address(page);
	for (from = 96; from < 130; from++) {
		for (to = from; to < 200; to += 1 + (to & 7)) {
			for (i = 0; i < 256; i++)
				p[i] = (uint8_t)(i ^ from ^ to);
			cache_clean_range(p + from, p + to);
			cache_flush_range(p + from, p + to);
			for (i = 0; i < 256; i++)
				CHECK_EQ(p[i], (uint8_t)(i ^ from ^ to));
			for (i = 0; i < 256; i++)
				p[i] = (uint8_t)(i + from + to);
			cache_invalidate_range(p + from, p + to);
			for (i = 0; i < 256; i++)
				if (i < from || i >= to)
					CHECK_EQ(p[i], (uint8_t)(i + from + to));
		}
	}
	__free_page(page);
}

/* ---- pages ------------------------------------------------------------------------- */

static void sections_and_the_image_are_refused(void)
{
	enum port_page_attr attr;
	uint32_t mib, before;

	for (attr = PORT_PAGE_NORMAL; attr <= PORT_PAGE_UNCACHED; attr++) {
		CHECK(!mmu_map_pages((uint32_t)_start, 1, attr));
		CHECK(!mmu_map_pages((uint32_t)_end - PAGE, 1, attr));
		CHECK(!mmu_map_pages((uint32_t)_end - PAGE, 2, attr));
		CHECK(!mmu_map_pages((uint32_t)_start - PAGE, 2, attr));
		CHECK(!mmu_map_pages((uint32_t)_end + 1, 1, attr));
		CHECK(!mmu_map_pages(BOARD_UART_BASE, 1, attr));
		CHECK(!mmu_map_pages(LAYOUT_KMAP_BASE + PAGE, 1, attr));
		CHECK(!mmu_map_pages(BOARD_RAM_END - PAGE, 2, attr));
		CHECK(!mmu_map_pages(BOARD_RAM_END - PAGE, 0xffffffff, attr));
		CHECK(!mmu_map_pages(0, 1, attr));
	}
	for (mib = BOARD_RAM_BASE; mib < BOARD_RAM_END; mib += MIB) {
		before = mmu_l1[mib / MIB];
		if ((before & TYPE_MASK) == TABLE_TYPE)
			continue;
		CHECK(!mmu_map_pages(mib, 1, PORT_PAGE_UNMAPPED));
		CHECK(!mmu_map_pages(mib + PAGE, 255, PORT_PAGE_UNCACHED));
		CHECK_EQ(mmu_l1[mib / MIB], before);
	}
}

/* Pages before the one that is refused stay as they are. */
static void a_refusal_changes_nothing(void)
{
	uint32_t first = (uint32_t)_end, past = (first | (MIB - 1)) + 1, entry;

	while (past < BOARD_RAM_END && (mmu_l1[past / MIB] & TYPE_MASK) == TABLE_TYPE)
		past += MIB;
	if (first == past || !mmu_is_mapped(past - PAGE)) {
		test_skip("no page before a section");
		return;
	}
	entry = *mmu_l2_entry(past - PAGE);
	CHECK(!mmu_map_pages(past - PAGE, 2, PORT_PAGE_UNMAPPED));
	CHECK_EQ(*mmu_l2_entry(past - PAGE), entry);
}

/* With debug_pagealloc all RAM has tables, and a reusable range always has. */
static void what_has_to_be_pages_is(void)
{
	bool all = bootarg_uint("debug_pagealloc", 0) != 0;
	const struct memblock_region *r;
	uint64_t addr;
	unsigned i;

	for (i = 0; (r = memblock_memory(i)); i++)
		for (addr = r->base; all && addr < r->base + r->size && addr < BOARD_RAM_END;
		     addr += PAGE)
			if (mmu_is_mapped((uint32_t)addr))
				CHECK(mmu_l2_entry((uint32_t)addr));
	for (i = 0; (r = memblock_reserved(i)); i++)
		for (addr = r->base; (r->flags & MEMBLOCK_REUSABLE) && addr < r->base + r->size;
		     addr += PAGE)
			CHECK(!mmu_is_mapped((uint32_t)addr) || mmu_l2_entry((uint32_t)addr));
}

/* nr pages in a row that nobody else has and that have entries of their own; 0: none. */
static uint32_t take_pages(unsigned order, unsigned *nr_taken)
{
	const struct memblock_region *r;
	struct page_use_info info;
	uint32_t found = 0;
	unsigned i;

	*nr_taken = 0;
	for (i = 0; (r = memblock_reserved(i)); i++) {
		if (!(r->flags & MEMBLOCK_REUSABLE) || r->size < PAGE << order)
			continue;
		page_use((unsigned long)(r->base >> PAGE_SHIFT), &info);
		if (info.use == PAGE_USE_RESERVED && mmu_is_mapped((uint32_t)r->base))
			return (uint32_t)r->base;
	}
	for (i = 0; !found && i < TAKEN_MAX; i++) {
		taken[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (!taken[i])
			break;
		*nr_taken = i + 1;
		if (mmu_l2_entry(phys_of(taken[i])))
			found = phys_of(taken[i]);
	}
	return found;
}

static void give_pages(unsigned order, unsigned nr_taken)
{
	while (nr_taken--)
		__free_pages(taken[nr_taken], order);
}

#define ROUND_ORDER 2u
#define ROUND_PAGES (1u << ROUND_ORDER)
#define ROUND_WORDS (ROUND_PAGES * PAGE / 4)

static uint32_t mix(uint32_t i, uint32_t seed)
{
	i = (i + seed) * 0x9e3779b1u;
	return i ^ i >> 15;
}

static void fill(volatile uint32_t *p, uint32_t seed)
{
	for (unsigned i = 0; i < ROUND_WORDS; i++)
		p[i] = mix(i, seed);
}

static unsigned differ(volatile uint32_t *p, uint32_t seed)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ROUND_WORDS; i++)
		n += p[i] != mix(i, seed);
	return n;
}

static void look_from_another_core(unsigned cpu, void *arg)
{
	if (cpu)
		CHECK_EQ(differ(arg, 3), 0);
}

static void the_contents_stay_whatever_the_mapping(void)
{
	unsigned nr_taken, i;
	uint32_t addr = take_pages(ROUND_ORDER, &nr_taken);
	volatile uint32_t *p = (void *)addr;

	if (!addr) {
		give_pages(ROUND_ORDER, nr_taken);
		test_skip("nothing is mapped by pages");
		return;
	}
	fill(p, 1);
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_UNCACHED));
	for (i = 0; i < ROUND_PAGES; i++)
		CHECK_EQ(*mmu_l2_entry(addr + i * PAGE), (addr + i * PAGE) | P_UNCACHED);
	CHECK_EQ(differ(p, 1), 0);
	fill(p, 2);
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_UNCACHED)); /* again */
	CHECK_EQ(differ(p, 2), 0);
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_NORMAL));
	CHECK_EQ(differ(p, 2), 0);
	for (i = 0; i < ROUND_PAGES; i++)
		CHECK_EQ(*mmu_l2_entry(addr + i * PAGE), (addr + i * PAGE) | P_NORMAL | P_XN);

	/* withdrawn while dirty, then uncached: the dirty lines may not come later */
	fill(p, 3);
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_UNMAPPED));
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_UNCACHED));
	CHECK_EQ(differ(p, 3), 0);
	run_on_cpus(test_nr_cpus(), look_from_another_core, (void *)addr);
	/* and from uncached by way of unmapped to normal */
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_UNMAPPED));
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_NORMAL));
	CHECK_EQ(differ(p, 3), 0);
	/* one page of the four, interrupts off */
	port_irqflags_t flags = port_irq_save();

	CHECK(mmu_map_pages(addr + PAGE, 1, PORT_PAGE_UNCACHED));
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_UNMAPPED));
	CHECK(mmu_map_pages(addr, ROUND_PAGES, PORT_PAGE_NORMAL));
	port_irq_restore(flags);
	CHECK_EQ(differ(p, 3), 0);
	give_pages(ROUND_ORDER, nr_taken);
}

static void a_withdrawn_page_is_not_mapped(void)
{
	unsigned nr_taken;
	uint32_t addr = take_pages(0, &nr_taken), next;

	if (!addr) {
		give_pages(0, nr_taken);
		test_skip("nothing is mapped by pages");
		return;
	}
	next = *mmu_l2_entry(addr ^ PAGE);
	CHECK(mmu_is_mapped(addr) && !mmu_is_unmapped_ram(addr));
	CHECK(mmu_map_pages(addr, 1, PORT_PAGE_UNMAPPED));
	CHECK(!mmu_is_mapped(addr) && mmu_is_unmapped_ram(addr));
	CHECK(!(*mmu_l2_entry(addr) & TYPE_MASK));
	CHECK(mmu_map_pages(addr, 1, PORT_PAGE_UNMAPPED)); /* again */
	CHECK(mmu_map_pages(addr, 1, PORT_PAGE_NORMAL));
	CHECK(mmu_is_mapped(addr) && !mmu_is_unmapped_ram(addr));
	CHECK_EQ(*mmu_l2_entry(addr), addr | P_NORMAL | P_XN);
	CHECK_EQ(*mmu_l2_entry(addr ^ PAGE), next);
	give_pages(0, nr_taken);
}

static const struct test_case cases[] = {
	TEST(both_mappings_show_the_same_contents),
	TEST(a_temporary_mapping_is_normal_memory_never_executable),
	TEST(all_cores_nest_and_interrupts_nest_on_top),
	TEST(all_slots_of_a_core),
	TEST(a_page_of_highmem),
	TEST(case_48_edges_keep_their_neighbours),
	TEST(sections_and_the_image_are_refused),
	TEST(a_refusal_changes_nothing),
	TEST(what_has_to_be_pages_is),
	TEST(the_contents_stay_whatever_the_mapping),
	TEST(a_withdrawn_page_is_not_mapped),
};
TEST_SUITE(mmu, cases);
