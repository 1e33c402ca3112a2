// SPDX-License-Identifier: MIT
/*
 * gfpname - gfp flags by the names that buddy/gfp.h gives them.
 *
 * One table, the usual combinations first and the larger ones before those that
 * they contain, so that a value is described by taking from the top whatever
 * fits entirely.
 *
 * State: none; the table is constant.
 *
 * Not here: what the flags mean (include/buddy/gfp.h).
 */
#include <string.h>

#include "boot/digit.h"
#include "boot/gfpname.h"

#define NAME(flags)           \
	{                     \
#flags, flags \
	}

static const struct {
	const char *name;
	gfp_t gfp;
} names[] = {
	NAME(GFP_HIGHUSER_MOVABLE),
	NAME(GFP_HIGHUSER),
	NAME(GFP_KERNEL),
	NAME(GFP_ATOMIC),
	NAME(GFP_NOFS),
	NAME(GFP_NOIO),
	NAME(GFP_NOWAIT),
	NAME(GFP_DMA),
	NAME(GFP_USER),
	NAME(__GFP_HIGHMEM),
	NAME(__GFP_MOVABLE),
	NAME(__GFP_RECLAIMABLE),
	NAME(__GFP_ZERO),
	NAME(__GFP_COLD),
	NAME(__GFP_THISNODE),
	NAME(__GFP_HIGH),
	NAME(__GFP_ATOMIC),
	NAME(__GFP_MEMALLOC),
	NAME(__GFP_NOMEMALLOC),
	NAME(__GFP_NOWARN),
	NAME(__GFP_DIRECT_RECLAIM),
	NAME(__GFP_KSWAPD_RECLAIM),
	NAME(__GFP_RECLAIM),
	NAME(__GFP_IO),
	NAME(__GFP_FS),
	NAME(__GFP_DMA),
};

#define NR_NAMES (sizeof(names) / sizeof(names[0]))

const char *gfp_name(unsigned i)
{
	return i < NR_NAMES ? names[i].name : NULL;
}

bool parse_u32(const char *text, unsigned len, uint32_t *value)
{
	uint64_t sum = 0;
	int base = 10;

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return false;
	for (; len--; text++) {
		if (digit_value(*text) >= base)
			return false;
		sum = sum * (unsigned)base + (unsigned)digit_value(*text);
		if (sum > UINT32_MAX)
			return false;
	}
	*value = (uint32_t)sum;
	return true;
}

static bool parse_one(const char *text, unsigned len, gfp_t *gfp)
{
	for (unsigned i = 0; i < NR_NAMES; i++) {
		if (strlen(names[i].name) == len && !strncmp(names[i].name, text, len)) {
			*gfp = names[i].gfp;
			return true;
		}
	}
	return parse_u32(text, len, gfp);
}

bool gfp_parse(const char *text, gfp_t *gfp, const char **bad, unsigned *bad_len)
{
	*gfp = 0;
	for (;;) {
		unsigned len = (unsigned)strcspn(text, "|,+");
		gfp_t one;

		if (!parse_one(text, len, &one)) {
			*bad = text;
			*bad_len = len;
			return false;
		}
		*gfp |= one;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

static unsigned append(char *buf, unsigned at, unsigned size, const char *text)
{
	while (*text && at + 1 < size)
		buf[at++] = *text++;
	buf[at] = '\0';
	return at;
}

void gfp_format(gfp_t gfp, char *buf, unsigned size)
{
	static const char hex[] = "0123456789abcdef";
	char rest[] = "0x00000000";
	unsigned at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < NR_NAMES && gfp; i++) {
		if ((gfp & names[i].gfp) != names[i].gfp)
			continue;
		if (at)
			at = append(buf, at, size, "|");
		at = append(buf, at, size, names[i].name);
		gfp &= ~names[i].gfp;
	}
	if (!gfp && at)
		return;
	for (unsigned i = 0; i < 8; i++)
		rest[2 + i] = hex[gfp >> (28 - 4 * i) & 15];
	if (at)
		at = append(buf, at, size, "|");
	append(buf, at, size, gfp ? rest : "0");
}
