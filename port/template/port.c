/* SPDX-License-Identifier: MIT */
/*
 * Template of a port, link-time half: functions to fill with what the
 * system has.  As they stand they are complete for a system that has neither a
 * console nor a second core.
 *
 * Owns the one per-CPU pointer of port_impl.h.
 */
#include <buddy/alloc_scope.h>
#include <buddy/errno.h>
#include <port/port.h>

void *port_template_percpu;

/*
 * One line, or part of one, for the log: vprintf(), vsnprintf() into a ring
 * buffer, or nothing at all, as here.  May be called with interrupts off.
 */
void port_log(const char *fmt, ...)
{
	(void)fmt;
}

/* The allocator found its own state broken: stop, where a debugger can see it. */
_Noreturn void port_panic(const char *fmt, ...)
{
	(void)fmt;
	(void)port_irq_save();
	for (;;)
		port_cpu_relax();
}

/*
 * There is no other core.  With others, but without interrupts between them,
 * false is still right: the allocator then leaves the pages in that core's
 * cache for the core itself to drain.
 */
bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	(void)cpu;
	(void)fn;
	(void)arg;
	return false;
}

/*
 * One context, and one more for interrupt handlers if they ever open a scope; an
 * RTOS returns a member of the running task.
 */
struct alloc_scope *port_alloc_scope(void)
{
	static struct alloc_scope only;

	return &only;
}

/* Nobody gives memory up. */
bool port_out_of_memory(unsigned order, uint32_t gfp)
{
	(void)order;
	(void)gfp;
	return false;
}

/* Nobody calls kswapd_step(): requests reclaim themselves. */
void port_wake_kswapd(int nid)
{
	(void)nid;
}

/* Nobody waits for the CPU. */
void port_cond_resched(void)
{
}

/* There is no highmem: virtual is physical, and all of it is mapped. */
void *port_kmap_local(uint64_t phys)
{
	return port_phys_to_virt(phys);
}

void port_kunmap_local(const void *addr)
{
	(void)addr;
}

/* No page tables to change: no debug_pagealloc, no coherent DMA memory. */
bool port_map_pages(void *addr, unsigned nr, enum port_page_attr attr)
{
	(void)addr;
	(void)nr;
	return attr == PORT_PAGE_NORMAL;
}

/*
 * No page tables: no vmalloc.  As long as nobody calls vmalloc_init() it asks for nothing, and gives
 * nothing; BUDDY_VMALLOC=0 leaves it out, and these with it.
 */
int port_vmap_prepare(void *addr, size_t bytes)
{
	(void)addr;
	(void)bytes;
	return -ENOMEM;
}

void port_vmap_set(void *addr, uint64_t phys)
{
	(void)addr;
	(void)phys;
}

void port_vmap_clear(void *addr, unsigned nr)
{
	(void)addr;
	(void)nr;
}

void port_vmap_break(void *addr)
{
	(void)addr;
}

uint64_t port_vmap_phys(const void *addr)
{
	(void)addr;
	return UINT64_MAX;
}

/* No caches, or devices that look into them. */
void port_cache_clean(const void *addr, size_t bytes)
{
	(void)addr;
	(void)bytes;
}

void port_cache_invalidate(void *addr, size_t bytes)
{
	(void)addr;
	(void)bytes;
}

void port_cache_flush(void *addr, size_t bytes)
{
	(void)addr;
	(void)bytes;
}

void port_dma_wmb(void)
{
}
