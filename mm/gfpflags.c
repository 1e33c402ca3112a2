// SPDX-License-Identifier: MIT
/*
 * gfpflags - what a word of gfp flags says: its names, and what of it cannot be.
 *
 * One table of names, the usual combinations first and the larger ones before those
 * that they contain, so that a value is described by taking from the top whatever fits
 * entirely.
 *
 * Contradictions (gfp.h has the list) are settled, not refused: the request is a
 * mistake of whoever wrote it and no reason to be without memory.  gfp_contradicts() in
 * internal.h finds them; only a request that has one comes here.
 *
 * State: reported, a bit for each kind that the console has heard of; atomic, no lock.
 *
 * Not here: what the flags mean (include/buddy/gfp.h), counting BAD_GFP (who settles
 * counts), reading names that a person typed (boot/gfpname.c).
 */
#include <mm/internal.h>

#if !BUDDY_TINY

#define NAME(flags)           \
	{                     \
#flags, flags \
	}

static const struct {
	const char *name;
	gfp_t gfp;
} names[] = {
	NAME(GFP_HIGHUSER_MOVABLE),
	NAME(GFP_HIGHUSER),
	NAME(GFP_USER),
	NAME(GFP_KERNEL_ACCOUNT),
	NAME(GFP_KERNEL),
	NAME(GFP_ATOMIC),
	NAME(GFP_NOFS),
	NAME(GFP_NOIO),
	NAME(GFP_NOWAIT),
	NAME(GFP_DMA),
	NAME(__GFP_HIGHMEM),
	NAME(__GFP_MOVABLE),
	NAME(__GFP_RECLAIMABLE),
	NAME(__GFP_ZERO),
	NAME(__GFP_COLD),
	NAME(__GFP_THISNODE),
	NAME(__GFP_COMP),
	NAME(__GFP_ACCOUNT),
	NAME(__GFP_HIGH),
	NAME(__GFP_ATOMIC),
	NAME(__GFP_MEMALLOC),
	NAME(__GFP_NOMEMALLOC),
	NAME(__GFP_DIRECT_RECLAIM),
	NAME(__GFP_IO),
	NAME(__GFP_FS),
	NAME(__GFP_NOWARN),
	NAME(__GFP_NORETRY),
	NAME(__GFP_RETRY_MAYFAIL),
	NAME(__GFP_NOFAIL),
	NAME(__GFP_HARDWALL),
	NAME(__GFP_WRITE),
	/* For who reads names; what is written has them by another one. */
	NAME(__GFP_KSWAPD_RECLAIM),
	NAME(__GFP_RECLAIM),
	NAME(__GFP_DMA),
};

#define NR_NAMES (sizeof(names) / sizeof(names[0]))

const char *gfp_name(unsigned i)
{
	return i < NR_NAMES ? names[i].name : NULL;
}

gfp_t gfp_flag(unsigned i)
{
	return i < NR_NAMES ? names[i].gfp : 0;
}

static unsigned append(char *buf, unsigned at, unsigned size, const char *text)
{
	while (*text && at + 1 < size)
		buf[at++] = *text++;
	buf[at] = '\0';
	return at;
}

void gfp_format(gfp_t gfp, char *buf, unsigned size)
{
	char rest[] = "0x00000000";
	unsigned at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < NR_NAMES && gfp; i++) {
		if ((gfp & names[i].gfp) != names[i].gfp)
			continue;
		if (at)
			at = append(buf, at, size, "|");
		at = append(buf, at, size, names[i].name);
		gfp &= ~names[i].gfp;
	}
	if (!gfp && at)
		return;
	for (unsigned i = 0; i < 8; i++)
		rest[2 + i] = "0123456789abcdef"[gfp >> (28 - 4 * i) & 15];
	if (at)
		at = append(buf, at, size, "|");
	append(buf, at, size, gfp ? rest : "0");
}

/* In the order in which they are settled: one may take the next one away. */
static const struct {
	gfp_t flag;
	gfp_t with; /* any of these; 0: without DIRECT_RECLAIM */
	gfp_t drop;
	const char *what, *served;
} kinds[] = {
	{__GFP_MOVABLE, __GFP_RECLAIMABLE, GFP_MOVABLE_MASK, "__GFP_MOVABLE with __GFP_RECLAIMABLE",
	 "as unmovable"},
	{__GFP_DMA, __GFP_HIGHMEM, __GFP_HIGHMEM, "__GFP_DMA with __GFP_HIGHMEM",
	 "from ZONE_DMA only"},
	{__GFP_ATOMIC, __GFP_DIRECT_RECLAIM, __GFP_ATOMIC, "__GFP_ATOMIC with __GFP_DIRECT_RECLAIM",
	 "without __GFP_ATOMIC"},
	{__GFP_NOFAIL, 0, __GFP_NOFAIL, "__GFP_NOFAIL without __GFP_DIRECT_RECLAIM",
	 "without __GFP_NOFAIL"},
	{__GFP_NOFAIL, __GFP_NORETRY | __GFP_RETRY_MAYFAIL, __GFP_NORETRY | __GFP_RETRY_MAYFAIL,
	 "__GFP_NOFAIL with __GFP_NORETRY or __GFP_RETRY_MAYFAIL", "as __GFP_NOFAIL"},
};

static unsigned reported;

void gfpflags_init(void)
{
	__atomic_store_n(&reported, 0, __ATOMIC_RELAXED);
}

gfp_t gfp_settle(gfp_t gfp, const void *caller)
{
	const gfp_t asked = gfp;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		gfp_t with = kinds[i].with ? gfp & kinds[i].with : ~gfp & __GFP_DIRECT_RECLAIM;

		if (!(gfp & kinds[i].flag) || !with)
			continue;
		gfp &= ~kinds[i].drop;
		if (!(__atomic_fetch_or(&reported, 1U << i, __ATOMIC_RELAXED) & 1U << i))
			misuse_log("alloc_pages: %s contradicts itself (gfp 0x%x from %p): served "
				   "%s; said once\n",
				   kinds[i].what, (unsigned)asked, caller, kinds[i].served);
	}
	return gfp;
}

#endif /* !BUDDY_TINY */
