// SPDX-License-Identifier: MIT
/*
 * malloc - newlib's heap, and C++'s, out of kmalloc().
 *
 * newlib's own allocator is not linked: these functions are found before it, so that there is
 * no second heap, no _sbrk(), and no __malloc_lock(): kmalloc() needs none, on all cores at
 * once and in interrupt handlers.  With interrupts off a request does not wait (GFP_ATOMIC).
 * A wrong free() is refused and reported, with the address of the caller in the C library.
 *
 * Alignment: 8 bytes, and that of the size where it is a power of two, as kmalloc() has it;
 * memalign() rounds up to one.
 *
 * C++: objects are compiled with -fno-exceptions -fno-rtti, and need nothing but this file.
 * `new` panics when there is no memory, as it must not return NULL and cannot throw; new
 * (std::nothrow) returns NULL.  Destructors of objects that live for ever do not run: the
 * image ends by switching the board off.
 *
 * State: none; a guard of a static variable is its function's.
 *
 * Follows newlib's manual ("malloc, realloc, free", "Reentrancy") and the Itanium C++ ABI,
 * 2.8, 3.3; ARM's differences: "C++ ABI for the Arm Architecture", 3.2.3.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

#include <buddy/slab.h>
#include <port/port.h>

#include "boot/exception.h"
#include "boot/reent.h"

#if !BUDDY_SLAB
/* Then there is no heap, and everybody gets nothing. */
#define kmalloc(bytes, gfp)	((void)(bytes), (void)(gfp), (void *)NULL)
#define kcalloc(n, size, gfp)	((void)(n), (void)(size), (void)(gfp), (void *)NULL)
#define krealloc(p, bytes, gfp) ((void)(p), (void)(bytes), (void)(gfp), (void *)NULL)
#define kfree(p)		((void)(p))
#define ksize(p)		((void)(p), (size_t)0)
#endif

/* ---- the C library --------------------------------------------------------------- */

static gfp_t context_gfp(void)
{
	return (port_irqs_disabled() ? GFP_ATOMIC : GFP_KERNEL) | __GFP_NOWARN;
}

static void *or_errno(struct _reent *reent, void *p)
{
	if (!p)
		reent->_errno = ENOMEM;
	return p;
}

/* Of nothing there is a place of its own, as users of newlib expect. */
void *_malloc_r(struct _reent *reent, size_t bytes)
{
	return or_errno(reent, kmalloc(bytes ? bytes : 1, context_gfp()));
}

void _free_r(struct _reent *reent, void *p)
{
	(void)reent;
	kfree(p);
}

void *_calloc_r(struct _reent *reent, size_t n, size_t size)
{
	if (!n || !size)
		return _malloc_r(reent, 0);
	return or_errno(reent, kcalloc(n, size, context_gfp()));
}

void *_realloc_r(struct _reent *reent, void *p, size_t bytes)
{
	if (!bytes) {
		kfree(p);
		return NULL;
	}
	return or_errno(reent, krealloc(p, bytes, context_gfp()));
}

void *_memalign_r(struct _reent *reent, size_t align, size_t bytes)
{
	size_t size = bytes > align ? bytes : align;

	if (!align || align & (align - 1)) {
		reent->_errno = EINVAL;
		return NULL;
	}
	if (size > KMALLOC_MAX_SIZE)
		return or_errno(reent, NULL);
	while (size & (size - 1))
		size += size & -size; /* to the next power of two */
	return or_errno(reent, kmalloc(size, context_gfp()));
}

size_t _malloc_usable_size_r(struct _reent *reent, void *p)
{
	(void)reent;
	return ksize(p);
}

/* ---- C++: the names are the compiler's, mangled ------------------------------------ */

struct nothrow;

void *_Znwj(size_t bytes);
void *_Znaj(size_t bytes);
void *_ZnwjRKSt9nothrow_t(size_t bytes, const struct nothrow *nothrow);
void *_ZnajRKSt9nothrow_t(size_t bytes, const struct nothrow *nothrow);
void *_ZnwjSt11align_val_t(size_t bytes, size_t align);
void *_ZnajSt11align_val_t(size_t bytes, size_t align);
void _ZdlPv(void *p);
void _ZdaPv(void *p);
void _ZdlPvj(void *p, size_t bytes);
void _ZdaPvj(void *p, size_t bytes);
void _ZdlPvSt11align_val_t(void *p, size_t align);
void _ZdaPvSt11align_val_t(void *p, size_t align);
void _ZdlPvjSt11align_val_t(void *p, size_t bytes, size_t align);
void _ZdaPvjSt11align_val_t(void *p, size_t bytes, size_t align);
void __cxa_pure_virtual(void);
int __aeabi_atexit(void *object, void (*destroy)(void *), void *dso);
int __cxa_guard_acquire(uint32_t *guard);
void __cxa_guard_release(uint32_t *guard);
void __cxa_guard_abort(uint32_t *guard);
extern void *__dso_handle;
void *__dso_handle;

static void *new_or_panic(void *p, size_t bytes, const void *caller)
{
	if (!p)
		panic("new: no memory for %lu bytes, from %p", (unsigned long)bytes, caller);
	return p;
}

#define CALLER __builtin_return_address(0)

void *_Znwj(size_t bytes)
{
	return new_or_panic(_malloc_r(core_reent(), bytes), bytes, CALLER);
}

void *_Znaj(size_t bytes)
{
	return new_or_panic(_malloc_r(core_reent(), bytes), bytes, CALLER);
}

void *_ZnwjRKSt9nothrow_t(size_t bytes, const struct nothrow *nothrow)
{
	(void)nothrow;
	return _malloc_r(core_reent(), bytes);
}

void *_ZnajRKSt9nothrow_t(size_t bytes, const struct nothrow *nothrow)
{
	(void)nothrow;
	return _malloc_r(core_reent(), bytes);
}

void *_ZnwjSt11align_val_t(size_t bytes, size_t align)
{
	return new_or_panic(_memalign_r(core_reent(), align, bytes), bytes, CALLER);
}

void *_ZnajSt11align_val_t(size_t bytes, size_t align)
{
	return new_or_panic(_memalign_r(core_reent(), align, bytes), bytes, CALLER);
}

void _ZdlPv(void *p)
{
	kfree(p);
}

void _ZdaPv(void *p)
{
	kfree(p);
}

void _ZdlPvj(void *p, size_t bytes)
{
	(void)bytes;
	kfree(p);
}

void _ZdaPvj(void *p, size_t bytes)
{
	(void)bytes;
	kfree(p);
}

void _ZdlPvSt11align_val_t(void *p, size_t align)
{
	(void)align;
	kfree(p);
}

void _ZdaPvSt11align_val_t(void *p, size_t align)
{
	(void)align;
	kfree(p);
}

void _ZdlPvjSt11align_val_t(void *p, size_t bytes, size_t align)
{
	(void)bytes, (void)align;
	kfree(p);
}

void _ZdaPvjSt11align_val_t(void *p, size_t bytes, size_t align)
{
	(void)bytes, (void)align;
	kfree(p);
}

void __cxa_pure_virtual(void)
{
	panic("a pure virtual function was called, from %p", CALLER);
}

int __aeabi_atexit(void *object, void (*destroy)(void *), void *dso)
{
	(void)object, (void)destroy, (void)dso;
	return 0;
}

/*
 * A static variable of a function is constructed once, whoever comes first; the others wait.
 * The guard's bit 0 says that it is (ARM's ABI); bit 8 that somebody is about it.
 */
#define GUARD_DONE 1U
#define GUARD_BUSY 0x100U

int __cxa_guard_acquire(uint32_t *guard)
{
	uint32_t none = 0;

	while (!__atomic_compare_exchange_n(guard, &none, GUARD_BUSY, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_ACQUIRE)) {
		if (none & GUARD_DONE)
			return 0;
		none = 0;
		port_cpu_relax();
	}
	return 1;
}

void __cxa_guard_release(uint32_t *guard)
{
	__atomic_store_n(guard, GUARD_DONE, __ATOMIC_RELEASE);
}

void __cxa_guard_abort(uint32_t *guard)
{
	__atomic_store_n(guard, 0, __ATOMIC_RELEASE);
}
