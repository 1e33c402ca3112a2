/* SPDX-License-Identifier: MIT */
/*
 * memblock - what memory there is, before there is an allocator.
 *
 * Owns two sorted arrays of ranges that never overlap: RAM, and what of it (or
 * of the address space beside it) is reserved.  Both start in .bss and grow by
 * doubling into memory that they find and reserve for themselves, so there is
 * no largest number of ranges.  A change first makes sure of the room that it
 * can need at worst and only then edits: an error leaves everything as it was.
 *
 * Locks: none.  One CPU, during start-up, until memblock_close(); afterwards
 * nothing changes and anybody may read.
 *
 * Not here: questions (memblock_query.c); pages: ranges are bytes, rounded
 * nowhere, the hand-over in mm_init.c rounds; where the ranges come from.
 *
 * Follows Linux 6.1 mm/memblock.c in behaviour; the differences are that flags
 * live on reservations, not on RAM, that an allocation error is no panic, and
 * that the boot code can say which ranges are yet to be reserved.
 */
#include <string.h>

#include <buddy/config.h>
#include <buddy/memblock.h>
#include <port/port.h>

#include <mm/hex64.h>

#if !BUDDY_TINY

#define INIT_MEMORY   32 /* ranges that fit before the array has to grow */
#define INIT_RESERVED 64

#define PHYS_MAX UINT64_MAX

#define CUT_NEEDS 2 /* regions more, for a moment: both ends split before the middle goes */

struct memblock_type {
	struct memblock_region *regions;
	unsigned cnt;
	unsigned max;
	phys_addr_t storage; /* where `regions` was allocated; storage_size 0: in .bss */
	phys_addr_t storage_size;
	const char *name;
};

static struct memblock_region init_memory[INIT_MEMORY];
static struct memblock_region init_reserved[INIT_RESERVED];

static struct memblock_type memory = {.regions = init_memory, .max = INIT_MEMORY, .name = "memory"};
static struct memblock_type reserved = {
	.regions = init_reserved, .max = INIT_RESERVED, .name = "reserved"};

static phys_addr_t current_limit;
static bool closed;
static bool (*avoid_fn)(void *arg, phys_addr_t base, phys_addr_t size, phys_addr_t *lowest);
static void *avoid_arg;

static phys_addr_t region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

/* ---- the arrays ------------------------------------------------------ */

/* The first region that ends beyond addr; cnt when none does. */
static unsigned first_ending_after(const struct memblock_type *t, phys_addr_t addr)
{
	unsigned lo = 0, hi = t->cnt;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (region_end(&t->regions[mid]) > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* The caller has made room. */
static void insert_region(struct memblock_type *t, unsigned idx, struct memblock_region r)
{
	for (unsigned i = t->cnt; i > idx; i--)
		t->regions[i] = t->regions[i - 1];
	t->regions[idx] = r;
	t->cnt++;
}

/* Deletes regions [from, to). */
static void delete_regions(struct memblock_type *t, unsigned from, unsigned to)
{
	for (unsigned i = to; i < t->cnt; i++)
		t->regions[from + i - to] = t->regions[i];
	t->cnt -= to - from;
}

/* Makes addr a boundary between regions, if it lies inside one.  Room for one more. */
static void split_at(struct memblock_type *t, phys_addr_t addr)
{
	unsigned i = first_ending_after(t, addr);
	struct memblock_region upper;

	if (i == t->cnt || t->regions[i].base >= addr)
		return;
	upper = t->regions[i];
	upper.size = region_end(&upper) - addr;
	upper.base = addr;
	t->regions[i].size -= upper.size;
	insert_region(t, i + 1, upper);
}

/* Merges what touches and is alike, from the region before `from` to the one after `to`. */
static void merge_regions(struct memblock_type *t, unsigned from, unsigned to)
{
	unsigned i = from > 0 ? from - 1 : 0;
	unsigned out = i;

	if (to > t->cnt - 1)
		to = t->cnt - 1;
	while (i++ < to) {
		struct memblock_region *a = &t->regions[out];
		const struct memblock_region *b = &t->regions[i];

		if (region_end(a) == b->base && a->nid == b->nid && a->flags == b->flags &&
		    a->name == b->name)
			a->size += b->size;
		else
			t->regions[++out] = *b;
	}
	for (i = to + 1; i < t->cnt; i++)
		t->regions[++out] = t->regions[i];
	t->cnt = out + 1;
}

/*
 * How many regions more the array can have after [base, end) was laid over it:
 * one for each gap that it fills, and two splits.
 */
static unsigned worst_growth(const struct memblock_type *t, phys_addr_t base, phys_addr_t end)
{
	unsigned i = first_ending_after(t, base);
	unsigned need = 3;

	for (; i < t->cnt && t->regions[i].base < end; i++)
		need++;
	return need;
}

/*
 * Lays `r` over the array: where there is a region it stays, with the stricter
 * of both flags; the gaps become regions like r.  Room has been made.
 */
static void lay_over(struct memblock_type *t, struct memblock_region r)
{
	phys_addr_t pos = r.base, end = region_end(&r);
	unsigned first, i;

	split_at(t, r.base);
	split_at(t, end);
	first = i = first_ending_after(t, r.base);
	while (pos < end) {
		struct memblock_region *next = i < t->cnt ? &t->regions[i] : NULL;

		if (next && next->base == pos) {
			unsigned either = next->flags | r.flags;
			unsigned both = next->flags & r.flags;

			next->flags = (either & MEMBLOCK_NOMAP) ? MEMBLOCK_NOMAP
								: (both & MEMBLOCK_REUSABLE);
			pos = region_end(next);
		} else {
			r.base = pos;
			pos = next && next->base < end ? next->base : end;
			r.size = pos - r.base;
			insert_region(t, i, r);
		}
		i++;
	}
	merge_regions(t, first, i);
}

/* Cuts [base, end) out of the array.  Room for CUT_NEEDS more. */
static void cut_out(struct memblock_type *t, phys_addr_t base, phys_addr_t end)
{
	unsigned first, last;

	split_at(t, base);
	split_at(t, end);
	first = first_ending_after(t, base);
	for (last = first; last < t->cnt && t->regions[last].base < end; last++)
		;
	delete_regions(t, first, last);
}

/* ---- finding and growing --------------------------------------------- */

static bool overlap(phys_addr_t a, phys_addr_t a_end, phys_addr_t b, phys_addr_t b_end)
{
	return a < b_end && b < a_end;
}

/* Whether [base, base + size) is to be left alone, and below what to look on. */
static bool avoided(phys_addr_t base, phys_addr_t size, const struct memblock_region *except,
		    phys_addr_t *lowest)
{
	*lowest = base;
	if (except && overlap(base, base + size, except->base, region_end(except))) {
		*lowest = except->base;
		return true;
	}
	return avoid_fn && avoid_fn(avoid_arg, base, size, lowest);
}

/*
 * The highest place of `size` bytes at `align` in [start, end) that is RAM,
 * neither reserved nor in `except` nor to be avoided; 0 when there is none.
 * Address 0 is never given: it is the answer "none".
 */
static phys_addr_t find_in_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				 phys_addr_t end, const struct memblock_region *except)
{
	phys_addr_t top = end;

	/* Every turn moves top down: below a reserved, an avoided or a RAM range. */
	while (top >= size && top > start) {
		phys_addr_t base, bottom, lowest;
		unsigned i = first_ending_after(&memory, top - 1);

		if (i == memory.cnt || memory.regions[i].base >= top) {
			if (i == 0)
				return 0;
			top = region_end(&memory.regions[--i]);
		}
		/* RAM of several nodes may touch; what is found may span them. */
		while (i > 0 && region_end(&memory.regions[i - 1]) == memory.regions[i].base)
			i--;
		bottom = memory.regions[i].base;

		i = first_ending_after(&reserved, top - 1);
		if (i < reserved.cnt && reserved.regions[i].base < top) {
			top = reserved.regions[i].base;
			continue;
		}
		if (i > 0 && region_end(&reserved.regions[i - 1]) > bottom)
			bottom = region_end(&reserved.regions[i - 1]);
		if (bottom < start)
			bottom = start;

		base = top >= size ? (top - size) & ~(align - 1) : 0;
		if (base == 0 || base < bottom)
			top = bottom;
		else if (!avoided(base, size, except, &lowest))
			return base;
		else
			top = lowest < base + size ? lowest : base;
	}
	return 0;
}

/*
 * Moves an array to new memory outside `except`, with room for `max` regions.
 * `reserved` has room for the new place, or is the array that moves.
 */
static int move_array(struct memblock_type *t, unsigned max, const struct memblock_region *except)
{
	phys_addr_t bytes = (phys_addr_t)max * sizeof(struct memblock_region);
	phys_addr_t end = current_limit ? current_limit : PHYS_MAX;
	phys_addr_t old = t->storage, old_size = t->storage_size;
	phys_addr_t phys = find_in_range(bytes, PORT_CACHELINE, 0, end, except);
	struct memblock_region *regions;

	if (!phys) {
		port_log("memblock: no room for %u %s ranges (%u bytes)\n", max, t->name,
			 (unsigned)bytes);
		return -ENOMEM;
	}
	regions = port_phys_to_virt(phys);
	memcpy(regions, t->regions, t->cnt * sizeof(struct memblock_region));
	t->regions = regions;
	t->max = max;
	t->storage = phys;
	t->storage_size = bytes;
	lay_over(&reserved, (struct memblock_region){phys, bytes, "memblock", 0, 0});
	if (old_size)
		cut_out(&reserved, old, old + old_size);
	return 0;
}

/* The reservation of a new place takes one region, then the old one is cut out. */
#define MOVE_NEEDS (1 + CUT_NEEDS)

/* Room for `need` more regions, without touching `except`. */
static int make_room(struct memblock_type *t, unsigned need, const struct memblock_region *except)
{
	unsigned own = need + MOVE_NEEDS;
	int err;

	if (t->cnt + need <= t->max)
		return 0;
	if (t != &reserved && reserved.cnt + MOVE_NEEDS > reserved.max) {
		err = move_array(&reserved, 2 * reserved.max, except);
		if (err)
			return err;
	}
	/* cnt is at most max and need at most cnt + 3: four times is always enough. */
	return move_array(t, t->cnt + own <= 2 * t->max ? 2 * t->max : 4 * t->max, except);
}

/* An array must not stay in a range that is about to be given away. */
static int evacuate(struct memblock_type *t, const struct memblock_region *range)
{
	int err;

	if (!t->storage_size ||
	    !overlap(t->storage, t->storage + t->storage_size, range->base, region_end(range)))
		return 0;
	err = make_room(&reserved, MOVE_NEEDS, range);
	if (err)
		return err;
	return move_array(t, t->max, range);
}

static int check_open(const char *what)
{
	if (!closed)
		return 0;
	port_log("memblock: %s refused: memory has been handed over\n", what);
	return -EPERM;
}

static int check_range(const char *what, phys_addr_t base, phys_addr_t size)
{
	int err = check_open(what);

	if (err)
		return err;
	if (size != 0 && base <= PHYS_MAX - size)
		return 0;
	port_log("memblock: %s of %s bytes at %s refused: expected 1 byte or more, no wrap\n", what,
		 HEX64(size), HEX64(base));
	return -EINVAL;
}

/* ---- the interface ---------------------------------------------------- */

/*
 * memblock_add - this range is RAM of node nid.
 *
 * Start-up, one CPU, before memblock_close().  Errors: memblock.h.
 * After Linux 6.1 memblock_add_node().
 */
int memblock_add(phys_addr_t base, phys_addr_t size, int nid)
{
	int err = check_range("add", base, size);

	if (err)
		return err;
	if (nid < 0 || nid >= BUDDY_MAX_NODES) {
		port_log("memblock: add to node %d refused: expected 0 to %d\n", nid,
			 BUDDY_MAX_NODES - 1);
		return -EINVAL;
	}
	err = make_room(&memory, worst_growth(&memory, base, base + size), NULL);
	if (err)
		return err;
	lay_over(&memory, (struct memblock_region){base, size, NULL, 0, (int16_t)nid});
	return 0;
}

/*
 * memblock_remove - this range is not RAM, whatever was said before.
 *
 * Start-up, one CPU, before memblock_close().  Reservations stay as they are.
 * After Linux 6.1 memblock_remove().
 */
int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	struct memblock_region range = {base, size, NULL, 0, 0};
	int err = check_range("remove", base, size);

	if (!err)
		err = evacuate(&memory, &range);
	if (!err)
		err = evacuate(&reserved, &range);
	if (!err)
		err = make_room(&memory, CUT_NEEDS, &range);
	if (err)
		return err;
	cut_out(&memory, base, base + size);
	return 0;
}

/*
 * memblock_reserve - this range is taken, whether it is RAM or not.
 *
 * Start-up, one CPU, before memblock_close().  `name` is kept by pointer.
 * After Linux 6.1 memblock_reserve() and memblock_mark_nomap().
 */
int memblock_reserve(phys_addr_t base, phys_addr_t size, const char *name, unsigned flags)
{
	struct memblock_region range = {base, size, name, (uint16_t)flags, 0};
	int err = check_range("reserve", base, size);

	if (err)
		return err;
	if (flags != MEMBLOCK_NONE && flags != MEMBLOCK_NOMAP && flags != MEMBLOCK_REUSABLE) {
		port_log("memblock: reserve with flags 0x%x refused: expected one of 0x0 to 0x2\n",
			 flags);
		return -EINVAL;
	}
	err = evacuate(&memory, &range);
	if (!err)
		err = evacuate(&reserved, &range);
	if (!err)
		err = make_room(&reserved, worst_growth(&reserved, base, base + size), &range);
	if (err)
		return err;
	lay_over(&reserved, range);
	return 0;
}

/*
 * memblock_free - what was reserved in this range is free again.
 *
 * Start-up, one CPU, before memblock_close().  After Linux 6.1 memblock_phys_free().
 */
int memblock_free(phys_addr_t base, phys_addr_t size)
{
	int err = check_range("free", base, size);

	if (!err)
		err = make_room(&reserved, CUT_NEEDS, NULL);
	if (err)
		return err;
	cut_out(&reserved, base, base + size);
	return 0;
}

/*
 * memblock_phys_alloc_range - finds and reserves free RAM within [start, end).
 *
 * Start-up, one CPU, before memblock_close(): afterwards 0 and a line.
 * After Linux 6.1 memblock_phys_alloc_range(), top-down.
 */
phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				      phys_addr_t end, const char *name)
{
	phys_addr_t base;

	if (check_open("allocation") || size == 0)
		return 0;
	if (align == 0)
		align = PORT_CACHELINE;
	if (align & (align - 1)) {
		port_log("memblock: alignment %s refused: expected a power of two\n", HEX64(align));
		return 0;
	}
	base = find_in_range(size, align, start, end ? end : PHYS_MAX, NULL);
	if (base == 0 || memblock_reserve(base, size, name, MEMBLOCK_NONE))
		return 0;
	return base;
}

/*
 * memblock_alloc - the same, zeroed, where it is permanently mapped.
 *
 * Start-up, one CPU, before memblock_close(): afterwards NULL and a line.
 * After Linux 6.1 memblock_alloc().
 */
void *memblock_alloc(phys_addr_t size, phys_addr_t align, const char *name)
{
	phys_addr_t base;
	void *virt;

	if (size > SIZE_MAX)
		return NULL;
	base = memblock_phys_alloc_range(size, align, 0, current_limit, name);
	if (!base)
		return NULL;
	virt = port_phys_to_virt(base);
	memset(virt, 0, (size_t)size);
	return virt;
}

/*
 * memblock_set_current_limit - memory from here on will have no mapping.
 *
 * The arrays follow at once if they lie beyond.  Start-up, one CPU.
 * After Linux 6.1 memblock_set_current_limit().
 */
void memblock_set_current_limit(phys_addr_t limit)
{
	struct memblock_region beyond = {limit, PHYS_MAX - limit, NULL, 0, 0};

	if (check_open("new limit"))
		return;
	current_limit = limit;
	if (limit && (evacuate(&memory, &beyond) || evacuate(&reserved, &beyond)))
		port_log("memblock: its own arrays stay beyond the limit %s\n", HEX64(limit));
}

void memblock_set_avoid(bool (*avoid)(void *arg, phys_addr_t base, phys_addr_t size,
				      phys_addr_t *lowest),
			void *arg)
{
	avoid_fn = avoid;
	avoid_arg = arg;
}

const struct memblock_region *memblock_memory(unsigned i)
{
	return i < memory.cnt ? &memory.regions[i] : NULL;
}

const struct memblock_region *memblock_reserved(unsigned i)
{
	return i < reserved.cnt ? &reserved.regions[i] : NULL;
}

void memblock_close(void)
{
	closed = true;
}

bool memblock_is_closed(void)
{
	return closed;
}

void memblock_reset(void)
{
	memory.regions = init_memory;
	memory.max = INIT_MEMORY;
	reserved.regions = init_reserved;
	reserved.max = INIT_RESERVED;
	memory.cnt = reserved.cnt = 0;
	memory.storage_size = reserved.storage_size = 0;
	current_limit = 0;
	closed = false;
	memblock_set_avoid(NULL, NULL);
}

#endif /* !BUDDY_TINY */
