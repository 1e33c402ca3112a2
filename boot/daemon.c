// SPDX-License-Identifier: MIT
/*
 * daemon - which core does the allocator's background work, and when.  See daemon.h.
 *
 * State, all of it atomic words:
 *	wanted		bit per node: there may be something to do
 *	claimed		bit per node: a core is in a step for it
 *	sleeping	bit per core: it is in WFI, or looks once more before
 *	running		the whole is on
 * No lock.  Who wants work done sets its bit in `wanted` and then looks who sleeps; who
 * goes to sleep sets its bit in `sleeping` and then looks what is wanted: one of the two
 * sees the other, as both are sequentially consistent.  Whoever claims a node takes its
 * bit off `wanted` first, so that a wake during the step is not lost.
 *
 * Not here: what a step does (mm/kswapd.c, mm/compaction.c), sleeping itself (smp.c,
 * console.c).
 */
#include "boot/daemon.h"

#include <buddy/compaction.h>
#include <buddy/reclaim.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/smp.h"
#include "drivers/gic.h"

static uint32_t wanted, claimed, sleeping, running;
static uint32_t dedicated; /* mask of the core that kswapd.cpu= names; 0: any */

static struct {
	uint32_t wakes; /* atomic */
	uint32_t steps[PORT_NR_CPUS];
} nodes_done[BUDDY_MAX_NODES];

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static uint32_t self(void)
{
	return 1u << port_cpu_id();
}

static bool may_work(void)
{
	return load(&running) && (!dedicated || dedicated & self());
}

/* Nodes that want something and that no core is at. */
static uint32_t to_do(void)
{
	return load(&wanted) & ~load(&claimed);
}

/*
 * Wakes one core that sleeps and may work; if there is none, the next one to become idle
 * looks.
 */
static void kick_one(void)
{
	uint32_t idle = load(&sleeping) & ~self();

	if (dedicated)
		idle &= dedicated;
	if (idle && load(&running))
		gic_send_sgi(SGI_WAKE, 1u << (31 - __builtin_clz(idle)));
}

void daemon_wake(int nid)
{
	uint32_t bit;

	if ((unsigned)nid >= BUDDY_MAX_NODES)
		return;
	bit = 1u << nid;
	/* Somebody has been sent for it, or will look. */
	if (load(&wanted) & bit || __atomic_fetch_or(&wanted, bit, __ATOMIC_SEQ_CST) & bit)
		return;
	__atomic_add_fetch(&nodes_done[nid].wakes, 1, __ATOMIC_RELAXED);
	kick_one();
}

bool daemon_enter_idle(void)
{
	__atomic_fetch_or(&sleeping, self(), __ATOMIC_SEQ_CST);
	return to_do() && may_work();
}

void daemon_leave_idle(void)
{
	__atomic_fetch_and(&sleeping, ~self(), __ATOMIC_SEQ_CST);
	if (to_do())
		kick_one();
}

bool daemon_step(void)
{
	uint32_t nodes = may_work() ? to_do() : 0, bit;
	unsigned nid;
	bool more;

	while (nodes) {
		nid = (unsigned)__builtin_ctz(nodes);
		bit = 1u << nid;
		nodes &= ~bit;
		if (__atomic_fetch_or(&claimed, bit, __ATOMIC_SEQ_CST) & bit)
			continue;
		/* Looked at again: daemon_stop() waits for the claims that it can see. */
		if (!load(&running)) {
			__atomic_fetch_and(&claimed, ~bit, __ATOMIC_SEQ_CST);
			return false;
		}
		__atomic_fetch_and(&wanted, ~bit, __ATOMIC_SEQ_CST);
		more = kswapd_step((int)nid);
		more |= kcompactd_step((int)nid);
		__atomic_store_n(&nodes_done[nid].steps[port_cpu_id()],
				 nodes_done[nid].steps[port_cpu_id()] + 1, __ATOMIC_RELAXED);
		if (more)
			__atomic_fetch_or(&wanted, bit, __ATOMIC_SEQ_CST);
		__atomic_fetch_and(&claimed, ~bit, __ATOMIC_SEQ_CST);
		return true;
	}
	return false;
}

void daemon_start(void)
{
	const char *given = bootarg_get("kswapd.cpu");
	uint32_t cpu = given ? bootarg_uint("kswapd.cpu", PORT_NR_CPUS) : PORT_NR_CPUS;

	if (given && !dedicated && !(cpu < PORT_NR_CPUS && smp_online(cpu)))
		console_printf("kswapd.cpu=%s: no core that is online; any idle one will do\n",
			       given);
	else if (given)
		dedicated = 1u << cpu;
	__atomic_store_n(&running, 1, __ATOMIC_SEQ_CST);
	if (to_do())
		kick_one();
}

bool daemon_stop(void)
{
	bool was = __atomic_exchange_n(&running, 0, __ATOMIC_SEQ_CST);

	while (load(&claimed))
		port_cpu_relax();
	return was;
}

void daemon_info(int nid, struct daemon_info *info)
{
	*info = (struct daemon_info){0};
	if ((unsigned)nid >= BUDDY_MAX_NODES)
		return;
	info->wakes = __atomic_load_n(&nodes_done[nid].wakes, __ATOMIC_RELAXED);
	info->wanted = (load(&wanted) | load(&claimed)) >> nid & 1;
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		info->steps[cpu] = __atomic_load_n(&nodes_done[nid].steps[cpu], __ATOMIC_RELAXED);
}

int daemon_cpu(void)
{
	return dedicated ? __builtin_ctz(dedicated) : -1;
}
