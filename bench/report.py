#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Instructions per operation: the image's lines as CSV, and as a table beside others.

    report.py --csv RUN.LOG [MORE.CSV ...]   the image's output -> CSV on standard output
    report.py TARGET.CSV                     the table

A case that is missing is an error; a goal that is missed is marked.
"""
import csv
import sys

COLUMNS = "case,op,n,mean,p50,p99,p999,max".split(",")

# What must be there, whatever it says.
CASES = (["hot_o%d" % o for o in range(11)]
         + ["batch%d_o0%s" % (n, s) for n in (64, 512, 4096) for s in ("", "_lifo")]
         + "bulk64_o0 churn_mixed churn_o0 zero_o0 worst_split worst_merge oom_o0 "
           "checkerboard_o1 init cma256 compact_o9 compact_o10 compact_copy case_35 kswapd "
           "direct_reclaim fail_o0 fail_o9 fail_o9_scattered irqoff "
           "kmalloc64 kmalloc1k kmalloc64_b512 kmalloc_churn".split())

# Row: what it is, our figure (case, op, column), the goal, Linux 6.1, best peer, floor.
# Linux 6.1.192, vexpress_defconfig stripped, one 1 GiB zone; the peers (RT-Thread's mm_page,
# FreeBSD's vm_phys core, LLFree-c, TLSF) with a spin lock; the floor is hand assembly.
ROWS = [
    ("order 0, hot pair: alloc", "hot_o0", "alloc", "mean", 24, 241, "51 RT-Thread", 11),
    ("order 0, hot pair: free", "hot_o0", "free", "mean", 24, 164, "56 RT-Thread", 13),
    ("order 1, pair", "hot_o1", "pair", "mean", 56, 495, "107 RT-Thread", 24),
    ("order 2, pair", "hot_o2", "pair", "mean", 56, 536, "107 RT-Thread", 24),
    ("order 3, pair", "hot_o3", "pair", "mean", 56, 627, "107 RT-Thread", 24),
    ("order 4, pair", "hot_o4", "pair", "mean", 110, 1227, "107 RT-Thread", 42),
    ("order 5, pair", "hot_o5", "pair", "mean", 110, "", "", 42),
    ("order 6, pair", "hot_o6", "pair", "mean", 110, "", "", 42),
    ("order 7, pair", "hot_o7", "pair", "mean", 110, "", "", 42),
    ("order 8, pair", "hot_o8", "pair", "mean", 110, "", "", 42),
    ("order 9, pair", "hot_o9", "pair", "mean", 110, 19664, "126 FreeBSD", 42),
    ("order 10, pair", "hot_o10", "pair", "mean", 110, 38523, "94 RT-Thread", 42),
    ("64 pages, each: alloc", "batch64_o0", "alloc", "mean", 35, 241, "80 FreeBSD", ""),
    ("64 pages, each: free", "batch64_o0", "free", "mean", 35, 163, "84 RT-Thread", ""),
    ("64 pages, last in first out: free", "batch64_o0_lifo", "free", "mean", 35, "", "", ""),
    ("512 pages, each: alloc", "batch512_o0", "alloc", "mean", "", "", "", ""),
    ("512 pages, each: free", "batch512_o0", "free", "mean", "", "", "", ""),
    ("4096 pages, each: alloc", "batch4096_o0", "alloc", "mean", 50, 354, "79 FreeBSD", ""),
    ("4096 pages, each: free", "batch4096_o0", "free", "mean", 60, 380, "84 RT-Thread", ""),
    ("4096, last in first out: alloc", "batch4096_o0_lifo", "alloc", "mean", 50, "", "", ""),
    ("4096, last in first out: free", "batch4096_o0_lifo", "free", "mean", 60, "", "", ""),
    ("array of 64, each: alloc", "bulk64_o0", "alloc", "mean", 10, 45.6, "", ""),
    ("array of 64, each: free", "bulk64_o0", "free", "mean", 20, 141, "", ""),
    ("random churn: alloc", "churn_mixed", "alloc", "mean", 40, 298, "52 RT-Thread", ""),
    ("random churn: free", "churn_mixed", "free", "mean", 40, 246, "57 RT-Thread", ""),
    ("random churn: alloc, 99.9 %", "churn_mixed", "alloc", "p999", 600, 3700, "128 FreeBSD", ""),
    ("random churn: free, 99.9 %", "churn_mixed", "free", "p999", 600, 6572, "84 RT-Thread", ""),
    ("random churn: alloc, max", "churn_mixed", "alloc", "max", 1000, 7247, "289 FreeBSD", ""),
    ("random churn: free, max", "churn_mixed", "free", "max", 1000, 29669, "178 TLSF", ""),
    ("order 0 out of a block of order 10", "worst_split", "alloc", "max", 250, 14708,
     "289 FreeBSD", ""),
    ("a block of order 10 back as pages: max", "worst_merge", "free", "max", 250, 23815,
     "178 TLSF", ""),
    ("a zeroed page, above hot", "zero_o0", "zero", "mean", 200, 426, "", 128),
    ("out of memory, order 0", "oom_o0", "alloc", "mean", 150, 759, "73 TLSF", ""),
    ("checkerboard, order 1", "checkerboard_o1", "alloc", "mean", 150, 759, "73 TLSF", ""),
    ("CMA: 256 pages from a free area", "cma256", "alloc", "mean", 15000, 154005, "", ""),
    ("CMA: and back", "cma256", "free", "mean", "", "", "", ""),
    ("compaction, order 9: per page moved", "compact_o9", "total", "mean", 1000, "", "", 416),
    ("compaction, order 10: per page moved", "compact_o10", "total", "mean", 1000, "", "", 416),
    ("the copy of a page alone", "compact_copy", "total", "mean", "", "", "", 416),
    ("checkerboard: blocks of order 9 lacking", "compact_o9", "lacking", "max", 0, "", "", ""),
    ("checkerboard: blocks of order 10 lacking", "compact_o10", "lacking", "max", 0, "", "", ""),
    ("case 35: of 100 blocks of order 9 lacking", "case_35", "lacking", "max", 0, 86, "", ""),
    ("kmalloc(64), hot pair: alloc", "kmalloc64", "alloc", "mean", 40, "", "", ""),
    ("kmalloc(64), hot pair: free", "kmalloc64", "free", "mean", 40, "", "", ""),
    ("kmalloc(1024), hot pair: alloc", "kmalloc1k", "alloc", "mean", "", "", "", ""),
    ("kmalloc(1024), hot pair: free", "kmalloc1k", "free", "mean", "", "", "", ""),
    ("512 of 64 bytes, each: alloc", "kmalloc64_b512", "alloc", "mean", "", "", "", ""),
    ("512 of 64 bytes, each: free", "kmalloc64_b512", "free", "mean", "", "", "", ""),
    ("kmalloc() of random sizes: alloc", "kmalloc_churn", "alloc", "mean", "", "", "", ""),
    ("kmalloc() of random sizes: free", "kmalloc_churn", "free", "mean", "", "", "", ""),
    ("kmalloc() of random sizes: alloc, max", "kmalloc_churn", "alloc", "max", "", "", "", ""),
    ("kmalloc() of random sizes: free, max", "kmalloc_churn", "free", "max", "", "", "", ""),
    ("kswapd, per page freed", "kswapd", "free", "mean", "", "", "", ""),
    ("direct reclaim of 32, per page freed", "direct_reclaim", "free", "mean", "", "", "", ""),
    ("fails after all was tried, order 0", "fail_o0", "alloc", "mean", "", "", "", ""),
    ("the same, order 9", "fail_o9", "alloc", "mean", "", "", "", ""),
    ("order 9, every second page free", "fail_o9_scattered", "alloc", "mean", "", "", "", ""),
    ("order 9, the one that looks at all", "fail_o9_scattered", "alloc", "max", "", "", "", ""),
    ("1 GiB: until the first page", "init", "alloc", "mean", 100000, 34600000, "90000 LLFree-c", ""),
    ("1 GiB: until all of it can be had", "init", "total", "mean", 1100000, 34600000,
     "90000 LLFree-c", ""),
    ("longest with interrupts off", "irqoff", "total", "max", "", "", "", ""),
]


def fail(text):
    sys.exit("bench: " + text)


def to_csv(paths):
    lines, ended = [], 0
    for path in paths:
        for line in open(path, errors="replace"):
            line = line.strip()
            if path.endswith(".csv"):
                if line and not line.startswith("case,"):
                    lines.append(line)
            elif line.startswith("bench: unit ") and not line.endswith("instructions"):
                fail("the image does not count instructions: is it QEMU with -icount?")
            elif line == "bench: end":
                ended += 1
            elif line.startswith("bench: ") and line.count(",") == len(COLUMNS) - 1:
                lines.append(line[len("bench: "):])
    if ended != sum(not path.endswith(".csv") for path in paths):
        fail("the image did not come to its end: " + " ".join(paths))
    missing = set(CASES) - {line.split(",")[0] for line in lines}
    if missing:
        fail("cases missing: " + " ".join(sorted(missing)))
    print(",".join(COLUMNS))
    print("\n".join(lines))


def figure(rows, case, op, column):
    if op == "pair":
        return sum(float(rows[case, o][column]) for o in ("alloc", "free"))
    if op == "zero":
        return float(rows[case, "alloc"][column]) - float(rows["hot_o0", "alloc"][column])
    return float(rows[case, op][column])


def short(x):
    if x == "":
        return ""
    x = float(x)
    return "%.1f" % x if x < 1000 and x % 1 else "{:,.0f}".format(x)


def table(path):
    with open(path, newline="") as f:
        rows = {(r["case"], r["op"]): r for r in csv.DictReader(f)}
    missing = set(CASES) - {case for case, _ in rows}
    if missing:
        fail("cases missing: " + " ".join(sorted(missing)))
    missed = 0
    head = ("instructions", "libbuddy", "goal", "", "Linux 6.1", "best peer", "floor")
    form = "%-40s %11s %11s %-6s %11s %16s %6s"
    print(form % head)
    for what, case, op, column, goal, linux, peer, floor in ROWS:
        ours = figure(rows, case, op, column)
        mark = "" if goal == "" else "met" if ours <= goal + 0.05 else "missed"
        missed += mark == "missed"
        print(form % (what, short(ours), short(goal), mark, short(linux), peer, short(floor)))
    goals = sum(1 for row in ROWS if row[4] != "")
    print("\n%d of %d goals met; all figures: %s" % (goals - missed, goals, path))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--csv":
        to_csv(sys.argv[2:])
    elif len(sys.argv) == 2:
        table(sys.argv[1])
    else:
        sys.exit(__doc__)
