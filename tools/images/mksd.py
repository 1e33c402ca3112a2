#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the image of a memory card: MBR, one FAT16 partition, some files in its root.

    mksd.py [--mib N] OUT FILE[=NAME] ...

The partition is active, of type 0x0e, and begins at 1 MiB, which leaves room for a
boot loader of the board's before it.  N is a power of two, as QEMU wants it of a card,
from 16 to 1024.  A name on the card has at most 30 characters and no path; those that
are not 8.3 in capitals get a VFAT entry too.  Every file lies in one piece.  The same input makes the same
file: the time of all files is SOURCE_DATE_EPOCH, or 1980-01-01.
"""
import argparse
import os
import struct
import sys
import time

SECTOR = 512
START = 2048            # of the partition, in sectors
RESERVED, FATS, ROOT_ENTRIES = 4, 2, 512
EOC = 0xffff
SHORT = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-~")


def dos_time():
    t = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), 315532800))
    return (t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec // 2,
            (t.tm_year - 1980) << 9 | t.tm_mon << 5 | t.tm_mday)


def short_name(name, taken):
    """The 8.3 name in 11 bytes, and whether it says all."""
    base, dot, ext = name.rpartition(".")
    if not dot:
        base, ext = name, ""
    up, upx = base.upper(), ext.upper()
    whole = (len(up) <= 8 and len(upx) <= 3 and set(up + upx) <= SHORT and base)
    if not whole:
        up = "".join(c if c in SHORT else "_" for c in up)[:6]
        upx = "".join(c if c in SHORT else "_" for c in upx)[:3]
        up += "~%d" % (1 + sum(t.startswith(up.encode("ascii")) for t in taken))
    return ("%-8s%-3s" % (up, upx)).encode("ascii"), bool(whole) and name == name.upper()


def long_entries(name, short):
    """VFAT entries of a name, the last part first, as they stand in the directory."""
    checksum = 0
    for c in short:
        checksum = ((checksum >> 1 | checksum << 7) + c) & 0xff
    units = list(name.encode("utf-16-le"))
    words = [units[i] | units[i + 1] << 8 for i in range(0, len(units), 2)]
    parts = (len(words) + 12) // 13
    words += [0] * (len(words) % 13 != 0)
    words += [0xffff] * (parts * 13 - len(words))
    out = b""
    for i in range(parts, 0, -1):
        w = words[(i - 1) * 13:i * 13]
        out += struct.pack("<B5HBBB6HH2H", i | (0x40 if i == parts else 0), *w[:5], 0x0f, 0,
                           checksum, *w[5:11], 0, *w[11:])
    return out


def partition(sectors, files):
    """The bytes at the start of a FAT16 file system that matter; the rest is zeros."""
    per_cluster = max(1, sectors // 32768)
    while True:
        fat_sectors = ((sectors // per_cluster + 2) * 2 + SECTOR - 1) // SECTOR
        data_start = RESERVED + FATS * fat_sectors + ROOT_ENTRIES * 32 // SECTOR
        clusters = (sectors - data_start) // per_cluster
        if clusters < 65525:
            break
        per_cluster *= 2
    if clusters < 4085:
        raise ValueError("%d clusters are too few for FAT16" % clusters)

    boot = struct.pack("<3s8sHBHBHHBHHHIIBBBI11s8s", b"\xeb\x3c\x90", b"LIBBUDDY", SECTOR,
                       per_cluster, RESERVED, FATS, ROOT_ENTRIES,
                       sectors if sectors < 65536 else 0, 0xf8, fat_sectors, 63, 255, START,
                       sectors if sectors >= 65536 else 0, 0x80, 0, 0x29, 0x1bb0dd1e,
                       b"LIBBUDDY   ", b"FAT16   ")
    fat, root, data = [0xfff8, EOC], b"", b""
    clock, day = dos_time()
    root += struct.pack("<11sB10xHHHI", b"LIBBUDDY   ", 0x08, clock, day, 0, 0)
    taken = []
    for name, blob in files:
        short, whole = short_name(name, taken)
        taken.append(short)
        nr = -(-len(blob) // (per_cluster * SECTOR))
        first = len(fat) if nr else 0
        fat += list(range(first + 1, first + nr)) + [EOC] * (nr > 0)
        if not whole:
            root += long_entries(name, short)
        root += struct.pack("<11sBBBHHHHHHHI", short, 0x20, 0, 0, clock, day, day, 0, clock, day,
                            first, len(blob))
        data += blob + bytes(nr * per_cluster * SECTOR - len(blob))
    if len(fat) - 2 > clusters:
        raise ValueError("the files take %d KiB, there are %d" %
                         (len(data) // 1024, clusters * per_cluster // 2))
    if len(root) > ROOT_ENTRIES * 32:
        raise ValueError("too many files for the root directory")
    table = struct.pack("<%dH" % len(fat), *fat)
    table += bytes(fat_sectors * SECTOR - len(table))
    boot += bytes(510 - len(boot)) + b"\x55\xaa" + bytes((RESERVED - 1) * SECTOR)
    return boot + table * FATS + root + bytes(ROOT_ENTRIES * 32 - len(root)) + data


def mbr(sectors):
    """One active entry; the geometry fields say that they do not count."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x0e, b"\xfe\xff\xff", START, sectors)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def read(word):
    path, _, name = word.partition("=")
    name = name or os.path.basename(path)
    if not 0 < len(name) <= 30 or "/" in name:
        raise ValueError("%s: a name on the card has 1 to 30 characters and no path" % name)
    with open(path, "rb") as f:
        return name, f.read()


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mib", type=int, default=16)
    p.add_argument("output")
    p.add_argument("file", nargs="+")
    args = p.parse_args()
    try:
        if args.mib & (args.mib - 1) or not 16 <= args.mib <= 1024:
            raise ValueError("--mib %d: expected a power of two from 16 to 1024" % args.mib)
        files = [read(word) for word in args.file]
        names = [name.lower() for name, _ in files]
        if len(set(names)) != len(names):
            raise ValueError("two files of the same name")
        sectors = args.mib * 2048 - START
        blob = partition(sectors, files)
        with open(args.output, "wb") as f:
            f.write(mbr(sectors))
            f.seek(START * SECTOR)
            f.write(blob)
            f.truncate(args.mib << 20)
    except (OSError, ValueError) as wrong:
        print("mksd: %s" % wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
