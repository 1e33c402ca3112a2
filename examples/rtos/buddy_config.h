/* SPDX-License-Identifier: MIT */
/* This kernel's options for libbuddy; the others are as <buddy/config.h> has them. */
#define BUDDY_MAX_NODES 1  /* one kind of RAM */
#define BUDDY_PCP_SLOTS 64 /* interrupts are off for a shorter time than with 256 */
#define BUDDY_VMALLOC	0  /* sections of 1 MiB are all that is mapped */
#define BUDDY_FILEMAP	0  /* no block device */
#define BUDDY_SLAB	0  /* tasks and pages are all that there is */
