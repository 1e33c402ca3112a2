// SPDX-License-Identifier: MIT
/*
 * stats - means and percentiles of a case, see stats.h.
 *
 * State: one set of histograms, the boot core's.
 */
#include "bench/target/stats.h"

#include <string.h>

#include <port/port.h>

static struct stat {
	uint32_t *nr; /* by value */
	uint64_t sum;
	uint32_t n;   /* figures */
	uint32_t ops; /* operations that they stand for */
	uint32_t max;
} stats[NR_STATS];

static const char *const kind_name[NR_STATS] = {"alloc", "free", "total"};

void stats_init(void *mem)
{
	memset(mem, 0, STATS_BYTES);
	for (unsigned i = 0; i < NR_STATS; i++)
		stats[i] = (struct stat){.nr = (uint32_t *)mem + i * STAT_VALUES};
}

void stat_add_n(unsigned kind, uint32_t value, unsigned per_op)
{
	struct stat *s = &stats[kind];
	uint32_t each = (value + per_op - 1) / per_op;

	s->nr[each < STAT_VALUES ? each : STAT_VALUES - 1]++;
	s->sum += value;
	s->n++;
	s->ops += per_op;
	if (each > s->max)
		s->max = each;
}

void stat_add(unsigned kind, uint32_t value)
{
	stat_add_n(kind, value, 1);
}

uint32_t stat_max(unsigned kind)
{
	return stats[kind].max;
}

/* The smallest value that at least `permille` of the figures do not exceed. */
static uint32_t percentile(const struct stat *s, uint32_t permille)
{
	uint64_t want = ((uint64_t)s->n * permille + 999) / 1000, seen = 0;

	for (uint32_t v = 0; v < STAT_VALUES - 1; v++) {
		seen += s->nr[v];
		if (seen >= want)
			return v;
	}
	return s->max;
}

void stats_forget(void)
{
	for (unsigned i = 0; i < NR_STATS; i++) {
		struct stat *s = &stats[i];
		uint32_t most = s->max < STAT_VALUES - 1 ? s->max : STAT_VALUES - 1;

		memset(s->nr, 0, (most + 1) * sizeof(*s->nr));
		s->sum = s->n = s->ops = s->max = 0;
	}
}

void stats_print(const char *name)
{
	for (unsigned i = 0; i < NR_STATS; i++) {
		const struct stat *s = &stats[i];
		uint32_t hundredths;

		if (!s->n)
			continue;
		hundredths = (uint32_t)((s->sum * 100 + s->ops / 2) / s->ops);
		port_log("bench: %s,%s,%u,%u.%02u,%u,%u,%u,%u\n", name, kind_name[i],
			 (unsigned)s->ops, (unsigned)hundredths / 100, (unsigned)hundredths % 100,
			 (unsigned)percentile(s, 500), (unsigned)percentile(s, 990),
			 (unsigned)percentile(s, 999), (unsigned)s->max);
	}
	stats_forget();
}
