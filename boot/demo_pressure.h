/* SPDX-License-Identifier: MIT */
/*
 * demo_pressure - more memory is wanted than there is, on all cores, and large blocks too.
 *
 * All cores write and verify areas of vmalloc() and read and write a file through the page
 * cache; besides, hoards (hoard.h) hold pages that can be moved, every second one free, and
 * more and more that can be given back: together half as much again as there is memory.
 * While they do, blocks of the
 * largest orders and CMA buffers are asked for, and have to be had: by reclaim, by
 * writeback, and by moving pages that are being written.
 */
#ifndef BOOT_DEMO_PRESSURE_H
#define BOOT_DEMO_PRESSURE_H

#include <stdint.h>

/*
 * Runs it, on all cores that are online; NULL, or what was wrong, after a line with
 * details.  Boot core, task context, the other cores idle, nobody else allocating.
 * Background work (daemon.h) is on meanwhile, and off afterwards.  Filling memory ends
 * after PRESSURE_SECONDS each for hoards and areas at the latest, with less done.
 */
#define PRESSURE_SECONDS 10
const char *demo_pressure(uint32_t seed);

#endif /* BOOT_DEMO_PRESSURE_H */
