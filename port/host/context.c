// SPDX-License-Identifier: MIT
/*
 * The host port, cold part: what a context says (scopes), temporary and changed
 * mappings, cache maintenance.
 *
 * Owned state: a scope for the task and one for the interrupt handlers of each CPU, its own
 * CPU's; the stacks of temporary mappings, each its CPU's; counts and answers, set
 * by tests while no other thread runs.
 *
 * Not here: CPUs, calls between them, messages and fake memory (port.c).
 */
#include <string.h>
#include <sys/mman.h>

#include <buddy/alloc_scope.h>
#include <buddy/config.h>
#include <port/port.h>

#include "host.h"

/* ---- contexts --------------------------------------------------------- */

/* A task per CPU, and its interrupt handlers. */
static struct alloc_scope task_scope[PORT_NR_CPUS], irq_scope[PORT_NR_CPUS];
static void (*kswapd_handler)(int nid);
static bool (*oom_handler)(unsigned order, uint32_t gfp);

struct alloc_scope *port_alloc_scope(void)
{
	struct host_cpu *me = host_self();

	return me->in_irq ? &irq_scope[me->id] : &task_scope[me->id];
}

struct alloc_scope *host_task_scope(unsigned cpu)
{
	return &task_scope[cpu];
}

void host_oom_set_handler(bool (*handler)(unsigned order, uint32_t gfp))
{
	oom_handler = handler;
}

bool port_out_of_memory(unsigned order, uint32_t gfp)
{
	if (host_self()->irq_depth || host_self()->nr_locks)
		host_fault("port_out_of_memory() with interrupts off or under a lock");
	return oom_handler && oom_handler(order, gfp);
}

void host_kswapd_set_handler(void (*handler)(int nid))
{
	kswapd_handler = handler;
}

void port_wake_kswapd(int nid)
{
	if (host_self()->nr_locks)
		host_fault("port_wake_kswapd() under a lock");
	if (kswapd_handler)
		kswapd_handler(nid);
}

void port_cond_resched(void)
{
	struct host_cpu *me = host_self();

	if (me->nr_locks)
		host_fault("port_cond_resched() under a lock");
	if (!me->irq_depth)
		host_irq_window(me);
}

void host_context_reset(void)
{
	memset(task_scope, 0, sizeof(task_scope));
	memset(irq_scope, 0, sizeof(irq_scope));
	oom_handler = NULL;
	kswapd_handler = NULL;
}

/* ---- mappings and caches ------------------------------------------------ */

static const void *kmaps[PORT_NR_CPUS][16];
static unsigned long nr_cache_ops[3];
static bool map_pages_refused;

void *port_kmap_local(uint64_t phys)
{
	struct host_cpu *me = host_self();
	void *addr = port_phys_to_virt(phys);

	if (me->nr_kmaps == 16)
		host_fault("more than 16 temporary mappings");
	kmaps[me->id][me->nr_kmaps++] = addr;
	return addr;
}

void port_kunmap_local(const void *addr)
{
	struct host_cpu *me = host_self();
	uintptr_t page = (uintptr_t)addr & ~(uintptr_t)(PAGE_SIZE - 1);

	if (!me->nr_kmaps || (uintptr_t)kmaps[me->id][me->nr_kmaps - 1] != page)
		host_fault("kunmap_local() of what was not mapped last");
	me->nr_kmaps--;
}

void host_refuse_map_pages(bool refuse)
{
	map_pages_refused = refuse;
}

/* What is not mapped cannot be touched; what is uncached looks like what is not. */
bool port_map_pages(void *addr, unsigned nr, enum port_page_attr attr)
{
	if (host_me && host_me->nr_locks)
		host_fault("port_map_pages() under a lock");
	if ((uintptr_t)addr & (PAGE_SIZE - 1))
		host_fault("port_map_pages() of an address that is not page aligned");
	if (map_pages_refused)
		return attr == PORT_PAGE_NORMAL;
	if (mprotect(addr, (size_t)nr * PAGE_SIZE,
		     attr == PORT_PAGE_UNMAPPED ? PROT_NONE : PROT_READ | PROT_WRITE))
		host_fault("port_map_pages() failed");
	return true;
}

void port_cache_clean(const void *addr, size_t bytes)
{
	(void)addr;
	nr_cache_ops[0] += bytes != 0;
}

void port_cache_invalidate(void *addr, size_t bytes)
{
	(void)addr;
	nr_cache_ops[1] += bytes != 0;
}

void port_cache_flush(void *addr, size_t bytes)
{
	(void)addr;
	nr_cache_ops[2] += bytes != 0;
}

unsigned long host_cache_ops(unsigned kind)
{
	return nr_cache_ops[kind];
}

void port_dma_wmb(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}
