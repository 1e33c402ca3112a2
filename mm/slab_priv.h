/* SPDX-License-Identifier: MIT */
/*
 * Caches of objects: the shapes that the files of buddy/slab.h share.
 *
 * Where a slab's metadata lie.  In the four words of its first page's descriptor: the word
 * says PAGE_STATE_SLAB, priv which cache, how many objects are not on the slab's own list
 * and which is the first that is, lru links the slabs that have free ones.  So objects of
 * a power of two fill their pages to the last byte, nothing beside an object can be
 * overwritten by its neighbour, and a free finds the cache by two loads.  A head in the
 * slab would cost a whole object of 512 bytes and more.
 *
 *	priv	 31    24 23        12 11         0
 *		+--------+------------+------------+
 *		| cache  | not on the | first free |
 *		| number | free list  | + 1, or 0  |
 *		+--------+------------+------------+
 *
 * Guards:
 *	[N]  the lock of the cache's node, interrupts off.  Read without as a guess.
 *	[C]  its own CPU, interrupts off.  Others may read it, and get a guess.
 *	[I]  written before the cache can be found, only read afterwards.
 *	[S]  slab_lock (slab_cache.c), interrupts off.
 * A slab's priv is [N]; its number of the cache does not change, so that who holds an
 * object may read that.  The two words of a free object belong to where it is: to the CPU's
 * array or to the slab.
 *
 * A node's lock comes after slab_lock; a zone's is never taken under either.
 */
#ifndef MM_SLAB_PRIV_H
#define MM_SLAB_PRIV_H

#include <buddy/slab.h>
#include <mm/internal.h>

#if BUDDY_SLAB

/*
 * What a free object holds: canary is its address, the cache's magic, and which of the two;
 * next, scrambled, the number of the next one on the slab's list + 1.
 */
struct free_object {
	uint32_t canary, next;
};
#define CANARY_CACHED 0U /* in a CPU's array */
#define CANARY_LISTED 1U /* on its slab's list */

/* A CPU's array, used as a stack; base[-1] is NULL for ever, as in a pcp_list. */
struct kmem_cache_cpu {
	void **top;  /* [C] the next free slot */
	void **end;  /* [I] past the last slot; base: none */
	void **base; /* [I] */
} __attribute__((aligned(PORT_CACHELINE)));

struct kmem_cache_node {
	struct port_spinlock lock;
	struct list_head partial; /* [N] slabs with free objects, the empty ones last */
	uint32_t nr_partial;	  /* [N] on it */
	uint32_t nr_empty;	  /* [N] of these: without an object in use */
	uint32_t nr_slabs;	  /* [N] */
	uint32_t nr_pages;	  /* [N] in slabs */
	uint32_t nr_objects;	  /* [N] in slabs */
	uint32_t nr_free;	  /* [N] on slabs' lists */
} __attribute__((aligned(PORT_CACHELINE)));

struct kmem_cache {
	/* One line on ARM: what every allocation and free reads.  All [I]. */
	uint32_t magic;	      /* of this cache's free objects */
	uint32_t free_offset; /* where in an object struct free_object is */
	uint32_t recip;	      /* 2^32 / size, rounded up */
	uint32_t slab_word;   /* the word of a usual slab, or SLAB_WORD_NONE */
	uint32_t limit;	      /* bytes of a usual slab's objects */
	uint32_t size;	      /* bytes from one object to the next */
	uint32_t object_size; /* bytes asked for */
	uint32_t objects;     /* of a usual slab */

	uint32_t flags;	   /* [I] SLAB_* */
	gfp_t gfp;	   /* [I] of its slabs, besides the request's */
	uint8_t order;	   /* [I] of a usual slab; */
	uint8_t min_order; /* [I] and of those that are made when there is none */
	uint8_t batch;	   /* [I] objects to move at once */
	uint8_t id;	   /* [I] place in slab_hot.cache */
	const char *name;  /* [I] */
	void (*ctor)(void *);
	bool is_kmalloc; /* [I] */

	struct kmem_cache_cpu cpu[PORT_NR_CPUS];
	struct kmem_cache_node node[BUDDY_MAX_NODES];
} __attribute__((aligned(PORT_CACHELINE)));

/* Slots of a CPU's array, with base[-1] whole cache lines. */
#define SLAB_SLOTS	55U
#define SLAB_WORD_NONE	UINT32_MAX /* no page has it */
#define SLAB_MIN_EMPTY	2U	   /* empty slabs that a node keeps */
#define SLAB_MAX_ORDER	(MAX_ORDER < 3 ? MAX_ORDER : 3)
#define SLAB_MAX_OBJS	4095U
#define SLAB_MAX_CACHES 254U
#define SLAB_ID_LARGE	255U /* the block of one large kmalloc() */

/* Sizes by Linux's kmalloc_index(): 1 is 96, 2 is 192, n is 2^n. */
#define KMALLOC_NR_CLASSES 14U
#define KMALLOC_MIN_CLASS  3U
enum kmalloc_type { KMALLOC_NORMAL, KMALLOC_RECLAIM, KMALLOC_DMA, NR_KMALLOC_TYPES };

/* What the fast paths read, behind one address. */
struct slab_hot {
	struct kmem_cache *cache[256]; /* [S] by id, slab_none where there is none; read without */
	/*
	 * The descriptor of frame n of a section, less n descriptors; 0: there was never a
	 * slab in it.  Written before a slab there can be found; always the same.
	 */
	uintptr_t section[NR_MEM_SECTIONS];
};
extern struct slab_hot slab_hot;

/* The same for kmalloc(). */
struct kmalloc_hot {
	uint8_t class_of[192 / 8]; /* [I] by (size - 1) / 8 */
	/* [S] a class that is not there yet leads to slab_none; read without */
	struct kmem_cache *cache[NR_KMALLOC_TYPES][KMALLOC_NR_CLASSES];
};
extern struct kmalloc_hot kmalloc_hot;
/* Has no object and gets none; the word of no slab. */
extern struct kmem_cache slab_none;
/* What structs kmem_cache come from. */
extern struct kmem_cache slab_boot;

/* Flags of a request that the fast path does not serve. */
#define GFP_SLAB_SLOW (GFP_FAST_MASK | __GFP_ZERO)
/* And those that are never served. */
#define GFP_SLAB_BAD (__GFP_HIGHMEM | __GFP_MOVABLE | ~__GFP_BITS_MASK)

/* ---- a slab's word and priv ----------------------------------------------- */

static inline uint32_t slab_state(const struct page *slab)
{
	return (uint32_t)READ_ONCE(slab->priv);
}

static inline unsigned slab_id(uint32_t state)
{
	return state >> 24;
}

static inline unsigned slab_inuse(uint32_t state)
{
	return state >> 12 & 0xfffU;
}

static inline unsigned slab_free(uint32_t state)
{
	return state & 0xfffU;
}

static inline void set_slab_state(struct page *slab, unsigned id, unsigned inuse, unsigned free)
{
	WRITE_ONCE(slab->priv, (uintptr_t)(id << 24 | inuse << 12 | free));
}

static inline unsigned slab_objects(const struct kmem_cache *s, unsigned order)
{
	return order == s->order ? s->objects
				 : min_t((unsigned)((PAGE_SIZE << order) / s->size), SLAB_MAX_OBJS);
}

/* ---- a free object --------------------------------------------------------- */

static inline uint32_t slab_canary(const struct kmem_cache *s, const void *object, uint32_t where)
{
	return (uint32_t)(uintptr_t)object ^ s->magic ^ where;
}

static inline struct free_object *free_words(const struct kmem_cache *s, const void *object)
{
	return (struct free_object *)((uintptr_t)object + s->free_offset);
}

/*
 * What hides the number of the next one: a word that was overwritten gives no small number.
 */
static inline uint32_t slab_scramble(const struct kmem_cache *s, const void *object)
{
	uint32_t x = (uint32_t)(uintptr_t)object * 0x9e3779b1U;

	return x ^ x >> 15 ^ s->magic;
}

/* The number + 1 of the object after a listed one; 0: the last. */
static inline uint32_t slab_next(const struct kmem_cache *s, const void *object)
{
	return free_words(s, object)->next ^ slab_scramble(s, object);
}

/* It may be a free one. */
static inline bool looks_free(const struct kmem_cache *s, const void *object)
{
	return (free_words(s, object)->canary ^ slab_canary(s, object, 0)) <= CANARY_LISTED;
}

/* slab_hot's entry for the section of an address. */
static inline uintptr_t slab_section(uint32_t phys)
{
	return READ_ONCE(slab_hot.section[phys >> (PAGE_SHIFT + PFN_SECTION_SHIFT)]);
}

/*
 * The frame's descriptor, if there was ever a slab in its section; it need not be a slab's.
 */
static inline struct page *slab_frame(const void *p)
{
	uint64_t phys = port_virt_to_phys(p);
	uintptr_t section = phys >> 32 ? 0 : slab_section((uint32_t)phys);

	if (!section)
		return NULL;
	return (struct page *)(section + ((uint32_t)phys >> PAGE_SHIFT) * sizeof(struct page));
}

/* ---- slab_debug.c ----------------------------------------------------------------- */

#if BUDDY_DEBUG_HOOKS
#define SLAB_DEBUG_FLAGS (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)
#else
#define SLAB_DEBUG_FLAGS 0U
#endif
#define SLAB_RED_BYTES	     8U
#define SLAB_ALIGN(x, align) (((x) + (align)-1) & ~((align)-1))

/* Reports an object that is not free as it was left, and counts. */
void slab_damaged(const struct kmem_cache *s, const void *object, const void *caller);
#if BUDDY_DEBUG_HOOKS
/* An object of a cache with debugging is new; about to be given; about to be free. */
void slab_debug_init(const struct kmem_cache *s, void *object);
void slab_debug_alloc(const struct kmem_cache *s, void *object, const void *caller);
void slab_debug_free(const struct kmem_cache *s, void *object, const void *caller);
#else
#define slab_debug_init(s, object)	    ((void)(s), (void)(object))
#define slab_debug_alloc(s, object, caller) ((void)(s), (void)(object), (void)(caller))
#define slab_debug_free(s, object, caller)  ((void)(s), (void)(object), (void)(caller))
#endif

/* ---- slab.c: any context ------------------------------------------------------------- */

/* The slab or the large block in which p lies; NULL: none.  *word: of its first page. */
struct page *slab_of(const void *p, uint32_t *word);
/* One object, whatever it takes; gfp has been looked at. */
void *slab_alloc(struct kmem_cache *s, gfp_t gfp, const void *caller);
/* Takes back an object that was looked at. */
void slab_put(struct kmem_cache *s, void *object, const void *caller);
/* The object is on its slab's list or in a CPU's array. */
bool slab_object_is_free(struct kmem_cache *s, struct page *slab, const void *object);
/* This CPU's array is emptied; what is empty is given back.  Pages given back. */
unsigned long slab_flush_cpu(struct kmem_cache *s);
unsigned long slab_discard_empty(struct kmem_cache *s);
/* An allocated block is a slab's from here on, or that of a large kmalloc(); it is freed. */
void slab_own_pages(struct page *page, unsigned id);
void slab_free_pages(struct page *page);

/*
 * Who goes over all caches says so: kmem_cache_destroy() waits, after a cache has left the
 * table, until nobody is about it who may have found it there.  Any context; nests.
 */
extern uint32_t slab_walkers;

/* What a walk finds in the table, with all that add_cache() wrote before. */
static inline struct kmem_cache *slab_walked(unsigned id)
{
	return __atomic_load_n(&slab_hot.cache[id], __ATOMIC_ACQUIRE);
}

static inline void slab_walk(bool begins)
{
	__atomic_add_fetch(&slab_walkers, begins ? 1U : ~0U, __ATOMIC_SEQ_CST);
}

/* ---- slab_cache.c ---------------------------------------------------------------- */

/* A kmalloc cache of this type and class; NULL: no memory for it.  Any context. */
struct kmem_cache *kmalloc_cache(enum kmalloc_type type, unsigned class, gfp_t gfp);

#endif /* BUDDY_SLAB */

#endif /* MM_SLAB_PRIV_H */
