/* SPDX-License-Identifier: MIT */
/* memmap - a picture of all memory on one screen of 80 columns and 24 lines. */
#ifndef BOOT_MEMMAP_H
#define BOOT_MEMMAP_H

#include <stdbool.h>

/*
 * Prints it with port_log().  colour: with ANSI colours; else the characters
 * alone tell.  Task context, after mm_init(); on a running system each cell is
 * true for the moment in which it was read.
 */
void memmap_show(bool colour);

#endif /* BOOT_MEMMAP_H */
