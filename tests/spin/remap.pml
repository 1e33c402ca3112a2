/* SPDX-License-Identifier: MIT */
/*
 * A page of vmalloc()'s is moved while other cores, and interrupts, read and write it.
 *
 * One virtual page, three frames; one core moves it twice, with port_vmap_break(), a
 * copy, and port_vmap_set().  Two other cores write to it, each its own word, whenever they
 * like, with a TLB that may be filled at any time (also ahead of use) and holds what it likes
 * until it is invalidated; so does an interrupt handler on the mover's core.  An access
 * takes two steps: the translation, then the memory.  The mover's stores, to the entry and to
 * the new frame, wait in its write buffer, in any order, until they drain by themselves or
 * a DSB drains them.  A DSB after a TLB invalidation waits until accesses of other cores
 * that were translated before have reached memory (ARMv7-A ARM, B3.10.1).
 *
 * Mirrors migrate_page() of mm/vmalloc.c, port_vmap_break() and port_vmap_set() of the
 * Cortex-A9 port, and the wait of its data abort handler.
 *
 * Proved: no write is lost; when the move is over nobody uses the old frame, which is free
 * then; nobody waits for ever, the interrupt handler of the mover's core included.
 *
 * Planted:
 *	BUG_NO_TLBI	no TLB invalidation before the copy
 *	BUG_IRQS_ON	interrupts are let in between the break and the set
 *	BUG_NO_DSB	no DSB between the broken entry and the TLB invalidation
 *	BUG_NO_WAIT	no DSB after it: accesses may be on their way
 *	BUG_NO_ORDER	the new entry is written with no barrier after the copy
 *	BUG_TLBI_LATE	the invalidation comes after the copy
 */

#define FRAMES 3
#define CORES  3 /* 0 is the mover's */
#define BROKEN 3 /* as an entry: invalid, being moved */
#define NONE   4
#define NOTHING 255

#define MOVES  2
#define WRITES 2

byte entry = 0;		  /* in memory, what a walk finds */
byte entry_buf = NONE;	  /* in core 0's write buffer */
byte tlb[CORES] = NONE;	  /* the frame that a core's TLB has, if any */
byte going[CORES] = NONE; /* an access that has been translated, on its way to memory */

/* Each writer's word in each frame: writes counted.  The mover's core has the handler as writer. */
byte data[FRAMES * CORES];
byte data_buf[CORES] = NOTHING; /* the copy's words, on their way to frame `target` */
byte target;

byte current; /* the frame that is in use */
bool in_window;
bool irqs_off, in_irq;
byte wrote[CORES];
byte done;

#define word(f, c) data[(f) * CORES + (c)]

/* ---- the mover's core: stores that wait -------------------------------------- */

inline drain_entry()
{
	if
	:: entry_buf != NONE -> entry = entry_buf; entry_buf = NONE
	:: else
	fi
}

inline drain_word(c)
{
	if
	:: data_buf[c] != NOTHING -> word(target, c) = data_buf[c]; data_buf[c] = NOTHING
	:: else
	fi
}

#define dsb() drain_word(0); drain_word(1); drain_word(2); drain_entry()

active proctype write_buffer()
{
end:
	do
	:: atomic { entry_buf != NONE -> drain_entry() }
	:: atomic { data_buf[0] != NOTHING -> drain_word(0) }
	:: atomic { data_buf[1] != NOTHING -> drain_word(1) }
	:: atomic { data_buf[2] != NOTHING -> drain_word(2) }
	od
}

/* ---- TLBs ------------------------------------------------------------------------ */

/*
 * Any core may walk at any time.  (A walk of the mover's core sees its own buffered entry,
 * or not; in between is what other cores see.)  An invalid entry is not kept.
 */
active proctype walker()
{
	byte c;
end:
	do
	:: atomic {
		entry < BROKEN && tlb[0] != entry -> tlb[0] = entry }
	:: atomic {
		entry < BROKEN && tlb[1] != entry -> tlb[1] = entry }
	:: atomic {
		entry < BROKEN && tlb[2] != entry -> tlb[2] = entry }
	od
}

/* One write to the page by core c. */
inline access(c)
{
	do
	/* Translated: by the TLB, or by a walk. */
	:: atomic { tlb[c] != NONE -> going[c] = tlb[c]; break }
	:: atomic { tlb[c] == NONE && entry < BROKEN -> tlb[c] = entry; going[c] = entry; break }
	/* An abort: the handler waits as long as the page is being moved, then tries again. */
	:: atomic { tlb[c] == NONE && entry == BROKEN } ->
		entry != BROKEN
	od;
	atomic {
		assert(going[c] == current || in_window);
		word(going[c], c) = word(going[c], c) + 1;
		wrote[c]++;
		going[c] = NONE
	}
}

active [2] proctype core()
{
	byte n, c;

	c = _pid - 2 + 1; /* after write_buffer and walker */
	do
	:: n < WRITES ->
		access(c);
		n++
	:: n == WRITES -> break
	od;
	done++
}

/* On the mover's core: nothing of the mover runs while it does. */
active proctype interrupt()
{
	byte n;

	do
	:: n < WRITES ->
		atomic { !irqs_off -> in_irq = true };
		access(0);
		n++;
		in_irq = false
	:: n == WRITES -> break
	od;
	done++
}

#define STEP !in_irq ->

active proctype mover()
{
	byte n, from, to;

	do
	:: n < MOVES ->
		n++;
		from = current;
		to = (from + 1) % FRAMES;
#ifndef BUG_IRQS_ON
		atomic { STEP irqs_off = true };
#endif
		/* port_vmap_break() */
		atomic { STEP in_window = true; entry_buf = BROKEN };
#ifndef BUG_NO_DSB
		atomic { STEP dsb() };
#endif
#if !defined(BUG_NO_TLBI) && !defined(BUG_TLBI_LATE)
		atomic { STEP tlb[0] = NONE; tlb[1] = NONE; tlb[2] = NONE };
#endif
#ifndef BUG_NO_WAIT
		atomic { STEP going[1] == NONE && going[2] == NONE -> dsb() };
#endif
		/* migrate_page_copy() */
		atomic { STEP data_buf[0] = word(from, 0); target = to };
		atomic { STEP data_buf[1] = word(from, 1) };
		atomic { STEP data_buf[2] = word(from, 2) };
#ifdef BUG_TLBI_LATE
		atomic { STEP tlb[0] = NONE; tlb[1] = NONE; tlb[2] = NONE };
		atomic { STEP going[1] == NONE && going[2] == NONE -> dsb() };
#endif
		/* port_vmap_set() */
#ifndef BUG_NO_ORDER
		atomic { STEP dsb() };
#endif
		atomic { STEP entry_buf = to; current = to };
		atomic { STEP dsb(); in_window = false };
		/* The old frame is free from here on. */
		irqs_off = false
	:: n == MOVES -> break
	od;
	done++
}

active proctype at_the_end()
{
	atomic {
		done == 4;
		assert(word(current, 0) == wrote[0]);
		assert(word(current, 1) == wrote[1]);
		assert(word(current, 2) == wrote[2])
	}
}
