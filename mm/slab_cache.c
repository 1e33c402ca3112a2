// SPDX-License-Identifier: MIT
/*
 * slab_cache - making, shrinking and destroying caches of objects.
 *
 * A struct kmem_cache with its CPUs' arrays behind it is an object of a cache itself,
 * slab_boot, which has no arrays.  The caches of kmalloc() are made when they are first used,
 * in whatever context that is: who makes one while another CPU did throws his away.
 *
 * The shrinker is registered with the first slab cache: who uses none pays nothing.
 *
 * State: slab_hot's tables of caches [S], the shrinker.  Lock: slab_lock, interrupts off, for
 * a look at the table of ids at most.
 *
 * Not here: slabs (slab.c), the fast paths (kmalloc.c).
 * Follows Linux's mm/slab_common.c and mm/slub.c (6.1).
 */
#include <string.h>

#include <mm/debug_state.h>
#include <mm/slab_priv.h>

#if BUDDY_SLAB

static struct port_spinlock slab_lock = PORT_SPINLOCK_INIT;
static bool shrinker_registered; /* [S] */
static uint32_t slab_seed;	 /* [S] for the magics */
uint32_t slab_walkers;		 /* atomic */

#define CLASS_NAMES(prefix)                                                                 \
	{                                                                                   \
		NULL, prefix "96", prefix "192", prefix "8", prefix "16", prefix "32",      \
			prefix "64", prefix "128", prefix "256", prefix "512", prefix "1k", \
			prefix "2k", prefix "4k", prefix "8k"                               \
	}
static const char *const kmalloc_names[NR_KMALLOC_TYPES][KMALLOC_NR_CLASSES] = {
	[KMALLOC_NORMAL] = CLASS_NAMES("kmalloc-"),
	[KMALLOC_RECLAIM] = CLASS_NAMES("kmalloc-rcl-"),
	[KMALLOC_DMA] = CLASS_NAMES("dma-kmalloc-"),
};

/* ---- geometry ------------------------------------------------------------------ */

static inline bool is_power_of_2(size_t n)
{
	return n && !(n & (n - 1));
}

/*
 * The smallest slab with 8 objects (4, 2, 1 where none has) of which an eighth is lost at
 * most.
 */
static unsigned best_order(uint32_t size)
{
	for (unsigned least = 8; least; least /= 2)
		for (unsigned order = 0; order <= SLAB_MAX_ORDER; order++) {
			size_t bytes = PAGE_SIZE << order;

			if (bytes / size >= least && bytes % size <= bytes / 8)
				return order;
		}
	return order_of_pages((unsigned)bytes_to_pages(size));
}

static uint32_t alignment(size_t size, size_t align, unsigned flags)
{
	uint32_t line = PORT_CACHELINE, a = (uint32_t)align;

	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		a = a > line ? a : line;
	}
	return a > ARCH_KMALLOC_MINALIGN ? a : ARCH_KMALLOC_MINALIGN;
}

/* Where in an object what is, and how many fit. */
static void lay_out(struct kmem_cache *s, size_t size, size_t align)
{
	uint32_t at = SLAB_ALIGN((uint32_t)size, 8U);

	s->object_size = (uint32_t)size;
	if (s->flags & SLAB_RED_ZONE)
		at += SLAB_RED_BYTES;
	if (s->ctor || s->flags & SLAB_DEBUG_FLAGS) {
		s->free_offset = at;
		at += sizeof(struct free_object);
	}
	if (s->flags & SLAB_STORE_USER)
		at += SLAB_ALIGN(sizeof(void *), 8U);
	s->size = SLAB_ALIGN(at, alignment(size, align, s->flags));
	s->recip = UINT32_MAX / s->size + 1;
	s->order = (uint8_t)best_order(s->size);
	s->min_order = (uint8_t)order_of_pages((unsigned)bytes_to_pages(s->size));
	s->objects = min_t((uint32_t)((PAGE_SIZE << s->order) / s->size), SLAB_MAX_OBJS);
	s->limit = s->objects * s->size;
	s->slab_word = PAGE_REF_ONE | PAGE_STATE_SLAB | s->order |
		       (s->flags & SLAB_ACCOUNT ? PAGE_ACCOUNT : 0);
	s->gfp = (s->flags & SLAB_CACHE_DMA ? __GFP_DMA : 0) |
		 (s->flags & SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0) |
		 (s->flags & SLAB_ACCOUNT ? __GFP_ACCOUNT : 0);
	/* Each free of it comes the longer way, to be looked at. */
	if (s->flags & SLAB_DEBUG_FLAGS)
		s->slab_word = SLAB_WORD_NONE;
}

#define ARRAY_BYTES ((SLAB_SLOTS + 1) * sizeof(void *))

/* Arrays: behind the struct; slots 0: all of them share one that is always empty. */
static void set_arrays(struct kmem_cache *s, void **arrays, unsigned slots)
{
	static void *nothing[1];

	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		void **base = slots ? arrays + cpu * (SLAB_SLOTS + 1) + 1 : nothing + 1;

		s->cpu[cpu] = (struct kmem_cache_cpu){base, base + slots, base};
	}
	s->batch = (uint8_t)((slots + 1) / 2);
}

static unsigned slots_for(const struct kmem_cache *s)
{
	if (s->flags & SLAB_DEBUG_FLAGS)
		return 0;
	return s->size <= 256 ? SLAB_SLOTS : s->size <= 1024 ? 32 : s->size <= 4096 ? 12 : 6;
}

static void init_nodes(struct kmem_cache *s)
{
	static const struct port_spinlock unlocked = PORT_SPINLOCK_INIT;

	for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++) {
		memset(&s->node[nid], 0, sizeof(s->node[nid]));
		s->node[nid].lock = unlocked;
		INIT_LIST_HEAD(&s->node[nid].partial);
	}
}

/* ---- the table ------------------------------------------------------------------- */

static port_irqflags_t lock(void)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&slab_lock);
	return flags;
}

static void unlock(port_irqflags_t flags)
{
	port_spin_unlock(&slab_lock);
	port_irq_restore(flags);
}

/* Gives the cache a number and a magic; false: there is none left. */
static bool add_cache(struct kmem_cache *s)
{
	for (unsigned id = 0; id < SLAB_MAX_CACHES; id++)
		if (slab_hot.cache[id] == &slab_none) {
			slab_seed = slab_seed * 1664525U + 1013904223U;
			/* Addresses differ in their low bits: these are the canary's. */
			s->magic = slab_seed & ~7U;
			s->id = (uint8_t)id;
			/* Who finds it finds what was written to it before. */
			__atomic_store_n(&slab_hot.cache[id], s, __ATOMIC_RELEASE);
			return true;
		}
	return false;
}

static bool known(const struct kmem_cache *s)
{
	for (unsigned id = 0; s && id < SLAB_MAX_CACHES; id++)
		if (READ_ONCE(slab_hot.cache[id]) == s)
			return s != &slab_none;
	return false;
}

/* ---- making one ----------------------------------------------------------------- */

/* NULL: no memory.  Any context. */
static struct kmem_cache *make(const char *name, size_t size, size_t align, unsigned flags,
			       void (*ctor)(void *), gfp_t gfp)
{
	struct kmem_cache *s = slab_alloc(&slab_boot, gfp | __GFP_ZERO, CALLER);

	if (!s)
		return NULL;
#if BUDDY_DEBUG_HOOKS
	if (READ_ONCE(mm_debug.slab))
		flags |= SLAB_DEBUG_FLAGS;
#endif
	if (ctor)
		flags &= ~SLAB_POISON;
	s->name = name;
	s->flags = flags & (SLAB_DEBUG_FLAGS | ~(SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER));
	s->ctor = ctor;
	lay_out(s, size, align);
	set_arrays(s, (void **)(s + 1), slots_for(s));
	init_nodes(s);
	return s;
}

static const char *what_is_wrong(const char *name, size_t size, size_t align, unsigned flags)
{
	if (!name)
		return "a name expected";
	if (!size || size > KMALLOC_MAX_CACHE_SIZE)
		return "a size of 1 to 8192 bytes expected";
	if (align && (!is_power_of_2(align) || align > PAGE_SIZE))
		return "an alignment of 0 or a power of two up to a page expected";
	if (flags & ~SLAB_FLAGS_MASK)
		return "unknown flags";
	return NULL;
}

static unsigned long count_pages(struct shrinker *shrinker, struct shrink_control *sc);
static unsigned long shrink_pages(struct shrinker *shrinker, struct shrink_control *sc);

static struct shrinker slab_shrinker = {
	.count_objects = count_pages,
	.scan_objects = shrink_pages,
	.seeks = DEFAULT_SEEKS,
};

/* False: somebody did already. */
static bool first_cache(void)
{
	port_irqflags_t flags = lock();
	bool first = !shrinker_registered;

	shrinker_registered = true;
	unlock(flags);
	return first;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned flags,
				     void (*ctor)(void *))
{
	const char *why = what_is_wrong(name, size, align, flags);
	struct kmem_cache *s = NULL;
	port_irqflags_t irq;
	bool added = false;

	if (!why)
		s = make(name, size, align, flags, ctor, GFP_KERNEL);
	if (s) {
		irq = lock();
		added = add_cache(s);
		unlock(irq);
	}
	if (unlikely(!added)) {
		count_rare_event(BAD_ALLOC);
		port_log("kmem_cache_create: %s, %lu bytes from %p: %s\n", name ? name : "NULL",
			 (unsigned long)size, CALLER,
			 why ? why
			 : s ? "there are as many caches as there can be, 254"
			     : "no memory");
		if (s)
			slab_put(&slab_boot, s, CALLER);
		return NULL;
	}
	if (first_cache())
		register_shrinker(&slab_shrinker);
	return s;
}

struct kmem_cache *kmalloc_cache(enum kmalloc_type type, unsigned class, gfp_t gfp)
{
	struct kmem_cache *s = READ_ONCE(kmalloc_hot.cache[type][class]), *other;
	const uint32_t size = class == 1 ? 96 : class == 2 ? 192 : 1U << class;
	unsigned flags = type == KMALLOC_DMA	   ? SLAB_CACHE_DMA
			 : type == KMALLOC_RECLAIM ? SLAB_RECLAIM_ACCOUNT
						   : 0;
	port_irqflags_t irq;

	if (s != &slab_none)
		return s;
	s = make(kmalloc_names[type][class], size, size & -size, flags, NULL,
		 gfp & ~(GFP_FAST_MASK | __GFP_ZERO));
	if (!s)
		return NULL;
	s->is_kmalloc = true;
	irq = lock();
	other = kmalloc_hot.cache[type][class];
	if (other == &slab_none && add_cache(s)) {
		__atomic_store_n(&kmalloc_hot.cache[type][class], s, __ATOMIC_RELEASE);
		other = NULL;
	}
	unlock(irq);
	if (other)
		slab_put(&slab_boot, s, CALLER);
	else if (first_cache())
		register_shrinker(&slab_shrinker);
	return !other ? s : other == &slab_none ? NULL : other;
}

/* ---- shrinking ------------------------------------------------------------------- */

struct flush_job {
	struct kmem_cache *s;
	unsigned long pages;
};

static void flush_here(void *arg)
{
	struct flush_job *job = arg;

	job->pages += slab_flush_cpu(job->s);
}

/* CPUs that cannot be reached keep what they have. */
static unsigned long shrink(struct kmem_cache *s)
{
	struct flush_job job = {s, 0};

	for (unsigned cpu = 0; cpu < nr_mm_cpus; cpu++)
		if (READ_ONCE(mm_cpus[cpu]->online) &&
		    READ_ONCE(s->cpu[cpu].top) != s->cpu[cpu].base)
			port_run_on_cpu(cpu, flush_here, &job);
	return job.pages + slab_discard_empty(s);
}

static bool refuse_cache(const struct kmem_cache *s, const char *what, const void *caller)
{
	if (likely(known(s)))
		return false;
	count_rare_event(BAD_FREE);
	port_log("%s: %p from %p: no such cache\n", what, (const void *)s, caller);
	return true;
}

unsigned long kmem_cache_shrink(struct kmem_cache *s)
{
	return refuse_cache(s, "kmem_cache_shrink", CALLER) ? 0 : shrink(s);
}

/* Caches whose descriptors are shrunk away last. */
unsigned long kmem_cache_shrink_all(void)
{
	unsigned long pages = 0;

	slab_walk(true);
	for (unsigned id = 0; id < SLAB_MAX_CACHES; id++) {
		struct kmem_cache *s = slab_walked(id);

		if (s != &slab_none && s != &slab_boot)
			pages += shrink(s);
	}
	pages += shrink(&slab_boot);
	slab_walk(false);
	return pages;
}

static unsigned long count_pages(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long bytes = 0;

	(void)shrinker;
	(void)sc;
	slab_walk(true);
	for (unsigned id = 0; id < SLAB_MAX_CACHES; id++) {
		struct kmem_cache *s = slab_walked(id);

		for (unsigned nid = 0; s != &slab_none && nid < BUDDY_MAX_NODES; nid++)
			bytes += READ_ONCE(s->node[nid].nr_empty) * (PAGE_SIZE << s->order);
		for (unsigned cpu = 0; s != &slab_none && cpu < nr_mm_cpus; cpu++)
			bytes +=
				(unsigned)(READ_ONCE(s->cpu[cpu].top) - s->cpu[cpu].base) * s->size;
	}
	slab_walk(false);
	return bytes >> PAGE_SHIFT;
}

/* All of it: it is little, and what is needed is made anew at no great cost. */
static unsigned long shrink_pages(struct shrinker *shrinker, struct shrink_control *sc)
{
	(void)shrinker;
	(void)sc;
	return kmem_cache_shrink_all();
}

/* ---- destroying ----------------------------------------------------------------- */

int kmem_cache_destroy(struct kmem_cache *s)
{
	unsigned long nr_inuse = 0, nr_slabs = 0;
	port_irqflags_t flags;

	if (!s)
		return 0;
	if (refuse_cache(s, "kmem_cache_destroy", CALLER))
		return -EINVAL;
	if (s->is_kmalloc || s == &slab_boot) {
		count_rare_event(BAD_FREE);
		port_log("kmem_cache_destroy: %s from %p: one of the allocator's own\n", s->name,
			 CALLER);
		return -EINVAL;
	}
	shrink(s);
	for (unsigned nid = 0; nid < BUDDY_MAX_NODES; nid++) {
		nr_slabs += READ_ONCE(s->node[nid].nr_slabs);
		nr_inuse += READ_ONCE(s->node[nid].nr_objects) - READ_ONCE(s->node[nid].nr_free);
	}
	if (nr_slabs) {
		count_rare_event(BAD_FREE);
		port_log("kmem_cache_destroy: %s from %p: %lu object%s in use or out of reach, the "
			 "cache stays\n",
			 s->name, CALLER, nr_inuse, nr_inuse == 1 ? " is" : "s are");
		return -EBUSY;
	}
	flags = lock();
	WRITE_ONCE(slab_hot.cache[s->id], &slab_none);
	unlock(flags);
	while (__atomic_add_fetch(&slab_walkers, 0, __ATOMIC_SEQ_CST)) {
		port_cpu_relax();
		port_cond_resched();
	}
	slab_put(&slab_boot, s, CALLER);
	slab_discard_empty(&slab_boot);
	return 0;
}

unsigned kmem_cache_size(const struct kmem_cache *s)
{
	return s->object_size;
}

const char *kmem_cache_name(const struct kmem_cache *s)
{
	return s->name;
}

/* ---- start-up -------------------------------------------------------------------- */

static void init_classes(void)
{
	for (unsigned size = 8; size <= 192; size += 8)
		kmalloc_hot.class_of[(size - 1) / 8] = size <= 8		 ? KMALLOC_MIN_CLASS
						       : size > 64 && size <= 96 ? 1
						       : size > 128
							       ? 2
							       : (uint8_t)(ilog2(size - 1) + 1);
}

void slab_init(void)
{
	memset(&slab_hot, 0, sizeof(slab_hot));
	memset(&kmalloc_hot, 0, sizeof(kmalloc_hot));
	memset(&slab_none, 0, sizeof(slab_none));
	memset(&slab_boot, 0, sizeof(slab_boot));
	shrinker_registered = false;
	slab_walkers = 0;
	slab_seed = (uint32_t)(uintptr_t)mem_map;
	init_classes();
	for (unsigned type = 0; type < NR_KMALLOC_TYPES; type++)
		for (unsigned class = 0; class < KMALLOC_NR_CLASSES; class ++)
			kmalloc_hot.cache[type][class] = &slab_none;
	for (unsigned id = 0; id < 256; id++)
		slab_hot.cache[id] = &slab_none;
	slab_none.slab_word = SLAB_WORD_NONE;
	slab_none.name = "none";
	slab_none.size = 8;
	init_nodes(&slab_none);
	set_arrays(&slab_none, NULL, 0);

	slab_boot.name = "kmem_cache";
	lay_out(&slab_boot, sizeof(struct kmem_cache) + PORT_NR_CPUS * ARRAY_BYTES, PORT_CACHELINE);
	init_nodes(&slab_boot);
	set_arrays(&slab_boot, NULL, 0);
	add_cache(&slab_boot);
}

#endif /* BUDDY_SLAB */
