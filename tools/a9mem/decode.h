/* SPDX-License-Identifier: MIT */
/*
 * Which instructions cost a9mem more than their slot: barriers, exclusives, mask
 * changes, waits.  Encodings from the ARMv7-A ARM (DDI0406C), A8.8; the CP15
 * barriers of ARMv6 count as what they replaced.  Pure functions, no state.
 *
 * What is not here: anything that needs the CPU's state.  ARM or Thumb is not
 * known at translation, so a 4-byte instruction is tried as ARM first, then as
 * Thumb-2; the patterns below do not meet in code that compilers emit.
 */
#ifndef A9MEM_DECODE_H
#define A9MEM_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* WFE stands for WFI too */
enum kind { PLAIN, LDREX, STREX, DMB, DSB, CPS, WFE };

struct pattern {
	uint32_t mask, value;
	enum kind kind;
};
/* the load and store exclusives stand for B, H and D too; D's are not told apart */
static const struct pattern arm[] = {
	{0x0f900fff, 0x01900f9f, LDREX}, {0x0f900ff0, 0x01800f90, STREX},
	{0xfffffff0, 0xf57ff050, DMB},	 {0x0fff0fff, 0x0e070fba, DMB},
	{0xfffffff0, 0xf57ff040, DSB},	 {0x0fff0fff, 0x0e070f9a, DSB},
	{0xfff10020, 0xf1000000, CPS},	 {0x0ff1fff0, 0x0121f000, CPS},
	{0x0ff1f000, 0x0321f000, CPS},	 {0x0ffffffe, 0x0320f002, WFE},
};

static const struct pattern thumb[] = {
	{0xfff00f00, 0xe8500f00, LDREX}, {0xfff000c0, 0xe8d00040, LDREX},
	{0xfff00000, 0xe8400000, STREX}, {0xfff000c0, 0xe8c00040, STREX},
	{0xfffffff0, 0xf3bf8f50, DMB},	 {0xfffffff0, 0xf3bf8f40, DSB},
	{0xfffffc00, 0xf3af8400, CPS},	 {0xfff0f1ff, 0xf3808100, CPS},
	{0xfffffffe, 0xf3af8002, WFE},
};

static const struct pattern thumb16[] = {
	{0xffe8, 0xb660, CPS},
	{0xffff, 0xbf20, WFE},
	{0xffff, 0xbf30, WFE},
};

#define COUNT(p) (sizeof(p) / sizeof(*(p)))

/* The kind of the first of n patterns that fits, or PLAIN. */
static enum kind match(const struct pattern *p, size_t n, uint32_t word)
{
	for (; n--; p++)
		if ((word & p->mask) == p->value)
			return p->kind;
	return PLAIN;
}

/* p: the instruction as it lies in memory (little-endian), size 2 or 4 bytes. */
static enum kind decode(const uint8_t *p, size_t size)
{
	uint32_t lo = p[0] | p[1] << 8, hi = size == 4 ? p[2] | p[3] << 8 : 0;

	if (size == 2)
		return match(thumb16, COUNT(thumb16), lo);
	enum kind k = match(arm, COUNT(arm), hi << 16 | lo);
	return k != PLAIN ? k : match(thumb, COUNT(thumb), lo << 16 | hi);
}

#endif /* A9MEM_DECODE_H */
