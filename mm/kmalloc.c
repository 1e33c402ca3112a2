// SPDX-License-Identifier: MIT
/*
 * kmalloc - objects given and taken back: the fast paths, and what is wrong with a request.
 *
 * The usual allocation is a pop from this CPU's array and a check of the object's canary, the
 * usual free the same backwards, after the cache has been found: frame, descriptor, number of
 * the cache.  That the address is an object's is seen by one multiplication: an offset is a
 * multiple of the size if and only if offset * (2^32 / size, rounded up), modulo 2^32, is
 * less than that factor (Lemire, "Faster remainder by direct computation", 2019); that it is
 * none that is free by its canary.  What fails any of these is looked at again, as it may
 * be on a later page of its slab, and then in free_slow(), which tells what it is.
 *
 * State: none of its own; pops and pushes [C] of slab_priv.h.
 *
 * Follows Linux's include/linux/slab.h and mm/slab_common.c (6.1).
 */
#include <string.h>

#include <mm/slab_priv.h>

#if BUDDY_SLAB

/* Tail calls: the return address is the caller's caller, as in page_alloc.c. */
static __attribute__((noinline)) void *cache_alloc_slow(struct kmem_cache *s, gfp_t gfp);
static __attribute__((noinline)) void *kmalloc_slow(size_t size, gfp_t gfp);
static __attribute__((noinline)) void kfree_slow(const void *p);
static __attribute__((noinline)) void cache_free_slow(struct kmem_cache *s, void *object);
static __attribute__((noinline)) void free_full(const void *p);

/* ---- allocate --------------------------------------------------------------------- */

static void *refuse(const char *what, const struct kmem_cache *s, gfp_t gfp, const char *why,
		    const void *caller)
{
	count_rare_event(BAD_ALLOC);
	port_log("%s: %s, gfp 0x%x from %p: %s\n", what, s->name, (unsigned)gfp, caller, why);
	return NULL;
}

static const char *what_is_wrong(const struct kmem_cache *s, gfp_t gfp)
{
	if (gfp & ~__GFP_BITS_MASK)
		return "unknown bits in gfp";
	if (gfp & (__GFP_HIGHMEM | __GFP_MOVABLE))
		return "an object has an address and keeps it: neither __GFP_HIGHMEM nor "
		       "__GFP_MOVABLE expected";
	if (gfp & __GFP_DMA && !(s->flags & SLAB_CACHE_DMA))
		return "__GFP_DMA of a cache without SLAB_CACHE_DMA";
	if (gfp & __GFP_ZERO && s->ctor)
		return "__GFP_ZERO of a cache with a constructor";
	return NULL;
}

/* NULL: there is none at hand, or it is not as it was left, which slab_alloc() sees to. */
ALWAYS_INLINE void *alloc_fast(struct kmem_cache *s)
{
	port_irqflags_t flags = port_irq_save();
	struct kmem_cache_cpu *c = &s->cpu[port_cpu_id()];
	void **top = c->top;
	void *object = *--top;

	if (likely(object)) {
		struct free_object *f = free_words(s, object);

		if (likely(f->canary == slab_canary(s, object, CANARY_CACHED))) {
			WRITE_ONCE(c->top, top);
			f->canary = 0;
			port_irq_restore(flags);
			return object;
		}
	}
	port_irq_restore(flags);
	return NULL;
}

static void *cache_alloc(const char *what, struct kmem_cache *s, gfp_t gfp, const void *caller)
{
	const char *why = what_is_wrong(s, gfp);

	return unlikely(why) ? refuse(what, s, gfp, why, caller) : slab_alloc(s, gfp, caller);
}

static void *cache_alloc_slow(struct kmem_cache *s, gfp_t gfp)
{
	return cache_alloc("kmem_cache_alloc", s, gfp, CALLER);
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	if (likely(!(gfp & GFP_SLAB_SLOW))) {
		void *object = alloc_fast(s);

		if (likely(object))
			return object;
	}
	return cache_alloc_slow(s, gfp);
}

void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t gfp)
{
	return cache_alloc("kmem_cache_zalloc", s, gfp | __GFP_ZERO, CALLER);
}

unsigned kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, unsigned nr, void **object)
{
	for (unsigned i = 0; i < nr; i++) {
		object[i] = kmem_cache_alloc(s, gfp);
		if (unlikely(!object[i])) {
			kmem_cache_free_bulk(s, i, object);
			return 0;
		}
	}
	return nr;
}

/* ---- kmalloc ------------------------------------------------------------------------ */

static unsigned class_of(size_t size)
{
	return size <= 192 ? kmalloc_hot.class_of[(size - 1) / 8] : ilog2((unsigned)size - 1) + 1;
}

static void *kmalloc_large(size_t size, gfp_t gfp, const void *caller)
{
	struct page *page;

	if (unlikely(size > KMALLOC_MAX_SIZE || gfp & GFP_SLAB_BAD)) {
		count_rare_event(BAD_ALLOC);
		port_log("kmalloc: %lu bytes, gfp 0x%x from %p: %s\n", (unsigned long)size,
			 (unsigned)gfp, caller,
			 size > KMALLOC_MAX_SIZE ? "more than the largest block"
						 : what_is_wrong(&slab_none, gfp));
		return NULL;
	}
	page = alloc_pages(gfp & ~__GFP_COMP, order_of_pages((unsigned)bytes_to_pages(size)));
	if (!page)
		return NULL;
	slab_own_pages(page, SLAB_ID_LARGE);
	return page_address(page);
}

static void *kmalloc_from(size_t size, gfp_t gfp, const void *caller)
{
	enum kmalloc_type type = gfp & __GFP_DMA	   ? KMALLOC_DMA
				 : gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM
							   : KMALLOC_NORMAL;
	struct kmem_cache *s;

	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return kmalloc_large(size, gfp, caller);
	if (unlikely(gfp & GFP_SLAB_BAD))
		return cache_alloc("kmalloc", &slab_none, gfp, caller);
	s = kmalloc_cache(type, class_of(size), gfp);
	return s ? slab_alloc(s, gfp & ~GFP_FAST_MASK, caller) : NULL;
}

/* Also the usual way of more than 192 bytes, whose users have more to do than to get them. */
static void *kmalloc_slow(size_t size, gfp_t gfp)
{
	if (likely(!(gfp & GFP_SLAB_SLOW) && size - 1 < KMALLOC_MAX_CACHE_SIZE)) {
		unsigned class = class_of(size);
		void *object = alloc_fast(READ_ONCE(kmalloc_hot.cache[KMALLOC_NORMAL][class]));

		if (likely(object))
			return object;
	}
	return kmalloc_from(size, gfp, CALLER);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (likely(!(gfp & GFP_SLAB_SLOW) && size - 1 < 192)) {
		unsigned class = kmalloc_hot.class_of[(size - 1) / 8];
		void *object = alloc_fast(READ_ONCE(kmalloc_hot.cache[KMALLOC_NORMAL][class]));

		if (likely(object))
			return object;
	}
	return kmalloc_slow(size, gfp);
}

void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc_from(size, gfp | __GFP_ZERO, CALLER);
}

void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc_from(bytes, gfp, CALLER);
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc_from(bytes, gfp | __GFP_ZERO, CALLER);
}

/* ---- free ------------------------------------------------------------------------- */

static void bad_object(const char *what, const void *p, const char *name, const char *why,
		       const void *caller)
{
	count_rare_event(BAD_FREE);
	port_log("%s: %p from %p: %s%s%s\n", what, p, caller, name, *name ? ": " : "", why);
}

/* The object that p is, NULL: it is none, and what it is was said.  *slab: where it lies. */
static struct kmem_cache *find(const char *what, const struct kmem_cache *want, const void *p,
			       struct page **slab, const void *caller)
{
	struct kmem_cache *s;
	const char *why = NULL;
	uint32_t word, offset;
	unsigned id;

	*slab = slab_of(p, &word);
	if (unlikely(!*slab)) {
		bad_object(what, p, "",
			   page_word_state(word) == PAGE_STATE_ALLOCATED
				   ? "in a block of pages: free_pages() expected"
			   : word ? "double free, or foreign: in a page that no cache has"
				  : "foreign: no memory of the allocator's",
			   caller);
		return NULL;
	}
	offset = (uint32_t)((const char *)p - (const char *)page_address(*slab));
	id = slab_id(slab_state(*slab));
	s = READ_ONCE(slab_hot.cache[id]);
	if (id == SLAB_ID_LARGE)
		why = want     ? "not of this cache, but of kmalloc()"
		      : offset ? "not the address that kmalloc() returned"
			       : NULL;
	else if (want && s != want)
		why = "of another cache";
	else if (offset * s->recip >= s->recip ||
		 offset >= slab_objects(s, page_word_order(word)) * s->size)
		why = "not the first byte of an object";
	if (unlikely(why)) {
		bad_object(what, p, want ? want->name : s->name, why, caller);
		return NULL;
	}
	return s;
}

static void free_slow(const char *what, const struct kmem_cache *want, void *p, const void *caller)
{
	struct page *slab;
	struct kmem_cache *s;

	if (p == NULL || (!want && p == ZERO_SIZE_PTR))
		return;
	s = find(what, want, p, &slab, caller);
	if (unlikely(!s))
		return;
	if (s == &slab_none) {
		slab_free_pages(slab);
		return;
	}
	/* The owner may have written there what a free object holds. */
	if (unlikely(looks_free(s, p)) && slab_object_is_free(s, slab, p)) {
		bad_object(what, p, s->name, "double free: the object is free", caller);
		return;
	}
	if (unlikely(s->flags & SLAB_DEBUG_FLAGS))
		slab_debug_free(s, p, caller);
	slab_put(s, p, caller);
}

enum free_result { FREED, FREE_FULL, FREE_UNUSUAL };

/*
 * FREE_FULL: all is well, but this CPU's array has no room; FREE_UNUSUAL: it is to be looked
 * at.  later, a constant: the object may begin on a later page of its slab than the first.
 */
ALWAYS_INLINE enum free_result free_fast(const struct kmem_cache *want, const void *p,
					 const bool later)
{
	uint64_t phys = port_virt_to_phys(p);
	uint32_t offset, canary, pages = 0;
	struct kmem_cache_cpu *c;
	const struct page *page;
	struct free_object *f;
	struct kmem_cache *s;
	port_irqflags_t flags;
	uintptr_t section;
	void **top;

	if (phys >> 32)
		return FREE_UNUSUAL;
	section = slab_section((uint32_t)phys);
	if (unlikely(!section))
		return FREE_UNUSUAL;
	page = (const struct page *)(section + ((uint32_t)phys >> PAGE_SHIFT) * sizeof(*page));
	s = READ_ONCE(slab_hot.cache[slab_id(slab_state(page))]);
	if (later) {
		pages = (1U << s->order) - 1;
		page -= (uint32_t)phys >> PAGE_SHIFT & pages;
		/* What the page said was a guess, if it is no slab's: this is none. */
		if (unlikely(slab_id(slab_state(page)) != s->id))
			return FREE_UNUSUAL;
	}
	/*
	 * Another block's priv is its owner's: the cache that it names has no such word.
	 */
	if (unlikely(page_word(page) != s->slab_word) || unlikely(want && s != want))
		return FREE_UNUSUAL;
	offset = (uint32_t)phys & (pages << PAGE_SHIFT | (uint32_t)(PAGE_SIZE - 1));
	if (unlikely(offset * s->recip >= s->recip) || unlikely(offset >= s->limit))
		return FREE_UNUSUAL;
	f = free_words(s, p);
	canary = slab_canary(s, p, CANARY_CACHED);
	if (unlikely((f->canary ^ canary) <= CANARY_LISTED))
		return FREE_UNUSUAL;
	/* The object is still the caller's, so that this need not wait for interrupts off. */
	f->canary = canary;
	flags = port_irq_save();
	c = &s->cpu[port_cpu_id()];
	top = c->top;
	if (unlikely(top == c->end)) {
		port_irq_restore(flags);
		return FREE_FULL;
	}
	WRITE_ONCE(*top, (void *)p);
	WRITE_ONCE(c->top, top + 1);
	port_irq_restore(flags);
	return FREED;
}

static void free_full(const void *p)
{
	slab_put(READ_ONCE(slab_hot.cache[slab_id(slab_state(slab_frame(p)))]), (void *)p, CALLER);
}

/* All that is not on the first page of its slab, and what is wrong. */
static void kfree_slow(const void *p)
{
	enum free_result result = free_fast(NULL, p, true);

	if (unlikely(result == FREE_FULL))
		free_full(p);
	else if (unlikely(result == FREE_UNUSUAL))
		free_slow("kfree", NULL, (void *)p, CALLER);
}

static void cache_free_slow(struct kmem_cache *s, void *object)
{
	enum free_result result = free_fast(s, object, true);

	if (unlikely(result == FREE_FULL))
		free_full(object);
	else if (unlikely(result == FREE_UNUSUAL))
		free_slow("kmem_cache_free", s, object, CALLER);
}

void kfree(const void *p)
{
	enum free_result result = free_fast(NULL, p, false);

	if (unlikely(result == FREE_FULL))
		free_full(p);
	else if (unlikely(result == FREE_UNUSUAL))
		kfree_slow(p);
}

void kmem_cache_free(struct kmem_cache *s, void *object)
{
	enum free_result result = free_fast(s, object, false);

	if (unlikely(result == FREE_FULL))
		free_full(object);
	else if (unlikely(result == FREE_UNUSUAL))
		cache_free_slow(s, object);
}

void kmem_cache_free_bulk(struct kmem_cache *s, unsigned nr, void **object)
{
	for (unsigned i = 0; i < nr; i++)
		kmem_cache_free(s, object[i]);
}

/* ---- sizes ---------------------------------------------------------------------------- */

static size_t size_of(const char *what, const void *p, const void *caller)
{
	struct page *slab;
	struct kmem_cache *s;

	if (!p || p == ZERO_SIZE_PTR)
		return 0;
	s = find(what, NULL, p, &slab, caller);
	if (unlikely(!s))
		return 0;
	return s == &slab_none ? PAGE_SIZE << page_word_order(page_word(slab)) : s->object_size;
}

size_t ksize(const void *p)
{
	return size_of("ksize", p, CALLER);
}

void *krealloc(void *p, size_t size, gfp_t gfp)
{
	size_t old;
	void *to;

	if (!size) {
		free_slow("krealloc", NULL, p, CALLER);
		return ZERO_SIZE_PTR;
	}
	if (!p || p == ZERO_SIZE_PTR)
		return kmalloc_from(size, gfp, CALLER);
	old = size_of("krealloc", p, CALLER);
	if (!old || size <= old)
		return old ? p : NULL;
	to = kmalloc_from(size, gfp & ~__GFP_ZERO, CALLER);
	if (!to)
		return NULL;
	memcpy(to, p, old);
	if (gfp & __GFP_ZERO)
		memset((char *)to + old, 0, ksize(to) - old);
	free_slow("krealloc", NULL, p, CALLER);
	return to;
}

#endif /* BUDDY_SLAB */
