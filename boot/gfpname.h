/* SPDX-License-Identifier: MIT */
/* gfpname - gfp flags and numbers as a person types them. */
#ifndef BOOT_GFPNAME_H
#define BOOT_GFPNAME_H

#include <stdbool.h>

#include <buddy/gfp.h>

/*
 * Reads names joined by | (or by , or +), numbers among them, decimal or 0x...
 * True and *gfp; else false, and *bad is where what was not understood begins, of
 * *bad_len characters.
 */
bool gfp_parse(const char *text, gfp_t *gfp, const char **bad, unsigned *bad_len);

/* An unsigned number, decimal or 0x..., nothing behind it, at most 32 bits. */
bool parse_u32(const char *text, unsigned len, uint32_t *value);

#endif /* BOOT_GFPNAME_H */
