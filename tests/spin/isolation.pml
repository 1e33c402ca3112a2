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
 * take_frames(), try_to_claim() with
 * count_free_in_block().  Merging is left out: test_buddy.c and the model of tests/model prove it.
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
 *	BUG_GO_ON	turn_over() goes on when the pageblock has become somebody else's meanwhile
 */

#define CPUS  3
#define PAGES 3
#define NONE  255

/* Words. */
#define FREE	 0
#define ISOLATED 1 /* free, on the list of isolated ones */
#define PCP	 2
#define USED	 3

/* Types. */
#define ISOLATE	  0
#define MOVABLE	  1
#define UNMOVABLE 2

byte word[PAGES];
byte cache[PAGES]; /* the CPU in whose cache it is, + 1; 0: in none */
byte user[PAGES];  /* who was given it, + 1 */
byte type = MOVABLE; /* the pageblock's */
byte list[PAGES] = MOVABLE; /* the type on whose list a free page is */
bool locked;
byte asked[CPUS]; /* who waits for this CPU to empty its cache, + 1 */
byte taken;	  /* who took the pageblock, + 1 */
byte done;

/* ---- lists: the lock is held ------------------------------------------------------ */

#define lock()	 atomic { !locked -> locked = true }
#define unlock() locked = false

inline list_add(p, t)
{
	assert(user[p] == 0 && cache[p] == 0);
	list[p] = t;
	word[p] = (t == ISOLATE -> ISOLATED : FREE)
}

/* Off the list of that type; it has to be on it. */
inline list_del(p, t)
{
	assert((word[p] == FREE || word[p] == ISOLATED) && list[p] == t);
	word[p] = PCP
}

/* ---- caches ------------------------------------------------------------------------ */

/* One page of the CPU's cache goes back: interrupts are off. */
inline flush_one(p)
{
	atomic { !locked -> cache[p] = 0; list_add(p, type) }
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

/*
 * move_isolated(), one page, then the lock is let go.  from: the type that is not ISOLATE;
 * ours: the one that the caller wrote.
 */
inline move_one(p, from, ours)
{
	atomic {
		!locked;
		if
#ifndef BUG_GO_ON
		:: type != ours
#endif
#ifdef BUG_NO_WORD
		:: (word[p] == FREE || word[p] == ISOLATED) && type == ours ->
			if
			:: ours == ISOLATE -> list_del(p, from)
			:: else -> list_del(p, ISOLATE)
			fi;
			list_add(p, type)
#else
#ifdef BUG_GO_ON
		:: word[p] == FREE && from != type -> list_del(p, from); list_add(p, type)
		:: word[p] == ISOLATED && type != ISOLATE ->
#else
		:: word[p] == FREE && type == ours && from != type ->
			list_del(p, from);
			list_add(p, type)
		:: word[p] == ISOLATED && type == ours && type != ISOLATE ->
#endif
			list_del(p, ISOLATE);
			list_add(p, type)
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
		got = type != ISOLATE;
#endif
		old = type;
#ifndef BUG_TYPE_LAST
		if
		:: got -> type = ISOLATE
		:: else
		fi
#endif
	};
	if
	:: got ->
		move_one(0, old, ISOLATE);
		move_one(1, old, ISOLATE);
		move_one(2, old, ISOLATE);
#ifdef BUG_TYPE_LAST
		atomic { !locked -> type = ISOLATE };
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
			atomic { !locked -> user[0] = 0; list_add(0, type) };
			atomic { !locked -> user[1] = 0; list_add(1, type) };
			atomic { !locked -> user[2] = 0; list_add(2, type) }
		:: else
		fi;
		/* undo_isolate_page_range() */
		atomic { !locked -> assert(type == ISOLATE); type = MOVABLE };
		move_one(0, MOVABLE, MOVABLE);
		move_one(1, MOVABLE, MOVABLE);
		move_one(2, MOVABLE, MOVABLE)
	:: else
	fi
}

inline take(me, p)
{
	atomic {
		!locked;
		assert(user[p] == 0 && cache[p] == 0);
		list_del(p, ISOLATE);
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
			:: p != NONE -> list_del(p, list[p])
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
inline free(me, p, was)
{
	was = type;
	if
	:: was != ISOLATE -> atomic { user[p] = 0; word[p] = PCP; cache[p] = me + 1 }
	:: was == ISOLATE ->
#ifdef BUG_STALE_TYPE
		atomic { !locked -> user[p] = 0; list_add(p, was) }
#else
		atomic { !locked -> user[p] = 0; list_add(p, type) }
#endif
	fi
}

/* try_to_claim(): not while some page is on its way back from isolation. */
inline claim()
{
	atomic {
		!locked;
		if
		:: type != ISOLATE && word[0] != ISOLATED && word[1] != ISOLATED &&
			    word[2] != ISOLATED ->
			type = 3 - type;
			list[0] = type;
			list[1] = type;
			list[2] = type
		:: else
		fi
	}
}

active [CPUS] proctype cpu()
{
	byte p = NONE, n, old;
	bool claimed, b;

	do
	:: asked[_pid] -> answer(_pid)
	:: n < 2 && p == NONE -> n++; alloc(_pid, p)
	:: p != NONE -> free(_pid, p, old); p = NONE; old = 0
	:: n < 2 && p == NONE && _pid < 2 ->
		n = 2;
		isolator(_pid, (_pid + 1) % CPUS, (_pid + 2) % CPUS, b);
		b = false;
		old = 0
	:: _pid == 2 && !claimed -> claimed = true; claim()
	:: n == 1 && p == NONE && _pid == 2 -> n = 2; ask(_pid, 0)
	:: n == 2 && p == NONE -> break
	od;
	claimed = false;
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
	assert(type != ISOLATE && list[0] == type && list[1] == type && list[2] == type && word[0] == FREE && word[1] == FREE && word[2] == FREE)
}
