// SPDX-License-Identifier: MIT
/*
 * vm_area - which addresses of vmalloc's window are taken.
 *
 * Areas are in a list by address, so that each knows the gap behind it, and in a digital
 * search tree: from the root down, one bit of the key (the area's first page) after the
 * other says left or right, and an area hangs where the first empty place is.  A tree of
 * this kind is never turned around, and no path in it is longer than a key has bits, 20 for
 * 4 GiB, whatever comes and goes in whatever order.  The largest gap of a subtree stands
 * at its top, so that the first fit is found by one walk down.
 *
 * State: struct vm_window and the areas in it, its user's; under the user's lock.
 *
 * Bound: MAX_DEPTH steps down and up, twice, for each function; no loop over areas.
 *
 * Not here: the lock, where records come from, what is mapped (vmalloc.c).
 *
 * Follows the purpose of Linux's find_vmap_lowest_match() (6.1), which turns a red-black
 * tree.
 */
#include <mm/vm_area.h>

#if BUDDY_VMALLOC

#define MAX_DEPTH 33 /* the root, and one for each bit of a key */

static uint32_t end_of(const struct vm_area *a)
{
	return a->start + a->nr + 1;
}

static unsigned side(uint32_t key, unsigned bit)
{
	return key >> bit & 1;
}

static void set_max_gap(struct vm_area *a)
{
	uint32_t max = a->gap;

	for (unsigned i = 0; i < 2; i++)
		if (a->child[i] && a->child[i]->max_gap > max)
			max = a->child[i]->max_gap;
	a->max_gap = max;
}

/*
 * Something has changed at or right below the area with this key: from there up to the
 * root.
 */
static void refresh(struct vm_window *w, uint32_t key)
{
	struct vm_area *path[MAX_DEPTH], *a = &w->first;
	unsigned depth = 0, bit = w->top;

	for (;; a = a->child[side(key, bit--)]) {
		path[depth++] = a;
		if (a->start == key)
			break;
	}
	while (depth)
		set_max_gap(path[--depth]);
}

void vm_window_init(struct vm_window *w, uint32_t nr)
{
	*w = (struct vm_window){.nr = nr, .nr_free = nr - 1, .top = ilog2(nr)};
	w->first.kind = VM_AREA_START;
	w->first.gap = w->first.max_gap = nr - 1;
}

struct vm_area *vm_area_find(struct vm_window *w, uint32_t start)
{
	struct vm_area *a = &w->first;

	for (unsigned bit = w->top; a && a->start != start; bit--)
		a = a->child[side(start, bit)];
	return a;
}

static bool has_gap(const struct vm_area *a, uint32_t need)
{
	return a && a->max_gap >= need;
}

/*
 * The first area by address behind which there is room; the root's max_gap says that there is
 * one.  All of a left subtree lies before all of the right one, only the area at the top
 * may be anywhere between: so it is remembered, and one way down is enough.
 */
static struct vm_area *first_fit(struct vm_window *w, uint32_t need)
{
	struct vm_area *a = &w->first, *best = NULL;

	do {
		if (a->gap >= need && (!best || a->start < best->start))
			best = a;
		a = a->child[!has_gap(a->child[0], need)];
	} while (has_gap(a, need));
	return best;
}

bool vm_area_insert(struct vm_window *w, struct vm_area *area)
{
	uint32_t need = area->nr + 1;
	struct vm_area *prev, *a, **link;
	unsigned bit = w->top;

	if (area->nr >= w->nr || w->first.max_gap < need)
		return false;
	prev = first_fit(w, need);
	area->start = end_of(prev);
	area->gap = area->max_gap = prev->gap - need;
	area->child[0] = area->child[1] = NULL;
	prev->gap = 0;
	area->prev = prev;
	area->next = prev->next;
	prev->next = area;
	if (area->next)
		area->next->prev = area;

	for (link = NULL, a = &w->first; a; a = *link)
		link = &a->child[side(area->start, bit--)];
	*link = area;
	refresh(w, area->start);
	refresh(w, prev->start);
	w->nr_free -= need;
	return true;
}

/* The place where the area hangs; it is not the root. */
static struct vm_area **link_of(struct vm_window *w, const struct vm_area *area,
				struct vm_area **parent)
{
	struct vm_area **link = NULL, *a = &w->first;

	for (unsigned bit = w->top; a != area; a = *link) {
		*parent = a;
		link = &a->child[side(area->start, bit--)];
	}
	return link;
}

void vm_area_remove(struct vm_window *w, struct vm_area *area)
{
	struct vm_area *prev = area->prev, *parent = NULL, *leaf_parent = NULL, *leaf = area;
	struct vm_area **link = link_of(w, area, &parent), **leaf_link = link;
	uint32_t changed;

	prev->gap += area->nr + 1 + area->gap;
	w->nr_free += area->nr + 1;
	prev->next = area->next;
	if (area->next)
		area->next->prev = prev;

	/* Any leaf below may hang in its place: it has the same bits down to there. */
	while (leaf->child[0] || leaf->child[1]) {
		leaf_parent = leaf;
		leaf_link = &leaf->child[!leaf->child[0]];
		leaf = *leaf_link;
	}
	*leaf_link = NULL;
	if (leaf == area) {
		changed = parent->start;
	} else {
		changed = leaf_parent == area ? leaf->start : leaf_parent->start;
		leaf->child[0] = area->child[0];
		leaf->child[1] = area->child[1];
		*link = leaf;
	}
	refresh(w, changed);
	refresh(w, prev->start);
}

#endif /* BUDDY_VMALLOC */
