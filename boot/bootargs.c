/* SPDX-License-Identifier: MIT */
/*
 * The boot arguments.  See bootargs.h for what they mean.
 *
 * Owns a copy of the line, cut into words by bootargs_init() and only read
 * afterwards: no lock.  The line comes from outside and may hold anything.
 */
#include "boot/bootargs.h"

#include <stddef.h>
#include <string.h>

#include <buddy/debug.h>

#include "boot/console.h"
#include "boot/digit.h"

static char args[BOOTARGS_MAX];
static unsigned args_len; /* with the NUL of the last word */

static const char *const known[] = {
	"mode",
	"semihosting",
	"mem",
	"maxcpus",
	"dma_limit",
	"highmem",
	"movablecore",
	"kernelcore",
	"cma",
	"min_free_kbytes",
	"lowmem_reserve_ratio",
	"watermark_boost_factor",
	"fair_zones",
	"node_reclaim",
	"defrag_mode",
	"deferred",
	"kswapd.cpu",
	"tick",
	"periphclk",
	"crash",
	"crash.cpu",
	"seed",
};
static const char *const known_prefix[] = {"demo.", "bench.", "test."};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void bootargs_init(const char *line)
{
	bool quoted = false;
	unsigned i, n = 0;

	for (i = 0; line[i] && n < BOOTARGS_MAX - 2; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		else if (!quoted && is_space(line[i])) {
			if (n && args[n - 1])
				args[n++] = '\0';
		} else
			args[n++] = line[i];
	}
	if (line[i])
		console_printf("bootargs: longer than %u characters, the rest is left out\n",
			       BOOTARGS_MAX - 2);
	if (n && args[n - 1])
		args[n++] = '\0';
	args_len = n;
}

/* The value, if the word is `name` or name=value. */
static const char *match(const char *word, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(word, name, len))
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	return word[len] ? NULL : word + len;
}

const char *bootarg_get(const char *name)
{
	const char *found = NULL, *value;
	unsigned i;

	for (i = 0; i < args_len; i += strlen(&args[i]) + 1) {
		value = match(&args[i], name);
		if (value)
			found = value;
	}
	return found;
}

static bool is_known(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (match(word, known[i]))
			return true;
	for (i = 0; i < sizeof(known_prefix) / sizeof(known_prefix[0]); i++)
		if (!strncmp(word, known_prefix[i], strlen(known_prefix[i])))
			return true;
	for (i = 0; mm_debug_name(i); i++)
		if (match(word, mm_debug_name(i)))
			return true;
	return false;
}

void bootargs_list_unknown(void)
{
	unsigned i;

	for (i = 0; i < args_len; i += strlen(&args[i]) + 1)
		if (!is_known(&args[i]))
			console_printf("bootargs: \"%s\" is not for us\n", &args[i]);
}

/* A number of at most max at *text, which is moved behind it. */
static bool take_size(const char **text, uint64_t max, uint64_t *value)
{
	unsigned base = 10, shift = 0;
	const char *s = *text;
	uint64_t v = 0;
	const char *first;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && s[1]) {
		base = 8;
	}
	for (first = s; (unsigned)digit_value(*s) < base; s++) {
		if (v > (UINT64_MAX >> 5) / base)
			return false;
		v = v * base + (unsigned)digit_value(*s);
	}
	if (s == first)
		return false;
	switch (*s) {
	case 'G': /* NOLINT(bugprone-branch-clone): each unit is the next one 1024 times */
	case 'g':
		shift += 10; /* fall through */
	case 'M':
	case 'm':
		shift += 10; /* fall through */
	case 'K':
	case 'k':
		shift += 10;
		s++;
	}
	if (v > max >> shift)
		return false;
	*value = v << shift;
	*text = s;
	return true;
}

uint64_t bootarg_size(const char *name, uint64_t fallback, uint64_t max)
{
	const char *s = bootarg_get(name), *end = s;
	uint64_t value;

	if (!s)
		return fallback;
	if (take_size(&end, max, &value) && !*end)
		return value;
	console_printf(
		"bootargs: %s=%s: expected a number (K, M, G) of at most 0x%x%08x, ignored\n", name,
		s, (unsigned)(max >> 32), (unsigned)max);
	return fallback;
}

uint32_t bootarg_uint(const char *name, uint32_t fallback)
{
	return (uint32_t)bootarg_size(name, fallback, UINT32_MAX);
}

bool bootarg_bool(const char *name, bool fallback)
{
	const char *s = bootarg_get(name);

	if (!s)
		return fallback;
	if ((s[0] == '0' || s[0] == '1') && !s[1])
		return s[0] == '1';
	console_printf("bootargs: %s=%s: expected 0 or 1, ignored\n", name, s);
	return fallback;
}

bool bootarg_range(const char *name, uint64_t max, uint64_t *size, uint64_t *base)
{
	const char *s = bootarg_get(name), *end = s;
	uint64_t bytes = 0, at = 0;
	bool ok;

	if (!s)
		return false;
	ok = take_size(&end, max, &bytes);
	if (ok && *end == '@') {
		end++;
		ok = take_size(&end, max, &at);
	}
	if (!ok || *end) {
		console_printf("bootargs: %s=%s: expected SIZE or SIZE@BASE, numbers (K, M, G) of "
			       "at most 0x%x%08x, ignored\n",
			       name, s, (unsigned)(max >> 32), (unsigned)max);
		return false;
	}
	if (!bytes)
		return false;
	*size = bytes;
	*base = at;
	return true;
}

unsigned bootarg_list(const char *name, unsigned max, unsigned *values)
{
	const char *s = bootarg_get(name), *end = s;
	uint64_t value;
	unsigned n = 0;

	if (!s)
		return 0;
	while (n < max && take_size(&end, UINT32_MAX, &value)) {
		values[n++] = (unsigned)value;
		if (!*end)
			return n;
		if (*end++ != ',')
			break;
	}
	console_printf("bootargs: %s=%s: expected 1 to %u numbers with commas between, ignored\n",
		       name, s, max);
	return 0;
}
