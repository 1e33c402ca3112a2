/* SPDX-License-Identifier: MIT */
/*
 * A 64-bit address as text, because the port's printf knows no 64-bit format
 * (newlib-nano has none): port_log("at %s\n", HEX64(phys)).
 *
 * Owns no state: each HEX64() has a buffer of its own, which lives to the end of
 * the enclosing block.  Not here: anything faster; it is for messages only.
 */
#ifndef MM_HEX64_H
#define MM_HEX64_H

#include <stdint.h>

#define HEX64_BYTES 19 /* "0x", 16 digits, NUL */

/* 0x and 8 digits, or 16 when the upper word is not 0. */
static inline const char *hex64(char buf[HEX64_BYTES], uint64_t v)
{
	int digits = v >> 32 ? 16 : 8;

	buf[0] = '0';
	buf[1] = 'x';
	buf[2 + digits] = '\0';
	for (; digits > 0; v >>= 4)
		buf[1 + digits--] = "0123456789abcdef"[v & 0xf];
	return buf;
}

#define HEX64(v) hex64((char[HEX64_BYTES]){0}, (v))

#endif /* MM_HEX64_H */
