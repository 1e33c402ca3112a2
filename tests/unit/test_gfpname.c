// SPDX-License-Identifier: MIT
// LINK: boot/gfpname.c
/*
 * The names of gfp flags, to be written and to be read, and the numbers that a person
 * types.
 */
#include <string.h>

#include "boot/gfpname.h"

#include "../harness/fixture.h"
#include "../harness/tap.h"

static void check_parse(const char *text, gfp_t want)
{
	const char *bad = NULL;
	unsigned bad_len = 0;
	gfp_t gfp = ~want;

	CHECK(gfp_parse(text, &gfp, &bad, &bad_len));
	CHECK_EQ(gfp, want);
}

static void check_refused(const char *text, const char *want_bad)
{
	const char *bad = NULL;
	unsigned bad_len = 0;
	gfp_t gfp;

	REQUIRE(!gfp_parse(text, &gfp, &bad, &bad_len));
	CHECK(bad >= text && bad_len == strlen(want_bad) && !strncmp(bad, want_bad, bad_len));
}

static void reads_names_and_numbers(void)
{
	check_parse("GFP_KERNEL", GFP_KERNEL);
	check_parse("GFP_ATOMIC|__GFP_ZERO", GFP_ATOMIC | __GFP_ZERO);
	check_parse("GFP_NOIO,__GFP_COLD+__GFP_NOWARN", GFP_NOIO | __GFP_COLD | __GFP_NOWARN);
	check_parse("0", 0);
	check_parse("0x10|0x2", 0x12);
	check_parse("GFP_DMA|16", GFP_DMA | 16);
	check_parse("0xffffffff", 0xffffffff);
}

static void names_what_it_does_not_know(void)
{
	check_refused("", "");
	check_refused("GFP_KERNE", "GFP_KERNE");
	check_refused("GFP_KERNELS", "GFP_KERNELS");
	check_refused("gfp_kernel", "gfp_kernel");
	check_refused("GFP_KERNEL|FOO|BAR", "FOO");
	check_refused("GFP_KERNEL|", "");
	check_refused("|GFP_KERNEL", "");
	check_refused("0x", "0x");
	check_refused("0x100000000", "0x100000000");
}

static void every_name_comes_back(void)
{
	const char *name, *bad;
	unsigned bad_len, i;
	char text[400];
	gfp_t gfp, again;

	for (i = 0; (name = gfp_name(i)); i++) {
		REQUIRE(gfp_parse(name, &gfp, &bad, &bad_len));
		CHECK_EQ(gfp, gfp_flag(i));
		CHECK(gfp && !(gfp & ~__GFP_BITS_MASK));
		gfp_format(gfp, text, sizeof(text));
		REQUIRE(gfp_parse(text, &again, &bad, &bad_len));
		CHECK_EQ(again, gfp);
	}
	CHECK(i > 30);
	CHECK_EQ(gfp_flag(i), 0);
	CHECK(!gfp_name(~0U) && !gfp_flag(~0U));
	/* Every flag that there is has a name: no hex in what is written. */
	gfp_format(__GFP_BITS_MASK, text, sizeof(text));
	CHECK(!strstr(text, "0x"));
	for (gfp = 1; gfp; gfp <<= 1) {
		gfp_format(gfp, text, sizeof(text));
		CHECK_EQ(!strstr(text, "0x"), (gfp & __GFP_BITS_MASK) != 0);
		CHECK(!strchr(text, '|'));
	}
}

static void check_format(gfp_t gfp, const char *want)
{
	char text[400];

	gfp_format(gfp, text, sizeof(text));
	CHECK(!strcmp(text, want));
}

/* The combination that says most comes first, and takes its flags along. */
static void the_largest_combination_is_named(void)
{
	check_format(GFP_KERNEL, "GFP_KERNEL");
	check_format(GFP_USER, "GFP_USER");
	check_format(GFP_HIGHUSER, "GFP_HIGHUSER");
	check_format(GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE");
	check_format(GFP_KERNEL_ACCOUNT, "GFP_KERNEL_ACCOUNT");
	check_format(GFP_ATOMIC, "GFP_ATOMIC");
	check_format(GFP_NOFS, "GFP_NOFS");
	check_format(GFP_NOIO, "GFP_NOIO");
	check_format(GFP_NOWAIT, "GFP_NOWAIT");
	check_format(GFP_DMA, "GFP_DMA");
	check_format(GFP_KERNEL | __GFP_COMP | __GFP_NORETRY,
		     "GFP_KERNEL|__GFP_COMP|__GFP_NORETRY");
	check_format(GFP_USER | __GFP_WRITE | 0x80000000, "GFP_USER|__GFP_WRITE|0x80000000");
	check_format(__GFP_NOFAIL | __GFP_ACCOUNT, "__GFP_ACCOUNT|__GFP_NOFAIL");
	check_format(0, "0");
}

/* No value needs more than the header says. */
static void four_hundred_bytes_hold_everything(void)
{
	char text[1000];
	size_t longest = 0;

	for (unsigned skip = 0; skip < 33; skip++)
		for (unsigned skip2 = 0; skip2 < 33; skip2++) {
			gfp_format(~0U & ~(skip < 32 ? 1U << skip : 0) &
					   ~(skip2 < 32 ? 1U << skip2 : 0),
				   text, sizeof(text));
			longest = strlen(text) > longest ? strlen(text) : longest;
		}
	CHECK(longest < 400);
}

#ifdef TEST_HOST
#define NR_FLAGS 10000u
#else
#define NR_FLAGS 2000u
#endif

static void random_flags_come_back(void)
{
	struct rng rng = rng_seed((uint32_t)test_option("seed", 1));
	char text[400];

	for (unsigned i = 0; i < NR_FLAGS; i++) {
		const char *bad;
		unsigned bad_len;
		gfp_t gfp = rng_next(&rng), again = ~gfp;

		gfp_format(gfp, text, sizeof(text));
		REQUIRE(gfp_parse(text, &again, &bad, &bad_len));
		CHECK_EQ(again, gfp);
	}
	gfp_format(0, text, sizeof(text));
	CHECK(!strcmp(text, "0"));
}

static void a_short_buffer_is_enough(void)
{
	for (unsigned size = 1; size < 40; size++) {
		char text[48];

		memset(text, '#', sizeof(text));
		gfp_format(GFP_HIGHUSER_MOVABLE | __GFP_ZERO | 0x80000000, text, size);
		CHECK(strlen(text) < size);
		for (unsigned i = size; i < sizeof(text); i++)
			CHECK(text[i] == '#');
	}
}

static void numbers_are_read_whole(void)
{
	static const struct {
		const char *text;
		bool ok;
		uint32_t value;
	} row[] = {
		{"0", true, 0},
		{"10", true, 10},
		{"0x1F", true, 31},
		{"0Xff", true, 255},
		{"4294967295", true, 0xffffffff},
		{"0xffffffff", true, 0xffffffff},
		{"000000000000000000012", true, 12},
		{"4294967296", false, 0},
		{"0x100000000", false, 0},
		{"99999999999999999999999999", false, 0},
		{"", false, 0},
		{"0x", false, 0},
		{"x1", false, 0},
		{"1f", false, 0},
		{"0x1g", false, 0},
		{"-1", false, 0},
		{" 1", false, 0},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint32_t value = 0;
		bool ok = parse_u32(row[i].text, (unsigned)strlen(row[i].text), &value);

		CHECK_EQ(ok, row[i].ok);
		if (row[i].ok)
			CHECK_EQ(value, row[i].value);
	}
}

static const struct test_case cases[] = {
	TEST(reads_names_and_numbers),
	TEST(names_what_it_does_not_know),
	TEST(every_name_comes_back),
	TEST(random_flags_come_back),
	TEST(a_short_buffer_is_enough),
	TEST(numbers_are_read_whole),
	TEST(the_largest_combination_is_named),
	TEST(four_hundred_bytes_hold_everything),
};
TEST_SUITE(gfpname, cases);
