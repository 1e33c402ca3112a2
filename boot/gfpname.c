// SPDX-License-Identifier: MIT
/*
 * gfpname - gfp flags and numbers as a person types them at the monitor.
 *
 * Names are those that buddy/gfp.h gives the flags; gfp_name() has them.  They come
 * joined by |, or by what is easier to type, with numbers among them, and what is not
 * understood is pointed at, so that the monitor can say which word it was.
 *
 * State: none.
 *
 * Not here: the names and how flags are written (mm/gfpflags.c), what they mean
 * (include/buddy/gfp.h).
 */
#include <string.h>

#include "boot/digit.h"
#include "boot/gfpname.h"

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
	const char *name;

	for (unsigned i = 0; (name = gfp_name(i)); i++) {
		if (strlen(name) == len && !strncmp(name, text, len)) {
			*gfp = gfp_flag(i);
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
