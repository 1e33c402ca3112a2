// SPDX-License-Identifier: MIT
/*
 * filemap - a page cache over a block device.
 *
 * Pages are found by number in a hash table, chained through page->priv.
 * page->index has the number and two bits: LOCKED while the page is being read or written
 * back, or filled for the first time; UPTODATE once it has the device's contents, or newer.
 * Who uses a page's contents holds a reference, which keeps it where it is; so does who does
 * I/O, and LOCKED keeps two from doing it at once.
 *
 * A page that is not LOCKED and has no reference but the cache's can move at any time
 * (migrate_page()) and, if it is clean, go (evict_page()).
 *
 * State: struct address_space.  Its lock guards chains, nr_pages and the two bits;
 * interrupts are off while it is held: for a chain, or one page's copy.  Never over I/O, nor
 * a call of the allocator that could come back to us.  dev_busy: one operation at a time.
 *
 * Not here: which page has to go (vmscan.c), how much may be dirty (page_writeback.c).
 *
 * Follows Linux's mm/filemap.c (6.1): filemap_get_pages(), generic_perform_write().
 */
#include <buddy/filemap.h>
#include <buddy/highmem.h>
#include <mm/internal.h>

#include <string.h>

#if BUDDY_FILEMAP

#define LOCKED	    1U
#define UPTODATE    2U
#define INDEX_SHIFT 2

#define SECTORS_PER_PAGE (1U << (PAGE_SHIFT - SECTOR_SHIFT))

struct address_space {
	struct movable_operations mops; /* first: page->mapping */
	struct port_spinlock lock;
	struct block_device *dev;
	uint64_t bytes;		    /* of the device */
	size_t size;		    /* of this, with its buckets */
	unsigned long mask;	    /* of the bucket's number */
	unsigned long nr_pages;	    /* [lock] cached; read without */
	uint32_t dev_busy;	    /* atomic */
	struct filemap_stats stats; /* atomic, relaxed */
	struct page *bucket[];	    /* [lock] first of each chain */
};

static struct address_space *mapping_of(const struct page *page)
{
	return page->mapping;
}

/* In a loop that waits for another context, which may have to run here. */
static void let_others(void)
{
	port_cpu_relax();
	port_cond_resched();
}

static void count(uint32_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* ---- the table: the lock is held ------------------------------------------------ */

static port_irqflags_t lock(struct address_space *m)
{
	port_irqflags_t flags = port_irq_save();

	port_spin_lock(&m->lock);
	return flags;
}

static void unlock(struct address_space *m, port_irqflags_t flags)
{
	port_spin_unlock(&m->lock);
	port_irq_restore(flags);
}

static unsigned long number(const struct page *page)
{
	return page->index >> INDEX_SHIFT;
}

static struct page *next(const struct page *page)
{
	return (struct page *)page->priv;
}

static struct page *lookup(struct address_space *m, unsigned long nr)
{
	struct page *page = m->bucket[nr & m->mask];

	while (page && number(page) != nr)
		page = next(page);
	return page;
}

/* A page that was taken may have left meanwhile: it is looked for by its number. */
static bool is_mine(struct address_space *m, const struct page *page)
{
	return lookup(m, number(page)) == page;
}

static void insert(struct address_space *m, struct page *page)
{
	struct page **head = &m->bucket[number(page) & m->mask];

	page->priv = (uintptr_t)*head;
	*head = page;
	WRITE_ONCE(m->nr_pages, m->nr_pages + 1);
}

/* In the place of old, whose neighbours stay; by NULL: it leaves. */
static void replace(struct address_space *m, struct page *old, struct page *by)
{
	struct page **head = &m->bucket[number(old) & m->mask], *before = *head;

	if (!by)
		WRITE_ONCE(m->nr_pages, m->nr_pages - 1);
	by = by ? by : next(old);
	if (before == old) {
		*head = by;
		return;
	}
	while (next(before) != old)
		before = next(before);
	before->priv = (uintptr_t)by;
}

/* ---- the device ---------------------------------------------------------------------- */

static void dev_lock(struct address_space *m)
{
	while (__atomic_exchange_n(&m->dev_busy, 1, __ATOMIC_ACQUIRE))
		let_others();
}

static void dev_unlock(struct address_space *m)
{
	__atomic_store_n(&m->dev_busy, 0, __ATOMIC_RELEASE);
}

/* The sectors of a page: fewer at the device's end. */
static unsigned nr_sectors(const struct address_space *m, unsigned long nr)
{
	uint32_t left = m->dev->nr_sectors - (uint32_t)nr * SECTORS_PER_PAGE;

	return min_t(left, SECTORS_PER_PAGE);
}

/* page: LOCKED, and a reference held. */
static int transfer(struct address_space *m, struct page *page, bool write)
{
	const unsigned nr = nr_sectors(m, number(page));
	const uint32_t sector = (uint32_t)number(page) * SECTORS_PER_PAGE;
	char *addr = kmap_local_page(page);
	int err;

	dev_lock(m);
	err = write ? m->dev->write(m->dev, sector, addr, nr)
		    : m->dev->read(m->dev, sector, addr, nr);
	dev_unlock(m);
	if (!write && !err && nr < SECTORS_PER_PAGE)
		memset(addr + ((size_t)nr << SECTOR_SHIFT), 0,
		       PAGE_SIZE - ((size_t)nr << SECTOR_SHIFT));
	kunmap_local(addr);
	count(err ? &m->stats.errors : write ? &m->stats.writes : &m->stats.reads);
	return err ? -EIO : 0;
}

/* ---- as an owner: migrate.h -------------------------------------------------------- */

static bool is_idle(struct address_space *m, const struct page *page)
{
	return is_mine(m, page) && !(page->index & LOCKED);
}

static bool isolate_page(struct page *page, enum migrate_mode mode)
{
	struct address_space *m = mapping_of(page);
	port_irqflags_t flags = lock(m);
	bool ok = is_idle(m, page);

	(void)mode;
	unlock(m, flags);
	return ok;
}

/* Nobody but the cache and who has taken it: the lock keeps it so. */
static bool unused(struct address_space *m, const struct page *page)
{
	return is_idle(m, page) && page_count(page) == 2 && !PageWriteback(page);
}

static int migrate_page(struct page *dst, struct page *src, enum migrate_mode mode)
{
	struct address_space *m = mapping_of(src);
	port_irqflags_t flags = lock(m);
	bool ok = unused(m, src);

	(void)mode;
	if (ok) {
		migrate_page_copy(dst, src);
		migrate_page_states(dst, src);
		replace(m, src, dst);
	}
	unlock(m, flags);
	if (!ok)
		return -EAGAIN;
	count(&m->stats.moved);
	return 0;
}

/* Nothing was changed when it was isolated. */
static void putback_page(struct page *page)
{
	(void)page;
}

static int evict_page(struct page *page)
{
	struct address_space *m = mapping_of(page);
	port_irqflags_t flags = lock(m);
	bool ok = unused(m, page) && !PageDirty(page);

	if (ok)
		replace(m, page, NULL);
	unlock(m, flags);
	if (!ok)
		return -EAGAIN;
	count(&m->stats.evicted);
	return 0;
}

/* The lock is held; release: who waits for the bits finds the contents. */
static void change_state(struct page *page, uintptr_t clear, uintptr_t set)
{
	__atomic_store_n(&page->index, (page->index & ~clear) | set, __ATOMIC_RELEASE);
}

static void set_state(struct page *page, uintptr_t clear, uintptr_t set)
{
	struct address_space *m = mapping_of(page);
	port_irqflags_t flags = lock(m);

	change_state(page, clear, set);
	unlock(m, flags);
}

/* False: it is no longer ours, or LOCKED by somebody. */
static bool trylock_page(struct page *page)
{
	struct address_space *m = mapping_of(page);
	port_irqflags_t flags = lock(m);
	bool ok = is_idle(m, page);

	if (ok)
		change_state(page, 0, LOCKED);
	unlock(m, flags);
	return ok;
}

/*
 * Whoever writes to the page meanwhile makes it dirty afterwards, so that it will be
 * written again: dirty goes first.
 */
static int write_page(struct page *page)
{
	int err = 0;

	if (!trylock_page(page))
		return -EAGAIN;
	if (clear_page_dirty_for_io(page)) {
		set_page_writeback(page);
		err = transfer(mapping_of(page), page, true);
		if (err)
			set_page_dirty(page);
		end_page_writeback(page);
	}
	set_state(page, LOCKED, 0);
	return err;
}

/* ---- pages ------------------------------------------------------------------------- */

/* Clean, and nobody has it, nor will: no taker calls into a cache that was closed.  Locked. */
static bool can_go(struct page *page)
{
	return !(page->index & LOCKED) && page_count(page) == 1 && !PageDirty(page) &&
	       !PageWriteback(page) && __ClearPageMovable(page);
}

/*
 * Drops clean pages that nobody holds, up to `most`, from bucket *from on, which is where to
 * go on; how many.  A bucket at a time: chains are short.
 */
static unsigned long drop_clean(struct address_space *m, unsigned long *from, unsigned long most)
{
	unsigned long nr = 0;

	while (nr < most && *from <= m->mask) {
		port_irqflags_t flags = lock(m);
		struct page *page = m->bucket[*from];

		while (page && !can_go(page))
			page = next(page);
		if (page)
			replace(m, page, NULL);
		unlock(m, flags);
		if (page)
			put_page(page);
		nr += page != NULL;
		*from += page == NULL;
	}
	return nr;
}

static struct page *new_page(struct address_space *m, gfp_t more)
{
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | more;
	struct page *page = alloc_page(gfp);
	unsigned long from = 0;

	/* Before giving up the cache itself gives way: with reclaim it has done so already. */
	if (unlikely(!page) && drop_clean(m, &from, MIGRATE_BATCH))
		page = alloc_page(gfp);
	return page;
}

/* With a reference, or NULL.  unwritten: only if dirty, or LOCKED: perhaps being written. */
static struct page *find_get_page(struct address_space *m, unsigned long nr, bool unwritten)
{
	port_irqflags_t flags = lock(m);
	struct page *page = lookup(m, nr);

	if (page && unwritten && !(page->index & LOCKED) && !PageDirty(page))
		page = NULL;
	if (page)
		get_page(page);
	unlock(m, flags);
	return page;
}

/* A page that nobody finds any more.  Who has taken it hears so, and lets go, if it may run. */
static void disown(struct page *page)
{
	while (!__ClearPageMovable(page))
		let_others();
	put_page(page);
}

/* A new page, LOCKED, with a reference for the caller; somebody else's if he was faster. */
static struct page *add_page(struct address_space *m, unsigned long nr, struct page *page,
			     bool *added)
{
	port_irqflags_t flags;
	struct page *other;

	page->index = nr << INDEX_SHIFT | LOCKED;
	page->priv = 0;
	__SetPageMovable(page, &m->mops);
	flags = lock(m);
	other = lookup(m, nr);
	if (!other)
		insert(m, page);
	get_page(other ? other : page);
	unlock(m, flags);
	*added = !other;
	if (other) {
		disown(page);
		return other;
	}
	lru_cache_add(page);
	return page;
}

/* It could not be read: nobody finds it any more.  The caller's reference stays. */
static void forget_page(struct address_space *m, struct page *page)
{
	port_irqflags_t flags = lock(m);

	replace(m, page, NULL);
	change_state(page, LOCKED, 0);
	unlock(m, flags);
	disown(page);
}

/* Waits until nobody has it LOCKED.  False: it has no contents. */
static bool wait_on_page(struct page *page)
{
	uintptr_t index;

	while ((index = __atomic_load_n(&page->index, __ATOMIC_ACQUIRE)) & LOCKED &&
	       !(index & UPTODATE))
		let_others();
	return index & UPTODATE;
}

/*
 * The page of that number with a reference, and its contents read; with `whole` they are not
 * read, as the caller writes all of them: then it is LOCKED and not UPTODATE if it is new.
 */
static int get_cached(struct address_space *m, unsigned long nr, bool whole, gfp_t more,
		      struct page **result)
{
	bool added = false;
	struct page *page;
	int err;

	for (;;) {
		page = find_get_page(m, nr, false);
		if (!page) {
			page = new_page(m, more);
			if (!page)
				return -ENOMEM;
			page = add_page(m, nr, page, &added);
		}
		if (added || wait_on_page(page))
			break;
		/* Whoever was reading it has failed; we try ourselves. */
		put_page(page);
	}
	count(added ? &m->stats.misses : &m->stats.hits);
	if (added && !whole) {
		err = transfer(m, page, false);
		if (err) {
			forget_page(m, page);
			put_page(page);
			return err;
		}
		set_state(page, LOCKED, UPTODATE);
	}
	mark_page_accessed(page);
	*result = page;
	return 0;
}

/* ---- the interface ----------------------------------------------------------------- */

static bool inside(const struct address_space *m, uint64_t pos, size_t len)
{
	return pos <= m->bytes && len <= m->bytes - pos;
}

/* Of [pos, pos + len) what lies in the first page. */
static size_t in_page(uint64_t pos, size_t len)
{
	size_t left = PAGE_SIZE - (size_t)(pos & (PAGE_SIZE - 1));

	return min_t(left, len);
}

int filemap_read(struct address_space *m, uint64_t pos, void *buf, size_t len)
{
	char *to = buf;
	size_t n;

	if (!inside(m, pos, len))
		return -EINVAL;
	for (; len; pos += n, to += n, len -= n) {
		struct page *page;
		int err = get_cached(m, (unsigned long)(pos >> PAGE_SHIFT), false, 0, &page);

		if (err)
			return err;
		n = in_page(pos, len);
		memcpy_from_page(to, page, (size_t)(pos & (PAGE_SIZE - 1)), n);
		put_page(page);
	}
	return 0;
}

int filemap_write(struct address_space *m, uint64_t pos, const void *buf, size_t len)
{
	const char *from = buf;
	size_t n;

	if (!inside(m, pos, len))
		return -EINVAL;
	for (; len; pos += n, from += n, len -= n) {
		struct page *page;
		bool fresh;
		int err;

		n = in_page(pos, len);
		err = get_cached(m, (unsigned long)(pos >> PAGE_SHIFT), n == PAGE_SIZE, __GFP_WRITE,
				 &page);
		if (err)
			return err;
		memcpy_to_page(page, (size_t)(pos & (PAGE_SIZE - 1)), from, n);
		fresh = set_page_dirty(page);
		/* Only ours is LOCKED and not UPTODATE: it was filled by this write. */
		if (!(__atomic_load_n(&page->index, __ATOMIC_RELAXED) & UPTODATE))
			set_state(page, LOCKED, UPTODATE);
		put_page(page);
		if (fresh)
			balance_dirty_pages();
	}
	return 0;
}

struct page *filemap_get_page(struct address_space *m, uint64_t pos)
{
	struct page *page;

	if (!inside(m, pos, 1) ||
	    get_cached(m, (unsigned long)(pos >> PAGE_SHIFT), false, 0, &page))
		return NULL;
	return page;
}

int filemap_sync(struct address_space *m)
{
	const unsigned long end = (unsigned long)((m->bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
	struct page *page;
	int err = 0;

	for (unsigned long nr = 0; nr < end && READ_ONCE(m->nr_pages); nr++)
		while ((page = find_get_page(m, nr, true))) {
			int failed = write_page(page);

			put_page(page);
			if (failed && failed != -EAGAIN)
				err = -EIO;
			/* -EAGAIN: LOCKED, by who will leave it clean, dirty again, or gone. */
			if (failed != -EAGAIN)
				break;
			let_others();
		}
	return err;
}

unsigned long filemap_invalidate(struct address_space *m)
{
	unsigned long from = 0;

	return drop_clean(m, &from, ~0UL);
}

struct address_space *filemap_open(struct block_device *dev)
{
	unsigned long pages, buckets = 64;
	struct address_space *m;
	size_t size;

	if (!dev || !dev->nr_sectors || !dev->read || !dev->write) {
		port_log("filemap_open: %s: a device with sectors, read() and write() expected\n",
			 dev && dev->name ? dev->name : "-");
		return NULL;
	}
	pages = dev->nr_sectors / SECTORS_PER_PAGE + 1;
	pages = min_t(pages, nr_managed_pages());
	while (buckets < pages / 2 && buckets < 16384)
		buckets *= 2;
	size = sizeof(*m) + buckets * sizeof(m->bucket[0]);
	m = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	if (!m)
		return NULL;
	*m = (struct address_space){
		.mops = {isolate_page, migrate_page, putback_page, evict_page, write_page},
		.lock = PORT_SPINLOCK_INIT,
		.dev = dev,
		.bytes = (uint64_t)dev->nr_sectors << SECTOR_SHIFT,
		.size = size,
		.mask = buckets - 1,
	};
	return m;
}

#define CLOSE_ROUNDS 1000 /* somebody may just be about to move a page */

int filemap_close(struct address_space *m)
{
	int err = filemap_sync(m);

	for (unsigned i = 0; !err && READ_ONCE(m->nr_pages); i++) {
		filemap_invalidate(m);
		if (READ_ONCE(m->nr_pages) && i == CLOSE_ROUNDS)
			return -EBUSY;
		port_cond_resched();
	}
	if (!err)
		free_pages_exact(m, m->size);
	return err;
}

unsigned long filemap_nr_pages(const struct address_space *m)
{
	return READ_ONCE(m->nr_pages);
}

void filemap_stats(const struct address_space *m, struct filemap_stats *stats)
{
	*stats = m->stats;
}

#endif /* BUDDY_FILEMAP */
