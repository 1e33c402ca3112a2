// SPDX-License-Identifier: MIT
// NEEDS: FILEMAP ORDER_10 COMPACTION RECLAIM
/*
 * The page cache over a device in memory: contents against a plain copy, whatever is
 * evicted, moved, written back or fails meanwhile.
 */
#include <string.h>

#include <mm/internal.h>

#include <buddy/filemap.h>

#include "../harness/fixture.h"
#include "../harness/ramdisk.h"
#include "../harness/tap.h"

#define PAGES	   40u
#define SECTORS	   (PAGES * (unsigned)(PAGE_SIZE / 512) - 3) /* the last page is not whole */
#define BYTES	   (SECTORS * 512u)
#define DISK_ORDER 6

static unsigned char *disk_bytes, *copy; /* the device's, and what should be on it */
static struct page *memory[2];
static struct ramdisk disk;
static struct address_space *map;
static uint32_t rng;

static uint32_t random_below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return (uint32_t)((uint64_t)rng * n >> 32);
}

static bool begin(void)
{
	rng = 2463534242u;
#ifdef TEST_HOST
	/* The cache's pages are written to by the cache, which asks no sanitizer. */
	host_unpoison_phys(default_geometry.ram[0].base, default_geometry.ram[0].size);
#endif
	for (unsigned i = 0; i < 2; i++) {
		memory[i] = alloc_pages(GFP_KERNEL, DISK_ORDER);
		if (!memory[i])
			return false;
		fill_block(memory[i], DISK_ORDER, i);
	}
	disk_bytes = page_address(memory[0]);
	copy = page_address(memory[1]);
	for (unsigned i = 0; i < BYTES; i++)
		copy[i] = disk_bytes[i] = (unsigned char)(i * 7 + (i >> 9));
	ramdisk_init(&disk, disk_bytes, SECTORS);
	map = filemap_open(&disk.dev);
	return map;
}

static void end(void)
{
	if (map)
		CHECK_EQ(filemap_close(map), 0);
	map = NULL;
	CHECK(!disk.collided);
	for (unsigned i = 0; i < 2; i++)
		__free_pages(memory[i], DISK_ORDER);
	drain_all_pages();
	check_all_free();
	CHECK_EQ(nr_lru_pages(), 0);
	CHECK_EQ(nr_dirty_pages(), 0);
	CHECK_EQ(nr_writeback_pages(), 0);
}

/* One read or write of random length at a random place; at most three pages. */
static int random_op(bool write)
{
	static unsigned char buf[3 * PAGE_SIZE];
	uint32_t len = 1 + random_below(random_below(4) ? 600 : sizeof(buf) - 1);
	uint32_t pos = random_below(BYTES);
	int err;

	len = min_t(len, BYTES - pos);
	if (!random_below(8)) { /* whole pages */
		pos &= ~(uint32_t)(PAGE_SIZE - 1);
		len = min_t((uint32_t)PAGE_SIZE, BYTES - pos);
	}
	if (!write) {
		err = filemap_read(map, pos, buf, len);
		if (!err)
			CHECK(!memcmp(buf, copy + pos, len));
		return err;
	}
	for (uint32_t i = 0; i < len; i++)
		buf[i] = (unsigned char)random_below(256);
	err = filemap_write(map, pos, buf, len);
	if (!err)
		memcpy(copy + pos, buf, len);
	return err;
}

static bool device_is_right(void)
{
	return !memcmp(disk_bytes, copy, BYTES);
}

/* ---- one after the other ------------------------------------------------------- */

static void reads_what_was_there(void)
{
	struct filemap_stats stats;

	REQUIRE(begin());
	for (unsigned i = 0; i < 300; i++)
		CHECK_EQ(random_op(false), 0);
	CHECK(filemap_nr_pages(map) <= PAGES);
	CHECK_EQ(disk.reads, filemap_nr_pages(map));
	CHECK_EQ(disk.writes, 0);
	filemap_stats(map, &stats);
	CHECK_EQ(stats.misses, disk.reads);
	CHECK(stats.hits > stats.misses);
	end();
}

static void writes_come_to_the_device_by_sync(void)
{
	REQUIRE(begin());
	for (unsigned i = 0; i < 500; i++)
		CHECK_EQ(random_op(i & 1), 0);
	CHECK(nr_dirty_pages() > 0);
	CHECK_EQ(filemap_sync(map), 0);
	CHECK(device_is_right());
	CHECK_EQ(nr_dirty_pages(), 0);
	end();
	CHECK(device_is_right());
}

static void whole_pages_are_not_read_first(void)
{
	static unsigned char page[PAGE_SIZE];

	REQUIRE(begin());
	memset(page, 0x5a, sizeof(page));
	CHECK_EQ(filemap_write(map, 4 * PAGE_SIZE, page, PAGE_SIZE), 0);
	CHECK_EQ(disk.reads, 0);
	CHECK_EQ(filemap_write(map, 6 * PAGE_SIZE, page, PAGE_SIZE - 1), 0);
	CHECK_EQ(disk.reads, 1);
	memcpy(copy + 4 * PAGE_SIZE, page, PAGE_SIZE);
	memcpy(copy + 6 * PAGE_SIZE, page, PAGE_SIZE - 1);
	CHECK_EQ(filemap_sync(map), 0);
	CHECK(device_is_right());
	end();
}

static void beyond_the_device_is_refused(void)
{
	unsigned char byte = 1;

	REQUIRE(begin());
	CHECK_EQ(filemap_read(map, BYTES, &byte, 1), -EINVAL);
	CHECK_EQ(filemap_write(map, BYTES - 1, &byte, 2), -EINVAL);
	CHECK_EQ(filemap_write(map, UINT64_MAX, &byte, 2), -EINVAL);
	CHECK(!filemap_get_page(map, BYTES));
	CHECK_EQ(filemap_read(map, BYTES, &byte, 0), 0);
	CHECK_EQ(filemap_read(map, BYTES - 1, &byte, 1), 0);
	CHECK_EQ(byte, copy[BYTES - 1]);
	end();
}

static void a_device_without_operations_is_refused(void)
{
	struct block_device none = {.name = "none", .nr_sectors = 8};

	CHECK(!filemap_open(&none));
	CHECK(!filemap_open(NULL));
}

/* ---- pages that go and move ------------------------------------------------------ */

static void clean_pages_go_dirty_ones_stay(void)
{
	unsigned char byte = 0x77;
	unsigned long dirty;

	REQUIRE(begin());
	for (unsigned i = 0; i < PAGES; i++)
		CHECK_EQ(filemap_read(map, (uint64_t)i * PAGE_SIZE, &byte, 1), 0);
	CHECK_EQ(filemap_write(map, 3 * PAGE_SIZE, &byte, 1), 0);
	copy[3 * PAGE_SIZE] = byte;
	dirty = nr_dirty_pages();
	CHECK_EQ(filemap_invalidate(map), PAGES - dirty);
	CHECK_EQ(filemap_nr_pages(map), dirty);
	end();
	CHECK(device_is_right());
}

/* Reclaim takes the cache, dirty pages by way of the device, and nothing is lost. */
static void reclaim_takes_it_back(void)
{
	REQUIRE(begin());
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 60; i++)
			CHECK_EQ(random_op(i % 3 == 0), 0);
		shrink_node_pages(-1, 16, GFP_KERNEL);
	}
	for (unsigned i = 0; i < 8 && filemap_nr_pages(map); i++)
		shrink_node_pages(-1, PAGES, GFP_KERNEL);
	CHECK_EQ(filemap_nr_pages(map), 0);
	CHECK(device_is_right());
	CHECK_EQ(random_op(false), 0);
	end();
}

static struct page *target(struct page *src, void *arg)
{
	struct page *page = alloc_page(GFP_USER | __GFP_MOVABLE | __GFP_NOWARN);

	(void)src;
	(void)arg;
	if (page)
		set_page_word(page, PAGE_STATE_PCP);
	return page;
}

static void target_back(struct page *page, void *arg)
{
	(void)arg;
	set_page_word(page, PAGE_ALLOCATED(0));
	__free_page(page);
}

/* Moves the page of a position, if it lets itself be moved. */
static unsigned move(uint64_t pos)
{
	struct page *page = filemap_get_page(map, pos);

	if (!page)
		return 0;
	put_page(page);
	if (!isolate_movable(page, MIGRATE_SYNC))
		return 0;
	return migrate_pages(&page, 1, target, target_back, NULL, MIGRATE_SYNC);
}

static void pages_move_and_are_found(void)
{
	unsigned moved = 0;
	struct filemap_stats stats;

	REQUIRE(begin());
	for (unsigned i = 0; i < 400; i++) {
		moved += move((uint64_t)random_below(PAGES - 1) * PAGE_SIZE);
		CHECK_EQ(random_op(i & 1), 0);
	}
	CHECK(moved > 300);
	filemap_stats(map, &stats);
	CHECK_EQ(stats.moved, moved);
	CHECK_EQ(filemap_sync(map), 0);
	CHECK(device_is_right());
	end();
}

static void who_holds_a_page_keeps_it_there(void)
{
	struct page *page;

	REQUIRE(begin());
	page = filemap_get_page(map, 5 * PAGE_SIZE);
	REQUIRE(page);
	CHECK(!isolate_movable(page, MIGRATE_SYNC));
	CHECK_EQ(filemap_invalidate(map), 0);
	CHECK_EQ(filemap_close(map), -EBUSY);
	CHECK_EQ(filemap_nr_pages(map), 1);
	put_page(page);
	end();
}

/* ---- errors ------------------------------------------------------------------------- */

/* The n-th read fails: who asked for it hears so, and the next one gets it. */
static void a_failed_read_is_tried_again(void)
{
	unsigned char byte;

	REQUIRE(begin());
	for (unsigned n = 1; n <= 6; n++) {
		unsigned failed = 0;

		filemap_invalidate(map);
		disk.fail_read = n;
		for (unsigned i = 0; i < 6; i++)
			failed += filemap_read(map, (uint64_t)i * PAGE_SIZE, &byte, 1) == -EIO;
		CHECK_EQ(failed, 1);
		CHECK_EQ(filemap_nr_pages(map), 5);
		for (unsigned i = 0; i < 6; i++) {
			CHECK_EQ(filemap_read(map, (uint64_t)i * PAGE_SIZE, &byte, 1), 0);
			CHECK_EQ(byte, copy[i * PAGE_SIZE]);
		}
	}
	end();
}

/* The n-th write fails: its page stays dirty, and the next sync has it. */
static void a_failed_write_loses_nothing(void)
{
	REQUIRE(begin());
	for (unsigned n = 1; n <= 8; n++) {
		for (unsigned i = 0; i < 20; i++)
			CHECK_EQ(random_op(true), 0);
		disk.fail_write = n;
		CHECK_EQ(filemap_sync(map), -EIO);
		CHECK_EQ(nr_dirty_pages(), 1);
		CHECK_EQ(filemap_sync(map), 0);
		CHECK(device_is_right());
	}
	/*
	 * A device that takes nothing any more: closing says so, and keeps what it could
	 * not write.
	 */
	CHECK_EQ(random_op(true), 0);
	disk.broken = true;
	CHECK_EQ(filemap_close(map), -EIO);
	CHECK(nr_dirty_pages() > 0);
	shrink_node_pages(-1, PAGES, GFP_KERNEL);
	CHECK(nr_dirty_pages() > 0);
	disk.broken = false;
	end();
	CHECK(device_is_right());
}

/* ---- several CPUs -------------------------------------------------------------------- */

#define CPU_MAX 4
#define ROUNDS	400u

static uint32_t wrong;

/*
 * What is written to while it is on its way to the device is written again (filemap.c): the
 * device reads what others write, by design, which ThreadSanitizer would have to call a race.
 */
#ifdef __SANITIZE_THREAD__
#define WRITEBACK_TOO 0
#else
#define WRITEBACK_TOO 1
#endif

/* Each has every fourth stretch of 512 bytes: pages are shared, bytes are not. */
static void storm(unsigned cpu, void *arg)
{
	uint32_t seed = 77 + cpu * 1000003;
	unsigned nr = *(unsigned *)arg;
	unsigned char buf[512];

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t stretch, pos;

		seed = seed * 1664525 + 1013904223;
		stretch = (seed >> 8) % (SECTORS / nr) * nr + cpu;
		pos = stretch * 512;
		if (filemap_read(map, pos, buf, sizeof(buf)) ||
		    memcmp(buf, copy + pos, sizeof(buf)))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		memset(buf, (int)(seed >> 24), sizeof(buf));
		if (filemap_write(map, pos, buf, sizeof(buf)))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		memcpy(copy + pos, buf, sizeof(buf));
		if (round % 8 == cpu)
			shrink_node_pages(-1, 8, WRITEBACK_TOO ? GFP_KERNEL : GFP_NOIO);
		if (round % 4 == cpu)
			move((uint64_t)((seed >> 4) % (PAGES - 1)) * PAGE_SIZE);
		if (WRITEBACK_TOO && round % 64 == cpu && filemap_sync(map))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		test_idle();
	}
}

static void cpus_at_once_lose_nothing(void)
{
	unsigned nr = test_nr_cpus();

	nr = min_t(nr, CPU_MAX);
	wrong = 0;
	REQUIRE(begin());
	run_on_cpus(nr, storm, &nr);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(filemap_sync(map), 0);
	CHECK(device_is_right());
	end();
	CHECK(device_is_right());
}

/* Device writes that last until another CPU waits for the same page, and a while longer. */
static int (*ram_write)(struct block_device *dev, uint32_t sector, const void *buf, unsigned nr);
static uint32_t writing, waiting, written;
static int synced[2];

static int slow_write(struct block_device *dev, uint32_t sector, const void *buf, unsigned nr)
{
	int err;

	__atomic_store_n(&writing, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 2000; i += __atomic_load_n(&waiting, __ATOMIC_ACQUIRE))
		test_idle();
	err = ram_write(dev, sector, buf, nr);
	__atomic_store_n(&written, 1, __ATOMIC_RELEASE);
	return err;
}

static void sync_at_once(unsigned cpu, void *arg)
{
	(void)arg;
	while (cpu && !__atomic_load_n(&writing, __ATOMIC_ACQUIRE))
		test_idle();
	if (cpu)
		__atomic_store_n(&waiting, 1, __ATOMIC_RELEASE);
	synced[cpu] = filemap_sync(map);
	CHECK(__atomic_load_n(&written, __ATOMIC_ACQUIRE));
}

static void sync_waits_for_who_is_writing(void)
{
	if (test_nr_cpus() < 2) {
		test_skip("one CPU");
		return;
	}
	REQUIRE(begin());
	writing = waiting = written = 0;
	ram_write = disk.dev.write;
	disk.dev.write = slow_write;
	memset(copy + 5 * PAGE_SIZE + 10, 0x5a, 100);
	CHECK_EQ(filemap_write(map, 5 * PAGE_SIZE + 10, copy + 5 * PAGE_SIZE + 10, 100), 0);
	run_on_cpus(2, sync_at_once, NULL);
	CHECK_EQ(synced[0], 0);
	CHECK_EQ(synced[1], 0);
	CHECK_EQ(disk.writes, 1);
	CHECK(device_is_right());
	end();
}

static const struct test_case cases[] = {
	TEST(reads_what_was_there),
	TEST(writes_come_to_the_device_by_sync),
	TEST(whole_pages_are_not_read_first),
	TEST(beyond_the_device_is_refused),
	TEST(a_device_without_operations_is_refused),
	TEST(clean_pages_go_dirty_ones_stay),
	TEST(reclaim_takes_it_back),
	TEST(pages_move_and_are_found),
	TEST(who_holds_a_page_keeps_it_there),
	TEST(a_failed_read_is_tried_again),
	TEST(a_failed_write_loses_nothing),
	TEST(cpus_at_once_lose_nothing),
	TEST(sync_waits_for_who_is_writing),
};

TEST_SUITE(filemap, cases);
