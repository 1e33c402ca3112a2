// SPDX-License-Identifier: MIT
/*
 * The least that a program does to use libbuddy: one core, memory given by hand, no device
 * tree, no console.  Exit status 0: a block was taken, used and given back, and the
 * allocator is whole.
 *
 * It is built from an installed library, whose port is the template as it is:
 *
 *	make -C ../.. install PORT=template PREFIX=$HOME/buddy
 *	make run LIBBUDDY=$HOME/buddy		or with PKG_CONFIG_PATH=/opt/buddy/lib/pkgconfig
 *
 * or by CMake (CMakeLists.txt), with find_package() or with the sources in the tree.
 *
 * start.S and mmu.c stand for what a system has done before anyway: a stack, .bss, caches
 * on.  Here they are as short as a Cortex-A9 allows; board: vexpress-a9.
 */
#include <buddy/buddy.h>

#define RAM_BASE 0x60000000
#define RAM_SIZE 0x01000000

extern char image_end[]; /* minimal.ld: after the image and its stack */

int main(void)
{
	struct page *page;
	unsigned *memory;

	if (memblock_add(RAM_BASE, RAM_SIZE, 0) ||
	    memblock_reserve(RAM_BASE, (uintptr_t)image_end - RAM_BASE, "image", 0))
		return 1;
	if (mm_init(&(struct mm_limits){.nr_cpus = 1}) || mm_init_cpu(0))
		return 2;

	page = alloc_pages(GFP_KERNEL, 2); /* 16 KiB */
	if (!page)
		return 3;
	memory = page_address(page);
	for (unsigned i = 0; i < 4 * PAGE_SIZE / sizeof(*memory); i++)
		memory[i] = i;
	if (memory[4095] != 4095)
		return 4;
	__free_pages(page, 2);

	return mm_check_quiet() ? 5 : 0;
}
