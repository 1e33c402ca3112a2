/* SPDX-License-Identifier: MIT */
/*
 * A set-associative cache as a9mem models it: which lines are there, in which MESI
 * state, and which one has to go.  It holds addresses, never data.
 *
 * State: struct cache, one per L1 and one for L2, owned by a9mem.c; the seed of the
 * pseudo-random replacement.  QEMU's one vCPU thread (-icount) is the only user.
 *
 * What is not here: who talks to whom (the SCU's part, in a9mem.c) and what it costs.
 */
#ifndef A9MEM_CACHE_H
#define A9MEM_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LINE_SHIFT 5 /* 32-byte lines, L1 and L2 (Cortex-A9 TRM r4p1, 7.1; PL310 TRM, 1.1) */

enum { I, S, E, M }; /* in rising order of what the holder may do */

struct cache { /* arrays of lines, set after set */
	unsigned int sets, ways;
	uint32_t *line; /* physical address >> LINE_SHIFT */
	uint8_t *state;
	uint8_t *next; /* round-robin pointer of a set */
};

static bool repl_random; /* else round-robin */
static uint32_t repl_seed = 0x2545f491;

/* kib and ways: powers of two */
static void cache_init(struct cache *c, unsigned int kib, unsigned int ways)
{
	unsigned int n = kib * 1024 >> LINE_SHIFT;

	c->sets = n / ways;
	c->ways = ways;
	c->line = calloc(n, sizeof(*c->line));
	c->state = calloc(n, sizeof(*c->state));
	c->next = calloc(c->sets, sizeof(*c->next));
	if (!c->line || !c->state || !c->next)
		abort();
}

/* The index of a line that is present, or -1. */
static inline int lookup(struct cache *c, uint32_t line)
{
	unsigned int i = (line & (c->sets - 1)) * c->ways, end = i + c->ways;

	for (; i < end; i++)
		if (c->line[i] == line && c->state[i] != I)
			return i;
	return -1;
}

/*
 * Puts a line in the place of an invalid or another one.  True: that one was
 * Modified, its address is in *victim.
 */
static bool insert(struct cache *c, uint32_t line, uint8_t state, uint32_t *victim)
{
	unsigned int row = line & (c->sets - 1), b = row * c->ways, w;

	for (w = 0; w < c->ways && c->state[b + w] != I; w++)
		;
	if (w == c->ways && repl_random) {
		repl_seed ^= repl_seed << 13;
		repl_seed ^= repl_seed >> 17;
		repl_seed ^= repl_seed << 5;
		w = repl_seed % c->ways;
	} else if (w == c->ways) {
		w = c->next[row];
	}
	c->next[row] = (w + 1) % c->ways;

	bool dirty = c->state[b + w] == M;

	*victim = c->line[b + w];
	c->line[b + w] = line;
	c->state[b + w] = state;
	return dirty;
}

#endif /* A9MEM_CACHE_H */
