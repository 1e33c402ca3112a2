// SPDX-License-Identifier: MIT
/*
 * Tasks: who runs where, ticks, sleep, interrupts.  See kernel.h.
 *
 * State, all of it under the kernel's lock but where it says so:
 *	ready[], ready_mask	who could run, by priority, the longest waiting first
 *	sleeping		by the tick at which they wake
 *	cpus[]			what each core does; need_resched may be read without the lock
 *				by its own core
 * A task's memory is its stack with the struct at the upper end, from libbuddy.
 */
#include "kernel.h"

#include <buddy/gfp.h>
#include <buddy/mm.h>

#include "board.h"

#define STACK_GUARD 0x57ac6ad5u

struct cpu {
	struct task *current;
	bool need_resched;
	bool slice_over;
	struct task idle;
} __attribute__((aligned(64)));

static struct cpu cpus[NR_CPUS];
static struct spinlock lock;
static struct list_head ready[NR_PRIO];
static uint32_t ready_mask;
static struct list_head sleeping;
static uint32_t ticks;	     /* written by core 0 */
static uint32_t cpus_online; /* atomic; a bit each */

void (*tick_hook)(unsigned cpu);

void list_add(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	head->next = entry;
}

void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_add(entry, head->prev);
}

void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

/* ---- the lock, and what happens when it is let go ----------------------- */

static void schedule(bool to_the_end);

uint32_t kernel_lock(void)
{
	uint32_t flags = irq_save();

	spin_lock(&lock);
	return flags;
}

/* Somebody more urgent may be ready: now, if interrupts were on, else at the next one. */
void kernel_unlock(uint32_t flags)
{
	if (!(flags & CPSR_I) && cpus[cpu_id()].need_resched)
		schedule(false);
	spin_unlock(&lock);
	irq_restore(flags);
}

/* ---- who is next -------------------------------------------------------- */

static void make_ready(struct task *task, bool to_the_end)
{
	task->state = TASK_READY;
	if (to_the_end)
		list_add_tail(&task->link, &ready[task->prio]);
	else
		list_add(&task->link, &ready[task->prio]);
	ready_mask |= 1u << task->prio;
}

static void unready(struct task *task)
{
	list_del(&task->link);
	if (list_empty(&ready[task->prio]))
		ready_mask &= ~(1u << task->prio);
}

static struct task *pick(unsigned cpu)
{
	struct task *task;
	unsigned prio;

	for (uint32_t left = ready_mask; left; left &= ~(1u << prio)) {
		prio = 31u - (unsigned)__builtin_clz(left);
		list_for_each(task, &ready[prio], struct task, link) {
			if (task->cpus >> cpu & 1) {
				unready(task);
				return task;
			}
		}
	}
	return &cpus[cpu].idle;
}

/* The lock is held, and is when this comes back, on whichever core. */
static void schedule(bool to_the_end)
{
	struct cpu *cpu = &cpus[cpu_id()];
	struct task *prev = cpu->current, *next;

	if (*prev->guard != STACK_GUARD)
		panic("the stack has overflowed");
	if (prev->state == TASK_RUNNING && prev != &cpu->idle)
		make_ready(prev, to_the_end || cpu->slice_over);
	cpu->need_resched = cpu->slice_over = false;
	next = pick(cpu_id());
	next->state = TASK_RUNNING;
	cpu->current = next;
	set_current_task(next);
	if (next != prev)
		context_switch(&prev->sp, next->sp);
}

/* The core that does the least urgent thing of those that the task may run on. */
static void kick_for(const struct task *task)
{
	uint32_t online = __atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE);
	unsigned best = NR_CPUS, self = cpu_id();

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		if ((task->cpus & online) >> cpu & 1 &&
		    (best == NR_CPUS || cpus[cpu].current->prio < cpus[best].current->prio ||
		     (cpu == self && cpus[cpu].current->prio == cpus[best].current->prio)))
			best = cpu;
	if (best == NR_CPUS || cpus[best].current->prio >= task->prio)
		return;
	cpus[best].need_resched = true;
	if (best != self)
		board_send_sgi(SGI_RESCHED, 1u << best);
}

void wake(struct task *task)
{
	make_ready(task, true);
	kick_for(task);
}

void insert_by_prio(struct task *task, struct list_head *waiters)
{
	struct task *other;

	list_for_each(other, waiters, struct task, link) {
		if (other->prio < task->prio)
			break;
	}
	list_add_tail(&task->link, &other->link);
}

void block_on(struct list_head *waiters)
{
	struct task *task = current_task();

	if (task->in_irq || !task->prio)
		panic("an interrupt handler, or an idle task, waits");
	task->state = TASK_BLOCKED;
	insert_by_prio(task, waiters);
	schedule(false);
}

void set_prio(struct task *task, unsigned prio)
{
	bool was_ready = task->state == TASK_READY;

	if (was_ready)
		unready(task);
	if (task->state == TASK_RUNNING && prio < task->prio && ready_mask >> (prio + 1))
		cpus[cpu_id()].need_resched = true; /* only a running task lowers its own */
	task->prio = prio;
	if (was_ready)
		wake(task);
}

/* ---- tasks -------------------------------------------------------------- */

static void init_task(struct task *task, const char *name, uint32_t *guard, unsigned prio,
		      uint32_t may_run_on)
{
	*task = (struct task){
		.guard = guard,
		.name = name,
		.prio = prio,
		.base_prio = prio,
		.cpus = may_run_on,
	};
	*guard = STACK_GUARD;
	INIT_LIST_HEAD(&task->mutexes);
	sem_init(&task->done, 0);
}

/* What context_switch() pops: r4 to r11, and where to go. */
static void prepare_stack(struct task *task, uint32_t *top, void (*fn)(void *arg), void *arg)
{
	uint32_t *sp = (uint32_t *)((uintptr_t)top & ~(uintptr_t)7) - 9;

	sp[0] = (uint32_t)(uintptr_t)fn;
	sp[1] = (uint32_t)(uintptr_t)arg;
	sp[8] = (uint32_t)(uintptr_t)task_entry;
	task->sp = sp;
}

static void start_task(struct task *task)
{
	uint32_t flags = kernel_lock();

	wake(task);
	kernel_unlock(flags);
}

struct task *task_create(const char *name, void (*fn)(void *arg), void *arg, unsigned prio,
			 uint32_t may_run_on)
{
	struct page *page = alloc_pages(GFP_KERNEL, STACK_ORDER);
	struct task *task;
	char *memory;

	if (!page)
		return NULL;
	memory = page_address(page);
	task = (struct task *)(void *)(memory + (PAGE_SIZE << STACK_ORDER)) - 1;
	init_task(task, name, (uint32_t *)(void *)memory, prio, may_run_on);
	prepare_stack(task, (uint32_t *)task, fn, arg);
	start_task(task);
	return task;
}

/* From start.S: the first thing that a task does is to let the lock go. */
_Noreturn void task_begin(void (*fn)(void *arg), void *arg);

_Noreturn void task_begin(void (*fn)(void *arg), void *arg)
{
	spin_unlock(&lock);
	irq_restore(0x13 | 0x40); /* SVC mode, IRQ on, FIQ off */
	fn(arg);
	task_exit();
}

/* The stack is in use until the switch, and the lock held: nobody frees it before. */
_Noreturn void task_exit(void)
{
	struct task *task = current_task();

	(void)kernel_lock();
	task->state = TASK_DEAD;
	if (list_empty(&task->done.waiters)) {
		task->done.count++;
	} else {
		struct task *waiter = list_first(&task->done.waiters, struct task, link);

		list_del(&waiter->link);
		wake(waiter);
	}
	schedule(false);
	panic("a task that had ended runs");
}

void task_join(struct task *task)
{
	sem_down(&task->done);
	free_pages(task->guard, STACK_ORDER);
}

void task_yield(void)
{
	uint32_t flags = kernel_lock();

	schedule(true);
	kernel_unlock(flags);
}

void task_sleep(unsigned nr)
{
	uint32_t flags = kernel_lock();
	struct task *task = current_task(), *other;

	task->wake_tick = ticks + nr + 1;
	task->state = TASK_BLOCKED;
	list_for_each(other, &sleeping, struct task, link) {
		if ((int32_t)(other->wake_tick - task->wake_tick) > 0)
			break;
	}
	list_add_tail(&task->link, &other->link);
	schedule(false);
	kernel_unlock(flags);
}

uint32_t ticks_now(void)
{
	return __atomic_load_n(&ticks, __ATOMIC_RELAXED);
}

unsigned kernel_nr_cpus(void)
{
	return (unsigned)__builtin_popcount(__atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE));
}

/* ---- interrupts --------------------------------------------------------- */

static void tick(unsigned cpu)
{
	void (*hook)(unsigned) = __atomic_load_n(&tick_hook, __ATOMIC_ACQUIRE);
	uint32_t flags = kernel_lock();
	struct task *task;

	if (cpu == 0) {
		__atomic_store_n(&ticks, ticks + 1, __ATOMIC_RELAXED);
		while (!list_empty(&sleeping)) {
			task = list_first(&sleeping, struct task, link);
			if ((int32_t)(task->wake_tick - ticks) > 0)
				break;
			list_del(&task->link);
			wake(task);
		}
	}
	/* The next of the same priority has his turn. */
	if (ready_mask >> cpus[cpu].current->prio)
		cpus[cpu].need_resched = cpus[cpu].slice_over = true;
	kernel_unlock(flags);
	if (hook)
		hook(cpu);
}

/* From start.S: interrupts off, on the stack of the task that was interrupted. */
void irq_entry(void);

void irq_entry(void)
{
	struct task *task = current_task();
	unsigned cpu = cpu_id();
	uint32_t iar = board_irq_begin(), irq = iar & 0x3ff;

	if (irq >= 1020)
		return; /* withdrawn meanwhile */
	task->in_irq = true;
	if (irq == PTIMER_IRQ) {
		board_tick_ack();
		tick(cpu);
	} else if (irq == SGI_CALL) {
		port_answer_calls();
	}
	board_irq_end(iar);
	task->in_irq = false;
	if (cpus[cpu].need_resched) {
		spin_lock(&lock);
		schedule(false);
		spin_unlock(&lock);
	}
}

_Noreturn void fatal_exception(unsigned kind, uint32_t lr, uint32_t dfar, uint32_t dfsr);

_Noreturn void fatal_exception(unsigned kind, uint32_t lr, uint32_t dfar, uint32_t dfsr)
{
	static const char *const names[] = {"unexpected exception", "undefined instruction", "SVC",
					    "prefetch abort", "data abort"};

	panic("%s, lr %08x, address %08x, status %08x", names[kind], (unsigned)lr, (unsigned)dfar,
	      (unsigned)dfsr);
}

/* ---- start -------------------------------------------------------------- */

/* This core, as it runs now, becomes its idle task. */
static void become_idle(unsigned cpu)
{
	extern char boot_stacks[];
	struct task *idle = &cpus[cpu].idle;

	init_task(idle, "idle", (uint32_t *)(void *)(boot_stacks + cpu * BOOT_STACK), 0, 1u << cpu);
	idle->state = TASK_RUNNING;
	cpus[cpu].current = idle;
	set_current_task(idle);
	board_init_cpu(TICK_HZ);
	__atomic_fetch_or(&cpus_online, 1u << cpu, __ATOMIC_ACQ_REL);
}

static _Noreturn void idle_loop(void)
{
	irq_restore(0x13 | 0x40);
	for (;;) {
		/* One that comes after the look stays pending, and WFI falls through. */
		uint32_t flags = irq_save();

		if (!cpus[cpu_id()].need_resched)
			__asm__ volatile("dsb\n\twfi" ::: "memory");
		irq_restore(flags);
		if (cpus[cpu_id()].need_resched)
			task_yield();
	}
}

_Noreturn void secondary_main(unsigned cpu);
_Noreturn void kernel_main(void);

_Noreturn void secondary_main(unsigned cpu)
{
	become_idle(cpu);
	idle_loop();
}

_Noreturn void kernel_main(void)
{
	/* libbuddy does not run yet: the first task has its memory from the linker. */
	static uint32_t stack[2048] __attribute__((aligned(8)));
	static struct task first;

	board_init();
	for (unsigned prio = 0; prio < NR_PRIO; prio++)
		INIT_LIST_HEAD(&ready[prio]);
	INIT_LIST_HEAD(&sleeping);
	become_idle(0);
	board_start_cpus();
	while (kernel_nr_cpus() < board_nr_cpus())
		;
	init_task(&first, "main", stack, 8, ANY_CPU);
	prepare_stack(&first, stack + 2048, demo_main, NULL);
	start_task(&first);
	idle_loop();
}
