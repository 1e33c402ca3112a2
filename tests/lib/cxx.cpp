// SPDX-License-Identifier: MIT
/*
 * A C++ program with all of the public headers, linked with the library of port/host: starts
 * it, allocates, works with a page's members, owns pages through a destructor, gives them
 * back.
 */
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <buddy/buddy.h>

extern "C" {
#include "port/host/host.h"
}

namespace
{

constexpr phys_addr_t ram_base = 0x60000000;
constexpr phys_addr_t ram_bytes = 32 << 20;

struct give_back {
	unsigned order;
	void operator()(struct page *page) const
	{
		__free_pages(page, order);
	}
};
using block = std::unique_ptr<struct page, give_back>;

unsigned nr, failed;

void ok(bool good, const char *what)
{
	failed += !good;
	std::printf("%s %u - %s\n", good ? "ok" : "not ok", ++nr, what);
}

unsigned long nr_free()
{
	drain_all_pages();
	return nr_free_pages();
}

} // namespace

int main()
{
	host_map_phys(ram_base, ram_bytes);
	struct mm_limits limits = {};
	limits.nr_cpus = 1;
	ok(!memblock_add(ram_base, ram_bytes, 0) && !mm_init(&limits) && !mm_init_cpu(0),
	   "the allocator starts");

	const unsigned long before = nr_free();
	{
		std::vector<block> blocks;
		for (unsigned order = 0; order <= 6; order++)
			blocks.emplace_back(alloc_pages(GFP_KERNEL | __GFP_ZERO, order),
					    give_back{order});
		bool whole = true;
		for (auto &b : blocks) {
			auto *memory =
				static_cast<unsigned char *>(b ? page_address(b.get()) : nullptr);
			std::size_t bytes = PAGE_SIZE << b.get_deleter().order;

			whole = whole && memory && !memory[0] && !memory[bytes - 1];
			if (!whole)
				break;
			std::memset(memory, 0xa5, bytes);
			b->priv = bytes;
			b->mapping = memory;
			whole = page_word_state(b->word) == PAGE_STATE_ALLOCATED &&
				virt_to_page(memory) == b.get();
		}
		ok(whole, "blocks of orders 0 to 6, zeroed, each at its own address");
		ok(!mm_check() && nr_free() == before - 127,
		   "127 pages fewer are free while they are held");
	}
	ok(!mm_check_quiet() && nr_free() == before, "all are when their owners have gone");
	std::printf("1..%u\n", nr);
	return failed > 0;
}
