// SPDX-License-Identifier: MIT
/*
 * Semaphores and mutexes.  See kernel.h.  All state is under the kernel's lock.
 *
 * A mutex goes straight to the most urgent waiter when it is let go.  Its owner has at least
 * the priority of those who wait, and if it waits itself so has the owner of what it waits
 * for, up to MAX_CHAIN of them: longer chains inherit nothing beyond.
 */
#include "kernel.h"

#define MAX_CHAIN 8

void sem_init(struct semaphore *sem, unsigned count)
{
	sem->count = count;
	INIT_LIST_HEAD(&sem->waiters);
}

void sem_down(struct semaphore *sem)
{
	uint32_t flags = kernel_lock();

	if (sem->count)
		sem->count--;
	else
		block_on(&sem->waiters); /* sem_up() hands it over */
	kernel_unlock(flags);
}

void sem_up(struct semaphore *sem)
{
	uint32_t flags = kernel_lock();

	if (list_empty(&sem->waiters)) {
		sem->count++;
	} else {
		struct task *waiter = list_first(&sem->waiters, struct task, link);

		list_del(&waiter->link);
		wake(waiter);
	}
	kernel_unlock(flags);
}

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	INIT_LIST_HEAD(&m->waiters);
}

static void own(struct mutex *m, struct task *task)
{
	m->owner = task;
	list_add(&m->link, &task->mutexes);
}

static void lend(struct task *owner, unsigned prio)
{
	for (unsigned i = 0; i < MAX_CHAIN && owner && owner->prio < prio; i++) {
		struct mutex *next = owner->blocked_on;

		set_prio(owner, prio);
		if (!next)
			return;
		list_del(&owner->link);
		insert_by_prio(owner, &next->waiters);
		owner = next->owner;
	}
}

void mutex_lock(struct mutex *m)
{
	uint32_t flags = kernel_lock();
	struct task *self = current_task();

	if (!m->owner) {
		own(m, self);
	} else if (m->owner == self) {
		panic("a mutex taken twice by one task");
	} else {
		self->blocked_on = m;
		lend(m->owner, self->prio);
		block_on(&m->waiters);
	}
	kernel_unlock(flags);
}

void mutex_unlock(struct mutex *m)
{
	uint32_t flags = kernel_lock();
	struct task *self = current_task(), *next;
	struct mutex *other;
	unsigned prio = self->base_prio;

	if (m->owner != self)
		panic("a mutex let go by a task that does not hold it");
	list_del(&m->link);
	m->owner = NULL;
	if (!list_empty(&m->waiters)) {
		next = list_first(&m->waiters, struct task, link);
		list_del(&next->link);
		next->blocked_on = NULL;
		own(m, next);
		wake(next);
	}
	list_for_each(other, &self->mutexes, struct mutex, link) {
		if (!list_empty(&other->waiters))
			prio = max(prio, list_first(&other->waiters, struct task, link)->prio);
	}
	if (prio != self->prio)
		set_prio(self, prio);
	kernel_unlock(flags);
}
