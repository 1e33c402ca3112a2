// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c
/*
 * The device-tree reader: what is refused.
 *
 * cmocka; trees from fdt_build.h in heap blocks of exactly their size, so that
 * AddressSanitizer is the judge of every bound.  Cases of docs/CASES.md carry their
 * number in the name.
 *
 * Not here: what is read from a sound tree (test_fdt.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <boot/fdt.h>
#include <port/host/host.h>

#include "fdt_sample.h"

static struct build b;

static int start(void **state)
{
	(void)state;
	build_start(&b);
	host_log_clear();
	return 0;
}

/* Checks a copy of exactly `bytes`. */
static int check_copy(const uint8_t *blob, size_t bytes)
{
	uint8_t *copy = malloc(bytes ? bytes : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, blob, bytes);
	err = fdt_check(copy, bytes);
	free(copy);
	return err;
}

static void refused(uint8_t *blob, const char *why)
{
	host_log_clear();
	assert_int_equal(fdt_check(blob, build_size(blob)), -EINVAL);
	if (!host_log_has(why))
		fail_msg("expected \"%s\", got \"%s\"", why, host_log_text());
	assert_int_equal(host_log_lines(), 1);
	free(blob);
}

static void accepted(uint8_t *blob)
{
	host_log_clear();
	if (fdt_check(blob, build_size(blob)))
		fail_msg("%s", host_log_text());
	assert_int_equal(host_log_lines(), 0);
	free(blob);
}

/* ---- what is refused -------------------------------------------------------- */

static void sample_is_sound(void **state)
{
	(void)state;
	accepted(sample());
}

static void case_53_truncated_anywhere_is_refused(void **state)
{
	uint8_t *blob = sample();
	uint32_t total = build_size(blob);

	(void)state;
	for (uint32_t n = 0; n < total; n++)
		assert_int_equal(check_copy(blob, n), -EINVAL);
	assert_int_equal(check_copy(blob, total), 0);
	/* the same when the header agrees with the truncation */
	for (uint32_t n = 0; n < total; n++) {
		build_store32(blob + 4, n);
		assert_int_equal(check_copy(blob, n < 40 ? 40 : n), -EINVAL);
	}
	free(blob);
}

static void case_53_nop_before_end_is_accepted(void **state)
{
	(void)state;
	build_begin(&b, "");
	build_end(&b);
	for (unsigned i = 0; i < 100; i++)
		build_nop(&b);
	accepted(build_finish(&b));
}

static void header_fields_are_checked(void **state)
{
	static const struct {
		uint32_t off, value;
		const char *why;
	} wrong[] = {
		{0, 0xedfe0dd0, "no magic"},
		{0, 0, "no magic"},
		{4, 39, "total size is less than the header"},
		{4, 0, "total size is less than the header"},
		{8, 0, "structure block is misplaced"},
		{8, 36, "structure block is misplaced"},
		{8, 42, "structure block is misplaced"},
		{8, 0xfffffffc, "structure block is misplaced"},
		{12, 0, "strings block lies outside"},
		{12, 0xffffffff, "strings block lies outside"},
		{16, 0, "reservation block is misplaced"},
		{16, 44, "reservation block is misplaced"},
		{16, 0xfffffff8, "reservation block is misplaced"},
		{20, 15, "version is not 16 or 17"},
		{20, 0, "version is not 16 or 17"},
		{24, 18, "version is not 16 or 17"},
		{32, 0xffffffff, "strings block lies outside"},
		{32, 0x7fffffff, "strings block lies outside"},
		{36, 0xffffffff, "structure block lies outside"},
		{36, 0, "structure block ends without"},
		{36, 4, "structure block ends without"},
		{36, 3, "structure block ends without"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t *blob = sample();
		uint32_t total = build_size(blob);

		build_store32(blob + wrong[i].off, wrong[i].value);
		host_log_clear();
		assert_int_equal(fdt_check(blob, total), -EINVAL);
		if (!host_log_has(wrong[i].why))
			fail_msg("%u: %s", i, host_log_text());
		free(blob);
	}
}

static void total_size_is_bounded(void **state)
{
	uint8_t *blob = sample();
	uint32_t total = build_size(blob);

	(void)state;
	build_store32(blob + 4, total + 1);
	assert_int_equal(fdt_check(blob, total), -EINVAL);
	assert_true(host_log_has("more than the memory"));
	/* what cannot be true of a 32-bit machine is refused before it is read */
	build_store32(blob + 4, 0x80000000);
	host_log_clear();
	assert_int_equal(fdt_check(blob, SIZE_MAX), -EINVAL);
	assert_true(host_log_has("more than the memory"));
	free(blob);
}

static void place_is_checked(void **state)
{
	uint8_t *blob = sample();
	uint32_t total = build_size(blob);
	uint8_t *moved = malloc(total + 8);

	(void)state;
	assert_int_equal(fdt_check(NULL, 4096), -EINVAL);
	assert_true(host_log_has("expected one that is a multiple of"));
	for (unsigned by = 0; by < 8; by++) {
		memcpy(moved + by, blob, total);
		assert_int_equal(fdt_check(moved + by, total), by & 3 ? -EINVAL : 0);
	}
	free(moved);
	free(blob);
}

static void versions_16_and_later_compatible_ones(void **state)
{
	uint8_t *blob = sample();

	(void)state;
	build_store32(blob + 20, 16);
	build_store32(blob + 36, 0xffffffff); /* version 16 has no such field */
	accepted(blob);
	blob = sample();
	build_store32(blob + 20, 99);
	build_store32(blob + 24, 17);
	accepted(blob);
}

static void case_51_forged_property_length(void **state)
{
	static const uint32_t forged[] = {0xffffffff, 0xfffffffc, 0xfffffff8,
					  0xfffffff4, 0x80000000, 0x7fffffff,
					  0x7ffffff8, 0x01000000, 0x00010000};
	uint8_t *blob = sample();
	uint32_t off = build_load32(blob + 8), end = off + build_load32(blob + 36);
	unsigned nr = 0;

	(void)state;
	/* every property of the sample, each length that could wrap some sum */
	while (off < end) {
		uint32_t tag = build_load32(blob + off), len;

		off += 4;
		if (tag == 1)
			off += ((uint32_t)strlen((char *)blob + off) + 4) & ~3U;
		if (tag != 3)
			continue;
		len = build_load32(blob + off);
		for (unsigned i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
			build_store32(blob + off, forged[i]);
			assert_int_equal(check_copy(blob, build_size(blob)), -EINVAL);
		}
		/* one byte more than there is, and exactly what there is: no FDT_END then */
		build_store32(blob + off, end - off - 8 + 1);
		assert_int_equal(check_copy(blob, build_size(blob)), -EINVAL);
		build_store32(blob + off, end - off - 8);
		assert_int_equal(check_copy(blob, build_size(blob)), -EINVAL);
		build_store32(blob + off, len);
		off += 8 + ((len + 3) & ~3U);
		nr++;
	}
	assert_int_equal(nr, 23);
	accepted(blob);
}

static void case_51_forged_name_offset(void **state)
{
	uint8_t *blob;

	(void)state;
	build_begin(&b, "");
	build_flag(&b, "name");
	build_end(&b);
	blob = build_finish(&b);
	for (uint32_t v = 0; v < 8; v++) {
		build_store32(blob + 40 + 16 + 8 + 8, v);
		assert_int_equal(check_copy(blob, build_size(blob)), v < 5 ? 0 : -EINVAL);
		build_store32(blob + 40 + 16 + 8 + 8, 0xffffffff - v);
		assert_int_equal(check_copy(blob, build_size(blob)), -EINVAL);
	}
	free(blob);
}

static void case_52_reserve_map_without_end(void **state)
{
	uint8_t *blob;
	uint32_t total;

	(void)state;
	/* the block last in the blob, its (0,0) cut off */
	build_begin(&b, "");
	build_end(&b);
	blob = build_finish(&b);
	total = build_size(blob);
	blob = realloc(blob, total + 64);
	memset(blob + total, 0xee, 64);
	for (uint32_t more = 16; more < 64; more++) {
		uint32_t at = (total + 7) & ~7U;

		build_store32(blob + 16, at);
		build_store32(blob + 4, total + more);
		host_log_clear();
		assert_int_equal(check_copy(blob, total + more), -EINVAL);
		assert_true(host_log_has(at + 16 > total + more ? "misplaced" : "no (0, 0)"));
	}
	/* half an end is none */
	memset(blob + 40, 0, 8);
	build_store32(blob + 4, total);
	build_store32(blob + 16, 40);
	build_store32(blob + 48, 1);
	assert_int_equal(check_copy(blob, total), -EINVAL);
	free(blob);
}

static void nesting_is_checked(void **state)
{
	(void)state;
	build_begin(&b, "");
	refused(build_finish(&b), "end of the tree within a node");

	start(NULL);
	refused(build_finish(&b), "end of the tree within a node");

	start(NULL);
	build_end(&b);
	refused(build_finish(&b), "end of a node that has not begun");

	start(NULL);
	build_begin(&b, "");
	build_end(&b);
	build_end(&b);
	refused(build_finish(&b), "end of a node that has not begun");

	start(NULL);
	build_begin(&b, "");
	build_end(&b);
	build_begin(&b, "");
	build_end(&b);
	refused(build_finish(&b), "second root");

	start(NULL);
	build_flag(&b, "p");
	build_begin(&b, "");
	build_end(&b);
	refused(build_finish(&b), "property outside");

	start(NULL);
	build_begin(&b, "");
	build_end(&b);
	build_flag(&b, "p");
	refused(build_finish(&b), "property outside");

	start(NULL);
	build_begin(&b, "");
	build_word(&b, 5);
	build_end(&b);
	refused(build_finish(&b), "unknown token");

	start(NULL);
	build_begin(&b, "");
	build_word(&b, 0);
	refused(build_finish(&b), "unknown token");
}

static void depth_is_bounded(void **state)
{
	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		start(NULL);
		for (unsigned i = 0; i < FDT_MAX_DEPTH + extra; i++)
			build_begin(&b, i ? "n" : "");
		for (unsigned i = 0; i < FDT_MAX_DEPTH + extra; i++)
			build_end(&b);
		if (extra)
			refused(build_finish(&b), "nested too deep");
		else
			accepted(build_finish(&b));
	}
	/* many, but beside one another: no bound */
	start(NULL);
	build_begin(&b, "");
	for (unsigned i = 0; i < 1000; i++) {
		build_begin(&b, "n");
		build_end(&b);
	}
	build_end(&b);
	accepted(build_finish(&b));
}

static void names_are_short_and_printable(void **state)
{
	char name[FDT_MAX_NAME + 2];

	(void)state;
	for (unsigned len = FDT_MAX_NAME; len <= FDT_MAX_NAME + 1; len++) {
		memset(name, 'n', sizeof(name));
		name[len] = '\0';
		for (unsigned node = 0; node < 2; node++) {
			start(NULL);
			build_begin(&b, node ? name : "");
			if (!node)
				build_flag(&b, name);
			build_end(&b);
			if (len > FDT_MAX_NAME)
				refused(build_finish(&b), node ? "node name" : "property name");
			else
				accepted(build_finish(&b));
		}
	}
	for (unsigned c = 1; c < 256; c++) {
		name[0] = (char)c;
		name[1] = '\0';
		for (unsigned node = 0; node < 2; node++) {
			start(NULL);
			build_begin(&b, node ? name : "");
			if (!node)
				build_flag(&b, name);
			build_end(&b);
			if (c > ' ' && c < 0x7f)
				accepted(build_finish(&b));
			else
				refused(build_finish(&b), node ? "node name" : "property name");
		}
	}
	/* unterminated: the structure block, the strings block end first */
	start(NULL);
	build_word(&b, 1);
	build_bytes(&b, "nnnn", 4);
	b.struct_len -= 4;
	b.structure[b.struct_len] = 'n';
	{
		uint8_t *blob = build_finish(&b);

		memset(blob + 40 + 16 + 4, 'n', build_size(blob) - (40 + 16 + 4));
		refused(blob, "node name");
	}
	start(NULL);
	build_begin(&b, "");
	build_flag(&b, "name");
	build_end(&b);
	{
		uint8_t *blob = build_finish(&b);

		blob[build_size(blob) - 1] = 'e';
		refused(blob, "property name");
	}
}

#define T(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(sample_is_sound),
		T(case_53_truncated_anywhere_is_refused),
		T(case_53_nop_before_end_is_accepted),
		T(header_fields_are_checked),
		T(total_size_is_bounded),
		T(place_is_checked),
		T(versions_16_and_later_compatible_ones),
		T(case_51_forged_property_length),
		T(case_51_forged_name_offset),
		T(case_52_reserve_map_without_end),
		T(nesting_is_checked),
		T(depth_is_bounded),
		T(names_are_short_and_printable),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
