/* SPDX-License-Identifier: MIT */
/*
 * The flattened device tree: a reader (fdt.c), and what the tree says about this
 * machine (fdt_scan.c, fdt_policy.c).
 *
 * A tree is foreign data.  fdt_check() looks at every byte that the reader will
 * ever rely on; after it said 0 no call below can leave the blob, whatever the
 * properties hold.  Nothing is copied: all pointers point into the blob, which
 * therefore stays where it is, unchanged and reserved, for as long as they are used.
 *
 * The blob is read by bytes and aligned words only and never written, so that it
 * may lie in memory without caches, MMU off (where an unaligned access faults:
 * ARMv7-A ARM DDI0406C A3.2.1, B3.2.1).
 *
 * Format: Devicetree Specification v0.4, chapter 5; versions 16 and 17.
 * Context: start-up, one CPU; the reader's calls are pure and may be made anywhere.
 */
#ifndef BOOT_FDT_H
#define BOOT_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <buddy/config.h>
#include <buddy/errno.h>

#define FDT_MAX_DEPTH 64  /* nodes within nodes; a deeper tree is refused */
#define FDT_MAX_NAME  255 /* bytes of a node's or property's name; a longer one is refused */

#define FDT_MAX_CPUS 32
#define FDT_MAX_CMA  16

/* ---- the reader ------------------------------------------------------- */

/* A tree that has been checked.  All members are bytes from the blob's start. */
struct fdt {
	const uint8_t *blob;
	uint32_t totalsize;
	uint32_t struct_off, struct_end;
	uint32_t strings_off, strings_end;
	uint32_t rsvmap_off;
};

/* A property: `len` bytes at `data`, 4-byte aligned.  `next` is the reader's. */
struct fdt_prop {
	const char *name;
	const void *data;
	uint32_t len;
	uint32_t next;
};

/*
 * Is there a sound device tree at `blob`, within `max_bytes` (what may be read
 * there: to the end of that RAM, say)?  0, or -EINVAL after a line on the console
 * that says what is wrong and where.
 */
int fdt_check(const void *blob, size_t max_bytes);

/* The same, and makes *t ready for the calls below. */
int fdt_open(struct fdt *t, const void *blob, size_t max_bytes);

/*
 * Nodes are numbers (the byte offset of the node in the blob), -ENOENT where
 * there is none.  A negative node gives "nothing" everywhere.
 *
 * fdt_walk() gives the next node in the tree's order, to the tree's end; *depth
 * changes by as many levels as it goes down (1) or up.
 */
int fdt_root(const struct fdt *t);
int fdt_child(const struct fdt *t, int node);	/* the first one */
int fdt_sibling(const struct fdt *t, int node); /* the next one */
int fdt_parent(const struct fdt *t, int node);
int fdt_walk(const struct fdt *t, int node, int *depth);

/*
 * The node at an absolute path; each part may leave out its @unit-address and
 * then finds the first that fits.  A path that does not start with '/' starts
 * with an alias.  What follows a ':' is left aside (stdout-path's options).
 */
int fdt_path(const struct fdt *t, const char *path);

/* The first node after `from` (-1: from the root on) that is compatible. */
int fdt_find_compatible(const struct fdt *t, int from, const char *compatible);
bool fdt_is_compatible(const struct fdt *t, int node, const char *compatible);

/* status is absent, "okay" or "ok". */
bool fdt_is_enabled(const struct fdt *t, int node);

/* The node's name, "serial@9000"; "" for the root. */
const char *fdt_name(const struct fdt *t, int node);
/* The name is `base`, or `base` and a unit address. */
bool fdt_name_is(const struct fdt *t, int node, const char *base);

/*
 * The property's bytes, and how many there are; NULL when there is no such
 * property.  fdt_first_prop() and fdt_next_prop() go through all of a node's.
 */
const void *fdt_get(const struct fdt *t, int node, const char *name, uint32_t *len);
bool fdt_first_prop(const struct fdt *t, int node, struct fdt_prop *prop);
bool fdt_next_prop(const struct fdt *t, struct fdt_prop *prop);

/* Are two strings equal?  (strcmp() may read unaligned words.) */
bool fdt_streq(const char *a, const char *b);

/* A string that is NUL-terminated within its property (the first of a list), or NULL. */
const char *fdt_str(const struct fdt *t, int node, const char *name);

/* A number of one cell; of one or two cells.  0; -ENOENT; -EINVAL: another length. */
int fdt_u32(const struct fdt *t, int node, const char *name, uint32_t *value);
int fdt_number(const struct fdt *t, int node, const char *name, uint64_t *value);

/* How many cells the addresses and sizes of the node's children have. */
struct fdt_cells {
	uint32_t address; /* default 2 */
	uint32_t size;	  /* default 1 */
};

/* 0, or -EINVAL when they are no numbers or not 1 to 2 and 0 to 2. */
int fdt_cells(const struct fdt *t, int node, struct fdt_cells *cells);

/*
 * The i-th (address, size) of a list of `len` bytes; size is 0 where it has no
 * cells.  0, or -ENOENT past the end (a last one that is cut short included).
 */
int fdt_range(const void *list, uint32_t len, struct fdt_cells cells, uint32_t i, uint64_t *base,
	      uint64_t *size);

/* The i-th range of the node's reg.  0, -ENOENT, or -EINVAL for the parent's cells. */
int fdt_reg(const struct fdt *t, int node, uint32_t i, uint64_t *base, uint64_t *size);

/* The i-th entry of the memory reservation block.  0, or -ENOENT past the end. */
int fdt_rsv(const struct fdt *t, uint32_t i, uint64_t *base, uint64_t *size);

/* ---- what the tree says ------------------------------------------------ */

struct fdt_cpu {
	uint32_t mpidr;	       /* affinity fields of MPIDR, bits 23:0 */
	int nid;	       /* numa-node-id, 0 when there is none */
	const char *method;    /* enable-method, of the CPU or of /cpus; "" when there is none */
	uint64_t release_addr; /* cpu-release-addr; 0 when there is none */
};

/* A CMA area: reserved in memblock as MEMBLOCK_REUSABLE. */
struct fdt_cma {
	uint64_t base, size;
	const char *name;
	bool is_default; /* linux,cma-default */
};

/* Strings are never NULL ("" when the tree is silent) and point into the blob. */
struct fdt_facts {
	uint32_t totalsize; /* of the blob, bytes */
	const char *model;
	const char *bootargs;
	const char *stdout_path;
	uint64_t initrd_start, initrd_end; /* physical, end exclusive; both 0: none */
	unsigned nr_cpus;
	struct fdt_cpu cpu[FDT_MAX_CPUS];
	unsigned nr_cma;
	struct fdt_cma cma[FDT_MAX_CMA];
	uint64_t dma_limit; /* every bus master reaches the bytes below; 0: all of 4 GiB */
	/*
	 * Nodes' distances, 10 for a node from itself, 11 to 255; 0 where the tree is
	 * silent.
	 */
	uint8_t distance[BUDDY_MAX_NODES][BUDDY_MAX_NODES];
	unsigned nr_warnings; /* things that were wrong, each with a line on the console */
};

/*
 * Tells memblock what the tree says about RAM, reservations and the initrd, and
 * *facts the rest.  Every thing that is wrong is named in a line and left out.
 *
 * The caller has reserved the image and the blob in memblock before, so that
 * nothing is allocated over them, and calls once, before memblock is closed.
 * 0; -EINVAL when the blob is no sound tree; -ENOMEM when it describes no RAM
 * that can be used.
 */
int fdt_scan(const void *blob, size_t max_bytes, struct fdt_facts *facts);

/* ---- fdt_policy.c: parts of fdt_scan() ------------------------------------- */

/*
 * facts->dma_limit: the least end of what the dma-ranges of a bus reach, over all
 * buses that are enabled.  An entry that cannot be made out is named and left out.
 */
void fdt_scan_dma(const struct fdt *t, struct fdt_facts *facts);

/*
 * facts->distance, from a node compatible with "numa-distance-map-v1".  A
 * direction that is not given is as the other one.  Entries that are wrong are
 * named and left out.
 */
void fdt_scan_distances(const struct fdt *t, struct fdt_facts *facts);

#endif /* BOOT_FDT_H */
