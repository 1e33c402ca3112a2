// SPDX-License-Identifier: MIT
/*
 * vmalloc - areas of virtual addresses, backed by single pages that may move.
 *
 * The owner of movable pages that every system has.  The page table, which the port keeps,
 * is the only record of which page is where; a page says where it is by
 * page->index, its virtual page in the window.  Whoever wants to know whether a page is still
 * ours compares the two under the lock: so a page that has left its area, or moved, is
 * never touched by a late callback.
 *
 * State: vm, under its lock: areas, free records of areas, counts.  Entries of the page table
 * change under it, too, but for those of an area that is being made, which nobody knows yet.
 * Interrupts are off with the lock, for a walk down the tree of areas, for VM_BATCH
 * entries, or for a move: a page's copy between two changes of its entry.
 *
 * Records of areas come from pages of their own, which are kept: as many as there were areas
 * at once, so never more than the window has room for.
 *
 * Not here: which addresses are free (vm_area.c), what an entry looks like (the port).
 *
 * Follows Linux's mm/vmalloc.c (6.1); that its pages move has no example there.
 */
#include <buddy/vmalloc.h>

#include <mm/vm_area.h>

#if BUDDY_VMALLOC

/* Pages that are mapped or unmapped before interrupts are let in. */
#define VM_BATCH 16U

#define GFP_VMALLOC (GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE)

static struct {
	struct port_spinlock lock;
	char *base; /* [I] NULL: no window */
	struct vm_window window;
	struct vm_area *free;	/* records, linked by next */
	unsigned long nr_pages; /* mapped by vmalloc() */
	unsigned long nr_areas;
	unsigned long nr_kept; /* pages of records */
} vm = {.lock = PORT_SPINLOCK_INIT};

static port_irqflags_t lock(void)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&vm.lock);
	return flags;
}

static void unlock(port_irqflags_t flags)
{
	port_spin_unlock(&vm.lock);
	port_irq_restore(flags);
}

static char *addr_of(uintptr_t index)
{
	return vm.base + (index << PAGE_SHIFT);
}

static uint64_t phys_of(const struct page *page)
{
	return (uint64_t)page_to_pfn(page) << PAGE_SHIFT;
}

bool is_vmalloc_addr(const void *addr)
{
	return vm.base && ((uintptr_t)addr - (uintptr_t)vm.base) >> PAGE_SHIFT < vm.window.nr;
}

static uint32_t index_of(const void *addr)
{
	return (uint32_t)(((uintptr_t)addr - (uintptr_t)vm.base) >> PAGE_SHIFT);
}

/* ---- as an owner of movable pages ------------------------------------------------- */

/* The lock is held: the page table has this page where it says it is. */
static bool is_mine(const struct page *page)
{
	return page->index < vm.window.nr && port_vmap_phys(addr_of(page->index)) == phys_of(page);
}

static bool isolate_page(struct page *page, enum migrate_mode mode)
{
	port_irqflags_t flags = lock();
	bool mine = is_mine(page);

	unlock(flags);
	return mine;
}

static int migrate_page(struct page *dst, struct page *src, enum migrate_mode mode)
{
	port_irqflags_t flags = lock();
	int err = -EAGAIN;

	/*
	 * References are taken under the lock (vmalloc_get_page()): there will be no
	 * third.
	 */
	if (is_mine(src) && page_count(src) == 2) {
		char *addr = addr_of(src->index);

		port_vmap_break(addr);
		migrate_page_copy(dst, src);
		migrate_page_states(dst, src);
		port_vmap_set(addr, phys_of(dst));
		err = 0;
	}
	unlock(flags);
	return err;
}

static void putback_page(struct page *page)
{
}

static const struct movable_operations vmalloc_ops = {
	.isolate_page = isolate_page,
	.migrate_page = migrate_page,
	.putback_page = putback_page,
};

/* ---- areas ---------------------------------------------------------------------- */

int vmalloc_init(void *start, size_t bytes)
{
	uintptr_t base = (uintptr_t)start;

	if (!base || (base | bytes) & (PAGE_SIZE - 1) || bytes >> PAGE_SHIFT < 3 ||
	    (bytes - 1) >> PAGE_SHIFT >= UINT32_MAX || base + (bytes - 1) < base) {
		port_log("vmalloc_init: window at %p of %lu bytes: three whole pages at least "
			 "expected\n",
			 start, (unsigned long)bytes);
		return -EINVAL;
	}
	if (vm.nr_areas) {
		port_log("vmalloc_init: %lu areas are in use\n", vm.nr_areas);
		return -EINVAL;
	}
	vm.base = start;
	vm.free = NULL;
	vm.nr_pages = vm.nr_kept = 0;
	vm_window_init(&vm.window, (uint32_t)(bytes >> PAGE_SHIFT));
	return 0;
}

/* A page of records: one for the caller, the others for later.  NULL: no memory. */
static struct vm_area *more_records(void)
{
	const unsigned nr = PAGE_SIZE / sizeof(struct vm_area);
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct vm_area *a = page ? page_address(page) : NULL;
	port_irqflags_t flags;

	if (!a)
		return NULL;
	for (unsigned i = 0; i < nr; i++)
		a[i].next = i + 1 < nr ? &a[i + 1] : NULL;
	flags = lock();
	a[nr - 1].next = vm.free;
	vm.free = a[0].next;
	vm.nr_kept++;
	unlock(flags);
	return a;
}

/* An area for nr pages, with page tables, nobody's yet; NULL: no memory, or no addresses. */
static struct vm_area *new_area(unsigned long nr)
{
	port_irqflags_t flags;
	struct vm_area *a;
	bool placed;

	if (!vm.base || !nr || nr >= vm.window.nr)
		return NULL;
	flags = lock();
	a = vm.free;
	if (a)
		vm.free = a->next;
	unlock(flags);
	if (!a)
		a = more_records();
	if (!a)
		return NULL;

	a->nr = (uint32_t)nr;
	a->kind = VM_AREA_BUSY;
	flags = lock();
	placed = vm_area_insert(&vm.window, a);
	vm.nr_areas += placed;
	if (!placed) {
		a->next = vm.free;
		vm.free = a;
	}
	unlock(flags);
	return placed ? a : NULL;
}

static void *publish(struct vm_area *a, enum vm_area_kind kind)
{
	port_irqflags_t flags = lock();

	a->kind = kind;
	unlock(flags);
	return addr_of(a->start);
}

/*
 * The area ends; its first nr pages are mapped.  Those of vmalloc() lose their owner's
 * reference only when their entries are gone, as whoever takes them looks there.
 */
static void end_area(struct vm_area *a, uint32_t nr, bool owned)
{
	struct page *page[VM_BATCH];
	port_irqflags_t flags;

	for (uint32_t done = 0, n; done < nr; done += n) {
		char *addr = addr_of(a->start + done);

		n = min_t(nr - done, VM_BATCH);
		flags = lock();
		for (uint32_t i = 0; owned && i < n; i++)
			page[i] = pfn_to_page(
				(unsigned long)(port_vmap_phys(addr + ((size_t)i << PAGE_SHIFT)) >>
						PAGE_SHIFT));
		port_vmap_clear(addr, n);
		vm.nr_pages -= owned ? n : 0;
		unlock(flags);
		for (uint32_t i = 0; owned && i < n; i++)
			put_page(page[i]);
	}
	flags = lock();
	vm_area_remove(&vm.window, a);
	vm.nr_areas--;
	a->next = vm.free;
	vm.free = a;
	unlock(flags);
}

/* The area of that kind that starts at addr is nobody else's to free from now on. */
static struct vm_area *claim(const char *what, const void *addr, enum vm_area_kind kind,
			     const void *caller)
{
	struct vm_area *a = NULL;
	port_irqflags_t flags;

	if (is_vmalloc_addr(addr) && !((uintptr_t)addr & (PAGE_SIZE - 1))) {
		flags = lock();
		a = vm_area_find(&vm.window, index_of(addr));
		if (a && a->kind == kind)
			a->kind = VM_AREA_BUSY;
		else
			a = NULL;
		unlock(flags);
	}
	if (unlikely(!a))
		bad_free(what, addr, 0, 0, "not the start of such an area", caller);
	return a;
}

/* ---- vmalloc -------------------------------------------------------------------- */

/* Gives the area's pages from the nr-th on their page; up to VM_BATCH.  How many got one. */
static uint32_t populate(struct vm_area *a, uint32_t nr, gfp_t gfp)
{
	struct page *page[VM_BATCH] = {NULL};
	uint32_t want = min_t(a->nr - nr, VM_BATCH), got;
	port_irqflags_t flags;

	got = alloc_pages_bulk_array(gfp, want, page);
	for (uint32_t i = 0; i < got; i++) {
		uintptr_t index = a->start + nr + i;

		page[i]->index = index;
		page[i]->priv = 0;
		port_vmap_set(addr_of(index), phys_of(page[i]));
		/* Only now: it may be moved at once. */
		__SetPageMovable(page[i], &vmalloc_ops);
	}
	flags = lock();
	vm.nr_pages += got;
	unlock(flags);
	return got;
}

void *__vmalloc(size_t bytes, gfp_t gfp)
{
	struct vm_area *a = new_area(bytes_to_pages(bytes));
	uint32_t nr = 0, got;

	if (!a)
		return NULL;
	if (port_vmap_prepare(addr_of(a->start), (size_t)a->nr << PAGE_SHIFT))
		goto fail;
	for (; nr < a->nr; nr += got) {
		got = populate(a, nr, gfp);
		if (unlikely(!got))
			goto fail;
	}
	return publish(a, VM_AREA_ALLOC);
fail:
	end_area(a, nr, true);
	return NULL;
}

void *vmalloc(size_t bytes)
{
	return __vmalloc(bytes, GFP_VMALLOC);
}

void *vzalloc(size_t bytes)
{
	return __vmalloc(bytes, GFP_VMALLOC | __GFP_ZERO);
}

void vfree(const void *addr)
{
	struct vm_area *a;

	if (!addr)
		return;
	a = claim("vfree", addr, VM_AREA_ALLOC, CALLER);
	if (a)
		end_area(a, a->nr, true);
}

struct page *vmalloc_get_page(const void *addr)
{
	struct page *page = NULL;
	port_irqflags_t flags;
	uint64_t phys;

	if (!is_vmalloc_addr(addr))
		return NULL;
	flags = lock();
	phys = port_vmap_phys(addr_of(index_of(addr)));
	if (phys != UINT64_MAX)
		page = pfn_to_page((unsigned long)(phys >> PAGE_SHIFT));
	/* A page of vmap()'s is its caller's, and may be part of a larger block. */
	if (page && PageMovable(page) && page->mapping == (const void *)&vmalloc_ops)
		get_page(page);
	else
		page = NULL;
	unlock(flags);
	return page;
}

/* ---- vmap ----------------------------------------------------------------------- */

/* What may be mapped: allocated, by whomever, and not to be moved. */
static bool stays(const struct page *page)
{
	uint32_t word;

	return page && is_descriptor(page) && block_head(page, &word) &&
	       page_word_state(word) == PAGE_STATE_ALLOCATED && !(word & PAGE_MOVABLE);
}

void *vmap(struct page *const *pages, unsigned nr)
{
	struct vm_area *a;
	unsigned i;

	for (i = 0; i < nr; i++)
		if (unlikely(!stays(pages[i]))) {
			bad_free("vmap", pages[i], 0, 0, "an allocated page that stays expected",
				 CALLER);
			return NULL;
		}
	a = new_area(nr);
	if (!a)
		return NULL;
	if (port_vmap_prepare(addr_of(a->start), (size_t)nr << PAGE_SHIFT)) {
		end_area(a, 0, false);
		return NULL;
	}
	for (i = 0; i < nr; i++)
		port_vmap_set(addr_of(a->start + i), phys_of(pages[i]));
	return publish(a, VM_AREA_MAP);
}

void vunmap(const void *addr)
{
	struct vm_area *a;

	if (!addr)
		return;
	a = claim("vunmap", addr, VM_AREA_MAP, CALLER);
	if (a)
		end_area(a, a->nr, false);
}

void vmalloc_info(struct vmalloc_info *info)
{
	port_irqflags_t flags = lock();
	uint32_t gap = vm.window.first.max_gap;

	*info = (struct vmalloc_info){
		.nr_pages = vm.nr_pages,
		.nr_areas = vm.nr_areas,
		.nr_kept = vm.nr_kept,
		.free_pages = vm.window.nr_free,
		.largest_free_pages = gap ? gap - 1 : 0,
	};
	unlock(flags);
}

#endif /* BUDDY_VMALLOC */
