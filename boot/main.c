/* SPDX-License-Identifier: MIT */
/*
 * Start-up, from the first C with a stack and caches to the prompt: one step
 * after the other, readable top to bottom.  start.S and early.c were before.
 *
 * Everything learned on the way is said on the console in plain lines; what is
 * wrong with the tree or the arguments is named and left out, and the system
 * goes on with the rest.  Only without memory, or without a sound tree, is there
 * nothing to go on with: panic.
 *
 * Owns `facts`, what the device tree says, for as long as the system runs.  One
 * core until smp_boot(), so no lock.
 */
#include <stddef.h>
#include <string.h>

#include <board.h>
#include <buddy/check.h>
#include <buddy/gfp.h>
#include <buddy/init.h>
#include <buddy/vmalloc.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#include "boot/atags.h"
#include "boot/boot.h"
#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/daemon.h"
#include "boot/demo.h"
#include "boot/early.h"
#include "boot/errata.h"
#include "boot/exception.h"
#include "boot/fdt.h"
#include "boot/fdt_console.h"
#include "boot/layout.h"
#include "boot/memmap.h"
#include "boot/mmu.h"
#include "boot/monitor.h"
#include "boot/policy.h"
#include "boot/power.h"
#include "boot/sdcard.h"
#include "boot/smp.h"
#include "drivers/a9timer.h"
#include "drivers/gic.h"
#include "drivers/machine.h"
#include "drivers/pl310.h"
#include "drivers/refclock.h"
#include "drivers/uart.h"

/* Programs that an image may have besides demo and monitor: their result is its status. */
extern int bench_main(void) __attribute__((weak));
extern int test_main(void) __attribute__((weak));

static struct fdt_facts facts;

uint32_t boot_mm_init_ticks, boot_mm_ready_ticks;

#define KIB(bytes) ((unsigned)((bytes) >> 10))
#define MIB(bytes) ((unsigned)((bytes) >> 20))

/* ---- the clock -------------------------------------------------------------- */

/*
 * PERIPHCLK, which no register tells, against the board's reference: over 1 ms, good to 1
 * in 24,000 at 24 MHz.  Bounded, should the counter stand still.
 */
static void init_clock(void)
{
	a9timer_init(BOARD_GTIMER_BASE, BOARD_PTIMER_BASE);
#ifdef BOARD_REFCLK_HZ
	uint32_t start, span, i;
	uint64_t from, to;

	refclock_init(BOARD_REFCLK_BASE);
	start = refclock_read();
	from = a9timer_read();
	for (i = 0; i < 10000000 && refclock_read() - start < BOARD_REFCLK_HZ / 1000; i++)
		;
	to = a9timer_read();
	span = refclock_read() - start;
	if (i < 10000000 && to - from > 1000)
		a9timer_set_rate((uint32_t)((to - from) * BOARD_REFCLK_HZ / span));
#else
	a9timer_set_rate(BOARD_PERIPHCLK_HZ);
#endif
}

static unsigned us_since(uint64_t start)
{
	return (unsigned)((a9timer_read() - start) * 1000000 / a9timer_rate());
}

/* ---- the device tree ---------------------------------------------------------- */

/* Where QEMU puts the tree of an ELF file; a loader with a register would use that. */
#ifdef BOARD_RAM_AT_0
#define RAM_BASE_DTB	 LAYOUT_LOW_BASE
#define RAM_BASE_DTB_MAX 0x100000u
#else
#define RAM_BASE_DTB	 BOARD_RAM_BASE
#define RAM_BASE_DTB_MAX (BOARD_RAM_END - BOARD_RAM_BASE)
#endif

/* A pointer that names a tree, before anyone trusts what it holds. */
static bool looks_like_dtb(uint32_t addr)
{
	return __builtin_bswap32(*(const uint32_t *)addr) == 0xd00dfeed;
}

static const void *find_dtb(const struct boot_args *args, size_t *max_bytes)
{
	uint32_t addr = args->dtb;
	const char *how = NULL;

	if (args->flags & BOOT_DTB_LOST) {
		console_printf("device tree: it lay where the image runs, more than 1 MiB, lost\n");
	} else if (addr) {
		how = args->flags & BOOT_DTB_GO		? "named on the go command's line"
		      : args->flags & BOOT_DTB_APPENDED ? "found behind the image"
							: "passed by the loader";
	} else if (!args->r2 && looks_like_dtb(RAM_BASE_DTB)) {
		addr = RAM_BASE_DTB;
		how = "found at the base of RAM";
	}
	*max_bytes = addr == RAM_BASE_DTB ? RAM_BASE_DTB_MAX : BOARD_RAM_END - addr;
	if (how && !fdt_check((const void *)addr, *max_bytes)) {
		console_printf("device tree: %s, %s%08x\n", how,
			       args->flags & BOOT_DTB_MOVED ? "moved to " : "",
			       addr == LAYOUT_LOW_BASE ? 0 : (unsigned)addr);
		return (const void *)addr;
	}
	console_printf("device tree: %s, using the built-in one for %s\n",
		       how ? "that one is not sound" : "none passed", BOARD_NAME);
	*max_bytes = (size_t)(builtin_dtb_end - builtin_dtb);
	return builtin_dtb;
}

/* ---- memory --------------------------------------------------------------------- */

/* RAM where this board cannot have any: whatever is there, it is not for us. */
static void cut_to_window(void)
{
	phys_addr_t before = memblock_phys_mem_size(), after;

	memblock_remove(0, BOARD_RAM_BASE);
	memblock_remove(BOARD_RAM_END, UINT64_MAX - BOARD_RAM_END);
	after = memblock_phys_mem_size();
	if (after != before)
		console_printf(
			"memory: %u KiB left out, outside of 0x%08x-0x%08x, where %s has RAM\n",
			KIB(before - after), (unsigned)BOARD_RAM_BASE, (unsigned)BOARD_RAM_END - 1,
			BOARD_NAME);
}

/* mem=: so much from the lowest address up. */
static void cut_to_size(uint64_t max)
{
	const struct memblock_region *r;
	uint64_t left = max, end = 0;
	unsigned i;

	if (!max || max >= memblock_phys_mem_size())
		return;
	for (i = 0; left && (r = memblock_memory(i)); i++) {
		end = r->base + (r->size < left ? r->size : left);
		left -= r->size < left ? r->size : left;
	}
	memblock_remove(end, UINT64_MAX - end);
	console_printf("memory: cut to %u KiB by mem=\n", KIB(memblock_phys_mem_size()));
}

static void print_memory(void)
{
	const struct memblock_region *r;
	unsigned i;

	for (i = 0; (r = memblock_memory(i)); i++)
		console_printf("memory: 0x%08x-0x%08x %5u MiB, node %d\n", (unsigned)r->base,
			       (unsigned)(r->base + r->size - 1), MIB(r->size), r->nid);
	console_printf("memory: %u MiB in all\n", MIB(memblock_phys_mem_size()));
	for (i = 0; (r = memblock_reserved(i)); i++)
		console_printf("reserved: 0x%08x-0x%08x %7u KiB, %s%s%s\n", (unsigned)r->base,
			       (unsigned)(r->base + r->size - 1), KIB(r->size + 1023),
			       r->name ? r->name : "?",
			       r->flags & MEMBLOCK_NOMAP ? ", not mapped" : "",
			       r->flags & MEMBLOCK_REUSABLE ? ", reusable" : "");
}

static void print_zones(void)
{
	static struct zone_info z;
	unsigned i;

	for (i = 0; zone_info(i, &z); i++)
		console_printf("zone: node %d %-8s 0x%08lx-0x%08lx %6lu pages managed, "
			       "watermarks %lu %lu %lu\n",
			       z.nid, z.name, z.start_pfn << PAGE_SHIFT,
			       ((z.start_pfn + z.spanned) << PAGE_SHIFT) - 1, z.managed,
			       z.wmark_min, z.wmark_low, z.wmark_high);
}

/*
 * The list of tags of a loader without device trees, in the place of what the built-in tree
 * says of memory and arguments.  Not one that the image has moved itself over.
 */
static void read_atags(const struct boot_args *args)
{
	const uint32_t most = 16384, addr = args->r2;
	struct atags tags;
	uint64_t done = 0;

	if (addr & 3 || addr < BOARD_RAM_BASE || addr >= BOARD_RAM_END - most ||
	    (addr + most > (uint32_t)_start && addr < (uint32_t)_end) ||
	    !atags_read((const uint32_t *)addr, most, &tags))
		return;
	console_printf("atags: passed by the loader, %08x\n", (unsigned)addr);
	if (tags.bootargs)
		facts.bootargs = tags.bootargs;
	/* What is between the ranges goes, from the lowest range up. */
	for (unsigned i = 0, next = 0; tags.nr_memory && i <= tags.nr_memory; i++) {
		uint64_t base = UINT64_MAX, end = UINT64_MAX;

		for (unsigned j = 0; j < tags.nr_memory; j++) {
			if (tags.memory[j].base >= done && tags.memory[j].base < base) {
				base = tags.memory[j].base;
				next = j;
			}
		}
		if (base != UINT64_MAX)
			end = base + tags.memory[next].bytes;
		if (base > done)
			memblock_remove(done, base - done);
		done = end;
	}
}

static bool in_ram_window(uint32_t addr, uint32_t bytes)
{
	return addr >= BOARD_RAM_BASE && bytes <= BOARD_RAM_END - BOARD_RAM_BASE &&
	       addr <= BOARD_RAM_END - bytes;
}

/* Output so far went where board.h has the console; the tree may want another one. */
static void follow_stdout_path(const void *dtb, size_t max_bytes)
{
	struct fdt_console console;
	const char *why;
	struct fdt t;

	if (!*facts.stdout_path || fdt_open(&t, dtb, max_bytes))
		return;
	if (!fdt_console(&t, facts.stdout_path, uart_dev_compatible, &console, &why)) {
		if (console.base == BOARD_UART_BASE)
			return;
		why = "it lies where this board has no device";
		if (mmu_is_mapped(console.base) && !in_ram_window(console.base, 4)) {
			console_printf("console: stdout-path=%.64s, going on at %08x\n",
				       facts.stdout_path, (unsigned)console.base);
			console_move(console.base, console.irq ? console.irq : BOARD_UART_IRQ);
			console_printf("console: at %08x now\n", (unsigned)console.base);
			return;
		}
	}
	console_printf("console: stdout-path=%.64s: %s, staying at %08x\n", facts.stdout_path, why,
		       (unsigned)BOARD_UART_BASE);
}

static void read_memory(const struct boot_args *args, struct mm_limits *limits)
{
	size_t max_bytes;
	const void *dtb = find_dtb(args, &max_bytes);
	uint32_t dtb_start = (uint32_t)dtb, dtb_bytes;
	int err;

	/* Nothing may be allocated over these while the tree is being read. */
	memblock_set_current_limit(BOARD_RAM_END);
	memblock_reserve((uint32_t)_start, (uint32_t)(_end - _start), "image", 0);
#ifdef BOARD_RAM_AT_0
	memblock_reserve(0, BOARD_RAM_BASE, "not mapped", 0);
#endif
	dtb_bytes = __builtin_bswap32(((const uint32_t *)dtb)[1]);
	if (dtb != builtin_dtb && dtb_start != LAYOUT_LOW_BASE)
		memblock_reserve(dtb_start, dtb_bytes, "device tree", 0);
	err = fdt_scan(dtb, max_bytes, &facts);
	if (dtb == builtin_dtb && !err)
		read_atags(args);
	/* Even if it failed: they say whom to tell the status. */
	bootargs_init(facts.bootargs);
	power_init();
	if (err)
		panic("the device tree describes no memory that can be used");
	follow_stdout_path(dtb, max_bytes);
	if (*facts.model)
		console_printf("board: %s (%s)\n", facts.model, BOARD_NAME);
	console_printf("bootargs: %s\n", *facts.bootargs ? facts.bootargs : "none");
	bootargs_list_unknown();
	if (bootarg_get("periphclk"))
		a9timer_set_rate(bootarg_uint("periphclk", a9timer_rate()));

	cut_to_window();
	cut_to_size(bootarg_size("mem", 0, UINT64_MAX));
	policy_read(&facts, limits);
	memblock_set_current_limit(limits->highmem_start);
	policy_reserve_cma(limits);
	if (mmu_map_ram((uint32_t)limits->highmem_start, dtb_start, dtb_start + dtb_bytes))
		console_printf(
			"mmu: no room for page tables, some of what is no RAM stays mapped\n");
	print_memory();
}

/* ---- the order of things ---------------------------------------------------------- */

static void print_cpu(const struct boot_args *args)
{
	uint32_t cbar;

	__asm__ volatile("mrc p15, 4, %0, c15, c0, 0" : "=r"(cbar));
	/* "Configuration Base Address Register" (Cortex-A9 TRM): bits 31:13. */
	if ((cbar & ~0x1fffu) != BOARD_PERIPHBASE)
		console_printf("cpu: CBAR says that its private region is at %08x, not at %08x, "
			       "where %s has it\n",
			       (unsigned)cbar, (unsigned)BOARD_PERIPHBASE, BOARD_NAME);
	errata_report(early_facts.scu_erratum_ok);
	if (early_facts.l2_on)
		console_printf("cache: PL310, %u KiB\n", pl310_size_kib());
	else
		console_printf("cache: no PL310 that answers, going on without\n");
	if (args->load_addr != (uint32_t)_start)
		console_printf("image: moved from %08x to %08x, %u KiB\n",
			       (unsigned)args->load_addr, (unsigned)(uintptr_t)_start,
			       KIB((uint32_t)(_end - _start)));
	if (args->flags & BOOT_ABORT_DROPPED)
		console_printf("loader: left an asynchronous abort pending, dropped\n");
	if (args->sctlr & 5)
		console_printf("loader: left MMU %s, data cache %s\n",
			       args->sctlr & 1 ? "on" : "off", args->sctlr & 4 ? "on" : "off");
}

/* Cores as the tree describes them; as the chip has them if it does not. */
static unsigned list_cpus(struct smp_cpu *cpus)
{
	unsigned i;

	for (i = 0; i < facts.nr_cpus; i++) {
		cpus[i].mpidr = facts.cpu[i].mpidr;
		cpus[i].release_addr =
			!strcmp(facts.cpu[i].method, "spin-table") ? facts.cpu[i].release_addr : 0;
	}
	if (i)
		return i;
	console_printf("cpus: the device tree describes none, trying %u\n", PORT_NR_CPUS);
	for (i = 0; i < PORT_NR_CPUS; i++)
		cpus[i] = (struct smp_cpu){.mpidr = i};
	return i;
}

/* What the tree says must not keep the image from starting; an argument may. */
static int init_allocator(struct mm_limits *limits)
{
	int err = mm_init(limits);

	if (err == -EINVAL && limits->dma_limit && !bootarg_get("dma_limit")) {
		console_printf("dma: the device tree's limit does not fit, no ZONE_DMA\n");
		limits->dma_limit = 0;
		err = mm_init(limits);
	}
	return err;
}

static void init_some(void *arg)
{
	(void)arg;
	deferred_init();
}

/* What mm_init() has left for later, by all cores at once. */
static void init_rest(void)
{
	unsigned cpu, self = port_cpu_id();
	uint64_t start = a9timer_read();

	for (cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		if (cpu != self && smp_online(cpu))
			smp_call(cpu, init_some, NULL);
	deferred_init();
	for (cpu = 0; cpu < PORT_NR_CPUS; cpu++)
		if (cpu != self && smp_online(cpu))
			smp_wait(cpu);
	boot_mm_ready_ticks = boot_mm_init_ticks + (uint32_t)(a9timer_read() - start);
	console_printf("memory: all %lu pages ready\n", nr_managed_pages());
}

/* Last of all: they may allocate, print, and ask other cores for something. */
static void run_constructors(void)
{
	for (void (*const *fn)(void) = __init_array_start; fn < __init_array_end; fn++)
		(*fn)();
}

static void crash_if_asked(void)
{
	const char *kind = bootarg_get("crash");
	unsigned cpu = bootarg_uint("crash.cpu", 0);

	if (!kind)
		return;
	if (cpu == port_cpu_id()) {
		crash_on_purpose(kind);
	} else if (smp_call(cpu, (void (*)(void *))crash_on_purpose, (void *)(uintptr_t)kind)) {
		smp_wait(cpu);
	} else {
		console_printf("crash.cpu=%u: not online\n", cpu);
	}
}

static _Noreturn void run_mode(void)
{
	const char *mode = bootarg_get("mode");

	if (!mode)
		mode = "monitor";
	/* Programs that count or that start the allocator anew do without. */
	if (!strcmp(mode, "monitor") || !strcmp(mode, "demo")) {
		sdcard_init();
		daemon_start();
	}
	if (!strcmp(mode, "monitor"))
		monitor_main();
	if (!strcmp(mode, "demo"))
		board_poweroff(demo_main() ? 1 : 0);
	if (!strcmp(mode, "check")) {
		memmap_show(false);
		board_poweroff(mm_check_quiet() ? 1 : 0);
	}
	if (!strcmp(mode, "bench") && bench_main)
		board_poweroff(bench_main());
	if (!strcmp(mode, "test") && test_main)
		board_poweroff(test_main());
	console_printf("mode=%s: this image has monitor, demo, check%s%s\n", mode,
		       bench_main ? ", bench" : "", test_main ? ", test" : "");
	board_poweroff(2);
}

_Noreturn void boot_main(const struct boot_args *args)
{
	static struct smp_cpu cpus[FDT_MAX_CPUS];
	struct mm_limits limits = {0};
	const gfp_t all_bits = gfp_allowed_mask;
	unsigned nr_cpus, maxcpus, online;
	uint64_t start, before;

	/* Nobody is there yet whom a request could wait for. */
	gfp_allowed_mask = GFP_BOOT_MASK;
	__asm__ volatile("cpsie a" ::: "memory");
	init_clock();
	machine_init(BOARD_MACHINE_BASE);
	start = a9timer_read();

	console_init();
	console_printf("\nlibbuddy on %s\n", BOARD_NAME);
	print_cpu(args);

	read_memory(args, &limits);

	nr_cpus = list_cpus(cpus);
	maxcpus = bootarg_uint("maxcpus", PORT_NR_CPUS);
	if (!maxcpus)
		maxcpus = 1;
	limits.nr_cpus = smp_nr_numbers(cpus, nr_cpus, maxcpus);
	before = a9timer_read();
	if (init_allocator(&limits))
		panic("no allocator");
	policy_set_nodes(&facts, limits.nr_cpus);
	if (mm_init_cpu(0))
		panic("no per-CPU caches");
	boot_mm_init_ticks = (uint32_t)(a9timer_read() - before);
	console_printf("allocator: ready after %u us\n", us_since(before));
	policy_set_cma(&facts);
	print_zones();
	debug_from_bootargs();

	gic_init_dist(BOARD_GICD_BASE, BOARD_GICC_BASE);
	smp_init_irqs();
	__asm__ volatile("cpsie i" ::: "memory");
	console_rx_init();

	online = smp_boot(cpus, nr_cpus, maxcpus);
	console_printf("%u of %u cores online\n", online, nr_cpus);
	gfp_allowed_mask = all_bits;
	init_rest();
#if BUDDY_VMALLOC
	vmalloc_init((void *)LAYOUT_VMAP_BASE, LAYOUT_VMAP_BYTES);
#endif
	smp_set_tick(bootarg_uint("tick", SMP_TICK_HZ));
	console_printf("up after %u us\n", us_since(start));

	run_constructors();
	crash_if_asked();
	run_mode();
}
