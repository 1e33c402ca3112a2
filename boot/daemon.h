/* SPDX-License-Identifier: MIT */
/*
 * daemon - the cores that do the allocator's background work: kswapd and kcompactd.
 *
 * A request that finds memory low, or in pieces, wakes its node's (port_wake_kswapd()).
 * A core that has nothing else to do then does some steps of it, until there is nothing
 * more; work for the core itself comes in between two steps, each of which is bounded
 * (buddy/reclaim.h).  Which core: the boot argument kswapd.cpu=N's alone, else any that is
 * idle, one per node at a time, the highest number first.  Without another core the boot
 * core does it while the monitor waits for a key.  Nobody polls: what sleeps is sent an
 * SGI.
 *
 * Off until daemon_start(), so that tests and measurements have memory to themselves.
 */
#ifndef BOOT_DAEMON_H
#define BOOT_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include <port/port.h>

/* Cores do background work from now on; reads kswapd.cpu=.  Boot core, task context. */
void daemon_start(void);

/*
 * No more of it, and when it returns no core is in a step; what is asked for meanwhile is
 * remembered for daemon_start().  Whether it was on.  Boot core, task context, not from
 * within a step.
 */
bool daemon_stop(void);

/* Node nid wants work done.  Any context, often. */
void daemon_wake(int nid);

/*
 * For a core that is about to sleep, interrupts off: true: it should not, there is a step to
 * do.  Until daemon_leave_idle() it may be woken for one by an SGI.
 */
bool daemon_enter_idle(void);

/*
 * The core has found something else to do: what is still to be done here goes to another one
 * that sleeps.  Interrupts on or off.
 */
void daemon_leave_idle(void);

/*
 * Does one step of some node's work, if there is any that this core may do: true.  Task
 * context, interrupts on, no lock held, not from within the allocator.  An idle core calls
 * it, and a busy one between its operations, if all of them are busy.
 */
bool daemon_step(void);

struct daemon_info {
	uint32_t wakes;		      /* times that the node was marked anew */
	uint32_t steps[PORT_NR_CPUS]; /* done for it, by core */
	bool wanted;		      /* there is something to do */
};

void daemon_info(int nid, struct daemon_info *info);

/* The core that kswapd.cpu= names, if it is online; -1: any. */
int daemon_cpu(void);

#endif /* BOOT_DAEMON_H */
