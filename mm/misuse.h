/* SPDX-License-Identifier: MIT */
/*
 * Refusing what must not be done: what page_alloc.c, its like and tiny.c ask of misuse.c.
 *
 * Without BUDDY_MISUSE_REPORT the call is counted, and the words are in nobody's image.
 */
#ifndef MM_MISUSE_H
#define MM_MISUSE_H

#include <buddy/mm.h>
#include <buddy/vmstat.h>

/* Events off the fast paths; how often they had happened on this CPU. */
uint32_t count_rare_events(enum vm_event_item item, uint32_t nr);
#define count_rare_event(item) count_rare_events((item), 1)

#if BUDDY_MISUSE_REPORT

#define misuse_log(...) port_log(__VA_ARGS__)

/* Refuses a request: why, or, if NULL, what is wrong with order or gfp. */
__attribute__((noinline, cold)) struct page *bad_alloc(const char *why, gfp_t gfp, unsigned order,
						       const void *caller);
/* Refuses a free: nothing was changed. */
__attribute__((cold)) void bad_free(const char *what, const void *page, unsigned order,
				    uint32_t word, const char *why, const void *caller);
/* What is wrong with this free, in words. */
__attribute__((cold)) const char *why_not(uint32_t word, unsigned order);

#else

/* Nothing is said, but what there is to say is compiled. */
#define misuse_log(...)                        \
	do {                                   \
		if (0)                         \
			port_log(__VA_ARGS__); \
	} while (0)

#define bad_alloc(why, gfp, order, caller) \
	((void)(gfp), (void)(order), (void)(caller), bad_alloc_counted())
#define bad_free(what, page, order, word, why, caller) \
	((void)(page), (void)(order), (void)(word), (void)(caller), bad_free_counted())

struct page *bad_alloc_counted(void);
void bad_free_counted(void);

#endif

#endif /* MM_MISUSE_H */
