// SPDX-License-Identifier: MIT
/*
 * port_selftest - is the port what the contract asks for?  See buddy/port_selftest.h.
 *
 * Here: what one CPU finds out by itself, and by port_run_on_cpu() of the others.
 *
 * State: `selftest`, the run's (port_selftest.h).  No lock: one CPU at a time, but for
 * selftest_one_cpu(), which touches nothing but the count of failures.
 *
 * Interrupts are off for some tens of instructions at a time.  Nothing of the allocator is
 * called: a broken port would take it along.
 *
 * Not here: what several CPUs find together, and handlers (port_selftest_cpus.c); what only
 * happens on the way through the allocator (mm_check(), check.c).
 */
#include <string.h>

#include <mm/port_selftest.h>

#define SCOPE_KNOWN (SCOPE_NOIO | SCOPE_NOFS | SCOPE_MEMALLOC | SCOPE_PIN)

struct selftest_state selftest;

void selftest_count(void)
{
	__atomic_add_fetch(&selftest.failures, 1, __ATOMIC_RELAXED);
}

void selftest_failed(const char *function, const char *seen, const char *expected)
{
	port_log("port self-test: %s: %s; expected: %s\n", function, seen, expected);
	selftest_count();
}

bool selftest_expect(bool holds, const char *function, const char *seen, const char *expected)
{
	if (!holds)
		selftest_failed(function, seen, expected);
	return holds;
}

/* The same with the two numbers that differ. */
bool selftest_expect_number(unsigned long seen, unsigned long expected, const char *function,
			    const char *what)
{
	if (seen == expected)
		return true;
	port_log("port self-test: %s: %s is 0x%lx; expected: 0x%lx\n", function, what, seen,
		 expected);
	selftest_count();
	return false;
}

/* ---- interrupts --------------------------------------------------------- */

/*
 * Three saves in one another, in a context whose interrupts are off as `before` says.  False:
 * there is no turning them off, and what comes next would be wrong, too.
 */
bool selftest_interrupts(bool before)
{
	const char *off = "interrupts stay off until the outermost restore";
	port_irqflags_t outer, middle, inner;
	bool first, second, third, after_inner, after_middle, after;

	outer = port_irq_save();
	first = port_irqs_disabled();
	middle = port_irq_save();
	second = port_irqs_disabled();
	inner = port_irq_save();
	third = port_irqs_disabled();
	port_irq_restore(inner);
	after_inner = port_irqs_disabled();
	port_irq_restore(middle);
	after_middle = port_irqs_disabled();
	port_irq_restore(outer);
	after = port_irqs_disabled();

	/* Said only now: a log may be slow, and it may turn interrupts on and off itself. */
	if (!selftest_expect(first, "port_irq_save() or port_irqs_disabled()",
			     "interrupts are not off after a save", "off"))
		return false;
	if (!selftest_expect(second && third, "port_irq_save()",
			     "a save in a save turned interrupts on", off))
		return false;
	if (!selftest_expect(after_inner && after_middle, "port_irq_restore()",
			     "an inner restore turned interrupts on",
			     "what the matching save found, which was off"))
		return false;
	if (before)
		return selftest_expect(
			after, "port_irq_restore()",
			"the outer restore turned on interrupts that were off before",
			"what the matching save found");
	return selftest_expect(!after, "port_irq_restore() or port_irqs_disabled()",
			       "interrupts are off after the outer restore",
			       "on, as before the save");
}

static bool interrupts_work(void)
{
	if (!selftest_expect(!port_irqs_disabled(), "port_irqs_disabled()",
			     "true in a task, before any save",
			     "false: the self-test is called with interrupts on"))
		return false;
	return selftest_interrupts(false);
}

/* ---- this CPU ----------------------------------------------------------- */

unsigned selftest_own_id(void)
{
	port_irqflags_t flags = port_irq_save();
	unsigned id = port_cpu_id();

	port_irq_restore(flags);
	return id;
}

bool selftest_cpu_id(void)
{
	port_irqflags_t flags = port_irq_save();
	unsigned first = port_cpu_id(), second = port_cpu_id();

	port_irq_restore(flags);
	if (first >= PORT_NR_CPUS) {
		port_log("port self-test: port_cpu_id(): %u; expected: 0 to %u, PORT_NR_CPUS - 1\n",
			 first, PORT_NR_CPUS - 1);
		selftest_count();
		return false;
	}
	return selftest_expect_number(second, first, "port_cpu_id()",
				      "the second answer of one CPU");
}

static bool percpu_works(void)
{
	static char here, there;
	port_irqflags_t flags = port_irq_save(), inner;
	void *before = port_percpu(), *a, *b, *c, *after;

	port_set_percpu(&here);
	a = port_percpu();
	port_set_percpu(&there);
	b = port_percpu();
	inner = port_irq_save();
	(void)port_cpu_id();
	port_irq_restore(inner);
	c = port_percpu();
	port_set_percpu(before);
	after = port_percpu();
	port_irq_restore(flags);

	return selftest_expect(a == &here && b == &there && after == before, "port_percpu()",
			       "not what port_set_percpu() set",
			       "the pointer that was set on this CPU last") &&
	       selftest_expect(c == &there, "port_percpu()",
			       "lost by a port_irq_save() and its restore",
			       "the pointer that was set on this CPU last");
}

static const struct alloc_scope *scope_works(void)
{
	const struct alloc_scope *scope = port_alloc_scope();

	if (!scope) {
		selftest_failed("port_alloc_scope()", "NULL",
				"the running context's scope, always");
		return NULL;
	}
	selftest_expect(scope == port_alloc_scope(), "port_alloc_scope()",
			"two answers in one task", "one scope for a task");
	selftest_expect(!(scope->flags & ~SCOPE_KNOWN) && !(scope->mems_seq & 1),
			"port_alloc_scope()", "a scope with bits that nobody sets",
			"all bytes 0 when the context begins");
	return scope;
}

/* ---- the lock, alone ---------------------------------------------------- */

static bool lock_works(void)
{
	static struct port_spinlock zero;
	struct port_spinlock lock = PORT_SPINLOCK_INIT;
	bool fresh, zeroed, locked, again, unlocked, retaken, ok;
	port_irqflags_t flags;

	flags = port_irq_save();
	fresh = port_spin_is_locked(&lock);
	memset(&zero, 0, sizeof(zero));
	zeroed = port_spin_is_locked(&zero);
	if (fresh) {
		port_irq_restore(flags);
		selftest_failed("PORT_SPINLOCK_INIT or port_spin_is_locked()",
				"locked from the start", "unlocked");
		return false;
	}
	port_spin_lock(&lock);
	locked = port_spin_is_locked(&lock);
	/* With one CPU there is nobody to keep out. */
	again = PORT_NR_CPUS > 1 && port_spin_trylock(&lock);
	port_spin_unlock(&lock);
	unlocked = !port_spin_is_locked(&lock);
	retaken = port_spin_trylock(&lock);
	if (retaken)
		port_spin_unlock(&lock);
	port_irq_restore(flags);

	/* Each of them is said. */
	ok = selftest_expect(!zeroed, "port_spin_is_locked()", "a lock of all bytes 0 is locked",
			     "unlocked: zones start that way");
	ok &= selftest_expect(locked, "port_spin_is_locked()", "false for a lock that is held",
			      "true");
	ok &= selftest_expect(!again, "port_spin_trylock()", "true for a lock that is held",
			      "false");
	ok &= selftest_expect(unlocked, "port_spin_unlock() or port_spin_is_locked()",
			      "still locked after the unlock", "unlocked");
	ok &= selftest_expect(retaken, "port_spin_trylock()", "false for a lock that is free",
			      "true");
	return ok;
}

/* ---- memory ------------------------------------------------------------- */

static void address_works(const char *virt, const char *what)
{
	uint64_t phys = port_virt_to_phys(virt);
	uint64_t last = port_virt_to_phys(virt + PAGE_SIZE - 1);

	if (phys >> 32 || phys & (PAGE_SIZE - 1)) {
		port_log("port self-test: port_virt_to_phys(): 0x%lx%08lx for %s; expected: page "
			 "aligned, below 4 GiB\n",
			 (unsigned long)(phys >> 32), (unsigned long)(phys & 0xffffffff), what);
		selftest_count();
		return;
	}
	selftest_expect(last == phys + PAGE_SIZE - 1, "port_virt_to_phys()",
			"a page's last byte is not PAGE_SIZE - 1 after its first",
			"the offset within the page stays");
	if (selftest_expect_number((unsigned long)(uintptr_t)port_phys_to_virt(phys),
				   (unsigned long)(uintptr_t)virt, "port_phys_to_virt()", what))
		selftest_expect(port_virt_to_phys(port_phys_to_virt(phys)) == phys,
				"port_virt_to_phys()",
				"the way back from port_phys_to_virt() ends elsewhere",
				"the physical address that it came from");
}

static bool addresses_work(const char *pages, unsigned nr)
{
	uint32_t before = selftest.failures;
	const char *last = pages + (size_t)(nr - 1) * PAGE_SIZE;

	address_works(pages, "the first page's address");
	address_works(last, "the last page's address");
	selftest_expect(port_virt_to_phys(last) - port_virt_to_phys(pages) ==
				(uint64_t)(nr - 1) * PAGE_SIZE,
			"port_virt_to_phys()",
			"first and last page are not as far apart as their addresses",
			"one linear mapping");
	return selftest.failures == before;
}

/* No two words of the four pages are the same, none is 0: an odd factor maps one to one. */
static uint32_t pattern(unsigned page, unsigned word)
{
	return (word * 8 + page + 1) * 0x9e3779b1U;
}

static void fill(char *pages, unsigned nr)
{
	for (unsigned page = 0; page < nr; page++) {
		uint32_t *p = (uint32_t *)(pages + page * PAGE_SIZE);

		for (unsigned word = 0; word < PAGE_SIZE / sizeof(*p); word++)
			p[word] = pattern(page, word);
	}
}

/* Words of a page that are not the pattern (zero: not 0). */
static unsigned wrong(const char *pages, unsigned page, unsigned is, bool zero)
{
	const uint32_t *p = (const uint32_t *)(pages + page * PAGE_SIZE);
	unsigned nr = 0;

	for (unsigned word = 0; word < PAGE_SIZE / sizeof(*p); word++)
		nr += p[word] != (zero ? 0 : pattern(is, word));
	return nr;
}

static void expect_whole(const char *function, const char *what, unsigned nr)
{
	if (!nr)
		return;
	port_log("port self-test: %s: %u of %lu words of %s are wrong; expected: PAGE_SIZE bytes "
		 "and no others\n",
		 function, nr, PAGE_SIZE / sizeof(uint32_t), what);
	selftest_count();
}

static void clear_page_works(char *pages)
{
	const char *clear = "port_clear_page()";

	fill(pages, 4);
	port_clear_page(pages + PAGE_SIZE);
	expect_whole(clear, "the page", wrong(pages, 1, 0, true));
	expect_whole(clear, "the page before it", wrong(pages, 0, 0, false));
	expect_whole(clear, "the page after it", wrong(pages, 2, 2, false));
}

static void copy_page_works(char *pages)
{
	const char *copy = "port_copy_page()";

	fill(pages, 4);
	port_copy_page(pages + 2 * PAGE_SIZE, pages + PAGE_SIZE);
	expect_whole(copy, "the copy", wrong(pages, 2, 1, false));
	expect_whole(copy, "the original", wrong(pages, 1, 1, false));
	expect_whole(copy, "the page after the copy", wrong(pages, 3, 3, false));
	expect_whole(copy, "the page before the original", wrong(pages, 0, 0, false));
}

static void caches_work(char *pages)
{
	const char *kept = "what was written before is still there";

	fill(pages, 4);
	port_cache_clean(pages, 0);
	port_cache_clean(pages, 4 * PAGE_SIZE);
	port_cache_invalidate(pages, 4 * PAGE_SIZE);
	selftest_expect(!wrong(pages, 1, 1, false), "port_cache_clean() or port_cache_invalidate()",
			"an invalidate after a clean lost what had been written", kept);
	fill(pages, 4);
	port_cache_flush(pages + 1, 4 * PAGE_SIZE - 2);
	selftest_expect(!wrong(pages, 0, 0, false) && !wrong(pages, 3, 3, false),
			"port_cache_flush()", "lost what had been written", kept);
	/* Not cleaned before: a line at an edge holds bytes of others. */
	fill(pages, 4);
	port_cache_clean(pages + PAGE_SIZE, PAGE_SIZE);
	port_cache_invalidate(pages + PAGE_SIZE + 1, PAGE_SIZE - 2);
	selftest_expect(!wrong(pages, 0, 0, false) && !wrong(pages, 1, 1, false) &&
				!wrong(pages, 2, 2, false),
			"port_cache_invalidate()", "lost bytes of a line at the edge of the range",
			"lines at an edge are written back first");
	port_dma_wmb();
}

static void kmaps_work(char *pages)
{
	char *outer, *inner;
	uint32_t a, b, c;

	fill(pages, 4);
	outer = port_kmap_local(port_virt_to_phys(pages + PAGE_SIZE));
	if (!selftest_expect(outer != NULL, "port_kmap_local()", "NULL", "an address"))
		return;
	inner = port_kmap_local(port_virt_to_phys(pages + 2 * PAGE_SIZE));
	if (!selftest_expect(inner != NULL, "port_kmap_local()", "NULL in another mapping",
			     "an address: it nests"))
		return;
	a = *(volatile uint32_t *)outer;
	b = *(volatile uint32_t *)inner;
	port_kunmap_local(inner);
	c = *(volatile uint32_t *)outer;
	port_kunmap_local(outer);
	selftest_expect(b == pattern(2, 0), "port_kmap_local()", "not the page that was asked for",
			"the page of the physical address");
	selftest_expect(a == pattern(1, 0), "port_kmap_local()",
			"an inner mapping took the place of the outer one",
			"both, until they are undone");
	selftest_expect(c == pattern(1, 0), "port_kunmap_local()",
			"the outer mapping is gone with the inner one",
			"the last one only is undone");
}

/* ---- calls between CPUs ------------------------------------------------- */

struct call {
	unsigned runs;
	unsigned id;
	bool irqs_off;
	bool mark; /* leave a pointer of the test's there; unmark: NULL again */
	bool unmark;
	void *percpu;
	const struct alloc_scope *scope;
};

static char mark;

static void called(void *arg)
{
	struct call *call = arg;
	port_irqflags_t flags;

	call->irqs_off = port_irqs_disabled();
	flags = port_irq_save();
	call->id = port_cpu_id();
	call->percpu = port_percpu();
	if (call->mark && !call->percpu)
		port_set_percpu(&mark);
	if (call->unmark && call->percpu == &mark)
		port_set_percpu(NULL);
	call->scope = port_alloc_scope();
	port_irq_restore(flags);
	__atomic_store_n(&call->runs, call->runs + 1, __ATOMIC_RELEASE);
}

/* Calls cpu; true if it was reached, and what it answered can be believed. */
static bool call_works(unsigned cpu, struct call *call)
{
	const char *run = "port_run_on_cpu()";
	bool reached = port_run_on_cpu(cpu, called, call);
	unsigned runs = __atomic_load_n(&call->runs, __ATOMIC_ACQUIRE);

	if (!selftest_expect(!port_irqs_disabled(), run, "came back with interrupts off", "on"))
		return false;
	if (!reached)
		return selftest_expect(!runs, run, "false although the function ran",
				       "false only if it did not, and never will") &&
		       false;
	if (!selftest_expect(runs != 0, run, "true before the function has run",
			     "true when it has run to its end"))
		return false;
	if (!selftest_expect_number(runs, 1, run, "the number of runs for one call"))
		return false;
	selftest_expect(call->irqs_off, run, "the function ran with interrupts on", "off");
	return selftest_expect_number(call->id, cpu, run,
				      "port_cpu_id() of the CPU on which it ran");
}

static void *own_percpu(void)
{
	port_irqflags_t flags = port_irq_save();
	void *percpu = port_percpu();

	port_irq_restore(flags);
	return percpu;
}

/* Of a CPU that answered: is it another one? */
static void other_is_other(unsigned cpu, const struct call *call)
{
	const char *shared = "two CPUs share one pointer", *each = "each CPU has its own";
	struct call again = {.unmark = true};

	selftest_expect(call->scope && call->scope != port_alloc_scope(), "port_alloc_scope()",
			"a function on another CPU has this task's scope",
			"that of what runs there");
	if (mem_map) {
		if (call->percpu)
			selftest_expect(call->percpu != own_percpu(), "port_percpu()", shared,
					each);
		return;
	}
	/* Nobody has set any yet: what CPU cpu was given stays its own. */
	selftest_expect(own_percpu() != &mark, "port_percpu()", shared, each);
	if (call_works(cpu, &again))
		selftest_expect(call->percpu || again.percpu == &mark, "port_percpu()",
				"a pointer was lost between two calls on its CPU",
				"what was set on this CPU last");
}

static void calls_work(void)
{
	static struct call calls[PORT_NR_CPUS];
	unsigned self = selftest_own_id(), reached = 1;

	memset(calls, 0, sizeof(calls));
	if (!call_works(self, &calls[self]))
		selftest_expect(calls[self].runs != 0, "port_run_on_cpu()",
				"false for the calling CPU itself", "the function runs here");
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++) {
		if (cpu == self)
			continue;
		calls[cpu].mark = !mem_map;
		if (!call_works(cpu, &calls[cpu]))
			continue;
		reached++;
		other_is_other(cpu, &calls[cpu]);
	}
	/* One that was refused may not have run later, either. */
	for (unsigned cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		selftest_expect(__atomic_load_n(&calls[cpu].runs, __ATOMIC_ACQUIRE) <= 1,
				"port_run_on_cpu()", "a function ran once more after the call",
				"once for each call");
	port_log("port self-test: CPU %u reaches %u of %u\n", self, reached, PORT_NR_CPUS);
}

/* ---- the entry points --------------------------------------------------- */

/* True: whoever relies on interrupts, number, pointer and lock of this CPU may go on. */
bool selftest_one_cpu(const struct alloc_scope **scope)
{
	bool percpu, lock;

	if (BUDDY_TINY) /* which asks for neither number nor pointer nor scope */
		return interrupts_work() && lock_works();
	if (!interrupts_work() || !selftest_cpu_id())
		return false;
	percpu = percpu_works();
	lock = lock_works();
	*scope = scope_works();
	return percpu && lock;
}

unsigned buddy_port_selftest_failures(void)
{
	return __atomic_load_n(&selftest.failures, __ATOMIC_RELAXED);
}

unsigned buddy_port_selftest(void *pages, unsigned nr, unsigned flags)
{
	const struct alloc_scope *scope = NULL;
	bool mapped;

	memset(&selftest, 0, sizeof(selftest));
	if (!pages || (uintptr_t)pages & (PAGE_SIZE - 1) || nr < 4) {
		selftest_failed("buddy_port_selftest()", "too few pages, or not page aligned",
				"at least 4, page aligned");
		return selftest.failures;
	}
	if (!selftest_one_cpu(&scope))
		return buddy_port_selftest_failures();
	mapped = addresses_work(pages, nr);
	clear_page_works(pages);
	if (!BUDDY_TINY) {
		selftest.task_scope[selftest_own_id()] = scope;
		copy_page_works(pages);
		caches_work(pages);
		if (mapped && flags & PORT_SELFTEST_KMAP)
			kmaps_work(pages);
		calls_work();
		port_wake_kswapd(0);
		port_cond_resched();
		selftest_expect(!port_irqs_disabled(), "port_cond_resched() or port_wake_kswapd()",
				"came back with interrupts off", "on, as before");
	}
	return buddy_port_selftest_failures();
}
