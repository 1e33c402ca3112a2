/* SPDX-License-Identifier: MIT */
/* What the parts of the fixture say to each other; not for tests. */
#ifndef TESTS_FIXTURE_PRIV_H
#define TESTS_FIXTURE_PRIV_H

struct page;

/* The free pages of now are what a case has to give back. */
void fixture_count(void);

/* Before the count at the end: everything that a case switched on is off again. */
void fixture_settle(void);

/* Host: mm_init_cpu() if this CPU has not called it since the start. */
void init_this_cpu(unsigned cpu);

void unpoison_block(struct page *page, unsigned order);

#endif /* TESTS_FIXTURE_PRIV_H */
