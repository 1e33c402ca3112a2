// SPDX-License-Identifier: MIT
/*
 * The host port's window of vmalloc(): pages of the fake RAM a second time, at other
 * addresses, one by one.
 *
 * RAM that is to be mapped twice is a file without a name (host_map_phys()), of which
 * the window's pages are shared mappings.  "Broken" is an access that the host's kernel
 * refuses; a SIGSEGV handler is then what the abort handler is on the target: it waits until
 * the page is there again, and lets the instruction be made once more.
 *
 * Owned state: the window, and entry[], a word a page as a page table has it: atomics, as the
 * handler reads them.  An entry says "mapped" only while the page is: what it says is changed
 * before a mapping goes and after one comes.
 *
 * The kernel is called directly: ThreadSanitizer would take a mapping that changes for a write
 * to all of the page.  It does not know that two addresses are the same memory, either, so
 * it sees no races between the copy of a page and its users; it sees those between users.
 *
 * Not here: which addresses (mm/vmalloc.c).  Cost: two or three system calls a page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <buddy/config.h>
#include <port/port.h>

#include "host.h"
#include "host_priv.h"

#define ENTRY_NONE   0u
#define ENTRY_MOVING 1u
#define ENTRY_MAPPED 2u /* and the frame's address, whose low bits are 0 */

static char *window; /* NULL: none */
static size_t window_bytes;
static atomic_uint *entry;
static atomic_uint nr_waits;
static bool prepare_fails;
static struct sigaction old_action;

static size_t page_of(const void *addr)
{
	size_t offset = (size_t)((const char *)addr - window);

	if (!window || (const char *)addr < window || offset >= window_bytes ||
	    offset & (PAGE_SIZE - 1))
		host_fault("port_vmap_*(): no page of the window");
	return offset >> PAGE_SHIFT;
}

static void map_now(void *addr, size_t bytes, int prot, int flags, int fd, uint64_t offset)
{
#if defined(SYS_mmap2)
	long got = syscall(SYS_mmap2, addr, bytes, prot, flags | MAP_FIXED, fd,
			   (unsigned long)(offset >> 12));
#else
	long got = syscall(SYS_mmap, addr, bytes, prot, flags | MAP_FIXED, fd, (long)offset);
#endif

	if (got == -1) {
		perror("host port: vmalloc's window");
		exit(125);
	}
}

static void close_pages(void *addr, size_t bytes)
{
	map_now(addr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* ---- faults ------------------------------------------------------------------- */

static void on_fault(int sig, siginfo_t *info, void *context)
{
	size_t offset = (size_t)((char *)info->si_addr - window);
	unsigned now;

	if (window && offset < window_bytes) {
		atomic_uint *e = &entry[offset >> PAGE_SHIFT];

		now = atomic_load(e);
		if (now == ENTRY_MOVING) {
			atomic_fetch_add(&nr_waits, 1);
			while ((now = atomic_load(e)) == ENTRY_MOVING)
				sched_yield();
		}
		if (now & ENTRY_MAPPED)
			return;
	}
	/* As without us: it happens again, to whoever was there before. */
	sigaction(SIGSEGV, &old_action, NULL);
}

unsigned host_vmap_waits(void)
{
	return atomic_load(&nr_waits);
}

void host_vmap_fail_prepare(bool fail)
{
	prepare_fails = fail;
}

void *host_vmap_window(size_t bytes)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
	char *got;

	bytes = (bytes + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
	if (!window && sigaction(SIGSEGV, &action, &old_action))
		host_fault("host_vmap_window(): no handler");
	if (window && bytes != window_bytes)
		host_fault("host_vmap_window(): another size than before");
	host_alias_phys();
	if (window)
		return window;
	got = mmap(NULL, bytes + PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	entry = calloc(bytes >> PAGE_SHIFT, sizeof(*entry));
	if (got == MAP_FAILED || !entry) {
		perror("host port: no room for vmalloc's window");
		exit(125);
	}
	window_bytes = bytes;
	window = (char *)(((uintptr_t)got + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1));
	return window;
}

void host_vmap_reset(void)
{
	prepare_fails = false;
	if (!window)
		return;
	for (size_t i = 0; i < window_bytes >> PAGE_SHIFT; i++)
		atomic_store(&entry[i], ENTRY_NONE);
	close_pages(window, window_bytes);
}

/* ---- the contract -------------------------------------------------------------- */

int port_vmap_prepare(void *addr, size_t bytes)
{
	if (host_self()->irq_depth || host_self()->nr_locks)
		host_fault("port_vmap_prepare() with interrupts off or under a lock");
	if (page_of(addr) + (bytes >> PAGE_SHIFT) > window_bytes >> PAGE_SHIFT)
		host_fault("port_vmap_prepare() beyond the window");
	return prepare_fails ? -ENOMEM : 0;
}

void port_vmap_set(void *addr, uint64_t phys)
{
	size_t i = page_of(addr);

	if (atomic_load(&entry[i]) & ENTRY_MAPPED)
		host_fault("port_vmap_set() of a page that is mapped: break before make");
	/* Whoever writes there does it by the other address: AddressSanitizer would not see it. */
	host_unpoison_phys(phys, PAGE_SIZE);
	map_now(addr, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, host_phys_file(phys), phys);
	atomic_store(&entry[i], (unsigned)phys | ENTRY_MAPPED);
}

void port_vmap_clear(void *addr, unsigned nr)
{
	size_t i = page_of(addr);

	for (unsigned n = 0; n < nr; n++)
		atomic_store(&entry[i + n], ENTRY_NONE);
	close_pages(addr, (size_t)nr << PAGE_SHIFT);
}

void port_vmap_break(void *addr)
{
	size_t i = page_of(addr);

	if (!host_self()->irq_depth)
		host_fault("port_vmap_break() with interrupts on");
	if (!(atomic_load(&entry[i]) & ENTRY_MAPPED))
		host_fault("port_vmap_break() of a page that is not mapped");
	atomic_store(&entry[i], ENTRY_MOVING);
	close_pages(addr, PAGE_SIZE);
}

uint64_t port_vmap_phys(const void *addr)
{
	unsigned now = atomic_load(&entry[page_of(addr)]);

	return now & ENTRY_MAPPED ? now & ~(unsigned)(PAGE_SIZE - 1) : UINT64_MAX;
}
