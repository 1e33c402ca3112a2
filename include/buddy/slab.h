/* SPDX-License-Identifier: MIT */
/*
 * Small objects: caches of objects of one size, and kmalloc() on top of them.
 *
 *	struct kmem_cache *s = kmem_cache_create("task", sizeof(struct task), 0, 0, NULL);
 *	struct task *t = kmem_cache_alloc(s, GFP_KERNEL);
 *	...
 *	kmem_cache_free(s, t);
 *	char *name = kmalloc(20, GFP_ATOMIC);
 *	kfree(name);
 *
 * A slab is a block of pages (alloc_pages()) cut into objects.  Each CPU has an array of up
 * to 55 free objects for each cache: the usual allocation takes the last one, the usual free
 * puts one there, interrupts off for some ten instructions, without a lock or an atomic
 * operation.  An empty array is filled to a half, a full one emptied by a half, under the
 * lock of the cache and node.
 *
 * Contexts.  Allocating and freeing: any, also interrupt handlers (with GFP_ATOMIC or
 * GFP_NOWAIT) and interrupts off; an object may be freed on another CPU than it was allocated
 * on.  Creating, destroying, shrinking: tasks, interrupts on, no lock held.
 *
 * Bounds.  Allocation: at most one half of an array (28 objects) is moved with interrupts
 * off, and if no slab has a free object one new slab is made with interrupts as they were:
 * two requests for pages (the second, of the smallest order, only if the first failed), and a
 * pass over its objects.  Free: at most 28 objects are moved, which is the longest time with
 * interrupts off (1,800 instructions on ARM); slabs that became empty then, 28 at most, are
 * given back afterwards.  Nothing waits but for locks, and reclaim where gfp has
 * __GFP_DIRECT_RECLAIM.  `make bench`: kmalloc(64) 33 instructions, kfree() of it 47.
 *
 * Memory.  Of each cache and node at most two slabs are kept that have no object in use;
 * others are given back at once, these and what is in the CPUs' arrays when memory is short
 * (a shrinker, reclaim.h) or kmem_cache_shrink() is called.
 *
 * Misuse is caught in every build, as that of pages is: a double free, an address that is no
 * object's (foreign, inside an object, of a page that was not allocated here), an object of
 * another cache.  The call is refused, counted (BAD_FREE, BAD_ALLOC in vmstat.h) and reported
 * with the caller's address.  A free object begins with two words of the cache's own (where
 * there is a constructor, they stand behind it).  They are checked when it is taken: one that
 * was written to meanwhile is reported, counted (BAD_SLAB) and never given again.  So is one
 * that was freed twice, and written to in between: nobody gets it together with its owner.
 * What cannot be seen, as with pages: two CPUs that free the same object in the same few
 * instructions.
 *
 * The pages of slabs are the cache's: __free_pages(), get_page() and put_page() refuse them.
 *
 * Names and meaning are Linux's (include/linux/slab.h, mm/slub.c, 6.1).  Not here: aliases
 * of caches, sysfs, memory cgroups.  __GFP_THISNODE concerns new slabs only; __GFP_ACCOUNT
 * nothing up to 8,192 bytes: that is said of a cache (SLAB_ACCOUNT).
 */
#ifndef BUDDY_SLAB_H
#define BUDDY_SLAB_H

#include <stdbool.h>
#include <stddef.h>

#include <buddy/gfp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kmem_cache;

/* ---- caches ------------------------------------------------------------------ */

/* No two objects share a cache line; small ones a fraction of it: 12 bytes stand on 16. */
#define SLAB_HWCACHE_ALIGN 0x01U
/* Slabs come from ZONE_DMA; objects are asked for without __GFP_DMA, or with it. */
#define SLAB_CACHE_DMA 0x02U
/* Whoever uses it has a shrinker that gives objects back: slabs are reclaimable pages. */
#define SLAB_RECLAIM_ACCOUNT 0x04U
/* Pages are counted as __GFP_ACCOUNT's are. */
#define SLAB_ACCOUNT 0x08U
/*
 * Debugging, for caches that are made with it (slab_debug of debug.h: for all that are made
 * while it is on); no per-CPU arrays then, and 16 to 32 bytes more for each object.
 * RED_ZONE: bytes behind it are checked, at its free too.  POISON: a free object is full of
 * 0x6b (its last byte is 0xa5), and that is checked when it is given; not with a constructor.
 * STORE_USER: who freed it last stands in the report.  Without BUDDY_DEBUG_HOOKS ignored.
 */
#define SLAB_RED_ZONE	0x10U
#define SLAB_POISON	0x20U
#define SLAB_STORE_USER 0x40U

#define SLAB_FLAGS_MASK 0x7fU

/* Bytes of the largest object of a cache. */
#define KMALLOC_MAX_CACHE_SIZE 8192U
/* Of kmalloc(). */
#define KMALLOC_MAX_SIZE (PAGE_SIZE << MAX_ORDER)
/* Every object is aligned to it. */
#define ARCH_KMALLOC_MINALIGN 8U

/*
 * A cache of objects of `size` bytes (1 to KMALLOC_MAX_CACHE_SIZE), aligned to `align` (a
 * power of two up to PAGE_SIZE; 0: 8).  The name is not copied.  ctor (may be NULL) is called
 * once for each object when its slab is made, in the context of the request, and finds it as
 * it is then; who frees an object leaves it in that state.
 *
 * NULL after a line: an argument is wrong, there are 254 caches (kmalloc()'s included), or
 * there is no memory.
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned flags,
				     void (*ctor)(void *object));

/*
 * 0; -EBUSY after a line that says how many: objects are in use, and the cache stays as it
 * is; -EINVAL after a line: there is no such cache, or it is one of kmalloc()'s.  NULL is
 * nothing. Nobody else uses the cache meanwhile.
 */
int kmem_cache_destroy(struct kmem_cache *s);

/*
 * Empties the CPUs' arrays of the cache (of those CPUs that the port reaches) and gives all
 * empty slabs back.  How many pages that were.
 */
unsigned long kmem_cache_shrink(struct kmem_cache *s);
/* The same of all caches. */
unsigned long kmem_cache_shrink_all(void);

/* As they were given to kmem_cache_create(). */
unsigned kmem_cache_size(const struct kmem_cache *s);
const char *kmem_cache_name(const struct kmem_cache *s);

/* ---- objects ------------------------------------------------------------------ */

/*
 * An object, or NULL: no memory; or gfp is refused after a line (__GFP_HIGHMEM and
 * __GFP_MOVABLE: an object has an address, and keeps it; __GFP_DMA of a cache that was made
 * without SLAB_CACHE_DMA; __GFP_ZERO with a constructor).  Contents: what the last owner
 * left, but for the first 8 bytes; zeroes with __GFP_ZERO.
 */
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp);
void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t gfp);
/* NULL is nothing. */
void kmem_cache_free(struct kmem_cache *s, void *object);

/*
 * nr objects, or none: returns nr or 0.  One at a time from the CPU's array, so that
 * interrupts are off for no longer than with single ones.
 */
unsigned kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, unsigned nr, void **object);
/* One that is refused is reported, and the rest is freed. */
void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **object);

/* ---- kmalloc -------------------------------------------------------------------- */

/* What kmalloc(0) returns: no memory, and yet not NULL.  kfree() takes it. */
#define ZERO_SIZE_PTR ((void *)16)

/*
 * size bytes, or NULL.  Up to 8,192 from caches of 8, 16, 32, 64, 96, 128, 192, 256, 512,
 * 1,024, ... 8,192 bytes, aligned to the largest power of two that divides that; each cache
 * is made when it is first used.  __GFP_DMA and __GFP_RECLAIMABLE choose caches of their own.
 * Beyond that a block of whole pages, up to KMALLOC_MAX_SIZE; more is refused after a line.
 *
 * For a device that does not see the caches: objects below PORT_CACHELINE bytes share
 * lines with others.  Use 32, 64, 96, ... bytes, or SLAB_HWCACHE_ALIGN.
 */
void *kmalloc(size_t size, gfp_t gfp);
void *kzalloc(size_t size, gfp_t gfp);
/* n times size bytes, zeroed; NULL also if that is more than a size_t holds. */
void *kcalloc(size_t n, size_t size, gfp_t gfp);
void *kmalloc_array(size_t n, size_t size, gfp_t gfp);

/*
 * p with at least size bytes: where it is, if it has them, else moved.  NULL: no memory, and
 * p is as it was.  p NULL: kmalloc(); size 0: kfree(p), ZERO_SIZE_PTR.  __GFP_ZERO: what
 * comes beyond ksize(p) is zeroed.
 */
void *krealloc(void *p, size_t size, gfp_t gfp);

/* Of kmalloc(), and of any cache.  NULL is nothing. */
void kfree(const void *p);

/*
 * Bytes that may be used at p; 0 for NULL, ZERO_SIZE_PTR, and, after a line, a wrong address.
 */
size_t ksize(const void *p);

/* ---- pictures ---------------------------------------------------------------------- */

struct slab_info {
	const char *name;
	unsigned object_size, size; /* asked for; with alignment and debugging */
	unsigned order, objects;    /* of one slab */
	unsigned long nr_slabs, nr_pages;
	unsigned long nr_objects; /* in slabs */
	unsigned long nr_active;  /* in use */
	unsigned long nr_cached;  /* in CPUs' arrays */
	unsigned long nr_partial; /* slabs that have free objects */
	unsigned long nr_empty;	  /* of these: all free */
};

/* The i-th cache; false past the last.  Any context; a guess while the cache is in use. */
bool slab_info(unsigned i, struct slab_info *info);
/* What /proc/slabinfo prints, to port_log(). */
void show_slabinfo(void);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_SLAB_H */
