/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU caches as the files around them see them; pcp.c says what they are.
 *
 * Included by internal.h.  Without BUDDY_PCP nothing is cached: every CPU is drained for
 * ever, and a block goes from the zone's lists to the request and back.
 */
#ifndef MM_PCP_H
#define MM_PCP_H

#include <mm/internal.h>

#if BUDDY_PCP

/* This CPU's caches are known to be empty.  Interrupts are off. */
static inline bool cpu_drained(const struct mm_cpu *cpu)
{
	return cpu->drained;
}

void pcp_set_drained(struct mm_cpu *cpu, bool drained);

struct page *rmqueue_pcplist(struct zone *zone, unsigned order, enum migratetype mt,
			     unsigned alloc_flags);
bool free_to_pcp(struct mm_cpu *cpu, unsigned byte, struct page *page, unsigned order);
unsigned pcp_drain_batch(struct mm_cpu *cpu);
unsigned drain_and_note(void);
unsigned pcp_nr_pages(const struct mm_cpu *cpu);
size_t pcp_bytes(const struct zone *zones, unsigned nr_zones, unsigned nr_cpus);
void pcp_init_cpu(struct mm_cpu *cpu, void *slots, unsigned nr_cpus);

/*
 * A kept block of exactly this order, or NULL; its word is the caller's to
 * write.  byte: zone and mobility as a pageblock has them.  Interrupts are off.
 */
static inline struct page *pcp_take_block(struct mm_cpu *cpu, unsigned byte, unsigned order)
{
	struct pcp_block *block = &cpu->block[byte];
	struct page *page = block->page;

	if (!page || page_word(page) != (PAGE_STATE_PCP | order))
		return NULL;
	WRITE_ONCE(block->page, NULL);
	count_vm_event(cpu, PGALLOC);
	return page;
}

/*
 * Keeps a block of an order above PCP_MAX_ORDER; the one that was kept before goes
 * back.  False when blocks so large are not kept.  Interrupts are off.
 */
static inline bool pcp_keep_block(struct mm_cpu *cpu, unsigned byte, struct page *page,
				  unsigned order)
{
	struct pcp_block *block = &cpu->block[byte];
	struct page *old = block->page;

	if (order > block->max_order)
		return false;
	if (unlikely(cpu->drained))
		pcp_set_drained(cpu, false);
	set_page_word(page, PAGE_STATE_PCP | order);
	WRITE_ONCE(block->page, page);
	count_vm_event(cpu, PGFREE);
	if (old)
		free_pcppages_bulk(&zones[byte >> PB_ZONE_SHIFT], &old, 1);
	return true;
}

static inline unsigned pcp_block_pages(const struct pcp_block *block)
{
	struct page *page = READ_ONCE(block->page);

	return page ? 1U << page_word_order(page_word(page)) : 0;
}

static inline unsigned pcp_count(const struct pcp_list *list)
{
	return (unsigned)(READ_ONCE(list->top) - list->base);
}

#else /* !BUDDY_PCP */

static inline bool cpu_drained(const struct mm_cpu *cpu)
{
	(void)cpu;
	return true;
}

static inline unsigned drain_and_note(void)
{
	return 0;
}

static inline unsigned pcp_nr_pages(const struct mm_cpu *cpu)
{
	(void)cpu;
	return 0;
}

static inline struct page *pcp_take_block(struct mm_cpu *cpu, unsigned byte, unsigned order)
{
	(void)cpu;
	(void)byte;
	(void)order;
	return NULL;
}

/* Straight from the lists, of another mobility if need be.  Interrupts are off. */
static inline struct page *rmqueue_pcplist(struct zone *zone, unsigned order, enum migratetype mt,
					   unsigned alloc_flags)
{
	struct page *page = rmqueue_buddy(zone, order, rmqueue_type(zone, order, mt));

	return likely(page) ? page : rmqueue_fallback(zone, order, mt, alloc_flags);
}

#endif /* BUDDY_PCP */

/*
 * Frees a block whose only reference is the caller's: into the cache after making
 * room, else straight to its zone.  byte: its pageblock's.
 */
static inline void free_block_now(struct page *page, unsigned order, unsigned byte)
{
	port_irqflags_t flags = port_irq_save();

#if BUDDY_PCP
	if (order > PCP_MAX_ORDER ? !pcp_keep_block(this_cpu(), byte, page, order)
				  : !free_to_pcp(this_cpu(), byte, page, order))
#endif
		free_one_page(&zones[byte >> PB_ZONE_SHIFT], page, order);
	port_irq_restore(flags);
}

#endif /* MM_PCP_H */
