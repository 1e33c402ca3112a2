// SPDX-License-Identifier: MIT
/*
 * memblock: every promise of include/buddy/memblock.h, one by one.
 *
 * cmocka, on the host port's fake physical memory.  Owns no state beyond each
 * test: start() empties memblock and the memory.  Cases of docs/CASES.md that
 * concern early memory carry their number in the name.
 *
 * Not here: all calls in a random mix (test_memblock_model.c), the hand-over to
 * the zones (test_mm_init.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <buddy/config.h>
#include <buddy/memblock.h>
#include <port/host/host.h>
#include <port/port.h>

#define RAM  0x60000000ULL
#define MIB  (1ULL << 20)
#define NAME "owner"

static int start(void **state)
{
	(void)state;
	memblock_reset();
	host_unmap_all();
	host_log_clear();
	return 0;
}

static unsigned count(const struct memblock_region *(*get)(unsigned i))
{
	unsigned n = 0;

	while (get(n))
		n++;
	return n;
}

static void expect(const struct memblock_region *r, uint64_t base, uint64_t end, int nid,
		   unsigned flags, const char *name)
{
	assert_non_null(r);
	assert_int_equal(r->base, base);
	assert_int_equal(r->base + r->size, end);
	assert_int_equal(r->nid, nid);
	assert_int_equal(r->flags, flags);
	assert_ptr_equal(r->name, name);
}

/* ---- adding and reserving --------------------------------------------------- */

static void adjacent_ranges_merge(void **state)
{
	(void)state;
	/* U-Boot's two halves of a vexpress, the upper one first */
	assert_int_equal(memblock_add(0x80000000, 512 * MIB, 0), 0);
	assert_int_equal(memblock_add(0x60000000, 512 * MIB, 0), 0);
	assert_int_equal(count(memblock_memory), 1);
	expect(memblock_memory(0), 0x60000000, 0xa0000000, 0, 0, NULL);
	assert_int_equal(memblock_start_of_DRAM(), 0x60000000);
	assert_int_equal(memblock_end_of_DRAM(), 0xa0000000);
	assert_int_equal(memblock_phys_mem_size(), 1024 * MIB);
}

static void earlier_node_stays(void **state)
{
	(void)state;
	memblock_add(RAM + 4096, 4096, 1);
	memblock_add(RAM, 3 * 4096, 0);
	assert_int_equal(count(memblock_memory), 3);
	expect(memblock_memory(0), RAM, RAM + 4096, 0, 0, NULL);
	expect(memblock_memory(1), RAM + 4096, RAM + 8192, 1, 0, NULL);
	expect(memblock_memory(2), RAM + 8192, RAM + 12288, 0, 0, NULL);
	assert_true(memblock_is_region_memory(RAM, 3 * 4096));
	assert_false(memblock_is_region_memory(RAM, 3 * 4096 + 1));
	assert_false(memblock_is_region_memory(RAM - 1, 2));
	assert_false(memblock_is_region_memory(RAM, 0));
	assert_false(memblock_is_region_memory(RAM, UINT64_MAX));
	assert_false(memblock_is_region_memory(RAM + 12288, 1));
}

static void stricter_owner_wins(void **state)
{
	static const char *const first = "first", *const second = "second";

	(void)state;
	memblock_reserve(0x1000, 0x3000, first, MEMBLOCK_REUSABLE);
	memblock_reserve(0x3000, 0x3000, second, MEMBLOCK_NONE);
	memblock_reserve(0x5000, 0x2000, first, MEMBLOCK_NOMAP);
	memblock_reserve(0x6000, 0x2000, second, MEMBLOCK_REUSABLE);
	memblock_reserve(0x1000, 0x1000, second, MEMBLOCK_REUSABLE);
	expect(memblock_reserved(0), 0x1000, 0x3000, 0, MEMBLOCK_REUSABLE, first);
	expect(memblock_reserved(1), 0x3000, 0x4000, 0, MEMBLOCK_NONE, first);
	expect(memblock_reserved(2), 0x4000, 0x5000, 0, MEMBLOCK_NONE, second);
	expect(memblock_reserved(3), 0x5000, 0x6000, 0, MEMBLOCK_NOMAP, second);
	expect(memblock_reserved(4), 0x6000, 0x7000, 0, MEMBLOCK_NOMAP, first);
	expect(memblock_reserved(5), 0x7000, 0x8000, 0, MEMBLOCK_REUSABLE, second);
	assert_null(memblock_reserved(6));
	assert_int_equal(memblock_reserved_size(), 0x7000);
	assert_true(memblock_is_region_reserved(0x7fff, 1));
	assert_false(memblock_is_region_reserved(0x8000, 0x1000));
	assert_false(memblock_is_region_reserved(0x2000, 0));
	assert_true(memblock_is_region_reserved(0x7000, UINT64_MAX));
}

static void names_keep_neighbours_apart(void **state)
{
	static const char a[] = "a", b[] = "b";

	(void)state;
	memblock_reserve(0x1000, 0x1000, a, 0);
	memblock_reserve(0x2000, 0x1000, b, 0);
	memblock_reserve(0x3000, 0x1000, b, 0);
	expect(memblock_reserved(0), 0x1000, 0x2000, 0, 0, a);
	expect(memblock_reserved(1), 0x2000, 0x4000, 0, 0, b);
}

static void remove_and_free_cut(void **state)
{
	(void)state;
	memblock_add(RAM, 16 * MIB, 0);
	assert_int_equal(memblock_remove(RAM + 4 * MIB, 4 * MIB), 0);
	assert_int_equal(memblock_remove(RAM + 12 * MIB, 100 * MIB), 0);
	expect(memblock_memory(0), RAM, RAM + 4 * MIB, 0, 0, NULL);
	expect(memblock_memory(1), RAM + 8 * MIB, RAM + 12 * MIB, 0, 0, NULL);
	assert_null(memblock_memory(2));

	memblock_reserve(RAM, MIB, NAME, 0);
	assert_int_equal(memblock_free(RAM + 4096, 4096), 0);
	expect(memblock_reserved(0), RAM, RAM + 4096, 0, 0, NAME);
	expect(memblock_reserved(1), RAM + 8192, RAM + MIB, 0, 0, NAME);
	assert_int_equal(memblock_free(0x1000, 0x1000), 0); /* nothing there: nothing to do */
	assert_int_equal(count(memblock_reserved), 2);
}

static void wrong_arguments_are_refused(void **state)
{
	static const struct {
		uint64_t base, size;
	} wrong[] = {{RAM, 0}, {0, 0}, {RAM, UINT64_MAX}, {UINT64_MAX, 1}, {1, UINT64_MAX}};

	(void)state;
	memblock_add(RAM, MIB, 0);
	memblock_reserve(RAM, 4096, NAME, 0);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned lines = host_log_lines();

		assert_int_equal(memblock_add(wrong[i].base, wrong[i].size, 0), -EINVAL);
		assert_int_equal(memblock_remove(wrong[i].base, wrong[i].size), -EINVAL);
		assert_int_equal(memblock_reserve(wrong[i].base, wrong[i].size, NAME, 0), -EINVAL);
		assert_int_equal(memblock_free(wrong[i].base, wrong[i].size), -EINVAL);
		assert_int_equal(host_log_lines(), lines + 4);
	}
	assert_int_equal(memblock_add(RAM, MIB, -1), -EINVAL);
	assert_int_equal(memblock_add(RAM, MIB, BUDDY_MAX_NODES), -EINVAL);
	assert_true(host_log_has("expected 0 to 3"));
	assert_int_equal(memblock_reserve(RAM, MIB, NAME, 3), -EINVAL);
	assert_int_equal(memblock_reserve(RAM, MIB, NAME, 4), -EINVAL);
	/* nothing of it had an effect */
	assert_int_equal(memblock_phys_mem_size(), MIB);
	assert_int_equal(memblock_reserved_size(), 4096);
	/* the largest range there is */
	assert_int_equal(memblock_reserve(0, UINT64_MAX, NAME, 0), 0);
	assert_int_equal(memblock_reserved_size(), UINT64_MAX);
}

static void nothing_is_known_of_empty(void **state)
{
	uint64_t iter = 0, lo, hi;
	int nid;

	(void)state;
	assert_int_equal(memblock_phys_mem_size(), 0);
	assert_int_equal(memblock_start_of_DRAM(), 0);
	assert_int_equal(memblock_end_of_DRAM(), 0);
	assert_false(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_false(memblock_is_region_memory(0, 1));
	assert_false(memblock_is_region_reserved(0, 1));
	assert_int_equal(memblock_phys_alloc_range(1, 1, 0, 0, NAME), 0);
	memblock_dump();
	assert_int_equal(host_log_lines(), 0);
	/* a reservation alone makes no memory */
	memblock_reserve(RAM, MIB, NAME, 0);
	assert_int_equal(memblock_phys_alloc_range(1, 1, 0, 0, NAME), 0);
	assert_false(memblock_next_free(&iter, &lo, &hi, &nid));
}

/* ---- allocating -------------------------------------------------------------- */

static void highest_fit(void **state)
{
	(void)state;
	memblock_add(RAM, 16 * MIB, 0);
	memblock_reserve(RAM + 15 * MIB, MIB, NAME, 0);
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), RAM + 15 * MIB - 4096);
	/* the first gap below that is large enough and aligned */
	assert_int_equal(memblock_phys_alloc_range(MIB, MIB, 0, 0, NAME), RAM + 13 * MIB);
	assert_int_equal(memblock_phys_alloc_range(64, 0, 0, 0, NAME), RAM + 15 * MIB - 4160);
	/* bounds hold, the end exclusive */
	assert_int_equal(memblock_phys_alloc_range(MIB, 1, RAM + MIB, RAM + 2 * MIB, NAME),
			 RAM + MIB);
	assert_int_equal(memblock_phys_alloc_range(MIB, 1, RAM + MIB, RAM + 2 * MIB, NAME), 0);
	assert_int_equal(memblock_phys_alloc_range(MIB, 1, RAM + 10 * MIB, RAM + 5 * MIB, NAME), 0);
	/* refused or impossible */
	assert_int_equal(memblock_phys_alloc_range(0, 1, 0, 0, NAME), 0);
	assert_int_equal(memblock_phys_alloc_range(64, 3, 0, 0, NAME), 0);
	assert_true(host_log_has("expected a power of two"));
	assert_int_equal(memblock_phys_alloc_range(17 * MIB, 1, 0, 0, NAME), 0);
	assert_int_equal(memblock_phys_alloc_range(UINT64_MAX, 1, 0, 0, NAME), 0);
	assert_int_equal(memblock_phys_alloc_range(64, 1ULL << 63, 0, 0, NAME), 0);
}

static void address_zero_is_never_given(void **state)
{
	(void)state;
	memblock_add(0, 8192, 0);
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), 4096);
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), 0);
	assert_int_equal(memblock_phys_alloc_range(4095, 1, 0, 0, NAME), 1);
}

static void a_block_may_span_touching_nodes(void **state)
{
	(void)state;
	memblock_add(RAM, MIB, 0);
	memblock_add(RAM + MIB, MIB, 1);
	assert_int_equal(memblock_phys_alloc_range(2 * MIB, MIB, 0, 0, NAME), RAM);
}

static void pointers_are_zeroed_and_below_the_limit(void **state)
{
	uint8_t *p;

	(void)state;
	host_map_phys(RAM, 2 * MIB);
	memblock_add(RAM, 2 * MIB, 0);
	memblock_set_current_limit(RAM + MIB);
	p = memblock_alloc(1000, 256, NAME);
	assert_ptr_equal(p, port_phys_to_virt(RAM + MIB - 1024));
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(p[1000], 0xa5);
	assert_null(memblock_alloc(2 * MIB, 1, NAME));
	assert_null(memblock_alloc(UINT64_MAX, 1, NAME));
	assert_null(memblock_alloc(0, 1, NAME));
	memblock_set_current_limit(0);
	assert_ptr_equal(memblock_alloc(4096, 4096, NAME), port_phys_to_virt(RAM + 2 * MIB - 4096));
}

/* ---- arrays that grow --------------------------------------------------------- */

/* n ranges of 256 bytes, 512 apart, from base upward. */
static void reserve_many(uint64_t base, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(memblock_reserve(base + 512 * i, 256, NAME, 0), 0);
}

/* No reserved byte but n * 256 and the arrays' own. */
static uint64_t own_bytes(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; memblock_reserved(i); i++)
		if (memblock_reserved(i)->name && !strcmp(memblock_reserved(i)->name, "memblock"))
			sum += memblock_reserved(i)->size;
	return sum;
}

static void case_56_more_than_64_reservations(void **state)
{
	uint64_t iter = 0, lo, hi, sum = 0;
	int nid;

	(void)state;
	host_map_phys(RAM, 8 * MIB);
	memblock_add(RAM, 8 * MIB, 0);
	reserve_many(RAM, 1000);
	assert_int_equal(memblock_reserved_size(), 256000 + own_bytes());
	assert_int_equal(own_bytes(), 1024 * sizeof(struct memblock_region));
	for (unsigned i = 0; i < 1000; i++)
		expect(memblock_reserved(i), RAM + 512 * i, RAM + 512 * i + 256, 0, 0, NAME);
	while (memblock_next_free(&iter, &lo, &hi, &nid))
		sum += hi - lo;
	assert_int_equal(sum + memblock_reserved_size(), 8 * MIB);
	/* overlapping all of them once more costs nothing and fills the gaps */
	assert_int_equal(memblock_reserve(RAM, 512000, NAME, 0), 0);
	assert_int_equal(memblock_reserved_size(), 512000 + own_bytes());
	assert_int_equal(count(memblock_reserved), 2);
}

static void more_than_32_banks(void **state)
{
	(void)state;
	host_map_phys(RAM, 16 * MIB);
	memblock_add(RAM + 15 * MIB, MIB, 0);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(memblock_add(RAM + 16384 * i, 8192, i & 3), 0);
	assert_int_equal(memblock_phys_mem_size(), 500 * 8192 + MIB);
	for (unsigned i = 0; i < 500; i++)
		expect(memblock_memory(i), RAM + 16384 * i, RAM + 16384 * i + 8192, i & 3, 0, NULL);
}

static void growth_stays_out_of_the_new_range(void **state)
{
	(void)state;
	host_map_phys(RAM, MIB);
	memblock_add(RAM, MIB, 0);
	reserve_many(RAM, 62);
	/* everything but a hole in the middle: there the array must go */
	memblock_reserve(RAM + 0x20000, MIB - 0x20000, NAME, 0);
	assert_int_equal(own_bytes(), 128 * sizeof(struct memblock_region));
	assert_false(memblock_is_region_reserved(RAM + 62 * 512, 256));
	assert_true(memblock_is_region_reserved(RAM + 0x20000 - 256, 256));
	expect(memblock_reserved(63), RAM + 0x20000, RAM + MIB, 0, 0, NAME);
}

static void no_room_to_grow_changes_nothing(void **state)
{
	struct memblock_region before[64];
	char line[80];
	unsigned n;

	(void)state;
	host_map_phys(RAM, MIB);
	memblock_add(RAM, MIB, 0);
	memblock_reserve(RAM, MIB, NAME, 0);
	n = 1;
	while (memblock_reserve(RAM + 8 * MIB + 512 * n, 256, NAME, 0) == 0)
		n++;
	assert_true(n >= 60);
	snprintf(line, sizeof(line), "no room for 128 reserved ranges (%u bytes)\n",
		 (unsigned)(128 * sizeof(before[0])));
	assert_true(host_log_has(line));
	assert_int_equal(count(memblock_reserved), n);
	memcpy(before, memblock_reserved(0), n * sizeof(before[0]));
	assert_int_equal(memblock_reserve(0x1000, 0x1000, NAME, 0), -ENOMEM);
	assert_int_equal(memblock_phys_alloc_range(64, 64, 0, 0, NAME), 0);
	assert_memory_equal(before, memblock_reserved(0), n * sizeof(before[0]));
	/* memory cannot grow either */
	for (n = 1; memblock_add(16 * MIB + 1024 * n, 256, 0) == 0; n++)
		;
	assert_int_equal(count(memblock_memory), n);
	assert_int_equal(memblock_add(16 * MIB, 256, 0), -ENOMEM);
	assert_int_equal(memblock_phys_mem_size(), MIB + (n - 1) * 256);
	/* a hole takes up to two regions more: refused as soon as there is only one */
	for (n = count(memblock_reserved); memblock_free(RAM + 1024 * n, 256) == 0; n++)
		;
	assert_int_equal(memblock_free(RAM, 1), -ENOMEM);
	assert_int_equal(n, 63);
	assert_int_equal(count(memblock_reserved), 63);
}

static void arrays_leave_what_is_given_away(void **state)
{
	(void)state;
	host_map_phys(RAM, 4 * MIB);
	host_map_phys(RAM + 16 * MIB, MIB);
	memblock_add(RAM, 4 * MIB, 0);
	reserve_many(RAM, 100);
	for (unsigned i = 0; i < 40; i++)
		memblock_add(RAM + 16 * MIB + 8192 * i, 4096, 0);
	memblock_remove(RAM + 16 * MIB, 16 * MIB);
	/* the arrays lie at the top: cut that off, as mem= does, and forbid a touch */
	assert_true(memblock_is_region_reserved(RAM + 4 * MIB - 64, 64));
	assert_int_equal(memblock_remove(RAM + 3 * MIB, 16 * MIB), 0);
	host_protect_phys(RAM + 3 * MIB, MIB, false);
	assert_int_equal(count(memblock_memory), 1);
	assert_int_equal(memblock_phys_mem_size(), 3 * MIB);
	/* the same for a limit */
	assert_true(memblock_is_region_reserved(RAM + 3 * MIB - 64, 64));
	memblock_set_current_limit(RAM + 2 * MIB);
	host_protect_phys(RAM + 2 * MIB, MIB, false);
	assert_false(memblock_is_region_reserved(RAM + 2 * MIB, MIB));
	/* and for a reservation, which is a stranger's */
	assert_true(memblock_is_region_reserved(RAM + 2 * MIB - 64, 64));
	assert_int_equal(memblock_reserve(RAM + MIB, MIB, NAME, MEMBLOCK_NOMAP), 0);
	host_protect_phys(RAM + MIB, MIB, false);
	for (unsigned i = 0; i < 100; i++)
		expect(memblock_reserved(i), RAM + 512 * i, RAM + 512 * i + 256, 0, 0, NAME);
	/* nowhere to go: it says so and stays */
	assert_int_equal(memblock_remove(RAM, MIB), -ENOMEM);
	memblock_set_current_limit(RAM);
	assert_true(host_log_has("its own arrays stay beyond the limit 0x60000000"));
	assert_int_equal(memblock_phys_mem_size(), 3 * MIB);
}

static bool avoid_upper_half(void *arg, phys_addr_t base, phys_addr_t size, phys_addr_t *lowest)
{
	unsigned *asked = arg;

	(*asked)++;
	*lowest = RAM + 2 * MIB;
	return base + size > RAM + 2 * MIB;
}

static bool avoid_all(void *arg, phys_addr_t base, phys_addr_t size, phys_addr_t *lowest)
{
	(void)arg;
	*lowest = base + size; /* no use: the search has to go on by itself */
	return true;
}

static void what_is_yet_to_come_is_avoided(void **state)
{
	unsigned asked = 0;

	(void)state;
	host_map_phys(RAM, 2 * MIB); /* the upper half is not even there */
	memblock_add(RAM, 4 * MIB, 0);
	memblock_set_avoid(avoid_upper_half, &asked);
	reserve_many(RAM, 100);
	assert_int_equal(asked, 2);
	assert_false(memblock_is_region_reserved(RAM + 2 * MIB, 2 * MIB));
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), RAM + 2 * MIB - 8192);
	memblock_set_avoid(avoid_all, NULL);
	assert_int_equal(memblock_phys_alloc_range(MIB, 65536, 0, 0, NAME), 0);
	memblock_set_avoid(NULL, NULL);
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), RAM + 4 * MIB - 4096);
}

/* ---- cases --------------------------------------------------------------------- */

static void case_05_unaligned_bank_is_kept_to_the_byte(void **state)
{
	uint64_t iter = 0, lo, hi;
	int nid;

	(void)state;
	memblock_add(RAM + 0x123, 0x4567, 0);
	memblock_reserve(RAM + 0x1001, 1, NAME, 0);
	assert_true(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_int_equal(lo, RAM + 0x123);
	assert_int_equal(hi, RAM + 0x1001);
	assert_true(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_int_equal(lo, RAM + 0x1002);
	assert_int_equal(hi, RAM + 0x123 + 0x4567);
	assert_false(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_false(memblock_next_free(&iter, &lo, &hi, &nid));
}

static void case_06_a_range_over_two_nodes_is_told_apart(void **state)
{
	uint64_t iter = 0, lo, hi;
	int nid;

	(void)state;
	memblock_add(RAM, 8 * MIB, 0);
	memblock_add(RAM + 8 * MIB, 8 * MIB, 1);
	memblock_reserve(RAM + 7 * MIB, 2 * MIB, NAME, 0); /* over both */
	assert_true(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_true(lo == RAM && hi == RAM + 7 * MIB && nid == 0);
	assert_true(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_true(lo == RAM + 9 * MIB && hi == RAM + 16 * MIB && nid == 1);
	assert_false(memblock_next_free(&iter, &lo, &hi, &nid));
}

static void case_10_a_range_beyond_the_largest_order_is_whole(void **state)
{
	uint64_t iter = 0, lo, hi;
	int nid;

	(void)state;
	assert_int_equal(memblock_add(0x1000, (4ULL << 30) - 0x2000, 0), 0);
	assert_true(memblock_next_free(&iter, &lo, &hi, &nid));
	assert_true(lo == 0x1000 && hi == 0xfffff000);
	assert_false(memblock_next_free(&iter, &lo, &hi, &nid));
}

static void case_12_sizes_are_bytes(void **state)
{
	(void)state;
	memblock_add(RAM, 1, 0);
	memblock_reserve(RAM, 1, NAME, 0);
	assert_int_equal(memblock_phys_mem_size(), 1);
	assert_int_equal(memblock_reserved_size(), 1);
	assert_int_equal(memblock_end_of_DRAM(), RAM + 1);
	memblock_dump();
	assert_true(host_log_has("memory   [0x60000000-0x60000000]        0 KiB node 0"));
	memblock_reserve(RAM + MIB, 4 * MIB, "frame", MEMBLOCK_NOMAP);
	memblock_reserve(RAM + 8 * MIB, 4 * MIB, "pool", MEMBLOCK_REUSABLE);
	memblock_reserve(1ULL << 36, 4096, NULL, 0);
	memblock_dump();
	assert_true(host_log_has("[0x60100000-0x604fffff]     4096 KiB node 0 no-map frame\n"));
	assert_true(host_log_has("4096 KiB node 0 reusable pool\n"));
	assert_true(host_log_has("[0x0000001000000000-0x0000001000000fff]"));
}

static void case_16_widths_hold_at_4_GiB(void **state)
{
	(void)state;
	assert_int_equal(memblock_add(0xfff00000, MIB - 1, 0), 0);
	assert_int_equal(memblock_end_of_DRAM(), 0xffffffff);
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), 0xffffe000);
	assert_int_equal(memblock_add(0xffffffff, 1, 0), 0);
	assert_int_equal(memblock_end_of_DRAM(), 1ULL << 32);
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), 0xfffff000);
	assert_int_equal(memblock_add(0, 0xfff00000, 0), 0);
	assert_int_equal(count(memblock_memory), 1);
	assert_int_equal(memblock_phys_mem_size(), 1ULL << 32);
	assert_true(memblock_is_region_memory(0, 1ULL << 32));
	assert_true(memblock_is_region_reserved(0xffffe000, 1));
	assert_false(memblock_is_region_reserved(1ULL << 32, 1));
}

static void refuses(const char *what, int answer)
{
	assert_int_equal(answer, -EPERM);
	assert_true(host_log_has(what));
	assert_int_equal(host_log_lines(), 1);
	host_log_clear();
}

static void case_21_closed_memblock_refuses(void **state)
{
	uint64_t size, reserved;

	(void)state;
	host_map_phys(RAM, MIB);
	memblock_add(RAM, MIB, 0);
	memblock_reserve(RAM, 4096, NAME, 0);
	size = memblock_phys_mem_size();
	reserved = memblock_reserved_size();
	assert_false(memblock_is_closed());
	memblock_close();
	assert_true(memblock_is_closed());

	refuses("add refused", memblock_add(RAM, MIB, 0));
	refuses("add refused", memblock_add(0, 0, 0));
	refuses("remove refused", memblock_remove(RAM, 4096));
	refuses("reserve refused", memblock_reserve(RAM, 4096, NAME, 0));
	refuses("free refused", memblock_free(RAM, 4096));
	assert_int_equal(memblock_phys_alloc_range(4096, 4096, 0, 0, NAME), 0);
	refuses("allocation refused", -EPERM);
	assert_null(memblock_alloc(4096, 4096, NAME));
	refuses("allocation refused", -EPERM);
	memblock_set_current_limit(RAM);
	refuses("new limit refused", -EPERM);

	assert_int_equal(memblock_phys_mem_size(), size);
	assert_int_equal(memblock_reserved_size(), reserved);
	memblock_reset();
	assert_int_equal(memblock_add(RAM, MIB, 0), 0);
}

#define T(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(adjacent_ranges_merge),
		T(earlier_node_stays),
		T(stricter_owner_wins),
		T(names_keep_neighbours_apart),
		T(remove_and_free_cut),
		T(wrong_arguments_are_refused),
		T(nothing_is_known_of_empty),
		T(highest_fit),
		T(address_zero_is_never_given),
		T(a_block_may_span_touching_nodes),
		T(pointers_are_zeroed_and_below_the_limit),
		T(case_56_more_than_64_reservations),
		T(more_than_32_banks),
		T(growth_stays_out_of_the_new_range),
		T(no_room_to_grow_changes_nothing),
		T(arrays_leave_what_is_given_away),
		T(what_is_yet_to_come_is_avoided),
		T(case_05_unaligned_bank_is_kept_to_the_byte),
		T(case_06_a_range_over_two_nodes_is_told_apart),
		T(case_10_a_range_beyond_the_largest_order_is_whole),
		T(case_12_sizes_are_bytes),
		T(case_16_widths_hold_at_4_GiB),
		T(case_21_closed_memblock_refuses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
