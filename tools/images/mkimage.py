#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes U-Boot's legacy images: a kernel for `bootm`, a boot script for `source`.

    mkimage.py kernel --load ADDR --entry ADDR [--name TEXT] IN OUT
    mkimage.py script [--name TEXT] [--set WORD=VALUE ...] IN OUT
    mkimage.py check FILE

The header is 64 bytes, big-endian: magic, CRC of the header with this field 0, time,
bytes of data, load address, entry, CRC of the data, OS, architecture, type,
compression, name.  The time is SOURCE_DATE_EPOCH or 0, so that the same input makes the
same file.  A script's data is a table of lengths, ended by 0, then the text; --set puts
VALUE where the text has @WORD@.  `check` says what a file holds, or what is wrong with it.
"""
import argparse
import os
import re
import struct
import sys
import zlib

MAGIC = 0x27051956
HEADER = struct.Struct(">7I4B32s")
OS_LINUX, ARCH_ARM, KERNEL, SCRIPT = 5, 2, 2, 6
TYPES = {KERNEL: "kernel", SCRIPT: "script"}


def image(data, kind, name, load=0, entry=0):
    """The bytes of a legacy image."""
    time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    fields = [MAGIC, 0, time, len(data), load, entry, zlib.crc32(data), OS_LINUX, ARCH_ARM,
              kind, 0, name.encode("ascii")[:32]]
    fields[1] = zlib.crc32(HEADER.pack(*fields))
    return HEADER.pack(*fields) + data


def script(text):
    return struct.pack(">2I", len(text), 0) + text


def substitute(text, words):
    for word in words:
        name, eq, value = word.partition("=")
        if not eq:
            raise ValueError("--set %s: expected WORD=VALUE" % word)
        text = text.replace("@%s@" % name, value)
    left = re.search(r"@[A-Z]+@", text)
    if left:
        raise ValueError("nothing to put in the place of %s" % left.group(0))
    return text


def check(blob):
    """What the image is, in words; ValueError for what is wrong with it."""
    if len(blob) < HEADER.size:
        raise ValueError("%d bytes: shorter than the header of 64" % len(blob))
    fields = list(HEADER.unpack_from(blob))
    magic, header_crc, _, size, load, entry, data_crc = fields[:7]
    data = blob[HEADER.size:]
    if magic != MAGIC:
        raise ValueError("magic 0x%08x: expected 0x%08x" % (magic, MAGIC))
    fields[1] = 0
    if zlib.crc32(HEADER.pack(*fields)) != header_crc:
        raise ValueError("the header's CRC is wrong")
    if len(data) != size:
        raise ValueError("%d bytes of data: the header says %d" % (len(data), size))
    if zlib.crc32(data) != data_crc:
        raise ValueError("the data's CRC is wrong")
    if fields[9] not in TYPES:
        raise ValueError("type %d: expected a kernel or a script" % fields[9])
    return "%s '%s', %d bytes, load 0x%08x, entry 0x%08x" % (
        TYPES[fields[9]], fields[11].rstrip(b"\0").decode("ascii"), size, load, entry)


def address(text):
    value = int(text, 0)
    if not 0 <= value < 1 << 32:
        raise argparse.ArgumentTypeError("%s: expected an address of 32 bits" % text)
    return value


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="what", required=True)
    k = sub.add_parser("kernel")
    k.add_argument("--load", type=address, required=True)
    k.add_argument("--entry", type=address, required=True)
    s = sub.add_parser("script")
    s.add_argument("--set", action="append", default=[])
    for q in (k, s):
        q.add_argument("--name", default="libbuddy")
        q.add_argument("input")
        q.add_argument("output")
    sub.add_parser("check").add_argument("input")
    args = p.parse_args()
    try:
        with open(args.input, "rb") as f:
            data = f.read()
        if args.what == "check":
            print("%s: %s" % (args.input, check(data)))
            return 0
        if args.what == "kernel":
            blob = image(data, KERNEL, args.name, args.load, args.entry)
        else:
            text = substitute(data.decode("ascii"), args.set)
            blob = image(script(text.encode("ascii")), SCRIPT, args.name)
        with open(args.output, "wb") as f:
            f.write(blob)
    except (OSError, ValueError) as wrong:
        print("mkimage: %s%s" % ("" if isinstance(wrong, OSError) else args.input + ": ", wrong),
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
