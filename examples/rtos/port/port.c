// SPDX-License-Identifier: MIT
/*
 * libbuddy's port to this kernel, link-time half: <port/port.h>.
 *
 * State: the calls between cores, each core's list under its own lock; a scope for each
 * core's interrupt handlers; the semaphores of the background tasks.
 */
#include "../kernel.h"

#include <buddy/buddy.h>
#include <port/port.h>

#include "../board.h"

#define CACHE_LINE 32u

bool (*oom_hook)(unsigned order);

void port_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
}

_Noreturn void port_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(fmt, ap);
}

/* ---- calls between cores ------------------------------------------------ */

struct call {
	void (*fn)(void *arg);
	void *arg;
	struct list_head link;
	bool done; /* the last that is written: the caller's stack may go then */
};

static struct {
	struct port_spinlock lock;
	struct list_head calls; /* next NULL: none has ever been made */
} inbox[NR_CPUS];

void port_answer_calls(void)
{
	unsigned cpu = cpu_id();

	for (;;) {
		struct call *call = NULL;

		port_spin_lock(&inbox[cpu].lock);
		if (inbox[cpu].calls.next && !list_empty(&inbox[cpu].calls)) {
			call = list_first(&inbox[cpu].calls, struct call, link);
			list_del(&call->link);
		}
		port_spin_unlock(&inbox[cpu].lock);
		if (!call)
			return;
		call->fn(call->arg);
		__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	}
}

bool port_run_on_cpu(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	struct call call = {.fn = fn, .arg = arg};
	uint32_t flags;

	if (cpu >= kernel_nr_cpus())
		return false;
	flags = irq_save(); /* this task stays on its core for as long as it takes to know which */
	if (cpu == cpu_id()) {
		fn(arg);
		irq_restore(flags);
		return true;
	}
	port_spin_lock(&inbox[cpu].lock);
	if (!inbox[cpu].calls.next)
		INIT_LIST_HEAD(&inbox[cpu].calls);
	list_add_tail(&call.link, &inbox[cpu].calls);
	port_spin_unlock(&inbox[cpu].lock);
	board_send_sgi(SGI_CALL, 1u << cpu);
	irq_restore(flags);
	/* Interrupts are on: who calls this core meanwhile is answered. */
	while (!__atomic_load_n(&call.done, __ATOMIC_ACQUIRE))
		port_cpu_relax();
	return true;
}

/* ---- contexts ----------------------------------------------------------- */

static struct alloc_scope irq_scope[NR_CPUS];

struct alloc_scope *port_alloc_scope(void)
{
	struct task *task = current_task();

	/* in_irq is the task's own word: it is right wherever the task runs by now. */
	return task->in_irq ? &irq_scope[cpu_id()] : &task->scope;
}

bool port_out_of_memory(unsigned order, uint32_t gfp)
{
	bool (*hook)(unsigned) = __atomic_load_n(&oom_hook, __ATOMIC_ACQUIRE);

	(void)gfp;
	return hook && hook(order);
}

/*
 * Now and then a sleep: yielding alone would never let a task of a lower priority run, and it
 * may be the one that is waited for.
 */
void port_cond_resched(void)
{
	struct task *task = current_task();

	if (irqs_off() || task->in_irq)
		return;
	if (++task->nr_resched % 8)
		task_yield();
	else
		task_sleep(1);
}

/* ---- background --------------------------------------------------------- */

struct background {
	const char *name;
	bool (*step)(int nid);
	struct semaphore sem;
	bool wanted; /* atomic: it has been woken and has not begun */
	bool started;
};

static struct background kswapd = {.name = "kswapd", .step = kswapd_step};
static struct background kcompactd = {.name = "kcompactd", .step = kcompactd_step};

static void background_task(void *arg)
{
	struct background *b = arg;

	for (;;) {
		sem_down(&b->sem);
		__atomic_store_n(&b->wanted, false, __ATOMIC_SEQ_CST);
		while (b->step(0))
			task_yield();
	}
}

static void wake_background(struct background *b)
{
	if (__atomic_load_n(&b->started, __ATOMIC_ACQUIRE) &&
	    !__atomic_exchange_n(&b->wanted, true, __ATOMIC_SEQ_CST))
		sem_up(&b->sem);
}

/* Both, as nobody says which: a step that nothing is wanted of comes back at once. */
void port_wake_kswapd(int nid)
{
	(void)nid;
	wake_background(&kswapd);
	wake_background(&kcompactd);
}

static void start(struct background *b, unsigned prio)
{
	sem_init(&b->sem, 0);
	if (!task_create(b->name, background_task, b, prio, ANY_CPU))
		panic("no memory for %s", b->name);
	__atomic_store_n(&b->started, true, __ATOMIC_RELEASE);
}

void port_start_background(void)
{
	start(&kswapd, 4);
	start(&kcompactd, 2);
}

/* ---- mappings and caches ------------------------------------------------ */

/* All RAM is mapped, and stays as it is. */
void *port_kmap_local(uint64_t phys)
{
	return port_phys_to_virt(phys);
}

void port_kunmap_local(const void *addr)
{
	(void)addr;
}

bool port_map_pages(void *addr, unsigned nr, enum port_page_attr attr)
{
	(void)addr;
	(void)nr;
	return attr == PORT_PAGE_NORMAL;
}

/*
 * By address, to the point of coherency: DCCMVAC, DCIMVAC, DCCIMVAC (ARMv7-A ARM, "Cache and
 * branch predictor maintenance operations"); ACTLR.FW and the SMP bit have all cores' L1 do
 * it.  With a PL310 that is on each of them would go on to it.
 */
#define FOR_EACH_LINE(op, addr, bytes)                                                     \
	do {                                                                               \
		uintptr_t line_ = (uintptr_t)(addr) & ~(uintptr_t)(CACHE_LINE - 1);        \
                                                                                           \
		for (; line_ < (uintptr_t)(addr) + (bytes); line_ += CACHE_LINE)           \
			__asm__ volatile("mcr p15, 0, %0, " op : : "r"(line_) : "memory"); \
		__asm__ volatile("dsb" ::: "memory");                                      \
	} while (0)

void port_cache_clean(const void *addr, size_t bytes)
{
	FOR_EACH_LINE("c7, c10, 1", addr, bytes);
}

void port_cache_flush(void *addr, size_t bytes)
{
	FOR_EACH_LINE("c7, c14, 1", addr, bytes);
}

void port_cache_invalidate(void *addr, size_t bytes)
{
	char *end = (char *)addr + bytes;

	if (!bytes)
		return;
	/* A line at an edge holds others' bytes, too: written back, then dropped. */
	if ((uintptr_t)addr % CACHE_LINE)
		port_cache_flush(addr, 1);
	if ((uintptr_t)end % CACHE_LINE)
		port_cache_flush(end - 1, 1);
	FOR_EACH_LINE("c7, c6, 1", addr, bytes);
}

void port_dma_wmb(void)
{
	__asm__ volatile("dsb" ::: "memory");
}
