// SPDX-License-Identifier: MIT
// LINK: boot/atags.c
// HOST ONLY: it allocates to the byte
/* The reader of a loader's tags: what is right is read, what is wrong ends the list. */
#include <stdlib.h>
#include <string.h>

#include "boot/atags.h"
#include "tests/harness/tap.h"

#define CORE 0x54410001u
#define MEM  0x54410002u
#define CMD  0x54410009u

static struct atags got;

/* In memory of exactly so many words, so that a sanitizer sees a read beyond. */
static bool read_words(const uint32_t *words, size_t nr)
{
	uint32_t *copy = malloc(nr * sizeof(*copy) + !nr);
	static char args[64];
	bool list;

	for (size_t i = 0; i < nr; i++)
		copy[i] = words[i];
	list = atags_read(copy, nr * sizeof(*copy), &got);
	if (got.bootargs) {
		strncpy(args, got.bootargs, sizeof(args) - 1);
		got.bootargs = args;
	}
	free(copy);
	return list;
}
#define READ(...)                                   \
	read_words((const uint32_t[]){__VA_ARGS__}, \
		   sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void memory_and_arguments_are_read(void)
{
	/* "mode=x" */
	CHECK(READ(5, CORE, 0, 4096, 0, 4, MEM, 0x04000000, 0x60000000, 4, CMD, 0x65646f6d,
		   0x0000783d, 4, MEM, 0x01000000, 0x80000000, 3, 0x54410005, 7, 0, 0));
	CHECK_EQ(got.nr_memory, 2);
	CHECK_EQ(got.memory[0].base, 0x60000000);
	CHECK_EQ(got.memory[0].bytes, 0x04000000);
	CHECK_EQ(got.memory[1].base, 0x80000000);
	CHECK(got.bootargs && !strcmp(got.bootargs, "mode=x"));
}

static void what_is_no_list_is_refused(void)
{
	CHECK(!READ(0, 0));
	CHECK(!READ(3, CORE, 0));
	CHECK(!READ(2, MEM));
	CHECK(!READ(2));
	CHECK(!read_words(NULL, 0));
	CHECK(!READ(0xedfe0dd0, 0x00100000, 0));
}

static void a_tag_that_leaves_the_list_ends_it(void)
{
	CHECK(READ(2, CORE, 4, MEM, 0x1000, 0x60000000, 9, MEM, 0x1000, 0x70000000));
	CHECK_EQ(got.nr_memory, 1);
	CHECK(READ(2, CORE, 1, MEM, 4, MEM, 0x1000, 0x60000000)); /* smaller than its header */
	CHECK_EQ(got.nr_memory, 0);
	CHECK(READ(2, CORE, 0xffffffff, CMD, 0));
	CHECK(!got.bootargs);
	CHECK(READ(2, CORE, 3, MEM, 0x1000));
	CHECK_EQ(got.nr_memory, 0);
}

static void arguments_without_an_end_are_left_out(void)
{
	CHECK(READ(2, CORE, 3, CMD, 0x65646f6d, 0, 0));
	CHECK(!got.bootargs);
	CHECK(READ(2, CORE, 3, CMD, 0, 0, 0)); /* empty */
	CHECK(!got.bootargs);
}

static void memory_that_wraps_or_is_empty_is_left_out(void)
{
	CHECK(READ(2, CORE, 4, MEM, 0x20000000, 0xf0000000, 4, MEM, 0, 0x60000000, 4, MEM,
		   0x10000000, 0xf0000000, 0, 0));
	CHECK_EQ(got.nr_memory, 1);
	CHECK_EQ(got.memory[0].base, 0xf0000000);
}

static void more_ranges_than_there_is_room_for(void)
{
	uint32_t words[2 + 4 * (ATAGS_MAX_MEMORY + 2)] = {2, CORE};

	for (unsigned i = 0; i < ATAGS_MAX_MEMORY + 2; i++)
		memcpy(words + 2 + 4 * i, (uint32_t[]){4, MEM, 4096, i << 20}, 16);
	CHECK(read_words(words, sizeof(words) / 4));
	CHECK_EQ(got.nr_memory, ATAGS_MAX_MEMORY);
}

static const struct test_case cases[] = {
	TEST(memory_and_arguments_are_read),
	TEST(what_is_no_list_is_refused),
	TEST(a_tag_that_leaves_the_list_ends_it),
	TEST(arguments_without_an_end_are_left_out),
	TEST(memory_that_wraps_or_is_empty_is_left_out),
	TEST(more_ranges_than_there_is_room_for),
};
TEST_SUITE(atags, cases);
