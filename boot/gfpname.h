/* SPDX-License-Identifier: MIT */
/* gfpname - gfp flags by the names that buddy/gfp.h gives them. */
#ifndef BOOT_GFPNAME_H
#define BOOT_GFPNAME_H

#include <stdbool.h>

#include <buddy/gfp.h>

/* The i-th name, the usual combinations first; NULL past the last. */
const char *gfp_name(unsigned i);

/*
 * Reads names joined by | (or by , or +), numbers among them, decimal or 0x...
 * True and *gfp; else false, and *bad is where what was not understood begins, of
 * *bad_len characters.
 */
bool gfp_parse(const char *text, gfp_t *gfp, const char **bad, unsigned *bad_len);

/*
 * Writes the shortest set of names of gfp to buf, NUL-terminated, at most size
 * bytes (cut off); bits without a name in hex.
 */
void gfp_format(gfp_t gfp, char *buf, unsigned size);

/* An unsigned number, decimal or 0x..., nothing behind it, at most 32 bits. */
bool parse_u32(const char *text, unsigned len, uint32_t *value);

#endif /* BOOT_GFPNAME_H */
