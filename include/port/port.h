/* SPDX-License-Identifier: MIT */
/*
 * The port contract: all that libbuddy asks of the system it is linked into.
 *
 * Three users share one core: the bootable image (port/cortex-a9), the tests
 * on a workstation (port/host) and a custom RTOS (start from port/template).
 * A port is one directory with two files, chosen by `-I port/$(PORT)`:
 *
 *   port_impl.h  compile time, hot: the macros and static inlines below.  A
 *                macro that is missing is an #error here, a function that is
 *                missing a compile error.
 *   port.c       link time, cold: the functions declared at the end.  One that
 *                is missing is a link error.
 *
 * Everything else reaches the core at run time, as arguments: memory regions
 * (memblock.h) and zone limits (init.h).  Barriers and atomics come from the
 * compiler, <stdatomic.h>.
 *
 * docs/PORTING.md explains each item with its context, cost and usual mistakes;
 * buddy/port_selftest.h finds most of these.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * port_impl.h must define
 *
 *   PORT_NR_CPUS           macro: CPUs at most, 1 to 32.  With 1 no lock is ever taken:
 *                          interrupts off are enough.
 *   PORT_CACHELINE         macro: bytes of a cache line; per-CPU data and locks
 *                          are aligned to it.
 *
 *   struct port_spinlock   the zone lock's type, and PORT_SPINLOCK_INIT, its
 *                          unlocked value (all bytes 0 must be unlocked too).
 *   void port_spin_lock(struct port_spinlock *)
 *                          waits; acquire order.  Called with interrupts off.
 *   bool port_spin_trylock(struct port_spinlock *)
 *                          does not wait: false for one that is held, by this CPU too.
 *   void port_spin_unlock(struct port_spinlock *)
 *                          release order.
 *   bool port_spin_is_locked(struct port_spinlock *)
 *                          for assertions only.
 *
 *   port_irqflags_t        the type of what port_irq_save() returns.
 *   port_irqflags_t port_irq_save(void)
 *                          disables this CPU's interrupts (and with them
 *                          preemption); a compiler barrier.  Nests.
 *   void port_irq_restore(port_irqflags_t)
 *                          what they were before the matching save.
 *   bool port_irqs_disabled(void)
 *                          for assertions only.
 *
 *   unsigned port_cpu_id(void)
 *                          this CPU, 0 to PORT_NR_CPUS - 1; interrupts off.
 *   void *port_percpu(void) and void port_set_percpu(void *)
 *                          this CPU's pointer to the core's per-CPU data, as
 *                          set on this CPU; interrupts off.  A spare register
 *                          (TPIDRPRW) makes it one instruction; an array
 *                          indexed by port_cpu_id() does too, slower.
 *
 *   void port_cpu_relax(void)
 *                          in a loop that waits for another CPU.
 *   void *port_phys_to_virt(uint64_t phys)
 *   uint64_t port_virt_to_phys(const void *virt)
 *                          the permanent mapping of RAM that is not highmem.
 *   void port_clear_page(void *page)
 *                          zeroes PAGE_SIZE bytes, page aligned.
 *   void port_copy_page(void *to, const void *from)
 *                          copies PAGE_SIZE bytes, both page aligned.
 */
#include <port_impl.h>

#ifndef PORT_NR_CPUS
#error "port_impl.h must define PORT_NR_CPUS: the most CPUs that call the allocator (1 to 32)"
#elif PORT_NR_CPUS < 1 || PORT_NR_CPUS > 32
#error "PORT_NR_CPUS must be 1 to 32: CPU masks are one 32-bit word"
#endif
#ifndef PORT_CACHELINE
#error "port_impl.h must define PORT_CACHELINE: bytes of a cache line (32 on a Cortex-A9)"
#elif PORT_CACHELINE & (PORT_CACHELINE - 1)
#error "PORT_CACHELINE must be a power of two"
#endif
#ifndef PORT_SPINLOCK_INIT
#error "port_impl.h must define struct port_spinlock and PORT_SPINLOCK_INIT"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- link time ------------------------------------------------------ */

/*
 * Writes to the console or the log.  printf's %s %c %d %u %x %p, with l, width,
 * precision, '-' and '0' are used, no 64-bit and no floating-point formats.
 * Any context, interrupts on or off, but never under a zone lock.
 */
void port_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The allocator's own state is broken: say so and do not return.  Any context. */
__attribute__((noreturn)) void port_panic(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * Runs fn(arg) on a CPU with interrupts off there, and returns true when it has
 * run; false, at once, if that CPU cannot be reached (offline, or the port has
 * no IPIs): the caller then does without.  Called with interrupts on, never
 * under a lock.  When cpu is the calling one fn just runs here, interrupts off.
 * Two CPUs may ask each other at the same time: who waits must answer.
 */
bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg);

/*
 * The running context's scope (buddy/alloc_scope.h), never NULL: a task's own, or, in an
 * interrupt handler, one that belongs to that CPU's handlers.  Any context.
 */
struct alloc_scope;
struct alloc_scope *port_alloc_scope(void);

/*
 * Nothing is left for a request of 2^order pages with these gfp flags, and no registered
 * owner (buddy/oom.h) has anything to give.  True: somebody gave memory up, try again;
 * false: there is nobody; the request fails, or, with __GFP_NOFAIL, the allocator panics.
 * Which requests come here says buddy/oom.h.  Task context, interrupts on, no lock held,
 * one call at a time (but for requests with __GFP_NOFAIL that an owner makes while it gives
 * memory up); it may free, not allocate.
 */
bool port_out_of_memory(unsigned order, uint32_t gfp);

/*
 * Node nid is short of memory: whoever calls kswapd_step() and kcompactd_step() for it
 * (buddy/reclaim.h) is to do so soon.  Any context, no lock held; often called again before
 * that.  A port without such a task does nothing: requests then reclaim themselves.
 */
void port_wake_kswapd(int nid);

/*
 * The window of vmalloc_init(): virtual addresses whose pages are mapped one by one, as
 * Normal cacheable memory, read-write, never executable.  addr is page aligned in all of
 * them.  Called only by vmalloc, which does so for different pages at once.
 *
 * prepare: whatever tables are needed to map [addr, addr + bytes): 0 or -ENOMEM; task
 * context. set: addr is mapped to phys; it was not, or broken.  Any context. clear: nr
 * pages from addr on are not mapped any more, on any CPU, when it returns; an access
 *	is a fault.
 * break: the same, for one page, but an access to it by any CPU, from now until set (or
 * clear), waits
 *	in the fault handler, and then is made again.  Interrupts are off from break to set,
 *	and there is only a copy of the page in between.
 * phys: where addr is mapped to; UINT64_MAX: it is not, or broken.  Any context.
 */
int port_vmap_prepare(void *addr, size_t bytes);
void port_vmap_set(void *addr, uint64_t phys);
void port_vmap_clear(void *addr, unsigned nr);
void port_vmap_break(void *addr);
uint64_t port_vmap_phys(const void *addr);

/*
 * In a long piece of work, no lock held: lets others run, if this context may wait.  Also
 * those of a lower priority: a request that is out of memory waits here for the one that
 * is getting some (buddy/oom.h), as does register_oom_owner().
 */
void port_cond_resched(void);

/*
 * Maps a page without a permanent mapping, and undoes it (buddy/highmem.h).  Nests; any
 * context. Called only if mm_limits has highmem_start.
 */
void *port_kmap_local(uint64_t phys);
void port_kunmap_local(const void *addr);

/*
 * Changes how nr pages of the permanent mapping are mapped: usually; not at all; without
 * caches (Normal memory, what the caches hold of it written back and dropped).  Nobody
 * touches them meanwhile.  False, and nothing has changed: the port cannot, here.  Any
 * context but under a lock.
 */
enum port_page_attr { PORT_PAGE_NORMAL, PORT_PAGE_UNMAPPED, PORT_PAGE_UNCACHED };
bool port_map_pages(void *addr, unsigned nr, enum port_page_attr attr);

/*
 * Cache maintenance to the point of coherency, by address, never by set and way (case
 * 48): writes back; drops, after writing back the lines at an edge that is not a line's;
 * both.  Any context.
 */
void port_cache_clean(const void *addr, size_t bytes);
void port_cache_invalidate(void *addr, size_t bytes);
void port_cache_flush(void *addr, size_t bytes);

/*
 * What was written to uncached memory before is where a device reads it (a DSB, and the
 * L2's buffers).
 */
void port_dma_wmb(void);

#ifdef __cplusplus
}
#endif

#endif /* PORT_PORT_H */
