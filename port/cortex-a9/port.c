/* SPDX-License-Identifier: MIT */
/*
 * Port to the Cortex-A9 MPCore, link-time half: the image's console, its panic
 * and its calls between cores.
 *
 * Owns nothing: each function hands on to boot/.  An RTOS that links the
 * library on a Cortex-A9 takes port_impl.h as it is and brings its own three
 * functions: `make lib PORT=cortex-a9` leaves these out of libbuddy.a.
 */
#include <stdarg.h>

#include <buddy/alloc_scope.h>
#include <port/port.h>

#include "boot/cache.h"
#include "boot/console.h"
#include "boot/daemon.h"
#include "boot/exception.h"
#include "boot/mmu.h"
#include "boot/smp.h"
#include "boot/vmap.h"
#include "drivers/pl310.h"

void port_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_vprintf(fmt, ap);
	va_end(ap);
}

_Noreturn void port_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(fmt, ap, __builtin_return_address(0));
}

bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	return smp_run_on_cpu(cpu, fn, arg);
}

/* A task per core, and its interrupt handlers, which run in IRQ mode. */
static struct alloc_scope task_scope[PORT_NR_CPUS], irq_scope[PORT_NR_CPUS];

#define MODE_MASK 0x1fu
#define MODE_IRQ  0x12u

struct alloc_scope *port_alloc_scope(void)
{
	uint32_t cpsr;

	__asm__ volatile("mrs	%0, cpsr" : "=r"(cpsr));
	return (cpsr & MODE_MASK) == MODE_IRQ ? &irq_scope[port_cpu_id()]
					      : &task_scope[port_cpu_id()];
}

/* Whoever in the image has memory that it could give up has registered (buddy/oom.h). */
bool port_out_of_memory(unsigned order, uint32_t gfp)
{
	(void)order;
	(void)gfp;
	return false;
}

void port_wake_kswapd(int nid)
{
	daemon_wake(nid);
}

/*
 * One task per core, so nobody is waiting for this one to let go.  Background work is not
 * done from here: the caller may be in a step of it already, or hold what the step wants.
 */
void port_cond_resched(void)
{
}

void *port_kmap_local(uint64_t phys)
{
	return mmu_kmap_local(phys);
}

void port_kunmap_local(const void *addr)
{
	mmu_kunmap_local(addr);
}

int port_vmap_prepare(void *addr, size_t bytes)
{
	return vmap_prepare((uint32_t)(uintptr_t)addr, bytes);
}

void port_vmap_set(void *addr, uint64_t phys)
{
	vmap_set((uint32_t)(uintptr_t)addr, (uint32_t)phys);
}

void port_vmap_clear(void *addr, unsigned nr)
{
	vmap_clear((uint32_t)(uintptr_t)addr, nr);
}

void port_vmap_break(void *addr)
{
	vmap_break((uint32_t)(uintptr_t)addr);
}

uint64_t port_vmap_phys(const void *addr)
{
	return vmap_phys((uint32_t)(uintptr_t)addr);
}

bool port_map_pages(void *addr, unsigned nr, enum port_page_attr attr)
{
	return mmu_map_pages((uint32_t)(uintptr_t)addr, nr, attr);
}

void port_cache_clean(const void *addr, size_t bytes)
{
	cache_clean_range(addr, (const char *)addr + bytes);
}

void port_cache_invalidate(void *addr, size_t bytes)
{
	cache_invalidate_range(addr, (char *)addr + bytes);
}

void port_cache_flush(void *addr, size_t bytes)
{
	cache_flush_range(addr, (char *)addr + bytes);
}

void port_dma_wmb(void)
{
	__asm__ volatile("dsb" ::: "memory");
	pl310_sync();
}
