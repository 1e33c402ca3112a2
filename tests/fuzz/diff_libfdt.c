// SPDX-License-Identifier: MIT
/*
 * The device-tree reader against libfdt: on sound trees (libfdt's own
 * sequential-write functions, dtc) and on the same trees damaged at random.
 *
 * On every tree that both accept: the same nodes at the same offsets with the
 * same names, depths and parents, the same properties, the same answers to
 * lookups by path, name and compatible, the same reservation block, and the same
 * RAM, reserved ranges and limit of DMA.
 *
 * On damaged trees they may differ in what they refuse, and each difference has
 * to be one of these.  Refused here, accepted by libfdt 1.6 (stricter):
 *	versions before 16, blocks that are not aligned as the specification says,
 *	names that are longer than 255 bytes or not printable,
 *	a reservation block that ends with a size of 0 at an address (for libfdt
 *	that is its end, for the specification (0, 0) is),
 *	no root node, or properties outside of it, nodes nested deeper than 64,
 *	a forged property length that is negative to libfdt 1.6, which then may go
 *	round for ever (fixed since): it is stopped after a while.
 * Accepted here, refused by libfdt 1.6:
 *	FDT_NOP between the root's end and FDT_END (fixed in libfdt since),
 *	a root node with a name (old trees have "/").
 *
 * Prints TAP.  Everything follows from the seeds that it prints.
 */
#define _XOPEN_SOURCE 700 /* sigsetjmp, setitimer */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include <libfdt.h>

#include <boot/fdt.h>
#include <buddy/memblock.h>
#include <port/host/host.h>

#include "diff.h"

#define NR_LIBFDT  500
#define NR_DTC	   60
#define NR_DAMAGED 12000

uint32_t diff_seed;

static unsigned nr_nodes, nr_props, nr_hangs, nr_tests;
static bool all_ok = true;

static void report(bool ok, const char *what)
{
	printf("%sok %u - libfdt: %s\n", ok ? "" : "not ", ++nr_tests, what);
	all_ok &= ok;
}

/* ---- two answers to one question ------------------------------------------------ */

/* libfdt's node offsets count from the structure block, ours from the blob. */
static int ours(const struct fdt *t, int theirs)
{
	return theirs < 0 ? -ENOENT : theirs + (int)t->struct_off;
}

static bool same_props(const struct fdt *t, const void *blob, int node)
{
	struct fdt_prop prop;
	bool more = fdt_first_prop(t, ours(t, node), &prop);
	int p;

	fdt_for_each_property_offset(p, blob, node)
	{
		const char *name;
		int len, first_len;
		uint32_t got_len;
		const void *data = fdt_getprop_by_offset(blob, p, &name, &len);

		if (!more)
			DIFFER("property %s is missing", name);
		if (strcmp(name, prop.name) || (uint32_t)len != prop.len || data != prop.data)
			DIFFER("property %s is %s", name, prop.name);
		if (fdt_get(t, ours(t, node), name, &got_len) !=
			    fdt_getprop(blob, node, name, &first_len) ||
		    got_len != (uint32_t)first_len)
			DIFFER("another property called %s", name);
		more = fdt_next_prop(t, &prop);
		nr_props++;
	}
	if (more)
		DIFFER("property %s too many", prop.name);
	return true;
}

/* A path that means the same to both: no empty parts, no ':'. */
static bool plain_path(const char *path)
{
	size_t n = strlen(path);

	return !strchr(path, ':') && !strstr(path, "//") && (n == 1 || path[n - 1] != '/');
}

static bool same_lookups(const struct fdt *t, const void *blob, int node)
{
	static const char *const names[] = {"acme,a", "acme,b", "arm,pl011"};
	char path[1024];
	int len;
	const char *list = fdt_getprop(blob, node, "compatible", &len);

	if (fdt_parent(t, ours(t, node)) != ours(t, fdt_parent_offset(blob, node)))
		DIFFER("another parent");
	if (!fdt_get_path(blob, node, path, sizeof(path)) && plain_path(path) &&
	    fdt_path(t, path) != ours(t, fdt_path_offset(blob, path)))
		DIFFER("path %s leads elsewhere", path);
	for (unsigned i = 0; i < 3; i++) {
		/* libfdt looks at the padding behind a list that is not terminated */
		if (list && len > 0 && list[len - 1] == '\0' &&
		    fdt_is_compatible(t, ours(t, node), names[i]) !=
			    !fdt_node_check_compatible(blob, node, names[i]))
			DIFFER("compatible with %s or not", names[i]);
	}
	return true;
}

static bool same_tree(const void *blob, uint32_t size)
{
	struct fdt t;
	int depth = 0, their_depth = 0, node = 0, n;
	uint64_t base, bytes, their_base, their_bytes;
	uint32_t entries = 0;

	if (fdt_open(&t, blob, size))
		DIFFER("refused: %s", host_log_text());
	/* Before the root there may be NOPs, which libfdt counts to it. */
	n = fdt_root(&t);
	if (fdt_next_node(blob, -1, NULL) != n - (int)t.struct_off)
		DIFFER("another root");
	if (n != (int)t.struct_off)
		return true; /* libfdt takes offset 0 for the root */
	for (;;) {
		if (n != ours(&t, node))
			DIFFER("node at 0x%x, libfdt has it at 0x%x", n, ours(&t, node));
		if (node < 0)
			break;
		if (depth != their_depth)
			DIFFER("depth %d, libfdt says %d", depth, their_depth);
		if (fdt_name(&t, n) != fdt_get_name(blob, node, NULL))
			DIFFER("another name");
		if (!same_props(&t, blob, node))
			return false;
		/* lookups start at the root each time: not for every node of a large tree */
		if (nr_nodes % 4 == 0 && !same_lookups(&t, blob, node))
			return false;
		nr_nodes++;
		n = fdt_walk(&t, n, &depth);
		node = fdt_next_node(blob, node, &their_depth);
		if (their_depth < 0)
			node = -1;
	}
	while (!fdt_rsv(&t, entries, &base, &bytes)) {
		if (fdt_get_mem_rsv(blob, (int)entries++, &their_base, &their_bytes) ||
		    base != their_base || bytes != their_bytes)
			DIFFER("reservation %u differs", entries - 1);
	}
	return true;
}

static bool same_machine(const void *blob, uint32_t size)
{
	static struct fdt_facts facts;
	int err;

	memblock_reset();
	host_log_clear();
	err = fdt_scan(blob, size, &facts);
	if (err && err != -ENOMEM)
		DIFFER("not scanned: %s", host_log_text());
	return compare_memory(blob) && compare_dma(blob, facts.dma_limit);
}

/* ---- sound trees ------------------------------------------------------------------ */

static void sound_trees(unsigned n, uint8_t *(*make)(uint32_t *size), const char *what)
{
	char line[120];
	bool ok = true;
	unsigned i, nodes = nr_nodes, props = nr_props;

	for (i = 0; i < n && ok; i++) {
		uint32_t size;
		uint8_t *blob;

		rnd_seed(diff_seed = i + 1);
		blob = make(&size);
		ok = same_tree(blob, size) && same_machine(blob, size);
		free(blob);
	}
	snprintf(line, sizeof(line), "%u trees by %s, %u nodes, %u properties", i, what,
		 nr_nodes - nodes, nr_props - props);
	report(ok && nr_nodes > nodes, line);
}

/* ---- damaged trees ------------------------------------------------------------------ */

static void damage(uint8_t *blob, uint32_t size)
{
	for (unsigned n = 1 + rnd(3); n > 0; n--) {
		uint32_t at = 4 * rnd(size / 4);

		switch (rnd(5)) {
		case 0:
			blob[rnd(size)] = (uint8_t)rnd(256);
			break;
		case 1:
			blob[rnd(size)] ^= (uint8_t)(1U << rnd(8));
			break;
		case 2: /* a token or a small length */
			memset(blob + at, 0, 4);
			blob[at + 3] = (uint8_t)rnd(12);
			break;
		case 3: /* a length that could wrap */
			memset(blob + at, 0xff, 4);
			blob[at + 3] = (uint8_t)(0xff - rnd(32));
			break;
		default: /* a header field */
			blob[rnd(40)] = (uint8_t)rnd(256);
		}
	}
}

/* We refused a property whose length is negative to libfdt. */
static bool negative_length(const uint8_t *blob)
{
	const char *at = strstr(host_log_text(), "(byte 0x");

	return at && host_log_has("property is longer than the structure block") &&
	       (blob[strtoul(at + 6, NULL, 16) + 4] & 0x80);
}

/* Is this one of the differences that the head of this file lists? */
static bool stricter_on_purpose(const uint8_t *blob)
{
	static const char *const reasons[] = {
		"format version is not 16 or 17",  "reservation block is misplaced",
		"structure block is misplaced",	   "not printable",
		"reservation block has no (0, 0)", "end of the tree within a node",
		"property outside of all nodes",   "nested too deep",
	};

	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (host_log_has(reasons[i]))
			return true;
	return negative_length(blob);
}

static bool looser_on_purpose(const struct fdt *t)
{
	uint32_t off = t->struct_end;

	if (*fdt_name(t, fdt_root(t)))
		return true;
	/* a NOP right before FDT_END, which is the last token that counts */
	while (off > t->struct_off + 4) {
		off -= 4;
		if (fdt32_ld((const fdt32_t *)(t->blob + off)) == FDT_NOP)
			return true;
	}
	return false;
}

static sigjmp_buf hung;

static void give_up(int sig)
{
	(void)sig;
	siglongjmp(hung, 1);
}

/*
 * libfdt's verdict; HANGS after 0.2 s of CPU time, where a sound answer takes microseconds.
 */
#define HANGS 1
static int libfdt_check(const uint8_t *blob, uint32_t size)
{
	static const struct itimerval limit = {.it_value.tv_usec = 200000}, off;
	int err;

	if (sigsetjmp(hung, 1))
		return HANGS;
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	err = fdt_check_full(blob, size);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	return err;
}

static bool same_verdict(const uint8_t *blob, uint32_t size, unsigned *both)
{
	int theirs = libfdt_check(blob, size);
	struct fdt t;

	nr_hangs += theirs == HANGS;
	host_log_clear();
	if (fdt_open(&t, blob, size)) {
		if (!theirs && !stricter_on_purpose(blob))
			DIFFER("libfdt accepts; %s", host_log_text());
		return true;
	}
	if (theirs == HANGS)
		DIFFER("accepted; libfdt reads it for ever");
	if (theirs) {
		if (!looser_on_purpose(&t))
			DIFFER("accepted; libfdt says %s", fdt_strerror(theirs));
		return true;
	}
	(*both)++;
	return same_tree(blob, size) && same_machine(blob, size);
}

static void damaged_trees(void)
{
	unsigned both = 0, i = 0;
	char line[120];
	bool ok = true;

	while (i < NR_DAMAGED && ok) {
		uint32_t size;
		uint8_t *whole;

		rnd_seed(i + 1);
		whole = tree_by_libfdt(&size);
		for (unsigned k = 0; k < 50 && ok; k++, i++) {
			uint8_t *copy = malloc(size);

			memcpy(copy, whole, size);
			rnd_seed(diff_seed = 1000000 + i);
			damage(copy, size);
			ok = same_verdict(copy, size, &both);
			free(copy);
		}
		free(whole);
	}
	snprintf(line, sizeof(line),
		 "%u damaged trees, %u of them accepted by both, %u hang libfdt", i, both,
		 nr_hangs);
	report(ok && both > 100, line);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..3\n");
	host_map_phys(0, 1ULL << 32);
	sigaction(SIGVTALRM, &(struct sigaction){.sa_handler = give_up}, NULL);
	sound_trees(NR_LIBFDT, tree_by_libfdt, "libfdt");
	sound_trees(NR_DTC, tree_by_dtc, "dtc");
	damaged_trees();
	return all_ok ? 0 : 1;
}
