// SPDX-License-Identifier: MIT
/*
 * slab_debug - what debugging writes into objects, and what is found wrong in them.
 *
 * A cache that was made with debugging (SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER) has no
 * per-CPU arrays, so that every request comes here; the others only report damage.
 *
 *	object | red zone, to the next 8 bytes and 8 more | two words | who freed it
 *
 * State and locks: none; an object belongs to who allocates or frees it at that moment.
 *
 * Not here: where objects are (slab.c), the layout (slab_cache.c).
 * Follows Linux's mm/slub.c (6.1), "Object debugging".
 */
#include <string.h>

#include <mm/slab_priv.h>

#if BUDDY_SLAB

void slab_damaged(const struct kmem_cache *s, const void *object, const void *caller)
{
	const struct free_object *f = free_words(s, object);

	count_rare_event(BAD_SLAB);
	port_log("slab: %s: object %p was written to while it was free, or freed twice: lost "
		 "(0x%08x 0x%08x at byte %u; found for %p)\n",
		 s->name, object, (unsigned)f->canary, (unsigned)f->next, (unsigned)s->free_offset,
		 caller);
}

#if BUDDY_DEBUG_HOOKS

#define RED_BYTE    0xbbU
#define POISON_FREE 0x6bU
#define POISON_END  0xa5U

static const void **user_of(const struct kmem_cache *s, const void *object)
{
	return (const void **)((uintptr_t)free_words(s, object) + sizeof(struct free_object));
}

/* The first byte from p on, of nr, that is not `byte`; nr: none. */
static unsigned first_other(const uint8_t *p, unsigned nr, uint8_t byte)
{
	unsigned i = 0;

	while (i < nr && p[i] == byte)
		i++;
	return i;
}

/* Of the red zone, which ends at a multiple of 8. */
static unsigned red_bytes(const struct kmem_cache *s)
{
	return SLAB_ALIGN(s->object_size, 8U) + SLAB_RED_BYTES - s->object_size;
}

static void fill(const struct kmem_cache *s, void *object)
{
	uint8_t *p = object;

	if (s->flags & SLAB_POISON) {
		memset(p, POISON_FREE, s->object_size - 1);
		p[s->object_size - 1] = POISON_END;
	}
	if (s->flags & SLAB_RED_ZONE)
		memset(p + s->object_size, RED_BYTE, red_bytes(s));
}

static void report(const struct kmem_cache *s, const void *object, const char *what, unsigned at,
		   const void *caller)
{
	const void *user = s->flags & SLAB_STORE_USER ? *user_of(s, object) : NULL;

	count_rare_event(BAD_SLAB);
	port_log("slab: %s: object %p was written to %s: 0x%02x at byte %u, found for %p; freed "
		 "last by %p\n",
		 s->name, object, what, ((const uint8_t *)object)[at], at, caller, user);
}

static void check_red_zone(const struct kmem_cache *s, const void *object, const void *caller)
{
	unsigned at;

	if (!(s->flags & SLAB_RED_ZONE))
		return;
	at = first_other((const uint8_t *)object + s->object_size, red_bytes(s), RED_BYTE);
	if (at < red_bytes(s))
		report(s, object, "beyond its end", s->object_size + at, caller);
}

void slab_debug_init(const struct kmem_cache *s, void *object)
{
	fill(s, object);
	if (s->flags & SLAB_STORE_USER)
		*user_of(s, object) = NULL;
}

void slab_debug_alloc(const struct kmem_cache *s, void *object, const void *caller)
{
	const uint8_t *p = object;
	unsigned last = s->object_size - 1, at;

	if (s->flags & SLAB_POISON) {
		at = first_other(p, last, POISON_FREE);
		if (at < last || p[last] != POISON_END)
			report(s, object, "while it was free", at, caller);
	}
	check_red_zone(s, object, caller);
	if (s->flags & SLAB_RED_ZONE)
		memset((char *)object + s->object_size, RED_BYTE, red_bytes(s));
}

void slab_debug_free(const struct kmem_cache *s, void *object, const void *caller)
{
	check_red_zone(s, object, caller);
	fill(s, object);
	if (s->flags & SLAB_STORE_USER)
		*user_of(s, object) = caller;
}

#endif /* BUDDY_DEBUG_HOOKS */

#endif /* BUDDY_SLAB */
