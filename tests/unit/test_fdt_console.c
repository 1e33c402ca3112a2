// SPDX-License-Identifier: MIT
// LINK: boot/fdt.c boot/fdt_console.c
/*
 * Where /chosen/stdout-path leads: by alias and path, through buses with windows, and that
 * what leads nowhere says why.
 *
 * cmocka; trees from fdt_build.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <boot/fdt_console.h>

#include "fdt_build.h"

static const char *const pl011[] = {"arm,pl011", NULL};

static struct build b;
static struct fdt t;
static uint8_t *blob;
static struct fdt_console console;
static const char *why;

static int start(void **state)
{
	(void)state;
	free(blob);
	blob = NULL;
	build_start(&b);
	memset(&console, 0xa5, sizeof(console));
	why = "";
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, start)

/* Opens a node whose children have such addresses. */
static void bus(const char *name, uint32_t address_cells, uint32_t size_cells)
{
	build_begin(&b, name);
	build_cells(&b, "#address-cells", address_cells);
	build_cells(&b, "#size-cells", size_cells);
}

/* Opens a UART; build_end() closes it. */
static void uart(const char *name, const char *compatible)
{
	build_begin(&b, name);
	build_str(&b, "compatible", compatible);
}

/* Closes the root. */
static int follow(const char *path)
{
	build_end(&b);
	blob = build_finish(&b);
	assert_int_equal(fdt_open(&t, blob, build_size(blob)), 0);
	return fdt_console(&t, path, pl011, &console, &why);
}

static void by_alias_and_with_options(void **state)
{
	(void)state;
	bus("", 1, 1);
	build_begin(&b, "aliases");
	build_str(&b, "serial0", "/serial@10009000");
	build_end(&b);
	uart("serial@10009000", "arm,pl011");
	build_cells(&b, "reg", 0x10009000, 0x1000);
	build_cells(&b, "interrupts", 0, 5, 4);
	build_end(&b);
	assert_int_equal(follow("serial0:38400n8"), 0);
	assert_int_equal(console.base, 0x10009000);
	assert_int_equal(console.irq, 37);
	assert_int_equal(fdt_console(&t, "/serial@10009000", pl011, &console, &why), 0);
	assert_int_equal(fdt_console(&t, "serial1", pl011, &console, &why), -ENOENT);
	assert_string_equal(why, "the tree has no such node");
}

/* As on a Versatile Express: chip select and offset, then the block of peripherals. */
static void through_windows(void **state)
{
	(void)state;
	bus("", 1, 1);
	bus("bus@40000000", 2, 1);
	build_cells(&b, "ranges", 0, 0, 0x40000000, 0x04000000, /* */
		    7, 0, 0x10000000, 0x00020000);
	bus("iofpga@7", 1, 1);
	build_cells(&b, "ranges", 0, 7, 0, 0x20000);
	uart("uart@9000", "arm,pl011");
	build_cells(&b, "reg", 0x9000, 0x1000);
	build_end(&b);
	uart("uart@20000", "arm,pl011"); /* the first byte behind the window */
	build_cells(&b, "reg", 0x20000, 0x1000);
	build_end(&b);
	build_end(&b);
	build_end(&b);
	assert_int_equal(follow("/bus/iofpga/uart@9000"), 0);
	assert_int_equal(console.base, 0x10009000);
	assert_int_equal(console.irq, 0); /* not said */
	assert_int_equal(fdt_console(&t, "/bus/iofpga/uart@20000", pl011, &console, &why), -EINVAL);
	assert_string_equal(why, "its address cannot be made out");
}

static void through_buses_that_hand_on(void **state)
{
	(void)state;
	bus("", 1, 1);
	bus("soc", 1, 1);
	build_flag(&b, "ranges");
	bus("aips", 1, 1);
	build_flag(&b, "ranges");
	uart("serial@21e8000", "arm,pl011");
	build_cells(&b, "reg", 0x021e8000, 0x4000);
	build_cells(&b, "interrupts", 0, 27, 4);
	build_end(&b);
	build_end(&b);
	build_end(&b);
	assert_int_equal(follow("/soc/aips/serial@21e8000"), 0);
	assert_int_equal(console.base, 0x021e8000);
	assert_int_equal(console.irq, 59);
}

static void a_bus_that_no_cpu_reaches(void **state)
{
	(void)state;
	bus("", 1, 1);
	bus("i2c", 1, 0); /* no ranges */
	uart("uart@4d", "arm,pl011");
	build_cells(&b, "reg", 0x4d);
	build_end(&b);
	build_end(&b);
	assert_int_equal(follow("/i2c/uart@4d"), -EINVAL);
	assert_string_equal(why, "its address cannot be made out");
}

static void windows_that_are_none(void **state)
{
	(void)state;
	bus("", 1, 1);
	bus("a", 1, 0); /* sizes without cells */
	build_cells(&b, "ranges", 0, 0x10000000);
	uart("uart@0", "arm,pl011");
	build_cells(&b, "reg", 0);
	build_end(&b);
	build_end(&b);
	bus("b", 1, 1);
	build_cells(&b, "ranges", 0, 0x10000000); /* cut short */
	uart("uart@0", "arm,pl011");
	build_cells(&b, "reg", 0, 0x1000);
	build_end(&b);
	build_end(&b);
	bus("c", 3, 1); /* more cells than an address has */
	build_cells(&b, "ranges", 0, 0, 0, 0x10000000, 0x1000);
	uart("uart@0", "arm,pl011");
	build_cells(&b, "reg", 0, 0, 0, 0x1000);
	build_end(&b);
	build_end(&b);
	uart("uart", "arm,pl011"); /* no reg */
	build_end(&b);
	assert_int_equal(follow("/a/uart@0"), -EINVAL);
	assert_int_equal(fdt_console(&t, "/b/uart@0", pl011, &console, &why), -EINVAL);
	assert_int_equal(fdt_console(&t, "/c/uart@0", pl011, &console, &why), -EINVAL);
	assert_int_equal(fdt_console(&t, "/uart", pl011, &console, &why), -EINVAL);
	assert_string_equal(why, "its address cannot be made out");
}

static void what_is_no_uart_of_ours(void **state)
{
	(void)state;
	bus("", 2, 1);
	uart("serial@1", "ns16550");
	build_cells(&b, "reg", 0, 1, 1);
	build_end(&b);
	uart("serial@2", "arm,pl011");
	build_cells(&b, "reg", 0, 2, 1);
	build_str(&b, "status", "disabled");
	build_end(&b);
	uart("serial@100000003", "arm,pl011");
	build_cells(&b, "reg", 1, 3, 1);
	build_end(&b);
	uart("serial@4", "arm,pl011");
	build_cells(&b, "reg", 0, 4, 1);
	build_cells(&b, "interrupts", 1, 5, 4); /* private to a core: no UART's */
	build_end(&b);
	uart("serial@5", "arm,pl011");
	build_cells(&b, "reg", 0, 5, 1);
	build_cells(&b, "interrupts", 0, 988, 4); /* beyond the last ID */
	build_end(&b);
	assert_int_equal(follow("/serial@1"), -EINVAL);
	assert_string_equal(why, "that is no UART that this image has a driver for");
	assert_int_equal(fdt_console(&t, "/serial@2", pl011, &console, &why), -EINVAL);
	assert_string_equal(why, "that UART is not enabled");
	assert_int_equal(fdt_console(&t, "/serial@100000003", pl011, &console, &why), -EINVAL);
	assert_string_equal(why, "its address cannot be made out");
	assert_int_equal(fdt_console(&t, "/serial@4", pl011, &console, &why), 0);
	assert_int_equal(console.irq, 0);
	assert_int_equal(fdt_console(&t, "/serial@5", pl011, &console, &why), 0);
	assert_int_equal(console.irq, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(by_alias_and_with_options),  T(through_windows),
		T(through_buses_that_hand_on), T(a_bus_that_no_cpu_reaches),
		T(windows_that_are_none),      T(what_is_no_uart_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
