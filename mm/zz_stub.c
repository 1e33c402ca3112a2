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
