/* SPDX-License-Identifier: MIT */
/*
 * A device tree with something of everything, for the tests of the reader.
 */
#ifndef TESTS_UNIT_FDT_SAMPLE_H
#define TESTS_UNIT_FDT_SAMPLE_H

#include "fdt_build.h"

/* Seven nodes, 23 properties, two reservations; the caller frees it. */
static inline uint8_t *sample(void)
{
	static struct build b;

	build_start(&b);
	build_rsv(&b, 0x61000000, 0x1000);
	build_rsv(&b, 0x123456789abcULL, 0x10);
	build_nop(&b);
	build_begin(&b, "");
	build_cells(&b, "#address-cells", 1);
	build_cells(&b, "#size-cells", 1);
	build_nop(&b);
	build_str(&b, "model", "sample");
	build_begin(&b, "aliases");
	build_str(&b, "serial0", "/bus@10000000/serial@9000");
	build_str(&b, "odd", "bus@10000000");
	build_prop(&b, "cut", "/bus", 4);
	build_end(&b);
	build_begin(&b, "bus@10000000");
	build_prop(&b, "compatible", "acme,bus\0simple-bus", 20);
	build_cells(&b, "#address-cells", 2);
	build_cells(&b, "#size-cells", 2);
	build_begin(&b, "serial@9000");
	build_prop(&b, "compatible", "arm,pl011\0arm,primecell", 24);
	build_cells(&b, "reg", 1, 0x10009000, 0, 0x1000, 0, 0x2000, 0, 0x10, 7);
	build_cells(&b, "clock", 24000000);
	build_cells(&b, "wide", 1, 2);
	build_str(&b, "status", "okay");
	build_flag(&b, "empty");
	build_prop(&b, "open", "abc", 3);
	build_end(&b);
	build_begin(&b, "serial@a000");
	build_prop(&b, "compatible", "arm,pl011", 9); /* not terminated: is none */
	build_str(&b, "status", "disabled");
	build_end(&b);
	build_nop(&b);
	build_end(&b);
	build_begin(&b, "bus@20000000");
	build_prop(&b, "compatible", "simple-bus\0arm,pl011", 21);
	build_str(&b, "status", "ok");
	build_cells(&b, "#address-cells", 3);
	build_begin(&b, "dev");
	build_cells(&b, "reg", 1, 2, 3, 4);
	build_prop(&b, "status", "okay", 4);
	build_end(&b);
	build_end(&b);
	build_end(&b);
	build_nop(&b);
	return build_finish(&b);
}

#endif /* TESTS_UNIT_FDT_SAMPLE_H */
