/* SPDX-License-Identifier: MIT */
/*
 * A small preemptive kernel for up to four cores: tasks with fixed priorities, time slices,
 * semaphores, mutexes with priority inheritance.
 *
 * One lock guards all of it (kernel_lock()), taken with interrupts off; it is held across
 * a switch, and whoever comes back from his own switch lets it go.  Interrupt handlers run
 * on the stack of the task that they interrupt, do not nest, and may call what says "any
 * context".
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "cpu.h"
#include "list.h"

#include <stdarg.h>

#include <buddy/alloc_scope.h>

#define TICK_HZ	    250
#define NR_PRIO	    16 /* 0: idle; 15: the most urgent */
#define STACK_ORDER 1  /* pages of a task, itself included: 8 KiB */
#define ANY_CPU	    0xfu

struct mutex;

enum task_state { TASK_READY, TASK_RUNNING, TASK_BLOCKED, TASK_DEAD };

struct semaphore {
	unsigned count;
	struct list_head waiters; /* by priority */
};

struct task {
	uint32_t *sp;	 /* while it does not run */
	uint32_t *guard; /* the stack's last word, which stays STACK_GUARD */
	const char *name;
	unsigned prio;	    /* now; a mutex may have raised it */
	unsigned base_prio; /* its own */
	uint32_t cpus;	    /* a bit for each core that it may run on */
	enum task_state state;
	bool in_irq;		  /* an interrupt handler runs on its stack */
	uint32_t wake_tick;	  /* when asleep */
	struct list_head link;	  /* ready, waiting or asleep */
	struct list_head mutexes; /* that it holds */
	struct mutex *blocked_on;
	struct semaphore done;	  /* it has ended */
	struct alloc_scope scope; /* libbuddy's, for port_alloc_scope() */
	unsigned nr_resched;	  /* port_cond_resched()'s */
};

/* ---- tasks (sched.c) ---------------------------------------------------- */

/* A task of its own, memory from libbuddy; NULL: none left.  Task context. */
struct task *task_create(const char *name, void (*fn)(void *arg), void *arg, unsigned prio,
			 uint32_t cpus);
/* Waits until it has ended, and frees it. */
void task_join(struct task *task);
_Noreturn void task_exit(void);
/* Lets tasks of the same priority run; of any, for at least so many ticks. */
void task_yield(void);
void task_sleep(unsigned ticks);
uint32_t ticks_now(void);
unsigned kernel_nr_cpus(void); /* online, numbered from 0 */

/* Called on every core on every tick, in its interrupt handler. */
extern void (*tick_hook)(unsigned cpu);
/* libbuddy has nothing left (port_out_of_memory()): true if this gave some back. */
extern bool (*oom_hook)(unsigned order);

/* ---- waiting (sync.c) --------------------------------------------------- */

void sem_init(struct semaphore *sem, unsigned count);
void sem_down(struct semaphore *sem); /* task, interrupts on */
void sem_up(struct semaphore *sem);   /* any context */

struct mutex {
	struct task *owner;
	struct list_head waiters; /* by priority */
	struct list_head link;	  /* of its owner's */
};

void mutex_init(struct mutex *m);
/* Whoever waits lends the owner his priority.  Task, interrupts on; not twice by one task. */
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* ---- the console (print.c): %s %c %d %u %x %p, l, width, precision, '-', '0', '*' --- */

void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *fmt, va_list ap);
_Noreturn void vpanic(const char *fmt, va_list ap);
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- between the kernel's files ----------------------------------------- */

uint32_t kernel_lock(void);
void kernel_unlock(uint32_t flags);
/* The lock is held: waits in a list, and comes back when another has called wake(). */
void block_on(struct list_head *waiters);
void wake(struct task *task);
void insert_by_prio(struct task *task, struct list_head *waiters);
void set_prio(struct task *task, unsigned prio);
/* From port.c: runs what other cores ask this one; starts the background tasks. */
void port_answer_calls(void);
void port_start_background(void);

/* From start.S. */
void context_switch(uint32_t **save, uint32_t *load);
void task_entry(void);

/* The program. */
void demo_main(void *arg);

#endif /* KERNEL_H */
