#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the plugin irqoff counted (pc,length,count), of the sections that begin in mm/.

    irqoff.py [--addr2line PROGRAM] IMAGE.elf COUNTS           one line of CSV for bench
    irqoff.py --table [--addr2line PROGRAM] IMAGE.elf COUNTS   the longest by place

A section of known length in bench/target/irqoff.c must be there, and counted exactly.
"""
import argparse
import subprocess
import sys


def places(addr2line, elf, pcs):
    """pc -> (function, file:line) of the outermost function, whatever is inlined in it."""
    out = subprocess.run([addr2line, "-e", elf, "-f", "-i", "-a"], text=True, check=True,
                         input="".join("0x%08x\n" % pc for pc in pcs),
                         capture_output=True).stdout.splitlines()
    found, pc, i = {}, None, 0
    while i < len(out):
        if out[i].startswith("0x"):
            pc = int(out[i], 16)
            i += 1
        else:  # function, then place; the last pair of a pc is the outermost
            found[pc] = (out[i], out[i + 1].split(" ")[0])
            i += 2
    return found


def main():
    args = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--addr2line", default="arm-none-eabi-addr2line")
    args.add_argument("--table", action="store_true")
    args.add_argument("elf")
    args.add_argument("counts")
    args = args.parse_args()

    rows = []
    for line in open(args.counts):
        pc, length, count = line.strip().split(",")
        rows.append((int(pc, 16), int(length), int(count)))
    place = places(args.addr2line, args.elf, sorted({pc for pc, _, _ in rows}))
    known = [(length, count) for pc, length, count in rows if place[pc][0] == "known_section"]
    if known != [(1001, 1)]:
        sys.exit("irqoff: a section of 1001 instructions was counted as %s" % known)
    rows = [(length, count, pc) for pc, length, count in rows
            if "/mm/" in place[pc][1] or place[pc][1].startswith("mm/")]
    if not rows:
        sys.exit("irqoff: nothing was counted in mm/")
    rows.sort()
    total = sum(count for _, count, _ in rows)

    if args.table:
        print("longest with interrupts off, by where they are turned off (instructions)\n")
        print("%8s %12s %10s  %s" % ("longest", "times so", "sections", "where"))
        seen = {}
        for length, count, pc in reversed(rows):
            first = seen.setdefault(pc, [length, count, 0])
            first[2] += count
        for pc, (length, count, sections) in sorted(seen.items(), key=lambda x: -x[1][0])[:10]:
            function, where = place[pc]
            print("%8d %12d %10d  %s (mm/%s)" % (length, count, sections, function,
                                                 where.split("mm/")[-1]))
        return

    def percentile(permille):
        want, seen = (total * permille + 999) // 1000, 0
        for length, count, _ in rows:
            seen += count
            if seen >= want:
                return length

    mean = sum(length * count for length, count, _ in rows) / total
    print("irqoff,total,%d,%.2f,%d,%d,%d,%d" % (total, mean, percentile(500), percentile(990),
                                                percentile(999), rows[-1][0]))


if __name__ == "__main__":
    main()
