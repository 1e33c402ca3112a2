/* SPDX-License-Identifier: MIT */
/*
 * What a case collects, and the line that it prints.
 *
 *	case,op,n,mean,p50,p99,p999,max
 *
 * Figures are kept in a histogram with a counter for every value up to
 * STAT_VALUES, so the percentiles are exact; larger ones count as the maximum.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdint.h>

#define STAT_VALUES 65536u

enum { STAT_ALLOC, STAT_FREE, STAT_TOTAL, NR_STATS };

/* Memory for the histograms: stats_bytes, zeroed or not. */
#define STATS_BYTES (NR_STATS * STAT_VALUES * sizeof(uint32_t))
void stats_init(void *mem);

/* A figure of the case that runs: what per_op operations of the kind cost together. */
void stat_add(unsigned kind, uint32_t value);
void stat_add_n(unsigned kind, uint32_t value, unsigned per_op);

/* Prints a line for each kind that has figures, and forgets them. */
void stats_print(const char *name);
void stats_forget(void);

/* The largest figure yet of a kind. */
uint32_t stat_max(unsigned kind);

#endif /* BENCH_STATS_H */
