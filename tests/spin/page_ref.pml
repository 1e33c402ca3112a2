/* SPDX-License-Identifier: MIT */
/*
 * References of movable pages: mm/page_ref.c and mm/movable.c against each other.
 *
 * One owner with one slot, under its lock; a third party that gets the slot's page,
 * writes to it and drops it; compaction, which takes a page, has the owner move it, and
 * releases it or puts it back; reclaim, which takes one and has it evicted.  The word of a
 * page is as it is in mm_types.h, as far as these look at it, and every access to it is
 * one step: a load, or a compare-and-swap that fails when the word is not the one
 * loaded.
 *
 * Mirrors movable_take() [take], put_block() and freeze_movable() [put], movable_putback()
 * [putback], movable_release() [release]; migrate_page() and evict_page() as
 * include/buddy/migrate.h asks for them (tests/harness/owner.c).
 *
 * Proved: a page is freed once, when nobody holds a reference, and none is lost; at most
 * one has a page taken; a page moves or is evicted only while nobody else holds it; a
 * write by who holds a reference is never lost.
 *
 * Planted:
 *	BUG_PLAIN_LAST	the last reference of a movable page goes by a plain store, as that of
 *			any other block does
 *	BUG_TAKE_ANY	a page is taken whatever its references and PAGE_TAKEN say
 *	BUG_MOVE_ANY	the owner moves a page without a look at its references
 *	BUG_EVICT_ANY	the owner forgets a page without a look at its references
 *	BUG_RELEASE_TWO	the taker and the owner's reference are dropped one by one by the taker, the
 *			first without a look at what is left
 */

#define NPAGE 2
#define NONE  255

/* The word: state, MOVABLE, TAKEN, references. */
#define ALLOCATED 1
#define MOVABLE	  2
#define TAKEN	  4
#define REF	  8
#define refs(w)	  ((w) / REF)

byte word[NPAGE]; /* 0: free */
byte slot = NONE; /* [owner's lock] */
bool lock_held;

/* What is really so. */
byte held[NPAGE];    /* references, whoever has them */
byte takers[NPAGE];  /* who believes to have taken it */
bool moved[NPAGE];   /* its contents are elsewhere: a write would be lost */

/* What looks at no word under the lock is one step: nobody sees anything in between. */
#define lock()	 atomic { !lock_held -> lock_held = true }
#define unlock() lock_held = false

/* free_block_now(): the word is the caller's here. */
inline freed(p)
{
	assert(word[p] & ALLOCATED && held[p] == 0 && takers[p] == 0);
	word[p] = 0;
}

/* A free page, allocated and ordinary; NONE: there is none. */
inline alloc(p)
{
	atomic {
		if
		:: word[0] == 0 -> p = 0
		:: word[0] != 0 && word[1] == 0 -> p = 1
		:: else -> p = NONE
		fi;
		if
		:: p != NONE ->
			word[p] = ALLOCATED + REF;
			assert(held[p] == 0);
			held[p] = 1;
			moved[p] = false
		:: else
		fi
	}
}

/* put_block(): w is a local.  The caller gave its reference up before, in held[]. */
inline put(p, w)
{
	w = word[p];
	do
	:: refs(w) == 1 && w & MOVABLE ->
#ifdef BUG_PLAIN_LAST
		atomic { word[p] = ALLOCATED + REF; w = word[p] };
		atomic { freed(p) };
		break
#else
		/* freeze_movable() */
		if
		:: atomic { word[p] == w -> word[p] = ALLOCATED + REF };
			atomic { freed(p) };
			break
		:: atomic { word[p] != w -> w = word[p] }
		fi
#endif
	:: refs(w) == 1 && !(w & MOVABLE) ->
		atomic { assert(word[p] == w); freed(p) };
		break
	:: refs(w) > 1 ->
		if
		:: atomic { word[p] == w -> word[p] = w - REF };
			break
		:: atomic { word[p] != w -> w = word[p] }
		fi
	od
}

/* movable_take(): w & MOVABLE afterwards: it has been. */
inline take(p, w)
{
	w = word[p];
	do
#ifdef BUG_TAKE_ANY
	:: w & MOVABLE ->
#else
	:: w & MOVABLE && !(w & TAKEN) && refs(w) == 1 ->
#endif
		if
		:: atomic { word[p] == w ->
				word[p] = (w | TAKEN) + REF;
				assert(takers[p] == 0);
				takers[p]++;
				held[p]++ };
			w = MOVABLE;
			break
		:: atomic { word[p] != w -> w = word[p] }
		fi
	:: else ->
		w = 0;
		break
	od
}

inline putback(p, w)
{
	atomic { word[p] = word[p] & (255 - TAKEN); takers[p]--; held[p]-- };
	put(p, w)
}

/* The owner's reference is the caller's, too. */
inline release(p, w)
{
#ifdef BUG_RELEASE_TWO
	atomic { word[p] = (word[p] & (255 - TAKEN)) - REF; takers[p]--; held[p]-- };
	atomic { held[p]--; w = word[p] };
	atomic { freed(p) }
#else
	w = word[p];
	do
	:: refs(w) == 2 ->
		if
		:: atomic { word[p] == w -> word[p] = ALLOCATED + REF; takers[p]--;
			    held[p] = held[p] - 2 };
			atomic { freed(p) };
			break
		:: atomic { word[p] != w -> w = word[p] }
		fi
	:: else ->
		assert(w & TAKEN && refs(w) > 2);
		if
		:: atomic { word[p] == w -> word[p] = (w & (255 - TAKEN)) - 2 * REF; takers[p]--;
			    held[p] = held[p] - 2 };
			break
		:: atomic { word[p] != w -> w = word[p] }
		fi
	od
#endif
}

/* Fills its slot and drops what is in it, as it likes. */
active proctype owner()
{
	byte p, w, n;

	do
	:: n < 2 ->
		n++;
		alloc(p);
		if
		:: p != NONE ->
			/* __SetPageMovable() */
			word[p] = word[p] | MOVABLE;
			atomic { !lock_held -> slot = p };
			atomic { !lock_held ->
				p = slot;
				slot = NONE;
				if
				:: p != NONE -> held[p]--
				:: else
				fi
			};
			if
			:: p != NONE -> put(p, w)
			:: else
			fi
		:: else
		fi;
		w = 0;
		p = 0
	:: n == 2 -> break
	od
}

/* get_page() under the owner's lock, a write, put_page(). */
active [2] proctype third()
{
	byte p, w;

	lock();
	p = slot;
	if
	:: p != NONE ->
		w = word[p];
		do
		:: atomic { word[p] == w -> word[p] = w + REF; held[p]++; break }
		:: atomic { word[p] != w -> w = word[p] }
		od
	:: else
	fi;
	unlock();
	if
	:: p != NONE ->
		/* What is held is neither freed nor moved. */
		assert(word[p] & ALLOCATED && held[p] && !moved[p]);
		held[p]--;
		put(p, w)
	:: else
	fi
}

/* migrate_pages() of one page, wherever it looks. */
active proctype compaction()
{
	byte p, dst, w;
	bool mine;

	if
	:: p = 0
	:: p = 1
	fi;
	take(p, w);
	if
	:: w != 0 ->
		/* isolate_page() */
		atomic { !lock_held -> mine = slot == p };
		dst = NONE;
		if
		:: mine -> alloc(dst)
		:: else
		fi;
		mine = false;
		if
		:: dst != NONE ->
			/* migrate_page() */
			lock();
			if
#ifdef BUG_MOVE_ANY
			:: slot == p ->
#else
			:: slot == p && refs(word[p]) == 2 ->
#endif
				moved[p] = true;
				word[dst] = word[dst] | MOVABLE;
				slot = dst;
				mine = true
			:: else
			fi;
			unlock()
		:: else
		fi;
		if
		:: mine -> release(p, w)
		:: else ->
			putback(p, w);
			if
			:: dst != NONE ->
				/* put_new_page() */
				atomic { held[dst]--; freed(dst) }
			:: else
			fi
		fi
	:: else
	fi
}

active proctype reclaim()
{
	byte p, w;
	bool mine;

	if
	:: p = 0
	:: p = 1
	fi;
	take(p, w);
	if
	:: w != 0 ->
		/* evict_page() */
		mine = false;
		lock();
		if
#ifdef BUG_EVICT_ANY
		:: slot == p ->
#else
		:: slot == p && refs(word[p]) == 2 ->
#endif
			moved[p] = true;
			slot = NONE;
			mine = true
		:: else
		fi;
		unlock();
		if
		:: mine -> release(p, w)
		:: else -> putback(p, w)
		fi
	:: else
	fi
}

/* When all are done every page is free. */
active proctype at_the_end()
{
	timeout;
	assert(slot == NONE);
	assert(word[0] == 0 && word[1] == 0 && held[0] == 0 && held[1] == 0)
}
