// SPDX-License-Identifier: MIT
/*
 * commands_fs - the monitor on the memory card, all of it through the page cache.
 *
 *	sd			the card, what of it is cached, and counters
 *	sd sum			CRC-32 (as zlib's and PNG's) of all of the card
 *	sd scramble SEED N	N times: some bytes are read, changed and written
 *	sd sync			what is dirty goes to the card
 *	sd drop			what is clean leaves the memory
 *
 * What `scramble` does depends on SEED, N and the card's size only, so that another machine
 * can do it to its own copy (tests/target/sdcard.py) and compare.  On two cards of the same
 * contents it leaves the same.  The same SEED and N undo it: bytes are changed by XOR.
 *
 * State: buffer, the monitor's.  Context: the monitor's, interrupts on, no lock: cache and
 * card make us wait.
 *
 * Not here: the card (sdcard.c), the cache (mm/filemap.c).
 */
#include "boot/commands_fs.h"

#include <string.h>

#include <buddy/buddy.h>
#include <port/port.h>

#include "boot/sdcard.h"

#if BUDDY_FILEMAP

/* Too large for a stack of a few KiB; no multiple of a page, so that most ends are inside. */
static uint8_t buffer[6000];

static uint64_t card_bytes(void)
{
	return (uint64_t)sdcard()->nr_sectors << SECTOR_SHIFT;
}

static size_t piece(uint64_t left)
{
	return left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
}

static enum command_result failed(const char *what, uint64_t pos, int err)
{
	port_log("sd: %s at %lu KiB: %s\n", what, (unsigned long)(pos >> 10),
		 err == -ENOMEM ? "no memory" : "the card could not");
	return COMMAND_FAILED;
}

/* ---- the commands ----------------------------------------------------------------- */

static enum command_result show(struct address_space *cache)
{
	struct filemap_stats stats;

	filemap_stats(cache, &stats);
	port_log("card       %lu KiB, %lu sectors%s\n", (unsigned long)(card_bytes() >> 10),
		 (unsigned long)sdcard()->nr_sectors,
		 sdcard_protected() ? ", write-protected" : "");
	port_log("cached     %lu pages, %lu KiB\n", filemap_nr_pages(cache),
		 filemap_nr_pages(cache) << (PAGE_SHIFT - 10));
	port_log("looked up  %lu found, %lu not\n", (unsigned long)stats.hits,
		 (unsigned long)stats.misses);
	port_log("I/O        %lu pages read, %lu written, %lu failed, %lu sectors again\n",
		 (unsigned long)stats.reads, (unsigned long)stats.writes,
		 (unsigned long)stats.errors, (unsigned long)sdcard_retries());
	port_log("memory     %lu pages evicted, %lu moved\n", (unsigned long)stats.evicted,
		 (unsigned long)stats.moved);
	return COMMAND_OK;
}

/* CRC-32 of IEEE 802.3, reflected: 4 bits at a time. */
static uint32_t crc32(uint32_t crc, const uint8_t *byte, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	for (crc = ~crc; len; len--, byte++) {
		crc ^= *byte;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static enum command_result sum(struct address_space *cache)
{
	const uint64_t bytes = card_bytes();
	uint32_t crc = 0;
	size_t n;
	int err;

	for (uint64_t pos = 0; pos < bytes; pos += n) {
		n = piece(bytes - pos);
		err = filemap_read(cache, pos, buffer, n);
		if (err)
			return failed("read", pos, err);
		crc = crc32(crc, buffer, n);
	}
	port_log("crc32 %08lx of %lu KiB\n", (unsigned long)crc, (unsigned long)(bytes >> 10));
	return COMMAND_OK;
}

/* A counter, mixed (the finaliser of MurmurHash3): any seed will do. */
static uint32_t next_random(uint32_t *state)
{
	uint32_t z = *state += 0x9e3779b9;

	z = (z ^ z >> 16) * 0x85ebca6b;
	z = (z ^ z >> 13) * 0xc2b2ae35;
	return z ^ z >> 16;
}

/* Three numbers each time: where, how much, and the four bytes that are XORed to it. */
static enum command_result scramble(struct address_space *cache, uint32_t seed, uint32_t nr)
{
	const uint64_t bytes = card_bytes();
	uint32_t state = seed, key;
	uint64_t pos, total = 0;
	size_t n;
	int err;

	if (sdcard_protected()) {
		port_log("refused: the card is write-protected\n");
		return COMMAND_FAILED;
	}
	for (uint32_t i = 0; i < nr; i++) {
		/* 32 random bits, as a share of the sectors, then within one. */
		pos = ((uint64_t)next_random(&state) * sdcard()->nr_sectors >> 23);
		n = 1 + next_random(&state) % sizeof(buffer);
		n = n < bytes - pos ? n : (size_t)(bytes - pos);
		key = next_random(&state);
		err = filemap_read(cache, pos, buffer, n);
		for (size_t k = 0; !err && k < n; k++)
			buffer[k] ^= (uint8_t)(key >> 8 * (k & 3));
		if (!err)
			err = filemap_write(cache, pos, buffer, n);
		if (err)
			return failed("change", pos, err);
		total += n;
	}
	port_log("%lu times, %lu bytes changed; `sd sync` brings them to the card\n",
		 (unsigned long)nr, (unsigned long)total);
	return COMMAND_OK;
}

static enum command_result sync_card(struct address_space *cache)
{
	if (filemap_sync(cache)) {
		port_log("not all could be written; what could not stays dirty\n");
		return COMMAND_FAILED;
	}
	port_log("the card has everything\n");
	return COMMAND_OK;
}

static enum command_result drop(struct address_space *cache)
{
	unsigned long nr = filemap_invalidate(cache);

	port_log("%lu pages left the memory, %lu stay\n", nr, filemap_nr_pages(cache));
	return COMMAND_OK;
}

/* ---- the table's row --------------------------------------------------------------- */

static enum command_result run_on(struct address_space *cache, unsigned nr_args, char **args)
{
	uint32_t seed, nr;

	if (!nr_args)
		return show(cache);
	if (!strcmp(args[0], "scramble") && nr_args == 3) {
		if (!monitor_number("SEED", args[1], &seed) || !monitor_number("N", args[2], &nr))
			return COMMAND_USAGE;
		return scramble(cache, seed, nr);
	}
	if (!strcmp(args[0], "sum") && nr_args == 1)
		return sum(cache);
	if (!strcmp(args[0], "sync") && nr_args == 1)
		return sync_card(cache);
	if (!strcmp(args[0], "drop") && nr_args == 1)
		return drop(cache);
	port_log("sd: alone, or followed by: sum, scramble SEED N, sync, drop\n");
	return COMMAND_USAGE;
}

enum command_result run_sd(unsigned nr_args, char **args)
{
	struct address_space *cache = sdcard_cache();

	if (!sdcard()) {
		port_log("no card, or none that answered at start-up\n");
		return COMMAND_FAILED;
	}
	if (!cache) {
		port_log("no memory for its cache\n");
		return COMMAND_FAILED;
	}
	return run_on(cache, nr_args, args);
}

#else

enum command_result run_sd(unsigned nr_args, char **args)
{
	(void)nr_args, (void)args;
	port_log("this image has no page cache (BUDDY_FILEMAP)\n");
	return COMMAND_FAILED;
}

#endif /* BUDDY_FILEMAP */

const char *complete_sd(unsigned nth, unsigned i)
{
	static const char *const how[] = {"sum", "scramble", "sync", "drop"};

	return nth == 0 && i < sizeof(how) / sizeof(how[0]) ? how[i] : NULL;
}
