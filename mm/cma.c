// SPDX-License-Identifier: MIT
/*
 * cma - memory for large contiguous buffers, lent to movable requests meanwhile.
 *
 * An area is whole pageblocks of MIGRATE_CMA: a reservation that memblock calls reusable, and
 * that is handed over with all other memory (deferred.c).  From then on it is the type
 * that keeps other requests away, and a page's word that says who has it; cma_alloc() is a
 * search for pages that are free, and contig.c's way of taking them.
 *
 * Where nothing is lent an allocation looks at few words, as free blocks are large, and
 * takes one block.  Several callers of an area meet in a pageblock at most: the later one
 * goes to the next place first, and then waits.
 *
 * State: cma_areas, the default one, [I] after mm_init() and start-up; nr_alloced of
 * each, atomic. Locks: none of its own.
 *
 * Not here: who may borrow, and when (buddy.c, rmqueue_type(); watermark.c).
 *
 * Follows Linux's mm/cma.c (6.1), without its bitmap.
 */
#include <mm/hex64.h>
#include <mm/contig_priv.h>

#if BUDDY_CMA

#define PB_PHYS_SIZE ((phys_addr_t)PAGE_SIZE << pageblock_order)

#define CMA_WORD (PAGE_ALLOCATED(0) | PAGE_CMA)

struct cma cma_areas[BUDDY_MAX_CMA];
unsigned nr_cma_areas;
static struct cma *default_area;

/* ---- start-up -------------------------------------------------------------------- */

static int refuse(const char *name, phys_addr_t base, phys_addr_t size, const char *why, int err)
{
	misuse_log("cma: %s, %s bytes at %s: %s\n", name ? name : "(no name)", HEX64(size),
		   HEX64(base), why);
	return err;
}

/*
 * Two areas that touch and have one name, by pointer, are one to memblock.
 * Follows Linux's cma_declare_contiguous() (6.1).
 */
int cma_declare_contiguous(phys_addr_t base, phys_addr_t size, phys_addr_t limit, phys_addr_t align,
			   const char *name)
{
	int err;

	if (align < PB_PHYS_SIZE)
		align = align & (align - 1) ? align : PB_PHYS_SIZE;
	if (!size || size > UINT64_MAX - PB_PHYS_SIZE || align & (align - 1) || base & (align - 1))
		return refuse(name, base, size, "size, alignment or base is wrong", -EINVAL);
	size = (size + PB_PHYS_SIZE - 1) & ~(PB_PHYS_SIZE - 1);
	if (base) {
		if (!memblock_is_region_memory(base, size) ||
		    memblock_is_region_reserved(base, size) || (limit && base + size > limit))
			return refuse(name, base, size, "not free RAM", -EBUSY);
	} else {
		base = memblock_phys_alloc_range(size, align, 0, limit, name);
		if (!base)
			return refuse(name, base, size, "no place for it", -ENOMEM);
		/*
		 * It was reserved for good; to be lent it has to be said from the
		 * beginning.
		 */
		err = memblock_free(base, size);
		if (err)
			return err;
	}
	return memblock_reserve(base, size, name, MEMBLOCK_REUSABLE);
}

/* What keeps a reservation from becoming an area; NULL: nothing. */
static const char *why_no_area(phys_addr_t base, phys_addr_t size)
{
	unsigned zid;

	if ((base | size) & (PB_PHYS_SIZE - 1))
		return "no whole pageblocks";
	if (!memblock_is_region_memory(base, size) || base + size > (phys_addr_t)MAX_PFN
									    << PAGE_SHIFT)
		return "not all of it is RAM";
	zid = section_zid[base >> PAGE_SHIFT >> PFN_SECTION_SHIFT];
	for (phys_addr_t at = base; at < base + size; at += PB_PHYS_SIZE)
		if (section_zid[at >> PAGE_SHIFT >> PFN_SECTION_SHIFT] != zid)
			return "in more than one zone";
	return nr_cma_areas == BUDDY_MAX_CMA ? "one area too many" : NULL;
}

/* From mm_init(): the zones are known, memblock is still open. */
void cma_init_areas(void)
{
	const struct memblock_region *r;

	nr_cma_areas = 0;
	default_area = NULL;
	for (unsigned i = 0; (r = memblock_reserved(i)); i++) {
		unsigned long pfn = (unsigned long)(r->base >> PAGE_SHIFT);
		unsigned long nr = (unsigned long)(r->size >> PAGE_SHIFT);
		const char *why;
		struct zone *zone;

		if (!(r->flags & MEMBLOCK_REUSABLE))
			continue;
		why = why_no_area(r->base, r->size);
		if (why) {
			refuse(r->name, r->base, r->size, why, 0);
			continue;
		}
		cma_areas[nr_cma_areas++] =
			(struct cma){.base_pfn = pfn, .nr_pages = nr, .name = r->name};
		zone = &zones[section_zid[pfn >> PFN_SECTION_SHIFT]];
		zone->cma_pages += (uint32_t)nr;
		zone->managed_pages += nr;
	}
}

/* ---- accessors --------------------------------------------------------------------- */

struct cma *cma_area(unsigned i)
{
	return i < nr_cma_areas ? &cma_areas[i] : NULL;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

struct cma *cma_find(const char *name)
{
	for (unsigned i = 0; i < nr_cma_areas; i++)
		if (cma_areas[i].name && same(cma_areas[i].name, name))
			return &cma_areas[i];
	return NULL;
}

struct cma *cma_default(void)
{
	return default_area ? default_area : cma_area(0);
}

void cma_set_default(struct cma *cma)
{
	default_area = cma;
}

const char *cma_name(const struct cma *cma)
{
	return cma->name;
}

phys_addr_t cma_base(const struct cma *cma)
{
	return (phys_addr_t)cma->base_pfn << PAGE_SHIFT;
}

unsigned long cma_nr_pages(const struct cma *cma)
{
	return cma->nr_pages;
}

unsigned long cma_nr_alloced(const struct cma *cma)
{
	return READ_ONCE(cma->nr_alloced);
}

/* ---- pages --------------------------------------------------------------------------- */

struct page *cma_alloc(struct cma *cma, unsigned long count, unsigned align_order, bool no_warn)
{
	struct contig_search s = {
		.nr = count,
		.word = CMA_WORD,
		.caller = CALLER,
		.cma = true,
	};
	const char *why = "no such place";
	struct page *page = NULL;

	if (cma && count - 1 < cma->nr_pages && align_order <= pageblock_order) {
		s.align = 1UL << align_order;
		s.zone = page_zone(pfn_to_page(cma->base_pfn));
		do
			page = contig_try(&s, cma->base_pfn, cma->base_pfn + cma->nr_pages);
		while (!page && contig_again(&s));
		why = contig_busy_reason();
	}
	count_rare_event(page ? CMA_ALLOC_SUCCESS : CMA_ALLOC_FAIL);
	if (likely(page))
		__atomic_add_fetch(&cma->nr_alloced, (uint32_t)count, __ATOMIC_RELAXED);
	else if (!no_warn)
		port_log("cma_alloc: %s: %lu pages, order %u from %p: %s (frame 0x%lx)\n",
			 cma && cma->name ? cma->name : "-", count, align_order, CALLER, why,
			 contig_busy_pfn());
	return page;
}

bool cma_release(struct cma *cma, struct page *page, unsigned long count)
{
	unsigned long pfn = page_valid(page) ? page_to_pfn(page) : 0, i = 0;

	if (likely(cma && pfn - cma->base_pfn < cma->nr_pages && count &&
		   count <= cma->nr_pages - (pfn - cma->base_pfn)))
		while (i < count && page_word(page + i) == CMA_WORD)
			i++;
	else
		count = 0;
	if (unlikely(!count || i < count)) {
		bad_free("cma_release", page + i, 0, count ? page_word(page + i) : 0,
			 !count ? "not a range of this area"
				: "not allocated by cma_alloc(), or referenced by others",
			 CALLER);
		return false;
	}
	/* Before they can be had again, so that the count is never more than there is. */
	__atomic_sub_fetch(&cma->nr_alloced, (uint32_t)count, __ATOMIC_RELAXED);
	contig_free(page, count, CALLER);
	return true;
}

#endif /* BUDDY_CMA */
