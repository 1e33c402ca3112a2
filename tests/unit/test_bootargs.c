// SPDX-License-Identifier: MIT
// LINK: boot/bootargs.c
/*
 * The boot arguments: words, numbers, ranges and lists, right ones and wrong
 * ones; what is wrong is named and changes nothing.
 *
 * cmocka; the console is a buffer here, emptied for each line.
 *
 * Not here: what the values do (each where it is used).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/bootargs.h"
#include "boot/console.h"

static char said[4096];

int console_printf(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	return len;
}

static void line(const char *args)
{
	said[0] = '\0';
	bootargs_init(args);
}

static void complains(const char *text)
{
	if (!strstr(said, text))
		fail_msg("expected \"%s\" in:\n%s", text, said);
}

static void words_and_values(void **state)
{
	(void)state;
	line(" mode=demo\tsemihosting  seed=1 seed=2 crash=\"two words\" ");
	assert_string_equal(bootarg_get("mode"), "demo");
	assert_string_equal(bootarg_get("semihosting"), "");
	assert_string_equal(bootarg_get("seed"), "2");
	assert_string_equal(bootarg_get("crash"), "two words");
	assert_null(bootarg_get("mod"));
	assert_null(bootarg_get("model"));
	assert_string_equal(said, "");
}

static void unknown_words_are_named(void **state)
{
	(void)state;
	line("mode=demo quiet demo.ops=5 cmax=1 cma=1M kernelcore=1M movablecore=1M deferred=0 "
	     "fair_zones=1 node_reclaim=1 defrag_mode=1 watermark_boost_factor=1 "
	     "lowmem_reserve_ratio=1");
	bootargs_list_unknown();
	assert_string_equal(said, "bootargs: \"quiet\" is not for us\n"
				  "bootargs: \"cmax=1\" is not for us\n");
}

static void a_line_that_is_too_long(void **state)
{
	static char text[2 * BOOTARGS_MAX];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	line(text);
	complains("bootargs: longer than 1022 characters, the rest is left out");
}

static void sizes(void **state)
{
	(void)state;
	line("a=16M b=0x10k c=010 d=1G e=4G f=4095M g= h=12Q i=0x j=99999999999999999999 k=1MM l");
	assert_int_equal(bootarg_size("a", 7, UINT32_MAX), 16 << 20);
	assert_int_equal(bootarg_size("b", 7, UINT32_MAX), 16 << 10);
	assert_int_equal(bootarg_size("c", 7, UINT32_MAX), 8);
	assert_int_equal(bootarg_size("d", 7, UINT32_MAX), 1U << 30);
	assert_int_equal(bootarg_size("f", 7, UINT32_MAX), 4095U << 20);
	assert_int_equal(bootarg_size("nothing", 7, UINT32_MAX), 7);
	assert_string_equal(said, "");
	assert_int_equal(bootarg_size("e", 7, UINT32_MAX), 7);
	complains("bootargs: e=4G: expected a number (K, M, G) of at most 0x0ffffffff, ignored");
	for (const char *name = "g\0h\0i\0j\0k\0l\0"; *name; name += 2) {
		said[0] = '\0';
		assert_int_equal(bootarg_size(name, 7, UINT32_MAX), 7);
		complains("expected a number");
	}
	assert_int_equal(bootarg_uint("a", 7), 16 << 20);
}

static void zero_or_one(void **state)
{
	(void)state;
	line("a=0 b=1 c=2 d= e f=01 g=yes");
	assert_false(bootarg_bool("a", true));
	assert_true(bootarg_bool("b", false));
	assert_true(bootarg_bool("nothing", true));
	assert_string_equal(said, "");
	for (const char *name = "c\0d\0e\0f\0g\0"; *name; name += 2) {
		said[0] = '\0';
		assert_true(bootarg_bool(name, true));
		assert_false(bootarg_bool(name, false));
		complains("expected 0 or 1, ignored");
	}
}

static void ranges(void **state)
{
	static const char *const wrong[] = {
		"cma",	  "cma=",      "cma=@0x1000",	 "cma=1M@",   "cma=1M@x", "cma=1M@1M@1M",
		"cma=5G", "cma=1M@5G", "cma=1M@0x1000Q", "cma=1M,1M", "cma=-1"};
	uint64_t size = 1, base = 2;

	(void)state;
	line("cma=16M@0x61000000");
	assert_true(bootarg_range("cma", UINT32_MAX, &size, &base));
	assert_int_equal(size, 16 << 20);
	assert_int_equal(base, 0x61000000);
	line("cma=0x100k");
	assert_true(bootarg_range("cma", UINT32_MAX, &size, &base));
	assert_int_equal(size, 256 << 10);
	assert_int_equal(base, 0);
	line("cma=1G@1536M");
	assert_true(bootarg_range("cma", UINT32_MAX, &size, &base));
	assert_int_equal(base, 0x60000000);
	line("");
	assert_false(bootarg_range("cma", UINT32_MAX, &size, &base));
	line("cma=0");
	assert_false(bootarg_range("cma", UINT32_MAX, &size, &base));
	assert_string_equal(said, "");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size = base = 3;
		line(wrong[i]);
		if (bootarg_range("cma", UINT32_MAX, &size, &base))
			fail_msg("%s is taken", wrong[i]);
		assert_int_equal(size, 3);
		assert_int_equal(base, 3);
		complains("expected SIZE or SIZE@BASE, numbers (K, M, G) of at most 0x0ffffffff, "
			  "ignored");
	}
}

static void lists(void **state)
{
	static const char *const wrong[] = {"r",      "r=",	    "r=,",    "r=1,",
					    "r=1,,2", "r=1,2,3,4,", "r=1;2",  "r=1,2,3,4,5",
					    "r=x",    "r=5G",	    "r=1,5G", "r=,1"};
	unsigned v[5];

	(void)state;
	line("r=256,32,0x10,4");
	v[4] = 99;
	assert_int_equal(bootarg_list("r", 4, v), 4);
	assert_int_equal(v[0], 256);
	assert_int_equal(v[1], 32);
	assert_int_equal(v[2], 16);
	assert_int_equal(v[3], 4);
	line("r=7");
	assert_int_equal(bootarg_list("r", 4, v), 1);
	assert_int_equal(v[0], 7);
	assert_int_equal(v[1], 32);
	assert_int_equal(bootarg_list("s", 4, v), 0);
	assert_string_equal(said, "");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		line(wrong[i]);
		if (bootarg_list("r", 4, v))
			fail_msg("%s is taken", wrong[i]);
		complains("expected 1 to 4 numbers with commas between, ignored");
	}
	assert_int_equal(v[4], 99);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_values),
		cmocka_unit_test(unknown_words_are_named),
		cmocka_unit_test(a_line_that_is_too_long),
		cmocka_unit_test(sizes),
		cmocka_unit_test(zero_or_one),
		cmocka_unit_test(ranges),
		cmocka_unit_test(lists),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
