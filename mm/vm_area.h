/* SPDX-License-Identifier: MIT */
/* What vm_area.c and vmalloc.c say to each other. */
#ifndef MM_VM_AREA_H
#define MM_VM_AREA_H

#include <mm/internal.h>

enum vm_area_kind {
	VM_AREA_START, /* of the window: page 0, mapped never, and the tree's root */
	VM_AREA_BUSY,  /* being made or taken away: nobody's to free */
	VM_AREA_ALLOC, /* vmalloc() */
	VM_AREA_MAP    /* vmap() */
};

/* All fields: the window's lock.  Unit: pages, counted from the window's start. */
struct vm_area {
	struct vm_area *child[2];
	struct vm_area *prev, *next; /* by address */
	uint32_t start;		     /* its key: no two areas have the same */
	uint32_t nr;		     /* that can be mapped; one more, the guard, never is */
	uint32_t gap;		     /* free ones from its guard to the next area */
	uint32_t max_gap;	     /* the largest gap in the subtree */
	enum vm_area_kind kind;
};

struct vm_window {
	struct vm_area first;
	uint32_t nr;	  /* pages */
	uint32_t nr_free; /* in gaps */
	unsigned top;	  /* the highest bit that a key can have */
};

/* A window without areas.  nr: 1 at least. */
void vm_window_init(struct vm_window *w, uint32_t nr);
/* Puts the area, of area->nr pages, where there is room for it and a guard; false: nowhere. */
bool vm_area_insert(struct vm_window *w, struct vm_area *area);
void vm_area_remove(struct vm_window *w, struct vm_area *area);
/* The area that starts there, of whatever kind, or NULL. */
struct vm_area *vm_area_find(struct vm_window *w, uint32_t start);

#endif /* MM_VM_AREA_H */
