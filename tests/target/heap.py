#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C library's own heap is in no image: its malloc() is the allocator's.

    heap.py [--nm NM] IMAGE.elf ...

Prints TAP: for each image, that nothing asks for more memory by sbrk, that none of newlib's
allocator is linked, and that _malloc_r() is there where malloc() is.
"""
import argparse
import subprocess
import sys


def symbols(nm, image):
    out = subprocess.run([nm, image], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in out.splitlines()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nm", default="arm-none-eabi-nm")
    parser.add_argument("images", nargs="+")
    args = parser.parse_args()
    failed = nr = 0
    for image in args.images:
        have = symbols(args.nm, image)
        own = {s for s in have if "sbrk" in s or s in (
            "__malloc_free_list", "__malloc_sbrk_start", "__malloc_av_", "__malloc_lock")}
        for what, ok in (("nothing calls sbrk, no second heap %s" % sorted(own), not own),
                         ("malloc is kmalloc", {"_malloc_r", "_free_r", "kmalloc"} <= have)):
            nr += 1
            failed += not ok
            print("%s %d - %s: %s" % ("ok" if ok else "not ok", nr, image, what))
    print("1..%d" % nr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
