/* SPDX-License-Identifier: MIT */
/*
 * A pageblock is isolated and taken, while CPUs allocate and free its pages through their
 * caches.
 *
 * Three CPUs, one pageblock of a few pages of order 0.  Each takes and frees pages as it
 * likes; two of them also isolate the pageblock, empty all caches, and take it if all of it is
 * free.  What a CPU does with interrupts off is made of steps that other CPUs come between;
 * what it does under the zone's lock is one step for others, who look only with the lock.
 * Calls between CPUs are answered where interrupts are on.
 *
 * Mirrors turn_over() and move_isolated() with MOVE_STEPS of 1, free_block_now() and
 * free_one_page(), pcp_refill(), drain_all_pages() and drain_batch_here(), test_isolated(),
 * take_frames().  Merging is left out: test_buddy.c and the model of tests/model prove it.
 *
 * Proved: no page is given twice or lost; an isolated page is given to nobody but who
 * isolated it; two who want the pageblock exclude each other; two who empty each other's
 * caches do not wait for ever.
 *
 * Planted:
 *	BUG_STALE_TYPE	a page is freed to the lists of the type that its pageblock had before
 *			the lock was taken
 *	BUG_TYPE_LAST	the pageblock's type is written after its pages were moved
 *	BUG_NO_WORD	move_isolated() goes by the former type and not by the page's word
 *	BUG_NO_TEST	the range is taken without a look at its words
 *	BUG_DEAF	who waits for another CPU does so with interrupts off
 *	BUG_BOTH	the type is not looked at before it is changed
 */

#define CPUS  3
#define PAGES 3
#define NONE  255

/* Words. */
#define FREE	 0
#define ISOLATED 1 /* free, on the list of isolated ones */
#define PCP	 2
#define USED	 3

byte word[PAGES];
byte cache[PAGES]; /* the CPU in whose cache it is, + 1; 0: in none */
byte user[PAGES];  /* who was given it, + 1 */
bool isolate;	   /* the pageblock's type */
bool locked;
byte asked[CPUS]; /* who waits for this CPU to empty its cache, + 1 */
byte taken;	  /* who took the pageblock, + 1 */
byte done;

/* ---- lists: the lock is held ------------------------------------------------------ */

#define lock()	 atomic { !locked -> locked = true }
#define unlock() locked = false

inline list_add(p, type)
{
	assert(user[p] == 0 && cache[p] == 0);
	word[p] = (type -> ISOLATED : FREE)
}

/* Off the list of that type; it has to be on it. */
inline list_del(p, type)
{
	assert(word[p] == (type -> ISOLATED : FREE));
	word[p] = PCP
}

/* ---- caches ------------------------------------------------------------------------ */

/* One page of the CPU's cache goes back: interrupts are off. */
inline flush_one(p)
{
	atomic { !locked -> cache[p] = 0; list_add(p, isolate) }
}

/* pcp_drain_batch() with a batch of all. */
inline drain_here(cpu)
{
	if
	:: cache[0] == cpu + 1 -> flush_one(0)
	:: else
	fi;
	if
	:: cache[1] == cpu + 1 -> flush_one(1)
	:: else
	fi;
	if
	:: cache[2] == cpu + 1 -> flush_one(2)
	:: else
	fi
}

/* The handler of calls between CPUs. */
inline answer(cpu)
{
	drain_here(cpu);
	asked[cpu] = 0
}

#define has_cached(cpu) (cache[0] == cpu + 1 || cache[1] == cpu + 1 || cache[2] == cpu + 1)

/* port_run_on_cpu(): one mailbox for each CPU; who waits answers. */
inline ask(me, other)
{
	if
	:: has_cached(other) ->
		do
		:: atomic { asked[other] == 0 -> asked[other] = me + 1; break }
#ifndef BUG_DEAF
		:: asked[me] -> answer(me)
#endif
		od;
		do
		:: asked[other] != me + 1 -> break
#ifndef BUG_DEAF
		:: asked[me] -> answer(me)
#endif
		od
	:: else
	fi
}

/* ---- isolation ------------------------------------------------------------------------ */

/* move_isolated(): one page, then the lock is let go. */
inline move_one(p, to)
{
	atomic {
		!locked;
		if
#ifdef BUG_NO_WORD
		:: word[p] == FREE || word[p] == ISOLATED -> list_del(p, !to); list_add(p, to)
#else
		:: word[p] == (to -> FREE : ISOLATED) -> list_del(p, !to); list_add(p, to)
#endif
		:: else
		fi
	}
}

inline isolator(who, next, last, got)
{
	/* turn_over() */
	atomic {
		!locked;
#ifdef BUG_BOTH
		got = true;
#else
		got = !isolate;
#endif
#ifndef BUG_TYPE_LAST
		isolate = isolate || got
#endif
	};
	if
	:: got ->
		move_one(0, true);
		move_one(1, true);
		move_one(2, true);
#ifdef BUG_TYPE_LAST
		atomic { !locked -> isolate = true };
#endif
		/* Whatever is free in it from here on is isolated. */
		atomic {
			!locked;
			assert(word[0] != FREE && word[1] != FREE && word[2] != FREE)
		};
		/* drain_all_pages() */
		drain_here(who);
		ask(who, next);
		ask(who, last);
		/* test_isolated(), take_range(): nobody else has a way to isolated pages. */
		atomic {
			!locked;
#ifndef BUG_NO_TEST
			got = word[0] == ISOLATED && word[1] == ISOLATED && word[2] == ISOLATED
#endif
		};
		if
		:: got ->
			atomic {
				assert(taken == 0);
				taken = who + 1
			};
			take(who, 0);
			take(who, 1);
			take(who, 2);
			/* contig_free() */
			taken = 0;
			atomic { !locked -> user[0] = 0; list_add(0, isolate) };
			atomic { !locked -> user[1] = 0; list_add(1, isolate) };
			atomic { !locked -> user[2] = 0; list_add(2, isolate) }
		:: else
		fi;
		/* undo_isolate_page_range() */
		atomic { !locked -> assert(isolate); isolate = false };
		move_one(0, false);
		move_one(1, false);
		move_one(2, false)
	:: else
	fi
}

inline take(me, p)
{
	atomic {
		!locked;
		assert(user[p] == 0 && cache[p] == 0);
		list_del(p, true);
		word[p] = USED;
		user[p] = me + 1
	}
}

/* ---- what a CPU does ------------------------------------------------------------------- */

/* rmqueue_pcplist(): from the cache, else from the lists by way of it. */
inline alloc(me, p)
{
	if
	:: atomic { has_cached(me) ->
			if
			:: cache[0] == me + 1 -> p = 0
			:: cache[1] == me + 1 -> p = 1
			:: cache[2] == me + 1 -> p = 2
			fi;
			cache[p] = 0 }
	:: atomic { !has_cached(me) && !locked ->
			if
			:: word[0] == FREE -> p = 0
			:: word[1] == FREE -> p = 1
			:: word[2] == FREE -> p = 2
			:: else -> p = NONE
			fi;
			if
			:: p != NONE -> list_del(p, false)
			:: else
			fi }
	fi;
	if
	:: p != NONE ->
		atomic {
			assert(word[p] == PCP && user[p] == 0 && cache[p] == 0);
			word[p] = USED;
			user[p] = me + 1
		}
	:: else
	fi
}

/* free_block_now(): into the cache if the pageblock's type has one, as it was a moment ago. */
inline free(me, p, type)
{
	type = isolate;
	if
	:: !type -> atomic { user[p] = 0; word[p] = PCP; cache[p] = me + 1 }
	:: type ->
#ifdef BUG_STALE_TYPE
		atomic { !locked -> user[p] = 0; list_add(p, type) }
#else
		atomic { !locked -> user[p] = 0; list_add(p, isolate) }
#endif
	fi
}

active [CPUS] proctype cpu()
{
	byte p = NONE, n;
	bool b;

	do
	:: asked[_pid] -> answer(_pid)
	:: n < 2 && p == NONE -> n++; alloc(_pid, p)
	:: p != NONE -> free(_pid, p, b); p = NONE; b = false
	:: n < 2 && p == NONE && _pid < 2 ->
		n = 2;
		isolator(_pid, (_pid + 1) % CPUS, (_pid + 2) % CPUS, b);
		b = false
	:: n == 2 && p == NONE -> break
	od;
	/* Idle: calls are still answered. */
	done++;
end:
	do
	:: asked[_pid] -> answer(_pid)
	:: atomic { done >= CPUS && !asked[_pid] -> break }
	od;
	drain_here(_pid);
	done++
}

active proctype at_the_end()
{
	done == 2 * CPUS;
	assert(!isolate && word[0] == FREE && word[1] == FREE && word[2] == FREE)
}
