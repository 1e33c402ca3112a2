/* SPDX-License-Identifier: MIT */
/*
 * To make one of QEMU's cores execute exactly n instructions, from a plugin.
 *
 * The plugin API has no word for it, but Debian's qemu-system-arm exports its
 * functions, and this is what QEMU's own round-robin loop does with them under
 * -icount: prepare a budget, execute, account.  Translated code counts the budget
 * down block by block; when the rest is shorter than a block, QEMU translates a
 * block of just that length.  So blocks stay whole and chained, and a turn still
 * ends between any two instructions.
 *
 * And to take the exclusive monitor from a core, so that its next STREX fails: the
 * word for that is found by the name that it has in QEMU's migration tables.
 *
 * State: q (the functions), where CPUState holds the budget and the monitor; set once,
 * then read only.  Everything here runs in the vCPU thread, execute() without QEMU's
 * big lock.
 *
 * What is not here: who runs, and when (sched.c).
 */
#ifndef A9MEM_QEMU_CORE_H
#define A9MEM_QEMU_CORE_H

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOW_MAX 0xffff /* QEMU counts 16 bits down, the rest waits in icount_extra */

/* ---- QEMU's internals, looked up by name; QEMU 7.2's prototypes ---- */
struct cpu; /* CPUState */
union work_arg {
	uint64_t u;
	void *p;
};
enum { EXCP_INTERRUPT = 0x10000, EXCP_HLT, EXCP_DEBUG, EXCP_HALTED, EXCP_YIELD, EXCP_ATOMIC };

static struct {
	struct cpu *(*get_cpu)(int index);
	void (*cpu_exit)(struct cpu *cpu);
	void (*async_run_on_cpu)(struct cpu *cpu, void (*fn)(struct cpu *, union work_arg),
				 union work_arg arg);
	void (*process_work)(struct cpu *cpu);
	bool (*no_work)(struct cpu *cpu);
	bool (*can_run)(struct cpu *cpu);
	int (*exec)(struct cpu *cpu);
	void (*step_atomic)(struct cpu *cpu);
	void (*guest_debug)(struct cpu *cpu);
	void (*prepare)(struct cpu *cpu);
	void (*account)(struct cpu *cpu);
	int64_t (*icount)(void);
	void (*warp)(void);
	void (*run_timers)(void);
	void (*lock)(const char *file, int line);
	void (*unlock)(void);
	int *use_icount;
	struct cpu **current_cpu; /* thread-local: looked up in the vCPU thread */
} q;

static const struct {
	const char *name;
	void *where;
} symbols[] = {
	{"qemu_get_cpu", &q.get_cpu},
	{"cpu_exit", &q.cpu_exit},
	{"async_run_on_cpu", &q.async_run_on_cpu},
	{"process_queued_cpu_work", &q.process_work},
	{"cpu_work_list_empty", &q.no_work},
	{"cpu_can_run", &q.can_run},
	{"tcg_cpus_exec", &q.exec},
	{"cpu_exec_step_atomic", &q.step_atomic},
	{"cpu_handle_guest_debug", &q.guest_debug},
	{"icount_prepare_for_run", &q.prepare},
	{"icount_process_data", &q.account},
	{"icount_get_raw", &q.icount},
	{"icount_start_warp_timer", &q.warp},
	{"icount_handle_deadline", &q.run_timers},
	{"qemu_mutex_lock_iothread_impl", &q.lock},
	{"qemu_mutex_unlock_iothread", &q.unlock},
	{"use_icount", &q.use_icount},
};

/* The name of one that QEMU does not export, or NULL. */
static const char *find_symbols(void)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		*(void **)symbols[i].where = dlsym(RTLD_DEFAULT, symbols[i].name);
		if (!*(void **)symbols[i].where)
			return symbols[i].name;
	}
	return NULL;
}

/* Where CPUState keeps what a core may execute, bytes from its start; found by calibrate(). */
static size_t at_budget, at_extra, at_low;

static bool calibrated;

static uint16_t *low_of(struct cpu *cpu)
{
	return (uint16_t *)((char *)cpu + at_low);
}

static int64_t *int64_at(struct cpu *cpu, size_t offset)
{
	return (int64_t *)((char *)cpu + offset);
}

/*
 * Finds the three words of CPUState in which QEMU keeps what a core may still
 * execute: icount_budget (n), icount_decr.u16.low (the part of n that is counted
 * down by the translated code, at most LOW_MAX) and icount_extra (the rest of n).
 * icount_prepare_for_run() sets them from 0, and icount_process_data() clears
 * them; nothing else in the object changes.  Called once, in the vCPU thread,
 * the big lock held.  False: they could not be told apart.
 */
static bool calibrate(struct cpu *cpu)
{
	size_t size = malloc_usable_size(cpu), words = size / 4;
	uint32_t *before = malloc(size), *after = malloc(size);

	q.current_cpu = dlsym(RTLD_DEFAULT, "current_cpu");
	if (!q.current_cpu || !before || !after)
		return false;
	for (int try = 0; try < 100 && !calibrated; try++, usleep(100)) {
		unsigned int n = 0;
		size_t at[3];
		uint32_t v[3];

		memcpy(before, cpu, size);
		q.prepare(cpu);
		memcpy(after, cpu, size);
		q.account(cpu);
		for (size_t i = 0; i < words; i++)
			if (before[i] != after[i] && n++ < 3) {
				at[n - 1] = i * 4;
				v[n - 1] = before[i] ? 0 : after[i];
			}
		if (n != 3 || memcmp(before, cpu, size))
			continue; /* a timer is near, or the main loop kicked this core */
		at_budget = at_extra = at_low = 0;
		for (n = 0; n < 3; n++) {
			uint32_t a = v[(n + 1) % 3], b = v[(n + 2) % 3];

			if (v[n] == LOW_MAX)
				at_low = at[n];
			else if (v[n] == (uint64_t)a + b)
				at_budget = at[n];
			else
				at_extra = at[n];
		}
		calibrated =
			at_budget && at_extra && at_low && at_budget % 8 == 0 && at_extra % 8 == 0;
	}
	free(before);
	free(after);
	return calibrated;
}

/* ---- the exclusive monitor ---- */
static size_t at_monitor; /* env.exclusive_addr, bytes from the start of CPUState; 0: not found */

/* Looks for len bytes, from a multiple of step on, in the readable segments of the program. */
struct needle {
	const void *bytes;
	size_t len, step;
	const char *found;
};

static int find_in_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct needle *n = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && !n->found; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const char *p = (const char *)info->dlpi_addr + ph->p_vaddr,
			   *end = p + ph->p_filesz;

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_R))
			continue;
		for (; p + n->len <= end && !n->found; p += n->step)
			if (!memcmp(p, n->bytes, n->len))
				n->found = p;
	}
	return 1; /* the first object is the program itself */
}

/*
 * The table that describes ARMCPU for migration holds, for each field, a pointer to its
 * name, one more pointer, and its offset.  At reset the field is -1 in every core.
 */
static void find_monitor(struct cpu *const cpus[], unsigned int nr)
{
	static const char name[] = "\0env.exclusive_addr";
	struct needle string = {name, sizeof(name), 1, NULL};

	dl_iterate_phdr(find_in_program, &string);
	if (!string.found)
		return;

	const char *text = string.found + 1;
	struct needle field = {&text, sizeof(text), sizeof(text), NULL};

	dl_iterate_phdr(find_in_program, &field);
	if (!field.found)
		return;

	size_t at = ((const size_t *)field.found)[2];

	for (unsigned int c = 0; c < nr; c++)
		if (at % 8 || at + 8 > malloc_usable_size(cpus[c]) || *int64_at(cpus[c], at) != -1)
			return;
	at_monitor = at;
}

static void lose_monitor(struct cpu *cpu)
{
	*int64_at(cpu, at_monitor) = -1;
}

/*
 * Core cpu executes n instructions, or fewer when QEMU wants out: a timer is due, the
 * core waits, the main loop calls.  Returns how many; *why: QEMU's EXCP_ code.
 */
static uint64_t execute(struct cpu *cpu, uint64_t n, int *why)
{
	int64_t start = q.icount();

	q.prepare(cpu);
	if (*int64_at(cpu, at_budget) > (int64_t)n) {
		*int64_at(cpu, at_budget) = n;
		*low_of(cpu) = n < LOW_MAX ? n : LOW_MAX;
		*int64_at(cpu, at_extra) = n - *low_of(cpu);
	}
	*why = q.exec(cpu);
	q.account(cpu);
	return q.icount() - start;
}

#endif /* A9MEM_QEMU_CORE_H */
