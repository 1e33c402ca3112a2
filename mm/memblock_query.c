/* SPDX-License-Identifier: MIT */
/*
 * memblock, the questions: sums, bounds, lookups, free ranges, the dump.
 *
 * Owns nothing: all of it reads the two sorted arrays through
 * memblock_memory() and memblock_reserved().
 *
 * Locks: none.  During start-up on the one CPU; after memblock_close() nothing
 * changes any more, and any context may ask.
 *
 * Not here: every change to the arrays (memblock.c).
 */
#include <stddef.h>

#include <buddy/memblock.h>
#include <port/port.h>

#include <mm/hex64.h>

#if !BUDDY_TINY

static phys_addr_t region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

phys_addr_t memblock_phys_mem_size(void)
{
	const struct memblock_region *r;
	phys_addr_t sum = 0;

	for (unsigned i = 0; (r = memblock_memory(i)) != NULL; i++)
		sum += r->size;
	return sum;
}

phys_addr_t memblock_reserved_size(void)
{
	const struct memblock_region *r;
	phys_addr_t sum = 0;

	for (unsigned i = 0; (r = memblock_reserved(i)) != NULL; i++)
		sum += r->size;
	return sum;
}

phys_addr_t memblock_start_of_DRAM(void)
{
	const struct memblock_region *r = memblock_memory(0);

	return r ? r->base : 0;
}

phys_addr_t memblock_end_of_DRAM(void)
{
	const struct memblock_region *r;
	phys_addr_t end = 0;

	for (unsigned i = 0; (r = memblock_memory(i)) != NULL; i++)
		end = region_end(r);
	return end;
}

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size)
{
	const struct memblock_region *r;
	phys_addr_t end = base + size;

	if (size == 0 || end < base)
		return false;
	/* Neighbours of several nodes may cover it together. */
	for (unsigned i = 0; (r = memblock_memory(i)) != NULL && r->base <= base; i++) {
		if (region_end(r) > base)
			base = region_end(r);
		if (base >= end)
			return true;
	}
	return false;
}

bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size)
{
	const struct memblock_region *r;
	phys_addr_t end = base <= UINT64_MAX - size ? base + size : UINT64_MAX;

	for (unsigned i = 0; (r = memblock_reserved(i)) != NULL && r->base < end; i++) {
		if (region_end(r) > base)
			return size != 0;
	}
	return false;
}

/*
 * memblock_next_free - the next range of RAM that is not reserved.
 *
 * *iter counts positions, RAM range in the low half, gap between reserved
 * ranges in the high half, so that a whole walk is one pass over both arrays.
 * After Linux 6.1 __next_mem_range().
 */
bool memblock_next_free(uint64_t *iter, phys_addr_t *start, phys_addr_t *end, int *nid)
{
	uint32_t m = (uint32_t)*iter, gap = (uint32_t)(*iter >> 32);
	const struct memblock_region *ram;
	bool found = false;

	while (!found && (ram = memblock_memory(m)) != NULL) {
		const struct memblock_region *prev = gap > 0 ? memblock_reserved(gap - 1) : NULL;
		const struct memblock_region *next = memblock_reserved(gap);
		phys_addr_t lo = prev ? region_end(prev) : 0;
		phys_addr_t hi = next ? next->base : UINT64_MAX;

		*start = lo > ram->base ? lo : ram->base;
		*end = hi < region_end(ram) ? hi : region_end(ram);
		*nid = ram->nid;
		found = *start < *end;
		/* Whichever ends first is used up. */
		if (region_end(ram) <= hi)
			m++;
		else
			gap++;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): both come from *iter */
	*iter = (uint64_t)gap << 32 | m;
	return found;
}

static void dump(const char *what, const struct memblock_region *r)
{
	port_log("memblock: %-8s [%s-%s] %8u KiB node %d%s%s %.64s\n", what, HEX64(r->base),
		 HEX64(region_end(r) - 1), (unsigned)(r->size >> 10), r->nid,
		 (r->flags & MEMBLOCK_NOMAP) ? " no-map" : "",
		 (r->flags & MEMBLOCK_REUSABLE) ? " reusable" : "", r->name ? r->name : "");
}

void memblock_dump(void)
{
	const struct memblock_region *r;

	for (unsigned i = 0; (r = memblock_memory(i)) != NULL; i++)
		dump("memory", r);
	for (unsigned i = 0; (r = memblock_reserved(i)) != NULL; i++)
		dump("reserved", r);
}

#endif /* !BUDDY_TINY */
