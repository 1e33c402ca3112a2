// SPDX-License-Identifier: MIT
/*
 * sdcard - the memory card as a block device, with a page cache over it.
 *
 * What the driver calls errors become -EIO here, with a line that names sector and cause.
 *
 * State: card and cache, written once each.  Operations on the card come one at a time: the
 * cache sees to that, and there is no other user.
 *
 * Not here: how a card is spoken to (drivers/mmci.c), the cache (mm/filemap.c).
 */
#include "boot/sdcard.h"

#include <stddef.h>

#include <board.h>
#include <buddy/errno.h>
#include <port/port.h>

#include "drivers/mmci.h"
#include "drivers/sysreg.h"

#ifdef BOARD_MMCI_BASE

static int failed(const char *what, uint32_t sector, enum mmci_error err)
{
	if (err == MMCI_CARD_STATUS)
		port_log("sd: sector %lu, %s: %s, %08lx\n", (unsigned long)sector, what,
			 mmci_error_name(err), (unsigned long)mmci_card_status());
	else
		port_log("sd: sector %lu, %s: %s\n", (unsigned long)sector, what,
			 mmci_error_name(err));
	return -EIO;
}

static int read_sectors(struct block_device *dev, uint32_t sector, void *buf, unsigned nr)
{
	char *to = buf;
	enum mmci_error err;

	(void)dev;
	for (; nr; nr--, sector++, to += MMCI_BLOCK_BYTES) {
		err = mmci_read(sector, to);
		if (err)
			return failed("read", sector, err);
	}
	return 0;
}

static int write_sectors(struct block_device *dev, uint32_t sector, const void *buf, unsigned nr)
{
	const char *from = buf;
	enum mmci_error err;

	(void)dev;
	if (sdcard_protected()) {
		port_log("sd: sector %lu, write: the card is write-protected\n",
			 (unsigned long)sector);
		return -EIO;
	}
	for (; nr; nr--, sector++, from += MMCI_BLOCK_BYTES) {
		err = mmci_write(sector, from);
		if (err)
			return failed("write", sector, err);
	}
	return 0;
}

static struct block_device card = {
	.name = "sd",
	.read = read_sectors,
	.write = write_sectors,
};

void sdcard_init(void)
{
	enum mmci_error err = mmci_init(BOARD_MMCI_BASE, BOARD_MMCI_CLOCK);

	if (err) {
		port_log("sd: %s\n", mmci_error_name(err));
		return;
	}
	card.nr_sectors = mmci_nr_blocks();
	port_log("sd: %lu MiB card%s\n", (unsigned long)(card.nr_sectors >> 11),
		 sdcard_protected() ? ", write-protected" : "");
}

bool sdcard_protected(void)
{
	return sysreg_card_protected();
}

uint32_t sdcard_retries(void)
{
	return mmci_retries();
}

#else

static struct block_device card; /* without a sector */

void sdcard_init(void)
{
	port_log("sd: no driver for this board's card slot\n");
}

bool sdcard_protected(void)
{
	return false;
}

uint32_t sdcard_retries(void)
{
	return 0;
}

#endif

struct block_device *sdcard(void)
{
	return card.nr_sectors ? &card : NULL;
}

#if BUDDY_FILEMAP

static struct address_space *cache; /* atomic */

struct address_space *sdcard_cache(void)
{
	struct address_space *mine, *first = __atomic_load_n(&cache, __ATOMIC_ACQUIRE);

	if (first || !sdcard())
		return first;
	mine = filemap_open(&card);
	/* Two may come at once: the second one's, still empty, goes. */
	if (mine && !__atomic_compare_exchange_n(&cache, &first, mine, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
		filemap_close(mine);
		return first;
	}
	return mine;
}

#else

struct address_space *sdcard_cache(void)
{
	return NULL;
}

#endif
