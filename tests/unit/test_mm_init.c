// SPDX-License-Identifier: MIT
// NEEDS: HIGHMEM ORDER_10 NODES
// HOST ONLY
/*
 * Start-up: which zones exist and where, who gets which page, what is refused.
 * All of it needs memories of its own making: host only.
 */
#include <errno.h>
#include <string.h>

#include <mm/internal.h>

#include "../harness/fixture.h"
#include "../harness/peek.h"
#include "../harness/tap.h"

#define MIB	(1ULL << 20)
#define SECTION ((unsigned long)PAGES_PER_SECTION)

/* The zone of this type and node; false when there is none. */
static bool find_zone(enum zone_type type, int nid, struct zone_info *info)
{
	for (unsigned i = 0; zone_info(i, info); i++)
		if (info->type == type && info->nid == nid)
			return true;
	return false;
}

static unsigned long reserved_by(const char *name)
{
	const struct memblock_region *r;
	unsigned long pages = 0;

	for (unsigned i = 0; (r = memblock_reserved(i)); i++)
		if (r->name && !strcmp(r->name, name))
			pages += (unsigned long)((r->base + r->size + PAGE_SIZE - 1) / PAGE_SIZE -
						 r->base / PAGE_SIZE);
	return pages;
}

/* Takes every page, checks that none is outside of the two ranges, gives all back. */
static void take_all_within(unsigned long a, unsigned long a_end, unsigned long b,
			    unsigned long b_end)
{
	struct page *head = NULL, *page;
	unsigned long nr = 0;

	while ((page = alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_MEMALLOC | __GFP_NOWARN, 0))) {
		unsigned long pfn = page_to_pfn(page);

		CHECK((pfn >= a && pfn < a_end) || (pfn >= b && pfn < b_end));
		page->mapping = head;
		head = page;
		nr++;
	}
	CHECK_EQ(nr, nr_managed_pages());
	while ((page = head)) {
		head = page->mapping;
		__free_page(page);
	}
	check_all_free();
}

/* ---- where zones lie ---------------------------------------------------------- */

static void the_worked_example_of_the_manual(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 0x40000000, 0}},
		.limits = {.dma_limit = 0x61000000,
			   .highmem_start = 0x90000000,
			   .movablecore = 64 << 20},
	};
	static const struct {
		enum zone_type type;
		unsigned long start, end;
	} want[] = {{ZONE_DMA, 0x60000, 0x61000},
		    {ZONE_NORMAL, 0x61000, 0x90000},
		    {ZONE_HIGHMEM, 0x90000, 0x9c000},
		    {ZONE_MOVABLE, 0x9c000, 0xa0000}};
	struct zone_info info;

	CHECK_EQ(start(&g), 0);
	for (unsigned i = 0; i < 4; i++) {
		REQUIRE(zone_info(i, &info)); /* by rising address */
		CHECK_EQ(info.type, want[i].type);
		CHECK_EQ(info.start_pfn, want[i].start);
		CHECK_EQ(info.spanned, want[i].end - want[i].start);
		CHECK_EQ(info.present, info.spanned);
	}
	CHECK(!zone_info(4, &info));
	CHECK(max_low_pfn == 0x90000);
}

static void one_zone_by_default(void)
{
	struct zone_info info;

	REQUIRE(zone_info(0, &info));
	CHECK_EQ(info.type, ZONE_NORMAL);
	CHECK_EQ(info.nid, 0);
	CHECK_EQ(info.start_pfn, 0x60000);
	CHECK_EQ(info.spanned, 64 * MIB / PAGE_SIZE);
	CHECK(!strcmp(info.name, "Normal"));
	CHECK(!zone_info(1, &info));
	CHECK_EQ(info.managed + reserved_by("mem_map"), info.present);
}

static void limits_round_down_to_sections(void)
{
	struct geometry g = {
		.ram = {{0x60000000, 64 * MIB, 0}},
		.limits = {.dma_limit = 0x61000000 + PAGE_SIZE,
			   .highmem_start = 0x62000000 + 3 * MIB + 5},
	};
	struct zone_info info;

	CHECK_EQ(start(&g), 0);
	REQUIRE(find_zone(ZONE_DMA, 0, &info));
	CHECK_EQ(info.start_pfn + info.spanned, 0x61000);
	REQUIRE(find_zone(ZONE_HIGHMEM, 0, &info));
	CHECK_EQ(info.start_pfn, 0x62000);
	/* rounds to nothing: no such zone */
	g.limits.dma_limit = 0x60000000 + 3 * MIB;
	g.limits.highmem_start = 0;
	CHECK_EQ(start(&g), 0);
	CHECK(!find_zone(ZONE_DMA, 0, &info));
	CHECK(!find_zone(ZONE_HIGHMEM, 0, &info));
}

static void movablecore_lies_at_the_top(void)
{
	struct geometry g = {
		.ram = {{0x60000000, 16 * MIB, 0}, {0x70000000, 16 * MIB, 0}},
		.limits = {.movablecore = 20 * MIB},
	};
	struct zone_info info;

	CHECK_EQ(start(&g), 0);
	REQUIRE(find_zone(ZONE_MOVABLE, 0, &info));
	CHECK_EQ(info.start_pfn, 0x60c00); /* 4 MiB below the hole and the whole upper bank */
	CHECK_EQ(info.present, 20 * MIB / PAGE_SIZE);
	CHECK_EQ(info.spanned, 0x71000 - 0x60c00);
	REQUIRE(find_zone(ZONE_NORMAL, 0, &info));
	CHECK_EQ(info.present, 12 * MIB / PAGE_SIZE);
}

static void nodes_have_zones_of_their_own(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 32 * MIB, 0}, {0x70000000, 16 * MIB, 2}},
	};
	struct zone_info info;
	struct page *page;

	CHECK_EQ(start(&g), 0);
	REQUIRE(find_zone(ZONE_NORMAL, 2, &info));
	CHECK_EQ(info.start_pfn, 0x70000);
	CHECK_EQ(info.present, 16 * MIB / PAGE_SIZE);
	page = alloc_pages_node(2, GFP_KERNEL | __GFP_THISNODE, 3);
	REQUIRE(page);
	CHECK(page_to_pfn(page) >= 0x70000);
	__free_pages(page, 3);
	/* a node without memory falls back on its neighbours, unless told not to */
	page = alloc_pages_node(1, GFP_KERNEL, 0);
	REQUIRE(page);
	__free_page(page);
	CHECK(!alloc_pages_node(1, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 0));
}

/* ---- cases ------------------------------------------------------------------- */

static void case_01_no_block_spans_two_zones(void)
{
	/* RAM from frame 0; the border at 2^24: both sides free, buddies by address */
	static const struct geometry g = {
		.ram = {{0, 32 * MIB, 0}},
		.limits = {.dma_limit = 16 * MIB, .nr_cpus = 1},
	};
	struct zone *zone;
	unsigned long listed[2] = {0, 0};

	CHECK_EQ(start(&g), 0);
	CHECK_EQ(nr_zones, 2);
	for (int round = 0; round < 2; round++) {
		for_each_zone(zone) {
			unsigned long lo = zone->zone_start_pfn, hi = lo + zone->spanned_pages;

			for (unsigned order = 0; order < NR_ORDERS; order++)
				for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
					struct list_head *h = peek_list(zone, order, mt);

					for (struct list_head *n = h->next; n != h; n = n->next) {
						unsigned long pfn = page_to_pfn(lru_to_page(n));

						CHECK(pfn >= lo && pfn + (1UL << order) <= hi);
						listed[zone - zones] += 1UL << order;
					}
				}
		}
		CHECK_EQ(listed[0] + listed[1], nr_managed_pages() * (round + 1));
		take_all_within(0, 0x2000, 0, 0);
	}
}

static void case_01_frame_0_is_a_page_like_any_other(void)
{
	static const struct geometry g = {.ram = {{0, 8 * MIB, 0}}, .limits = {.nr_cpus = 1}};
	struct page *head = NULL, *page;
	bool seen = false;

	CHECK_EQ(start(&g), 0);
	CHECK(pfn_valid(0));
	while ((page = alloc_pages(__GFP_MEMALLOC | __GFP_NOWARN, 0))) {
		seen |= page_to_pfn(page) == 0;
		page->mapping = head;
		head = page;
	}
	CHECK(seen);
	while ((page = head)) {
		head = page->mapping;
		free_page(page_address(page));
	}
}

static void case_03_unaligned_zone_end_and_a_hole_inside(void)
{
	/* every block is freed while all others are taken: the last one, too, asks for its buddy */
	static const struct geometry g = {
		.ram = {{0x60000000, 9 * MIB + 0x3000, 0}, {0x60b01000, 0x2000, 0}},
		.limits = {.nr_cpus = 1},
	};

	CHECK_EQ(start(&g), 0);
	CHECK(pfn_valid(0x60b03)); /* the section's rest has descriptors, and no RAM */
	CHECK(!pfn_valid(0x60c00));
	CHECK_EQ(page_word(pfn_to_page(0x60b03)), 0);
	CHECK_EQ(page_word(pfn_to_page(0x60a00)), 0);
	take_all_within(0x60000, 0x60903, 0x60b01, 0x60b03);
	CHECK_REFUSED(__free_page(pfn_to_page(0x60a00)));
	CHECK_REFUSED(__free_pages(pfn_to_page(0x60a00), 9));
}

static void case_03_the_end_of_the_address_space(void)
{
	static const struct geometry g = {
		.ram = {{0x100000000ULL - 9 * MIB, 9 * MIB, 0}},
		.limits = {.nr_cpus = 1},
	};
	struct zone_info info;

	CHECK_EQ(start(&g), 0);
	REQUIRE(zone_info(0, &info));
	CHECK_EQ(info.start_pfn + info.spanned, MAX_PFN);
	take_all_within(MAX_PFN - 9 * MIB / PAGE_SIZE, MAX_PFN, 0, 0);
	CHECK(!pfn_valid(MAX_PFN));
	CHECK(!pfn_valid(~0UL));
}

static void case_05_ragged_banks_round_inwards(void)
{
	struct geometry g = {
		.ram = {{0x60000001, 8 * MIB, 0}, {0x61000fff, 0x2001, 0}},
		.limits = {.nr_cpus = 1},
	};
	unsigned long tables;

	CHECK_EQ(start(&g), 0);
	tables = reserved_by("mem_map");
	/* [60001, 60800) and [61001, 61003) */
	CHECK_EQ(nr_managed_pages() + tables, 0x7ff + 2);
	CHECK_EQ(page_word(pfn_to_page(0x60000)), 0);
	CHECK(!pfn_valid(0x60800)); /* a byte of it is RAM, the section has no whole page */
	take_all_within(0x60001, 0x60800, 0x61001, 0x61003);

	g.ram[1].size = 0x1ffe; /* from 61000fff: one byte short of two pages' ends */
	CHECK_EQ(start(&g), 0);
	take_all_within(0x60001, 0x60800, 0x61001, 0x61002);

	g.ram[1].base = 0x61000800; /* less than a page in all */
	g.ram[1].size = 0xc00;
	CHECK_EQ(start(&g), 0);
	CHECK_EQ(nr_managed_pages() + reserved_by("mem_map"), 0x7ff);
	CHECK(!pfn_valid(0x61000) && !pfn_valid(0x61001));
}

static void case_05_ragged_reservations_round_outwards(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 8 * MIB, 0}},
		.reserved = {{0x60100fff, 2, 0}, {0x60200001, 1, 0}},
		.limits = {.nr_cpus = 1},
	};

	CHECK_EQ(start(&g), 0);
	CHECK_EQ(page_word_state(page_word(pfn_to_page(0x60100))), PAGE_STATE_RESERVED);
	CHECK_EQ(page_word_state(page_word(pfn_to_page(0x60101))), PAGE_STATE_RESERVED);
	CHECK_EQ(page_word_state(page_word(pfn_to_page(0x60200))), PAGE_STATE_RESERVED);
	CHECK_EQ(nr_managed_pages() + reserved_by("mem_map") + 3, 0x800);
}

static void case_06_a_region_over_several_zones(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 48 * MIB, 0}},
		.limits = {.dma_limit = 0x60800000,
			   .highmem_start = 0x62000000,
			   .movablecore = 8 * MIB},
	};
	unsigned long managed = 0;
	struct zone_info info;

	CHECK_EQ(start(&g), 0);
	for (unsigned i = 0; zone_info(i, &info); i++) {
		managed += info.managed;
		for (unsigned long pfn = info.start_pfn; pfn < info.start_pfn + info.spanned; pfn++)
			if (page_zone(pfn_to_page(pfn))->type != info.type)
				check_failed_eq(__FILE__, __LINE__, "each page's own zone", pfn, i);
	}
	CHECK_EQ(managed, nr_managed_pages());
	CHECK(find_zone(ZONE_DMA, 0, &info) && info.managed == 8 * MIB / PAGE_SIZE);
	CHECK(find_zone(ZONE_MOVABLE, 0, &info) && info.managed == 8 * MIB / PAGE_SIZE);
	take_all_within(0x60000, 0x63000, 0, 0);
}

static void case_10_a_region_larger_than_the_largest_order(void)
{
	struct zone_info info;
	unsigned long pages;

	REQUIRE(zone_info(0, &info)); /* 64 MiB and blocks of at most 4 */
	pages = 0;
	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
		pages += info.nr_free[MAX_ORDER][mt];
	CHECK(pages >= 64 * MIB / (PAGE_SIZE << MAX_ORDER) - 2);
	CHECK_EQ(info.free, info.managed);
}

static void case_12_descriptors_count_pages(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 12 * MIB + 0x1000, 0}, {0x68000000, 4 * MIB, 0}},
	};

	CHECK_EQ(start(&g), 0);
	/* sections that hold RAM: three whole ones, the one of a single page, the other bank */
	CHECK_EQ(nr_map_pages, 5 * SECTION);
	CHECK_EQ(page_to_pfn(mem_map), 0x60000);
	CHECK_EQ(page_to_pfn(mem_map + 4 * SECTION), 0x68000);
	CHECK(pfn_to_page(0x68000) == mem_map + 4 * SECTION);
	CHECK(!pfn_valid(0x61000) && pfn_valid(0x60c01));
	/* the tables: descriptors and, beside them, less than 64 KiB a CPU */
	CHECK(reserved_by("mem_map") * PAGE_SIZE >= nr_map_pages * sizeof(struct page));
	CHECK(reserved_by("mem_map") * PAGE_SIZE <=
	      nr_map_pages * sizeof(struct page) + PORT_NR_CPUS * 65536);
	for (unsigned long i = 0; i < nr_map_pages; i++)
		if (pfn_to_page(page_to_pfn(mem_map + i)) != mem_map + i)
			check_failed_eq(__FILE__, __LINE__, "descriptor and frame", i,
					page_to_pfn(mem_map + i));
}

static void case_16_four_gib_minus_one(void)
{
	/* ends in the last byte but one of a 32-bit address: counters of bytes would wrap */
	struct geometry g = {
		.ram = {{64 * MIB, 0x100000000ULL - 1 - 64 * MIB, 0}},
		.limits = {.highmem_start = 0x80000000, .nr_cpus = 1},
	};
	struct zone_info info;
	unsigned long pages = 0;

#if UINTPTR_MAX == UINT32_MAX
	test_skip("4 GiB do not fit beside the test");
	return;
#endif
	REQUIRE(start(&g) == 0);
	for (unsigned i = 0; zone_info(i, &info); i++)
		pages += info.present;
	CHECK_EQ(pages, 0xfbfff); /* the last page is there but for a byte: not there */
	CHECK_EQ(nr_managed_pages() + reserved_by("mem_map"), pages);
	CHECK_EQ(nr_free_pages(), nr_managed_pages());
	CHECK(nr_free_buffer_pages() < nr_free_pages());
	CHECK_EQ(page_word(pfn_to_page(0xfffff)), 0);
	CHECK_EQ(page_word(pfn_to_page(0xffffe)), PAGE_STATE_FREE);

	/* the whole of it is no machine's, but nothing wraps */
	g.ram[0] = (struct range){0, 0x100000000ULL - 1, 0};
	CHECK_EQ(start(&g), 0);
	CHECK_EQ(nr_managed_pages() + reserved_by("mem_map"), 0xfffff);
	CHECK_EQ(start(&default_geometry), 0);
}

static void case_16_banks_at_both_ends(void)
{
	static const struct geometry g = {
		.ram = {{0, 16 * MIB, 0}, {0x100000000ULL - 16 * MIB, 16 * MIB, 0}},
	};
	struct zone_info info;

	CHECK_EQ(start(&g), 0);
	REQUIRE(zone_info(0, &info));
	CHECK_EQ(info.spanned, MAX_PFN);
	CHECK_EQ(info.present, 32 * MIB / PAGE_SIZE);
	CHECK_EQ(nr_map_pages, 8 * SECTION);
	take_all_within(0, 0x1000, 0xff000, 0x100000);
}

static void memory_beyond_4_gib_is_left_alone(void)
{
	struct zone_info info;

	map_geometry(&(struct geometry){.ram = {{0xff000000, 16 * MIB, 0}}});
	CHECK_EQ(memblock_add(0x100000000ULL, 256 * MIB, 0), 0);
	CHECK_EQ(memblock_reserve(0x100000000ULL, 256 * MIB, "beyond", 0), 0);
	CHECK_EQ(start_mm(&(struct mm_limits){.nr_cpus = 1}), 0);
	REQUIRE(zone_info(0, &info));
	CHECK_EQ(info.start_pfn, 0xff000);
	CHECK_EQ(info.present, 16 * MIB / PAGE_SIZE);
}

static void case_21_memblock_refuses_after_the_hand_over(void)
{
	phys_addr_t size = memblock_phys_mem_size(), reserved = memblock_reserved_size();

	CHECK(memblock_is_closed());
	CHECK_EQ(memblock_add(0x70000000, 16 * MIB, 0), -EPERM);
	CHECK_EQ(memblock_remove(0x60000000, 1 * MIB), -EPERM);
	CHECK_EQ(memblock_reserve(0x60000000, 1 * MIB, "late", 0), -EPERM);
	CHECK_EQ(memblock_free(0x60000000, 64 * MIB), -EPERM);
	CHECK_EQ(memblock_phys_alloc_range(4096, 0, 0, 0, "late"), 0);
	CHECK(!memblock_alloc(64, 0, "late"));
	CHECK(host_log_lines() >= 6);
	CHECK_EQ(memblock_phys_mem_size(), size);
	CHECK_EQ(memblock_reserved_size(), reserved);
	/* and mm_init() itself has one go */
	CHECK(mm_init(&default_geometry.limits) < 0);
	CHECK_EQ(nr_free_pages(), nr_managed_pages());
}

/* ---- refusals -------------------------------------------------------------------- */

static void refused(const struct geometry *g, int err, const char *named)
{
	phys_addr_t size, reserved;

	map_geometry(g);
	size = memblock_phys_mem_size();
	reserved = memblock_reserved_size();
	host_log_clear();
	CHECK_EQ(mm_init(&g->limits), err);
	CHECK(host_log_has(named));
	CHECK(!memblock_is_closed());
	CHECK_EQ(memblock_phys_mem_size(), size);
	CHECK_EQ(memblock_reserved_size(), reserved);
}

static void what_is_wrong_is_named_and_changes_nothing(void)
{
	static const struct range ram = {0x60000000, 64 * MIB, 0};
	struct geometry g = {.ram = {ram}};

	g.limits = (struct mm_limits){.nr_cpus = PORT_NR_CPUS + 1};
	refused(&g, -EINVAL, "nr_cpus");
	g.limits = (struct mm_limits){.dma_limit = 0x62000000, .highmem_start = 0x61000000};
	refused(&g, -EINVAL, "highmem_start");
	g.limits = (struct mm_limits){.dma_limit = 0x62000000, .movablecore = 48 * MIB};
	refused(&g, -EINVAL, "movablecore");
	g = (struct geometry){.limits = {.nr_cpus = 1}};
	refused(&g, -EINVAL, "RAM");
	/* less than its own descriptors */
	g = (struct geometry){.ram = {{0x60000000, 0x4000, 0}}};
	refused(&g, -ENOMEM, "");
	/* enough, but all taken */
	g = (struct geometry){.ram = {ram}, .reserved = {ram}};
	refused(&g, -ENOMEM, "");
	/* nothing that is permanently mapped: descriptors cannot be in highmem */
	g = (struct geometry){.ram = {{0, 16 * MIB, 0}}, .limits = {.highmem_start = 1 * MIB}};
	refused(&g, -ENOMEM, "");
	/* after all that a right start works */
	CHECK_EQ(start(&default_geometry), 0);
}

static void cpus_beyond_the_number_are_refused(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 * MIB, 0}},
		.limits = {.nr_cpus = 2},
	};

	CHECK_EQ(start(&g), 0);
	host_log_clear();
	CHECK_EQ(mm_init_cpu(2), -EINVAL);
	CHECK_EQ(mm_init_cpu(~0U), -EINVAL);
	CHECK(host_log_has("nr_cpus"));
	CHECK_EQ(mm_init_cpu(0), 0);
}

static void the_tables_lie_in_lowmem(void)
{
	static const struct geometry g = {
		.ram = {{0x60000000, 64 * MIB, 0}},
		.limits = {.highmem_start = 0x61000000, .nr_cpus = 2},
	};
	uintptr_t at;

	CHECK_EQ(start(&g), 0);
	at = (uintptr_t)port_virt_to_phys(mem_map);
	CHECK(at >= 0x60000000 && at + nr_map_pages * sizeof(struct page) <= 0x61000000);
	CHECK(port_virt_to_phys(zones) < 0x61000000);
	CHECK(port_virt_to_phys(mm_cpus[1]) < 0x61000000);
}

static void the_smallest_memory_that_starts_works(void)
{
	struct geometry g = {.ram = {{0x60000000, 0x1000, 0}}, .limits = {.nr_cpus = 1}};
	struct page *page = NULL;

	while (start(&g) && g.ram[0].size < 4 * MIB)
		g.ram[0].size += 0x1000;
	CHECK(g.ram[0].size < 256 << 10);
	CHECK(nr_managed_pages() <= 2);
	page = alloc_pages(__GFP_MEMALLOC | __GFP_NOWARN, 0);
	if (nr_managed_pages())
		CHECK(page);
	if (page)
		__free_page(page);
	CHECK_EQ(mm_check_quiet(), 0);
}

static void starting_many_times_leaves_nothing_behind(void)
{
	unsigned long managed = nr_managed_pages();

	for (int i = 0; i < 20; i++) {
		CHECK(alloc_pages(GFP_KERNEL, (unsigned)i % NR_ORDERS)); /* lost on purpose */
		CHECK_EQ(start(&default_geometry), 0);
		CHECK_EQ(nr_managed_pages(), managed);
		CHECK_EQ(vm_events(PGALLOC), 0);
		CHECK_EQ(mm_check_quiet(), 0);
	}
}

static const struct test_case cases[] = {
	TEST(the_worked_example_of_the_manual),
	TEST(one_zone_by_default),
	TEST(limits_round_down_to_sections),
	TEST(movablecore_lies_at_the_top),
	TEST(nodes_have_zones_of_their_own),
	TEST(case_01_no_block_spans_two_zones),
	TEST(case_01_frame_0_is_a_page_like_any_other),
	TEST(case_03_unaligned_zone_end_and_a_hole_inside),
	TEST(case_03_the_end_of_the_address_space),
	TEST(case_05_ragged_banks_round_inwards),
	TEST(case_05_ragged_reservations_round_outwards),
	TEST(case_06_a_region_over_several_zones),
	TEST(case_10_a_region_larger_than_the_largest_order),
	TEST(case_12_descriptors_count_pages),
	TEST(case_16_four_gib_minus_one),
	TEST(case_16_banks_at_both_ends),
	TEST(memory_beyond_4_gib_is_left_alone),
	TEST(case_21_memblock_refuses_after_the_hand_over),
	TEST(what_is_wrong_is_named_and_changes_nothing),
	TEST(cpus_beyond_the_number_are_refused),
	TEST(the_tables_lie_in_lowmem),
	TEST(the_smallest_memory_that_starts_works),
	TEST(starting_many_times_leaves_nothing_behind),
};
TEST_SUITE(mm_init, cases);
