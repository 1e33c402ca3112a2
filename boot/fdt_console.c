/* SPDX-License-Identifier: MIT */
/*
 * Which UART the device tree wants the console on.  See fdt_console.h.
 *
 * A device's reg is an address of its bus.  Bus by bus, up to the root, `ranges` says what
 * that is on the bus above: windows of (child address, parent address, size); an empty one,
 * that addresses are the same; none, that the bus is not to be reached by a CPU
 * (Devicetree Specification v0.4, 2.3.8).
 *
 * No state.  No recursion; loops are bounded by the tree's depth and by a property's length.
 */
#include <boot/fdt_console.h>

#define GIC_SPI	      0u
#define GIC_FIRST_SPI 32u
#define GIC_LAST_ID   1019u

/* The number in n cells from the first on, which the list has. */
static uint64_t number(const void *list, uint32_t len, uint32_t first, uint32_t n)
{
	uint64_t value = 0, word = 0, none;

	for (uint32_t i = first; i < first + n; i++) {
		fdt_range(list, len, (struct fdt_cells){.address = 1, .size = 0}, i, &word, &none);
		value = value << 32 | word;
	}
	return value;
}

/* An address on the bus, on the bus above it.  False: it does not lead there. */
static bool up(const struct fdt *t, int bus, uint64_t *addr)
{
	struct fdt_cells own, above;
	uint32_t len, entry;
	const void *list = fdt_get(t, bus, "ranges", &len);

	if (!list)
		return false;
	if (len == 0)
		return true;
	if (fdt_cells(t, bus, &own) || fdt_cells(t, fdt_parent(t, bus), &above) || !own.size)
		return false;
	entry = own.address + above.address + own.size;
	for (uint32_t i = 0; i < len / 4 / entry; i++) {
		uint64_t child = number(list, len, i * entry, own.address);
		uint64_t parent = number(list, len, i * entry + own.address, above.address);
		uint64_t size =
			number(list, len, i * entry + own.address + above.address, own.size);

		if (*addr >= child && *addr - child < size) {
			*addr = *addr - child + parent;
			return true;
		}
	}
	return false;
}

static bool is_one_of(const struct fdt *t, int node, const char *const *compatible)
{
	for (; *compatible; compatible++)
		if (fdt_is_compatible(t, node, *compatible))
			return true;
	return false;
}

int fdt_console(const struct fdt *t, const char *path, const char *const *compatible,
		struct fdt_console *console, const char **why)
{
	int node = fdt_path(t, path), bus;
	uint64_t base, size;
	const void *irq;
	uint32_t len;

	if (node < 0) {
		*why = "the tree has no such node";
		return -ENOENT;
	}
	if (!is_one_of(t, node, compatible)) {
		*why = "that is no UART that this image has a driver for";
		return -EINVAL;
	}
	if (!fdt_is_enabled(t, node)) {
		*why = "that UART is not enabled";
		return -EINVAL;
	}
	*why = "its address cannot be made out";
	if (fdt_reg(t, node, 0, &base, &size))
		return -EINVAL;
	for (bus = fdt_parent(t, node); bus > fdt_root(t); bus = fdt_parent(t, bus))
		if (!up(t, bus, &base))
			return -EINVAL;
	if (base > UINT32_MAX)
		return -EINVAL;
	console->base = (uint32_t)base;
	console->irq = 0;
	/* Three cells, as the GIC has them: kind, number, trigger. */
	irq = fdt_get(t, node, "interrupts", &len);
	if (irq && len == 12 && number(irq, len, 0, 1) == GIC_SPI &&
	    number(irq, len, 1, 1) <= GIC_LAST_ID - GIC_FIRST_SPI)
		console->irq = (uint32_t)number(irq, len, 1, 1) + GIC_FIRST_SPI;
	return 0;
}
