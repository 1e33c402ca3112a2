/* SPDX-License-Identifier: MIT */
/*
 * The end of a run.  See exception.h.
 *
 * Owns one word, `failing`: the first core that sets it speaks.  It may be set
 * before the MMU is on, or by a core whose memory is in disorder, so it is a
 * plain load and store where the exclusive access is not to be trusted: two
 * cores that fail in the same breath may then both speak, which is better than
 * none.
 *
 * Source: ARMv7-A ARM, "Exception handling" (what LR holds), "Fault status
 * codes with the short-descriptor translation table format".
 */
#include "boot/exception.h"

#include <stddef.h>
#include <string.h>

#include <board.h>
#include <buddy/gfp.h>
#include <buddy/mm.h>
#include <buddy/vmalloc.h>
#include <buddy/vmstat.h>
#include <port/port.h>

#include "boot/boot.h"
#include "boot/console.h"
#include "boot/layout.h"
#include "boot/mmu.h"
#include "boot/power.h"
#include "boot/smp.h"
#include "boot/vmap.h"

static volatile uint32_t failing; /* 0, or 1 + the core that fails */

static const char *const kind_name[] = {
	"reset",
	"undefined instruction",
	"supervisor call",
	"prefetch abort",
	"data abort",
	"unused vector",
	"FIQ",
};

/* How far LR is beyond the instruction: ARM state. */
static const uint8_t lr_offset[] = {0, 4, 4, 4, 8, 0, 4};

static const char *fault_name(uint32_t fsr)
{
	switch ((fsr & 0xf) | (fsr >> 6 & 0x10)) {
	case 0x01:
		return "alignment";
	case 0x02:
		return "debug event";
	case 0x04:
		return "instruction cache maintenance";
	case 0x05:
		return "no section mapped";
	case 0x07:
		return "no page mapped";
	case 0x08:
		return "external abort";
	case 0x09:
	case 0x0b:
		return "domain";
	case 0x0c:
	case 0x0e:
		return "external abort on a table walk";
	case 0x0d:
	case 0x0f:
		return "no permission";
	case 0x16:
		return "imprecise external abort";
	}
	return "unknown";
}

static const char *mode_name(uint32_t cpsr)
{
	switch (cpsr & 0x1f) {
	case 0x10:
		return "usr";
	case 0x11:
		return "fiq";
	case 0x12:
		return "irq";
	case 0x13:
		return "svc";
	case 0x17:
		return "abt";
	case 0x1b:
		return "und";
	case 0x1f:
		return "sys";
	}
	return "?";
}

/* ---- backtrace ----------------------------------------------------------- */

/* The word is an address in our text, right behind a call. */
static bool is_return_address(uint32_t word)
{
	uint32_t insn;

	if (word < (uint32_t)_start + 8 || word >= (uint32_t)__text_end)
		return false;
	if (word & 1) {
		/* Thumb (the C library): BL or BLX, two halfwords, or BLX register, one. */
		uint16_t first = *(uint16_t *)(word - 5), second = *(uint16_t *)(word - 3);

		return ((first & 0xf800) == 0xf000 && (second & 0xc000) == 0xc000) ||
		       (second & 0xff87) == 0x4780;
	}
	if (word & 3)
		return false;
	insn = *(uint32_t *)(word - 4);
	return (insn & 0x0f000000) == 0x0b000000 || /* BL */
	       (insn & 0xfe000000) == 0xfa000000 || /* BLX label */
	       (insn & 0x0ffffff0) == 0x012fff30;   /* BLX register */
}

/* The end of the stack that sp is in, 0 if in none. */
static uint32_t stack_end(uint32_t sp)
{
	static const uint16_t tops[] = {STACK_UND_TOP, STACK_ABT_TOP, STACK_IRQ_TOP, STACK_SVC_TOP};
	uint32_t off = sp - (uint32_t)__stacks, in_core;
	size_t i;

	if (off >= STACK_CORE_BYTES * LAYOUT_NR_CPUS)
		return 0;
	in_core = off % STACK_CORE_BYTES;
	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (in_core <= tops[i])
			return sp - in_core + tops[i];
	return 0;
}

#define BACKTRACE_MAX 16

static void backtrace(uint32_t sp)
{
	uint32_t end = stack_end(sp & ~3u), addr, n = 0;

	if (!end) {
		console_printf("backtrace: sp %08x is in no stack\n", (unsigned)sp);
		return;
	}
	console_printf("backtrace (sp %08x, %u bytes in use):", (unsigned)sp, (unsigned)(end - sp));
	for (addr = sp & ~3u; addr < end && n < BACKTRACE_MAX; addr += 4) {
		uint32_t word;

		if (!mmu_is_mapped(addr))
			continue; /* a stack that ran into its guard page */
		word = *(volatile uint32_t *)addr;
		if (is_return_address(word)) {
			console_printf(" %08x", (unsigned)(word & ~1u));
			n++;
		}
	}
	console_printf("\n");
}

/* ---- a page that is withdrawn: only debug_pagealloc does it to free pages ------ */

static void report_unmapped(uint32_t addr)
{
	struct page_use_info info;
	const char *what = "allocated page, and yet unmapped";

	if (!mmu_is_unmapped_ram(addr))
		return;
	page_use(addr >> PAGE_SHIFT, &info);
	if (info.use == PAGE_USE_FREE)
		what = "free page (debug_pagealloc)";
	else if (info.use == PAGE_USE_PCP)
		what = "free page in a core's cache (debug_pagealloc)";
	else if (info.use != PAGE_USE_ALLOCATED)
		what = "page that is not the allocator's, unmapped by its owner";
	console_printf("    address 0x%08x lies in a %s, order %u\n", (unsigned)addr, what,
		       info.order);
}

/* ---- the end -------------------------------------------------------------- */

static void begin_failing(void)
{
	(void)port_irq_save();
	if (failing)
		smp_park();
	failing = 1 + port_cpu_id();
	console_panic();
	smp_stop_others();
}

_Noreturn void exception_report(const struct exc_frame *f)
{
	uint32_t dfsr, dfar, ifsr, ifar, pc, fault = 0;
	const char *guard;
	unsigned i, cpu;

	__asm__ volatile("mrc p15, 0, %0, c5, c0, 0" : "=r"(dfsr));
	__asm__ volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(dfar));
	__asm__ volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(ifsr));
	__asm__ volatile("mrc p15, 0, %0, c6, c0, 2" : "=r"(ifar));
	if (failing == 1 + port_cpu_id()) {
		/* A fault while reporting one: only what cannot fault again. */
		console_printf("fault while reporting: pc %08x dfar %08x\n", (unsigned)f->pc,
			       (unsigned)dfar);
		board_fail(STATUS_EXCEPTION);
	}
	begin_failing();

	pc = f->pc - lr_offset[f->kind];
	if (f->spsr & (1u << 5) && f->kind != EXC_PABT && f->kind != EXC_DABT)
		pc += 2; /* Thumb: the instruction is two bytes back, not four */
	console_printf("\n*** %s on core %u, %s mode, pc %08x\n", kind_name[f->kind], port_cpu_id(),
		       mode_name(f->spsr), (unsigned)pc);
	if (f->kind == EXC_DABT) {
		console_printf("    %s at %08x: %s (DFSR %08x)\n",
			       dfsr & (1u << 11) ? "write" : "read", (unsigned)dfar,
			       fault_name(dfsr), (unsigned)dfsr);
		report_unmapped(dfar);
		if (vmap_fault_name(dfar))
			console_printf("    vmalloc's window: %s\n", vmap_fault_name(dfar));
		fault = dfar;
	} else if (f->kind == EXC_PABT) {
		console_printf("    fetch at %08x: %s (IFSR %08x)\n", (unsigned)ifar,
			       fault_name(ifsr), (unsigned)ifsr);
		fault = ifar;
	}
	guard = mmu_guard_name(fault, &cpu);
	if (fault && guard)
		console_printf("    stack overflow: the guard page of core %u's %s stack\n", cpu,
			       guard);
	for (i = 0; i < 13; i++)
		console_printf("%s%s%u %08x%s", i % 4 ? "  " : "    ", i < 10 ? " r" : "r", i,
			       (unsigned)f->r[i], i % 4 == 3 ? "\n" : "");
	console_printf("\n     sp %08x   lr %08x   pc %08x cpsr %08x\n", (unsigned)f->sp,
		       (unsigned)f->lr, (unsigned)pc, (unsigned)f->spsr);
	backtrace(f->sp);
	board_fail(STATUS_EXCEPTION);
}

_Noreturn void vpanic(const char *fmt, va_list ap, void *from)
{
	uint32_t sp;

	if (failing == 1 + port_cpu_id())
		board_fail(STATUS_PANIC);
	begin_failing();
	console_printf("\n*** panic on core %u, from %08x: ", port_cpu_id(), (unsigned)from);
	console_vprintf(fmt, ap);
	console_printf("\n");
	__asm__ volatile("mov %0, sp" : "=r"(sp));
	backtrace(sp);
	board_fail(STATUS_PANIC);
}

_Noreturn void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(fmt, ap, __builtin_return_address(0));
}

/* ---- on purpose: that the above works is tested, not believed -------------- */

static volatile uint32_t crash_sink;

static __attribute__((noinline)) uint32_t recurse(uint32_t depth)
{
	volatile uint32_t pad[64];

	pad[depth % 64] = depth;
	crash_sink = pad[depth % 64];
	if (depth < 1000000)
		crash_sink += recurse(depth + 1);
	return pad[depth % 64];
}

/* A page is read that was given back. */
static void use_after_free(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	volatile uint32_t *word;

	if (!page)
		panic("crash=uaf: no page");
	word = page_address(page);
	*word = 0x12345678;
	__free_page(page);
	crash_sink = *word;
	panic("crash=uaf: the read of a free page at 0x%08x went through: debug_pagealloc is off",
	      (unsigned)(uintptr_t)word);
}

/* More temporary mappings than there are; one that is undone before a later one. */
static void kmap_too_many(void)
{
	unsigned i;

	for (i = 0; i <= KMAP_LOCAL_MAX; i++)
		(void)mmu_kmap_local(BOARD_RAM_BASE);
}

static void kmap_out_of_order(void)
{
	void *first = mmu_kmap_local(BOARD_RAM_BASE);

	(void)mmu_kmap_local(BOARD_RAM_BASE);
	mmu_kunmap_local(first);
}

/* The word behind an area is written. */
static void vmalloc_overrun(void)
{
#if BUDDY_VMALLOC
	volatile uint32_t *area = vmalloc(3 * PAGE_SIZE);

	if (!area)
		panic("crash=vmalloc: no area");
	area[3 * PAGE_SIZE / sizeof(*area) - 1] = 1;
	area[3 * PAGE_SIZE / sizeof(*area)] = 2;
#else
	panic("crash=vmalloc: BUDDY_VMALLOC is 0");
#endif
}

void crash_on_purpose(const char *kind)
{
	if (!strcmp(kind, "undef"))
		__asm__ volatile("udf #0");
	else if (!strcmp(kind, "svc"))
		__asm__ volatile("svc #0" ::: "lr");
	else if (!strcmp(kind, "dabt"))
		*(volatile uint32_t *)(crash_sink + 0x10) = 1; /* page 0 is never mapped */
	else if (!strcmp(kind, "rodata"))
		*(volatile uint32_t *)(uintptr_t)__rodata_start = 1;
	else if (!strcmp(kind, "pabt"))
		((void (*)(void))(uintptr_t)__data_start)();
	else if (!strcmp(kind, "stack"))
		crash_sink = recurse(1);
	else if (!strcmp(kind, "panic"))
		panic("as asked for by the bootarg crash=panic");
	else if (!strcmp(kind, "uaf"))
		use_after_free();
	else if (!strcmp(kind, "kmap"))
		kmap_too_many();
	else if (!strcmp(kind, "kunmap"))
		kmap_out_of_order();
	else if (!strcmp(kind, "vmalloc"))
		vmalloc_overrun();
	else
		console_printf("crash=%s: expected undef, svc, dabt, rodata, pabt, stack, panic, "
			       "uaf, kmap, kunmap or vmalloc\n",
			       kind);
}
