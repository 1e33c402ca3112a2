#include <buddy/contig.h>
#include <mm/internal.h>
#if BUDDY_DEBUG_HOOKS
unsigned mm_debug_on;
#endif
struct cma cma_areas[BUDDY_MAX_CMA];
unsigned nr_cma_areas;
void cma_init_areas(void)
{
}
void debug_reset(void)
{
}
bool should_fail_alloc_page(gfp_t gfp, unsigned order)
{
	return false;
}
void post_alloc_hook(struct page *page, unsigned order, gfp_t gfp, const void *caller)
{
}
void free_pages_prepare(struct page *page, unsigned order, const void *caller)
{
}
void trace_event(enum mm_trace_kind kind, const struct page *page, unsigned order, gfp_t gfp,
		 const void *caller)
{
}
struct cma *cma_default(void)
{
	return NULL;
}
struct page *cma_alloc(struct cma *cma, unsigned long count, unsigned align_order, bool no_warn)
{
	return NULL;
}
bool cma_release(struct cma *cma, struct page *page, unsigned long count)
{
	return false;
}
phys_addr_t cma_base(const struct cma *cma)
{
	return 0;
}
unsigned long cma_nr_pages(const struct cma *cma)
{
	return 0;
}
struct cma *cma_area(unsigned i)
{
	return NULL;
}
struct cma *cma_find(const char *name)
{
	return NULL;
}
void cma_set_default(struct cma *cma)
{
}
const char *cma_name(const struct cma *cma)
{
	return "";
}
unsigned long cma_nr_alloced(const struct cma *cma)
{
	return 0;
}
int cma_declare_contiguous(phys_addr_t base, phys_addr_t size, phys_addr_t limit, phys_addr_t align,
			   const char *name)
{
	return -EINVAL;
}
int offline_pages(unsigned long start, unsigned long nr)
{
	return -EBUSY;
}
int online_pages(unsigned long start, unsigned long nr)
{
	return -EBUSY;
}
const char *contig_busy_reason(void)
{
	return "";
}
unsigned long contig_busy_pfn(void)
{
	return 0;
}
