/* SPDX-License-Identifier: MIT */
/*
 * The reader of the flattened device tree.
 *
 * Owns no state: a struct fdt is filled by fdt_open() and then only read.  No
 * locks, no allocation, no recursion, no arch code; every loop goes forward
 * through the blob, so that its length bounds it.
 *
 * fdt_open() checks the header, that the reservation block has its end, every
 * token of the structure block, the nesting, and that every name is a short
 * printable string within its block.  All calls after it rely on that, and on
 * the blob staying as it is.  What lies *in* the properties is checked where it
 * is used.
 *
 * mem* and str* functions are not used here: C libraries read unaligned words
 * in them, which faults while the MMU is off.
 *
 * Not here: what the tree means for this machine (fdt_scan.c).
 */
#include <boot/fdt.h>
#include <port/port.h>

#define MAGIC	      0xd00dfeedU
#define HEADER_V16    36U /* bytes, without size_dt_struct */
#define HEADER_V17    40U
#define TOTALSIZE_MAX 0x7fffffffU /* offsets are ints */

/* byte offsets in the header */
#define H_MAGIC	       0
#define H_TOTALSIZE    4
#define H_STRUCT_OFF   8
#define H_STRINGS_OFF  12
#define H_RSVMAP_OFF   16
#define H_VERSION      20
#define H_LAST_COMP    24
#define H_STRINGS_SIZE 32
#define H_STRUCT_SIZE  36

enum { TOKEN_BEGIN = 1, TOKEN_END_NODE = 2, TOKEN_PROP = 3, TOKEN_NOP = 4, TOKEN_END = 9 };

/* One token of the structure block and what follows it. */
struct token {
	uint32_t tag;
	struct fdt_prop prop; /* TOKEN_BEGIN: only the name; .next: the token after this one */
};

/* ---- bytes and strings ------------------------------------------------- */

/* `p` is 4-byte aligned; the compiler makes one load and one reversal of it. */
static uint32_t load32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t load64(const void *p)
{
	return (uint64_t)load32(p) << 32 | load32((const uint8_t *)p + 4);
}

bool fdt_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/*
 * The length of the name at [off, end), or -1: no NUL, too long, or a byte that
 * no console should be sent.
 */
static int name_length(const struct fdt *t, uint32_t off, uint32_t end)
{
	for (uint32_t n = 0; n <= FDT_MAX_NAME && off + n < end; n++) {
		uint8_t c = t->blob[off + n];

		if (c == 0)
			return (int)n;
		if (c <= 0x20 || c >= 0x7f)
			return -1;
	}
	return -1;
}

/* ---- tokens ------------------------------------------------------------- */

static uint32_t align4(uint32_t off)
{
	return (off + 3) & ~3U;
}

/*
 * Reads the token at `off`.  NULL, or what is wrong with it.  No sum wraps:
 * every offset is below 2^31 and every length is compared with what is left.
 */
static const char *read_token(const struct fdt *t, uint32_t off, struct token *tok)
{
	uint32_t left, name;
	int n;

	if (off >= t->struct_end || t->struct_end - off < 4)
		return "structure block ends without FDT_END";
	tok->tag = load32(t->blob + off);
	off += 4;
	left = t->struct_end - off;

	switch (tok->tag) {
	case TOKEN_BEGIN:
		n = name_length(t, off, t->struct_end);
		if (n < 0)
			return "node name is too long, not terminated or not printable";
		tok->prop.name = (const char *)t->blob + off;
		off += (uint32_t)n + 1;
		break;
	case TOKEN_PROP:
		if (left < 8)
			return "property is cut short";
		tok->prop.len = load32(t->blob + off);
		if (tok->prop.len > left - 8)
			return "property is longer than the structure block";
		name = load32(t->blob + off + 4);
		if (name >= t->strings_end - t->strings_off)
			return "property name lies outside of the strings block";
		name += t->strings_off;
		tok->prop.name = (const char *)t->blob + name;
		if (name_length(t, name, t->strings_end) < 0)
			return "property name is too long, not terminated or not printable";
		tok->prop.data = t->blob + off + 8;
		off += 8 + tok->prop.len;
		break;
	case TOKEN_END_NODE:
	case TOKEN_NOP:
	case TOKEN_END:
		break;
	default:
		return "unknown token";
	}
	tok->prop.next = align4(off);
	return NULL;
}

/* ---- the check ----------------------------------------------------------- */

static int refuse(const char *why, uint32_t off)
{
	port_log("fdt: refused: %s (byte 0x%x)\n", why, (unsigned)off);
	return -EINVAL;
}

/* Is [off, off + size) within the blob and behind the header? */
static bool block_fits(const struct fdt *t, uint32_t header, uint32_t off, uint32_t size)
{
	return off >= header && off <= t->totalsize && size <= t->totalsize - off;
}

static int check_header(struct fdt *t, const void *blob, size_t max_bytes)
{
	uint32_t version, header, size;

	t->blob = blob;
	if (!blob || ((uintptr_t)blob & 3)) {
		port_log("fdt: refused: address %p, expected one that is a multiple of 8\n", blob);
		return -EINVAL;
	}
	if (max_bytes < HEADER_V16)
		return refuse("no room for a header", (uint32_t)max_bytes);
	if (load32(t->blob + H_MAGIC) != MAGIC)
		return refuse("no magic number 0xd00dfeed", H_MAGIC);

	version = load32(t->blob + H_VERSION);
	if (version < 16 || load32(t->blob + H_LAST_COMP) > 17)
		return refuse("format version is not 16 or 17", H_VERSION);
	header = version < 17 ? HEADER_V16 : HEADER_V17;
	t->totalsize = load32(t->blob + H_TOTALSIZE);
	if (t->totalsize < header)
		return refuse("total size is less than the header", H_TOTALSIZE);
	if (t->totalsize > max_bytes || t->totalsize > TOTALSIZE_MAX)
		return refuse("total size is more than the memory that may hold it", H_TOTALSIZE);

	t->rsvmap_off = load32(t->blob + H_RSVMAP_OFF);
	if ((t->rsvmap_off & 7) || !block_fits(t, header, t->rsvmap_off, 16))
		return refuse("reservation block is misplaced", H_RSVMAP_OFF);

	t->strings_off = load32(t->blob + H_STRINGS_OFF);
	size = load32(t->blob + H_STRINGS_SIZE);
	if (!block_fits(t, header, t->strings_off, size))
		return refuse("strings block lies outside of the tree", H_STRINGS_OFF);
	t->strings_end = t->strings_off + size;

	t->struct_off = load32(t->blob + H_STRUCT_OFF);
	if ((t->struct_off & 3) || !block_fits(t, header, t->struct_off, 0))
		return refuse("structure block is misplaced", H_STRUCT_OFF);
	/* Version 16 does not say how long it is. */
	size = version < 17 ? t->totalsize - t->struct_off : load32(t->blob + H_STRUCT_SIZE);
	if (!block_fits(t, header, t->struct_off, size))
		return refuse("structure block lies outside of the tree", H_STRUCT_SIZE);
	t->struct_end = t->struct_off + size;
	return 0;
}

/* The reservation block ends with (0, 0), and within the blob. */
static int check_rsvmap(const struct fdt *t)
{
	uint32_t off = t->rsvmap_off;

	for (; t->totalsize - off >= 16; off += 16) {
		if (load64(t->blob + off) == 0 && load64(t->blob + off + 8) == 0)
			return 0;
	}
	return refuse("reservation block has no (0, 0) at its end", off);
}

/* One root node, everything nested in it, FDT_END behind it. */
static int check_structure(const struct fdt *t)
{
	uint32_t off = t->struct_off;
	unsigned depth = 0;
	bool root_done = false;

	for (;;) {
		struct token tok;
		const char *wrong = read_token(t, off, &tok);

		if (wrong)
			return refuse(wrong, off);
		switch (tok.tag) {
		case TOKEN_BEGIN:
			if (root_done)
				return refuse("second root node", off);
			if (++depth > FDT_MAX_DEPTH)
				return refuse("nodes are nested too deep", off);
			break;
		case TOKEN_END_NODE:
			if (depth == 0)
				return refuse("end of a node that has not begun", off);
			root_done = --depth == 0;
			break;
		case TOKEN_PROP:
			if (depth == 0)
				return refuse("property outside of all nodes", off);
			break;
		case TOKEN_END:
			if (!root_done)
				return refuse("end of the tree within a node", off);
			return 0;
		}
		off = tok.prop.next;
	}
}

/*
 * fdt_open - checks a device tree and makes it readable.
 *
 * Start-up or any context; reads at most `max_bytes` from `blob`.  0, or -EINVAL
 * after one line on the console.  Devicetree Specification v0.4, chapter 5.
 */
int fdt_open(struct fdt *t, const void *blob, size_t max_bytes)
{
	int err = check_header(t, blob, max_bytes);

	if (!err)
		err = check_rsvmap(t);
	if (!err)
		err = check_structure(t);
	return err;
}

int fdt_check(const void *blob, size_t max_bytes)
{
	struct fdt t;

	return fdt_open(&t, blob, max_bytes);
}

/* ---- nodes ---------------------------------------------------------------- */

/* The token behind that of `node`; false when there is no node. */
static bool enter(const struct fdt *t, int node, struct token *tok)
{
	return node >= 0 && !read_token(t, (uint32_t)node, tok) && tok->tag == TOKEN_BEGIN;
}

int fdt_root(const struct fdt *t)
{
	uint32_t off = t->struct_off;
	struct token tok;

	while (!read_token(t, off, &tok) && tok.tag == TOKEN_NOP)
		off = tok.prop.next;
	return (int)off;
}

int fdt_walk(const struct fdt *t, int node, int *depth)
{
	struct token tok;

	if (!enter(t, node, &tok))
		return -ENOENT;
	for (;;) {
		uint32_t off = tok.prop.next;

		if (read_token(t, off, &tok) || tok.tag == TOKEN_END)
			return -ENOENT;
		if (tok.tag == TOKEN_BEGIN) {
			(*depth)++;
			return (int)off;
		}
		if (tok.tag == TOKEN_END_NODE)
			(*depth)--;
	}
}

int fdt_child(const struct fdt *t, int node)
{
	int depth = 0;

	node = fdt_walk(t, node, &depth);
	return depth == 1 ? node : -ENOENT;
}

int fdt_sibling(const struct fdt *t, int node)
{
	int depth = 0;

	/* Stops at the next node that is no descendant: a sibling, or higher up. */
	do
		node = fdt_walk(t, node, &depth);
	while (node >= 0 && depth > 0);
	return depth == 0 ? node : -ENOENT;
}

/* The tree knows no way up: walks from the root and remembers the way down. */
int fdt_parent(const struct fdt *t, int node)
{
	int way[FDT_MAX_DEPTH];
	int depth = 0;

	for (int n = fdt_root(t); n >= 0; n = fdt_walk(t, n, &depth)) {
		way[depth] = n;
		if (n == node)
			return depth > 0 ? way[depth - 1] : -ENOENT;
	}
	return -ENOENT;
}

const char *fdt_name(const struct fdt *t, int node)
{
	struct token tok;

	return enter(t, node, &tok) ? tok.prop.name : "";
}

/* `name` is the `len` bytes at `want`, which may lack the unit address. */
static bool name_fits(const char *name, const char *want, size_t len)
{
	bool has_unit = false;

	for (size_t i = 0; i < len; i++) {
		if (name[i] == '\0' || name[i] != want[i])
			return false;
		has_unit |= want[i] == '@';
	}
	return name[len] == '\0' || (name[len] == '@' && !has_unit);
}

bool fdt_name_is(const struct fdt *t, int node, const char *base)
{
	size_t len = 0;

	while (base[len])
		len++;
	return name_fits(fdt_name(t, node), base, len);
}

/* The length of the part of a path at `path`. */
static size_t part_length(const char *path)
{
	size_t n = 0;

	while (path[n] && path[n] != '/' && path[n] != ':')
		n++;
	return n;
}

/* Follows the parts of a path down from `node`. */
static int descend(const struct fdt *t, int node, const char *path)
{
	for (;;) {
		size_t len;

		while (*path == '/')
			path++;
		len = part_length(path);
		if (len == 0)
			return node;
		node = fdt_child(t, node);
		while (node >= 0 && !name_fits(fdt_name(t, node), path, len))
			node = fdt_sibling(t, node);
		if (node < 0)
			return -ENOENT;
		path += len;
	}
}

int fdt_path(const struct fdt *t, const char *path)
{
	size_t len = part_length(path);
	const char *target = NULL;
	struct fdt_prop alias;
	int node;

	if (*path == '/')
		return descend(t, fdt_root(t), path);
	node = descend(t, fdt_root(t), "/aliases");
	for (bool more = fdt_first_prop(t, node, &alias); more && !target;
	     more = fdt_next_prop(t, &alias)) {
		if (name_fits(alias.name, path, len) && alias.name[len] == '\0')
			target = fdt_str(t, node, alias.name);
	}
	if (!target || *target != '/')
		return -ENOENT;
	return descend(t, descend(t, fdt_root(t), target), path + len);
}

int fdt_find_compatible(const struct fdt *t, int from, const char *compatible)
{
	int node = from < 0 ? fdt_root(t) : from;
	int depth = 0;

	for (; node >= 0; node = fdt_walk(t, node, &depth)) {
		if (node != from && fdt_is_compatible(t, node, compatible))
			return node;
	}
	return -ENOENT;
}

bool fdt_is_compatible(const struct fdt *t, int node, const char *compatible)
{
	uint32_t len, start = 0;
	const char *list = fdt_get(t, node, "compatible", &len);

	for (uint32_t i = 0; list && i < len; i++) {
		if (list[i] != '\0')
			continue;
		if (fdt_streq(list + start, compatible))
			return true;
		start = i + 1;
	}
	return false;
}

bool fdt_is_enabled(const struct fdt *t, int node)
{
	const char *status;

	if (!fdt_get(t, node, "status", NULL))
		return true;
	status = fdt_str(t, node, "status");
	return status && (fdt_streq(status, "okay") || fdt_streq(status, "ok"));
}

/* ---- properties ------------------------------------------------------------ */

static bool prop_at(const struct fdt *t, uint32_t off, struct fdt_prop *prop)
{
	struct token tok;

	do {
		if (read_token(t, off, &tok))
			return false;
		off = tok.prop.next;
	} while (tok.tag == TOKEN_NOP);
	if (tok.tag != TOKEN_PROP)
		return false;
	*prop = tok.prop;
	return true;
}

bool fdt_first_prop(const struct fdt *t, int node, struct fdt_prop *prop)
{
	struct token tok;

	return enter(t, node, &tok) && prop_at(t, tok.prop.next, prop);
}

bool fdt_next_prop(const struct fdt *t, struct fdt_prop *prop)
{
	return prop_at(t, prop->next, prop);
}

const void *fdt_get(const struct fdt *t, int node, const char *name, uint32_t *len)
{
	struct fdt_prop prop;

	for (bool more = fdt_first_prop(t, node, &prop); more; more = fdt_next_prop(t, &prop)) {
		if (fdt_streq(prop.name, name)) {
			if (len)
				*len = prop.len;
			return prop.data;
		}
	}
	return NULL;
}

const char *fdt_str(const struct fdt *t, int node, const char *name)
{
	uint32_t len;
	const char *s = fdt_get(t, node, name, &len);

	for (uint32_t i = 0; s && i < len; i++) {
		if (s[i] == '\0')
			return s;
	}
	return NULL;
}

int fdt_number(const struct fdt *t, int node, const char *name, uint64_t *value)
{
	uint32_t len;
	const void *data = fdt_get(t, node, name, &len);

	if (!data)
		return -ENOENT;
	if (len != 4 && len != 8)
		return -EINVAL;
	*value = len == 4 ? load32(data) : load64(data);
	return 0;
}

int fdt_u32(const struct fdt *t, int node, const char *name, uint32_t *value)
{
	uint32_t len;
	const void *data = fdt_get(t, node, name, &len);

	if (!data)
		return -ENOENT;
	if (len != 4)
		return -EINVAL;
	*value = load32(data);
	return 0;
}

int fdt_cells(const struct fdt *t, int node, struct fdt_cells *cells)
{
	cells->address = 2;
	cells->size = 1;
	if (fdt_u32(t, node, "#address-cells", &cells->address) == -EINVAL ||
	    fdt_u32(t, node, "#size-cells", &cells->size) == -EINVAL)
		return -EINVAL;
	return cells->address >= 1 && cells->address <= 2 && cells->size <= 2 ? 0 : -EINVAL;
}

int fdt_range(const void *list, uint32_t len, struct fdt_cells cells, uint32_t i, uint64_t *base,
	      uint64_t *size)
{
	uint32_t bytes = 4 * (cells.address + cells.size);
	const uint8_t *p = list;

	if (bytes == 0 || i >= len / bytes)
		return -ENOENT;
	p += i * bytes;
	*base = cells.address == 2 ? load64(p) : load32(p);
	p += 4 * cells.address;
	*size = cells.size == 2 ? load64(p) : cells.size == 1 ? load32(p) : 0;
	return 0;
}

int fdt_reg(const struct fdt *t, int node, uint32_t i, uint64_t *base, uint64_t *size)
{
	struct fdt_cells cells;
	uint32_t len;
	const void *reg = fdt_get(t, node, "reg", &len);

	if (!reg)
		return -ENOENT;
	if (fdt_cells(t, fdt_parent(t, node), &cells))
		return -EINVAL;
	return fdt_range(reg, len, cells, i, base, size);
}

int fdt_rsv(const struct fdt *t, uint32_t i, uint64_t *base, uint64_t *size)
{
	const uint8_t *p = t->blob + t->rsvmap_off;

	if (i >= (t->totalsize - t->rsvmap_off) / 16)
		return -ENOENT;
	p += (size_t)i * 16;
	*base = load64(p);
	*size = load64(p + 8);
	return *base || *size ? 0 : -ENOENT;
}
