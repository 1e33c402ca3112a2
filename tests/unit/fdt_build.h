/* SPDX-License-Identifier: MIT */
/*
 * Device trees made by hand, well-formed or not, for tests on the host.
 *
 *	struct build b;
 *	build_start(&b);
 *	build_begin(&b, "");
 *	build_cells(&b, "#address-cells", 1);
 *	build_end(&b);
 *	blob = build_finish(&b);
 *
 * The blob lies in a heap block of exactly its size, so that AddressSanitizer
 * sees the first byte read beyond it; the caller frees it.  Independent of
 * libfdt, which serves as the oracle elsewhere.
 */
#ifndef TESTS_UNIT_FDT_BUILD_H
#define TESTS_UNIT_FDT_BUILD_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_MAX 0x40000

struct build {
	uint8_t rsv[0x4000], structure[BUILD_MAX], strings[0x4000];
	uint32_t rsv_len, struct_len, strings_len;
};

static inline void build_store32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline uint32_t build_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void build_start(struct build *b)
{
	memset(b, 0, sizeof(*b));
}

static inline void build_word(struct build *b, uint32_t v)
{
	assert(b->struct_len + 4 <= BUILD_MAX);
	build_store32(b->structure + b->struct_len, v);
	b->struct_len += 4;
}

static inline void build_bytes(struct build *b, const void *data, uint32_t len)
{
	assert(b->struct_len + len + 4 <= BUILD_MAX);
	if (len)
		memcpy(b->structure + b->struct_len, data, len);
	b->struct_len = (b->struct_len + len + 3) & ~3U;
}

static inline void build_begin(struct build *b, const char *name)
{
	build_word(b, 1);
	build_bytes(b, name, (uint32_t)strlen(name) + 1);
}

static inline void build_end(struct build *b)
{
	build_word(b, 2);
}

static inline void build_nop(struct build *b)
{
	build_word(b, 4);
}

/* The name's place in the strings block, which keeps each name once. */
static inline uint32_t build_string(struct build *b, const char *name)
{
	uint32_t off = 0, len = (uint32_t)strlen(name) + 1;

	while (off < b->strings_len && strcmp((char *)b->strings + off, name))
		off += (uint32_t)strlen((char *)b->strings + off) + 1;
	if (off == b->strings_len) {
		assert(off + len <= sizeof(b->strings));
		memcpy(b->strings + off, name, len);
		b->strings_len += len;
	}
	return off;
}

static inline void build_prop(struct build *b, const char *name, const void *data, uint32_t len)
{
	build_word(b, 3);
	build_word(b, len);
	build_word(b, build_string(b, name));
	build_bytes(b, data, len);
}

static inline void build_str(struct build *b, const char *name, const char *value)
{
	build_prop(b, name, value, (uint32_t)strlen(value) + 1);
}

static inline void build_flag(struct build *b, const char *name)
{
	build_prop(b, name, NULL, 0);
}

static inline void build_cell_list(struct build *b, const char *name, const uint32_t *v, unsigned n)
{
	build_word(b, 3);
	build_word(b, 4 * n);
	build_word(b, build_string(b, name));
	while (n--)
		build_word(b, *v++);
}

#define build_cells(b, name, ...)                                     \
	build_cell_list((b), (name), (const uint32_t[]){__VA_ARGS__}, \
			sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static inline void build_rsv(struct build *b, uint64_t base, uint64_t size)
{
	uint8_t *p = b->rsv + b->rsv_len;

	assert(b->rsv_len + 16 <= sizeof(b->rsv));
	build_store32(p, (uint32_t)(base >> 32));
	build_store32(p + 4, (uint32_t)base);
	build_store32(p + 8, (uint32_t)(size >> 32));
	build_store32(p + 12, (uint32_t)size);
	b->rsv_len += 16;
}

/* Header (version 17), reservation block, structure, strings; adds what ends each. */
static inline uint8_t *build_finish(struct build *b)
{
	uint32_t struct_off, strings_off, total;
	uint8_t *blob;

	build_word(b, 9);
	build_rsv(b, 0, 0);
	struct_off = 40 + b->rsv_len;
	strings_off = struct_off + b->struct_len;
	total = strings_off + b->strings_len;
	blob = malloc(total);
	assert(blob);
	build_store32(blob, 0xd00dfeed);
	build_store32(blob + 4, total);
	build_store32(blob + 8, struct_off);
	build_store32(blob + 12, strings_off);
	build_store32(blob + 16, 40);
	build_store32(blob + 20, 17);
	build_store32(blob + 24, 16);
	build_store32(blob + 28, 0);
	build_store32(blob + 32, b->strings_len);
	build_store32(blob + 36, b->struct_len);
	memcpy(blob + 40, b->rsv, b->rsv_len);
	memcpy(blob + struct_off, b->structure, b->struct_len);
	memcpy(blob + strings_off, b->strings, b->strings_len);
	return blob;
}

static inline uint32_t build_size(const uint8_t *blob)
{
	return build_load32(blob + 4);
}

#endif /* TESTS_UNIT_FDT_BUILD_H */
