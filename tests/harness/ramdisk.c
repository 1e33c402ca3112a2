// SPDX-License-Identifier: MIT
/* ramdisk - see ramdisk.h. */
#include "tests/harness/ramdisk.h"

#include <string.h>

#include <buddy/errno.h>

static void enter(struct ramdisk *disk)
{
	if (__atomic_add_fetch(&disk->inside, 1, __ATOMIC_RELAXED) != 1)
		disk->collided = true;
}

static void leave(struct ramdisk *disk)
{
	__atomic_sub_fetch(&disk->inside, 1, __ATOMIC_RELAXED);
}

static bool outside(const struct ramdisk *disk, uint32_t sector, unsigned nr)
{
	return !nr || sector >= disk->dev.nr_sectors || nr > disk->dev.nr_sectors - sector;
}

static int ram_read(struct block_device *dev, uint32_t sector, void *buf, unsigned nr)
{
	struct ramdisk *disk = dev->priv;
	bool fails;

	enter(disk);
	disk->reads++;
	fails = (disk->fail_read && !--disk->fail_read) || outside(disk, sector, nr);
	if (!fails)
		memcpy(buf, disk->bytes + ((size_t)sector << SECTOR_SHIFT),
		       (size_t)nr << SECTOR_SHIFT);
	leave(disk);
	return fails ? -EIO : 0;
}

static int ram_write(struct block_device *dev, uint32_t sector, const void *buf, unsigned nr)
{
	struct ramdisk *disk = dev->priv;
	bool fails;

	enter(disk);
	disk->writes++;
	fails = (disk->fail_write && !--disk->fail_write) || disk->broken ||
		outside(disk, sector, nr);
	if (!fails)
		memcpy(disk->bytes + ((size_t)sector << SECTOR_SHIFT), buf,
		       (size_t)nr << SECTOR_SHIFT);
	leave(disk);
	return fails ? -EIO : 0;
}

void ramdisk_init(struct ramdisk *disk, unsigned char *bytes, uint32_t nr_sectors)
{
	*disk = (struct ramdisk){
		.dev = {"ram", nr_sectors, ram_read, ram_write, disk},
		.bytes = bytes,
	};
}
