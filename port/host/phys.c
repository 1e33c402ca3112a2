// SPDX-License-Identifier: MIT
/*
 * The host port's fake physical memory: what a test maps is RAM, full of garbage; everything
 * else of 4 GiB faults.
 *
 * Owned state: the window (64 bit) or the table of banks (32 bit), changed by tests while no
 * other thread runs.
 *
 * Not here: memory that is mapped a second time, page by page (vmap.c).
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <buddy/config.h>
#include <port/port.h>

#include "host.h"
#include "host_priv.h"

#if defined(__SANITIZE_ADDRESS__)
#define HOST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOST_ASAN 1
#endif
#endif
#ifdef HOST_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)	  ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define GARBAGE	      0xa5
#define GARBAGE_BYTES (4 << 20)
#define GARBAGE_MAX   (64ULL << 20) /* more memory than that is all zeros */
#define PHYS_END      (1ULL << 32)

static struct {
	uint64_t base, end;
	char *virt;
	bool aliased;
} banks[16];
static unsigned nr_banks;

#if UINTPTR_MAX > UINT32_MAX
uintptr_t host_phys_window;
static const bool one_window = true;
#else
static const bool one_window;

void *port_phys_to_virt(uint64_t phys)
{
	for (unsigned i = 0; i < nr_banks; i++)
		if (phys >= banks[i].base && phys < banks[i].end)
			return banks[i].virt + (phys - banks[i].base);
	return NULL;
}

uint64_t port_virt_to_phys(const void *virt)
{
	for (unsigned i = 0; i < nr_banks; i++)
		if ((const char *)virt >= banks[i].virt &&
		    (const char *)virt < banks[i].virt + (banks[i].end - banks[i].base))
			return banks[i].base + ((const char *)virt - banks[i].virt);
	return UINT64_MAX;
}
#endif

/*
 * All RAM as a file, offset = phys, for programs that map it twice; else -1: private memory
 * is faster, and a child process that writes to it does not write to ours.
 */
static int phys_fd = -1;

void host_alias_phys(void)
{
	if (phys_fd >= 0)
		return;
	phys_fd = memfd_create("phys", 0);
	if (phys_fd < 0 || ftruncate(phys_fd, (off_t)PHYS_END))
		host_fault("no file for fake physical memory");
}

int host_phys_file(uint64_t phys)
{
	for (unsigned i = 0; i < nr_banks; i++)
		if (banks[i].aliased && phys >= banks[i].base && phys < banks[i].end)
			return phys_fd;
	host_fault("no RAM, or none that can be mapped twice: host_vmap_window() comes before it");
}

static void *map_file_or_die(void *at, uint64_t size, int prot, int flags, int fd, uint64_t offset)
{
	void *p = mmap(at, (size_t)size, prot, flags, fd, (off_t)offset);

	if (p == MAP_FAILED) {
		perror("host port: no room for fake physical memory");
		exit(125);
	}
	return p;
}

static void *map_or_die(void *at, uint64_t size, int prot, int flags)
{
	return map_file_or_die(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags,
			       -1, 0);
}

#if UINTPTR_MAX > UINT32_MAX
/* One more page at either end stays closed: an access just outside is caught. */
__attribute__((constructor)) static void open_window(void)
{
	host_phys_window =
		(uintptr_t)map_or_die(NULL, PHYS_END + 2 * PAGE_SIZE, PROT_NONE, 0) + PAGE_SIZE;
}
#endif

/*
 * Fills memory with garbage that costs nothing until it is written to: private copies of one
 * file.  Each case of each test starts with such memory, and uses little of it.
 */
static void map_garbage(char *virt, uint64_t size)
{
	static int fd = -1;

	if (fd < 0) {
		void *p;

		fd = memfd_create("garbage", 0);
		if (fd < 0 || ftruncate(fd, GARBAGE_BYTES))
			host_fault("no file for garbage");
		p = map_file_or_die(NULL, GARBAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		memset(p, GARBAGE, GARBAGE_BYTES);
		munmap(p, GARBAGE_BYTES);
	}
	for (uint64_t at = 0; at < size; at += GARBAGE_BYTES)
		map_file_or_die(virt + at, size - at < GARBAGE_BYTES ? size - at : GARBAGE_BYTES,
				PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0);
}

void host_map_phys(uint64_t base, uint64_t size)
{
	uint64_t end = (base + size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	char *virt;
	void *at;
	int fixed;

	base &= ~(uint64_t)(PAGE_SIZE - 1);
	if (end > PHYS_END || end <= base || nr_banks == sizeof(banks) / sizeof(banks[0]))
		host_fault("host_map_phys(): empty, beyond 4 GiB or too many");
	at = one_window ? port_phys_to_virt(base) : NULL;
	fixed = one_window ? MAP_FIXED : 0;
	if (phys_fd >= 0)
		virt = map_file_or_die(at, end - base, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_NORESERVE | fixed |
					       (end - base <= GARBAGE_MAX ? MAP_POPULATE : 0),
				       phys_fd, base);
	else
		virt = map_or_die(at, end - base, PROT_READ | PROT_WRITE, fixed);
	if (phys_fd < 0 && end - base <= GARBAGE_MAX)
		map_garbage(virt, end - base);
	banks[nr_banks].aliased = phys_fd >= 0;
	banks[nr_banks].base = base;
	banks[nr_banks].end = end;
	banks[nr_banks++].virt = virt;
	if (phys_fd >= 0 && end - base <= GARBAGE_MAX)
		memset(virt, GARBAGE, (size_t)(end - base));
}

void host_unmap_all(void)
{
	host_vmap_reset();
	while (nr_banks) {
		uint64_t size;

		nr_banks--;
		size = banks[nr_banks].end - banks[nr_banks].base;
		ASAN_UNPOISON_MEMORY_REGION(banks[nr_banks].virt, (size_t)size);
		if (one_window)
			map_or_die(banks[nr_banks].virt, size, PROT_NONE, MAP_FIXED);
		else
			munmap(banks[nr_banks].virt, (size_t)size);
	}
	if (phys_fd >= 0 && (ftruncate(phys_fd, 0) || ftruncate(phys_fd, (off_t)PHYS_END)))
		host_fault("fake physical memory cannot be emptied");
}

void host_protect_phys(uint64_t base, uint64_t size, bool allow)
{
	if (mprotect(port_phys_to_virt(base), (size_t)size,
		     allow ? PROT_READ | PROT_WRITE : PROT_NONE))
		host_fault("host_protect_phys() failed");
}

void host_poison_phys(uint64_t base, uint64_t size)
{
	ASAN_POISON_MEMORY_REGION(port_phys_to_virt(base), (size_t)size);
}

void host_unpoison_phys(uint64_t base, uint64_t size)
{
	ASAN_UNPOISON_MEMORY_REGION(port_phys_to_virt(base), (size_t)size);
}

void port_clear_page(void *page)
{
	if ((uintptr_t)page & (PAGE_SIZE - 1))
		host_fault("port_clear_page() of an address that is not page aligned");
	ASAN_UNPOISON_MEMORY_REGION(page, PAGE_SIZE);
	memset(page, 0, PAGE_SIZE);
}

void port_copy_page(void *to, const void *from)
{
	if (((uintptr_t)to | (uintptr_t)from) & (PAGE_SIZE - 1))
		host_fault("port_copy_page() of an address that is not page aligned");
	ASAN_UNPOISON_MEMORY_REGION(to, PAGE_SIZE);
	memcpy(to, from, PAGE_SIZE);
}
