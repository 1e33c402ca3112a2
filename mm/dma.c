// SPDX-License-Identifier: MIT
/*
 * dma - memory that devices share with the CPU.
 *
 * Coherent memory is taken from the default CMA area or as single pages, zeroed,
 * pushed out of the caches and then mapped without them; freeing goes the same way
 * back.  A step that fails undoes those before it.  Streaming is cache maintenance by
 * address, and nothing else.
 *
 * The first page of a coherent block carries a mark in the words that are its
 * owner's, which is this file: mapping says so, priv how many pages there
 * are, index the CMA area or 0.  That is how a wrong free is told from a right one; who frees
 * takes the mark off by compare-and-swap, so that of two only one does.
 *
 * State: none but these marks.
 *
 * Not here: how the port maps pages and cleans lines (port.h); which frames an
 * area gives (cma_alloc()).
 */
#include <buddy/contig.h>
#include <buddy/dma.h>
#include <mm/internal.h>

#if !BUDDY_TINY

static char coherent_mark;

#if BUDDY_CMA
/*
 * An area serves those requests that the zone it lies in may serve: DMA asks for low
 * frames.
 */
static struct page *alloc_from_area(struct cma *cma, unsigned long nr, gfp_t gfp)
{
	if (!(gfp & __GFP_DIRECT_RECLAIM) || port_irqs_disabled() || nr - 1 >= cma_nr_pages(cma) ||
	    page_zone(pfn_to_page((unsigned long)(cma_base(cma) >> PAGE_SHIFT)))->type >
		    gfp_zone(gfp))
		return NULL;
	/* Aligned to its size, as blocks are, as far as areas go. */
	return cma_alloc(cma, nr, min_t(order_of_pages((unsigned)nr), pageblock_order), true);
}

static void give_back(struct cma *cma, struct page *page, unsigned long nr)
{
	if (cma)
		cma_release(cma, page, nr);
	else
		free_pages_exact(page_address(page), nr << PAGE_SHIFT);
}
#else
struct cma;

#define cma_default() ((struct cma *)NULL)

static struct page *alloc_from_area(struct cma *cma, unsigned long nr, gfp_t gfp)
{
	(void)cma;
	(void)nr;
	(void)gfp;
	return NULL;
}

static void give_back(struct cma *cma, struct page *page, unsigned long nr)
{
	(void)cma;
	free_pages_exact(page_address(page), nr << PAGE_SHIFT);
}
#endif

void *dma_alloc_coherent(size_t size, dma_addr_t *handle, gfp_t gfp)
{
	unsigned long nr = bytes_to_pages(size);
	struct cma *cma = cma_default();
	struct page *page = NULL;
	const char *step;
	char *addr;

	/* It has an address, and stays where it is. */
	gfp &= ~(__GFP_HIGHMEM | GFP_MOVABLE_MASK | __GFP_ZERO);
	if (cma)
		page = alloc_from_area(cma, nr, gfp);
	if (!page) {
		cma = NULL;
		step = "more than the largest block, and no CMA area gave it";
		if (nr > 1UL << MAX_ORDER)
			goto failed;
		step = "no memory";
		addr = alloc_pages_exact(size, gfp);
		if (!addr)
			goto failed;
		page = virt_to_page(addr);
	}
	addr = page_address(page);
	for (unsigned long i = 0; i < nr; i++)
		port_clear_page(addr + (i << PAGE_SHIFT));
	port_cache_flush(addr, nr << PAGE_SHIFT);
	if (unlikely(!port_map_pages(addr, (unsigned)nr, PORT_PAGE_UNCACHED))) {
		give_back(cma, page, nr);
		step = "the port cannot map it without caches";
		goto failed;
	}
	page->priv = nr;
	page->index = (uintptr_t)cma;
	page->mapping = &coherent_mark;
	*handle = port_virt_to_phys(addr);
	return addr;

failed:
	if (!(gfp & __GFP_NOWARN))
		port_log("dma_alloc_coherent: %lu bytes, gfp 0x%x from %p: %s\n",
			 (unsigned long)size, (unsigned)gfp, CALLER, step);
	return NULL;
}

/* What is wrong with this free; NULL, and the mark is off, when nothing is. */
static const char *take_mark(struct page *page, unsigned long nr, bool right_handle)
{
	void *mark = &coherent_mark;

	if (!page || READ_ONCE(page->mapping) != mark)
		return "no coherent memory begins there";
	if (page->priv != nr)
		return "another size was allocated";
	if (!right_handle)
		return "the handle is another one's";
	if (!__atomic_compare_exchange_n(&page->mapping, &mark, NULL, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return "freed by another CPU at this moment";
	return NULL;
}

void dma_free_coherent(size_t size, void *addr, dma_addr_t handle)
{
	unsigned long nr = bytes_to_pages(size);
	struct page *page;
	const char *why;

	if (!addr)
		return;
	page = (uintptr_t)addr & (PAGE_SIZE - 1) ? NULL : virt_to_page(addr);
	why = take_mark(page, nr, handle == port_virt_to_phys(addr));
	/* Without caches it is no page like others, and nobody else may have it. */
	if (likely(!why) && unlikely(!port_map_pages(addr, (unsigned)nr, PORT_PAGE_NORMAL))) {
		page->mapping = &coherent_mark;
		why = "the port cannot map it with caches again";
	}
	if (unlikely(why)) {
		count_rare_event(BAD_FREE);
		misuse_log("dma_free_coherent: %lu bytes at %p from %p: %s\n", (unsigned long)size,
			   addr, CALLER, why);
		return;
	}
	give_back((struct cma *)page->index, page, nr);
}

/* ---- streaming --------------------------------------------------------- */

/*
 * Whatever the direction the lines are cleaned, not dropped: no dirty one is left that
 * could be written over what the device writes, and what it does not write stays.
 */
void dma_sync_single_for_device(dma_addr_t handle, size_t size, enum dma_data_direction dir)
{
	(void)dir;
	port_cache_clean(port_phys_to_virt(handle), size);
}

/* Lines that the caches fetched on their own while the device was writing. */
void dma_sync_single_for_cpu(dma_addr_t handle, size_t size, enum dma_data_direction dir)
{
	if (dir != DMA_TO_DEVICE)
		port_cache_invalidate(port_phys_to_virt(handle), size);
}

dma_addr_t dma_map_single(void *addr, size_t size, enum dma_data_direction dir)
{
	dma_addr_t handle = port_virt_to_phys(addr);

	dma_sync_single_for_device(handle, size, dir);
	return handle;
}

void dma_unmap_single(dma_addr_t handle, size_t size, enum dma_data_direction dir)
{
	dma_sync_single_for_cpu(handle, size, dir);
}

void dma_wmb(void)
{
	port_dma_wmb();
}

#endif /* !BUDDY_TINY */
