/* SPDX-License-Identifier: MIT */
/*
 * What a request went through: the steps of the slow path, as the trace ring of CPU 0 has
 * them.
 */
#ifndef TESTS_STEPS_H
#define TESTS_STEPS_H

#include <mm/debug_state.h>

#include "tap.h"

#define STEPS_MAX 1024u

static uint32_t steps_from;

/* From here on; the first time turns the ring on. */
static inline void steps_begin(void)
{
	if (!(mm_debug_on & (1U << OPT_TRACE)))
		CHECK_EQ(mm_debug_set("trace", "4096"), 0);
	steps_from = mm_debug.ring[0].nr;
}

static inline void steps_end(void)
{
	CHECK_EQ(mm_debug_set("trace", "0"), 0);
}

static inline const struct trace_entry *steps_entry(uint32_t i)
{
	return mm_debug.ring[0].entry + (i & (mm_debug.trace_size - 1));
}

/* How often, since steps_begin(). */
static inline unsigned steps_nr(enum mm_trace_kind kind)
{
	unsigned nr = 0;

	CHECK(mm_debug.ring[0].nr - steps_from <= mm_debug.trace_size);
	for (uint32_t i = steps_from; i != mm_debug.ring[0].nr; i++)
		nr += TRACE_KIND(steps_entry(i)->what) == kind;
	return nr;
}

/*
 * The steps of the outermost request as letters, each run of the same one once: S begins,
 * K kswapd, D drain, R reclaim, C compact, E reserves, O oom; a allocated, f freed, x failed.
 */
static inline const char *steps(void)
{
	static const char letter[NR_TRACE_KINDS] = {
		[TRACE_ALLOC] = 'a',	[TRACE_FREE] = 'f',	[TRACE_FAIL] = 'x',
		[TRACE_EXTFRAG] = 'g',	[TRACE_SLOWPATH] = 'S', [TRACE_KSWAPD] = 'K',
		[TRACE_DRAIN] = 'D',	[TRACE_RECLAIM] = 'R',	[TRACE_COMPACT] = 'C',
		[TRACE_RESERVES] = 'E', [TRACE_OOM] = 'O',
	};
	static char text[STEPS_MAX + 1];
	unsigned n = 0;

	for (uint32_t i = steps_from; i != mm_debug.ring[0].nr && n < STEPS_MAX; i++) {
		char c = letter[TRACE_KIND(steps_entry(i)->what)];

		if (c != 'f' && c != 'g' && (!n || text[n - 1] != c))
			text[n++] = c;
	}
	text[n] = '\0';
	return text;
}

#define CHECK_STEPS(want)                                           \
	do {                                                        \
		const char *got_ = steps();                         \
                                                                    \
		if (strcmp(got_, want))                             \
			printf("# steps %s, not %s\n", got_, want); \
		CHECK(!strcmp(got_, want));                         \
	} while (0)

#endif /* TESTS_STEPS_H */
