#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How large the allocator is: text (read-only data included), data, bss, descriptors.

    size.py [--cross PREFIX] [--out DIR] [--port PORT] [--only NAME]

full      all objects of mm/, on the board's port, nothing thrown away.
no X      the same with the option BUDDY_X=0; `cost` is what the option adds to full.  The other
          options that need it go, too (no MOBILITY: nor HIGHATOMIC and CMA).
policies  full without what only tells: the validator, pictures of memory, the report of a
          failed request in words, flags' names, the debugging options.
one CPU   full with PORT_NR_CPUS 1 (port/template).
plain     one CPU, every option 0, one node.
tiny all  BUDDY_TINY=1: all of its objects, on one CPU (port/template).
smallest  BUDDY_TINY=1; of it what the linker keeps (--gc-sections) for bench/minimal.c, by the
          map: start-up, alloc_pages(), __free_pages() and what these need.  `start-up` is
          the part of it that is used until the hand-over only.

Each as Thumb -Os and ARM -O2.  bss is without what mm_init() takes from memory.  Table on
standard output, and DIR/../size.csv.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

ISAS = {"thumb": ["-mthumb", "-Os"], "arm": ["-marm", "-O2"]}
KINDS = ("text", "data", "bss")
STARTUP = ("memblock.o", "memblock_query.o", "mm_init.o", "tiny_init.o")
TELLING = ("check.c", "show_mem.c", "debug.c", "debug_options.c", "debug_show.c")
OPTIONS = ("DEBUG_HOOKS", "ALLOC_REPORT", "MISUSE_REPORT", "RECLAIM", "COMPACTION", "CMA",
           "HIGHATOMIC", "MOBILITY", "HIGHMEM", "PCP", "VMALLOC", "FILEMAP", "SLAB")
# KiB of text, Thumb -Os; bytes per page
GOALS = {"full": (24, 16), "smallest": (6, 8)}


def run(*args):
    return subprocess.run(args, check=True, text=True, stdout=subprocess.PIPE).stdout


def off(*names):
    return ["-DBUDDY_%s=0" % name for name in names]


def compiler(args, port, isa, flags):
    return [args.cross + "gcc", "-mcpu=cortex-a9", "-mfloat-abi=soft", *ISAS[isa],
            "-ffreestanding", "-std=c11", "-I", "include", "-I", "port/" + port, "-I", ".",
            "-I", "boards/vexpress-a9", "-ffunction-sections", "-fdata-sections",
            "-fno-unwind-tables", "-fno-asynchronous-unwind-tables", "--specs=nano.specs", *flags]


def compile_all(args, port, isa, flags, sources, folder):
    os.makedirs(folder, exist_ok=True)
    pairs = []
    for source in sources:
        stem = "port" if os.path.dirname(source).startswith("port/") else \
            os.path.basename(source)[:-2]
        pairs.append((source, os.path.join(folder, stem + ".o")))
    cc = compiler(args, port, isa, flags)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(lambda pair: run(*cc, "-c", pair[0], "-o", pair[1]), pairs))
    return [obj for _, obj in pairs]


def objects_of(args, isa, folder, port, flags, without=()):
    sources = [s for s in sorted(glob.glob("mm/*.c")) if os.path.basename(s) not in without]
    objects = compile_all(args, port, isa, flags, sources, folder)
    lines = run(args.cross + "size", "-t", *objects).splitlines()
    startup = sum(int(line.split()[0]) for line in lines if line.endswith(STARTUP))
    return dict(zip(KINDS, map(int, lines[-1].split()[:3]))), startup


def kind_of(section):
    if section.startswith((".text", ".rodata")):
        return "text"
    if section.startswith(".data"):
        return "data"
    if section.startswith(".bss") or section == "COMMON":
        return "bss"
    return None


def linked(args, isa, folder, port, flags):
    mm = sorted(glob.glob("mm/*.c"))
    objects = compile_all(args, port, isa, flags,
                          mm + ["port/%s/port.c" % port, "bench/minimal.c"], folder)
    elf, map_ = os.path.join(folder, "minimal.elf"), os.path.join(folder, "minimal.map")
    run(args.cross + "gcc", "-mcpu=cortex-a9", "-mfloat-abi=soft", *ISAS[isa],
        "--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,main",
        "-Wl,-Map=" + map_, *objects, "-o", elf)
    with open(map_) as f:
        text = f.read()
    text = text[text.index("Linker script and memory map"):]
    ours = {os.path.basename(s)[:-2] + ".o" for s in mm}
    total, startup = dict.fromkeys(KINDS, 0), 0
    # " .text.name   0x00008000   0x4c build/.../buddy.o", the name on a line of its own if long
    for m in re.finditer(r"^ (\.?\w\S*)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$", text, re.M):
        kind = kind_of(m[1])
        if kind and os.path.dirname(m[3]) == folder and os.path.basename(m[3]) in ours:
            total[kind] += int(m[2], 16)
            if kind == "text" and os.path.basename(m[3]) in STARTUP:
                startup += int(m[2], 16)
    have = run(args.cross + "nm", elf)
    for name in ("alloc_pages", "__free_pages", "mm_init_range"):
        if not re.search(r" T %s$" % name, have, re.M):
            sys.exit("size: the smallest program has no %s" % name)
    if not total["text"]:
        sys.exit("size: nothing of mm/ in " + map_)
    return total, startup


def page_bytes(args, folder, port, flags):
    probe = os.path.join(folder, "probe.c")
    with open(probe, "w") as f:
        f.write("#include <buddy/mm_types.h>\nchar probe[sizeof(struct page)];\n")
    run(*compiler(args, port, "thumb", flags), "-c", probe, "-o", probe[:-2] + ".o")
    return int(run(args.cross + "nm", "-S", probe[:-2] + ".o").split()[1], 16)


def configurations(args):
    """(name, measure, port, flags, files that are left out)"""
    tiny = ["-DBUDDY_TINY=1"]
    yield "full", objects_of, args.port, [], ()
    for option in OPTIONS:
        yield "no " + option, objects_of, args.port, off(option), ()
    yield "policies", objects_of, args.port, off("DEBUG_HOOKS", "ALLOC_REPORT"), TELLING
    yield "one CPU", objects_of, "template", [], ()
    yield "plain", objects_of, "template", off(*OPTIONS) + ["-DBUDDY_MAX_NODES=1"], ()
    yield "tiny all", objects_of, "template", tiny, ()
    yield "smallest", linked, "template", tiny, None
    yield "smallest mute", linked, "template", tiny + off("MISUSE_REPORT"), None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cross", default="arm-none-eabi-")
    parser.add_argument("--out", default="build/bench/size")
    parser.add_argument("--port", default="cortex-a9")
    parser.add_argument("--only", help="one configuration, by its name in the table")
    args = parser.parse_args()
    names = [c[0] for c in configurations(args)]
    if args.only and args.only not in names:
        sys.exit("size: --only %r: expected one of: %s" % (args.only, ", ".join(names)))

    form = "%-16s %-9s %8s %6s %6s %9s %6s %11s  %s"
    rows = [("config", "isa", *KINDS, "startup", "cost", "page_bytes")]
    print(form % ("", "", *KINDS, "start-up", "cost", "bytes/page", "goal"))
    full = {}
    for name, measure, port, flags, without in configurations(args):
        if args.only and name not in (args.only, "full"):
            continue
        for isa, how in ISAS.items():
            folder = os.path.join(args.out, re.sub(r"\W+", "-", name) + "-" + isa)
            size, startup = measure(args, isa, folder, port, flags,
                                    *(() if without is None else (without,)))
            full.setdefault(isa, size["text"])
            cost = full[isa] - size["text"] if name.startswith("no ") else ""
            per_page = page_bytes(args, folder, port, flags)
            goal = ""
            if isa == "thumb" and name in GOALS:
                text, page = GOALS[name]
                goal = "%d text %s, %d a page %s" % (
                    text * 1024, "met" if size["text"] <= text * 1024 else "missed", page,
                    "met" if per_page <= page else "missed")
            print(form % (name, " ".join(how)[2:], *size.values(), startup, cost, per_page, goal),
                  flush=True)
            rows.append((name, isa, *size.values(), startup, cost, per_page))
    with open(os.path.join(os.path.dirname(args.out), "size.csv"), "w") as f:
        f.write("".join(",".join(map(str, row)) + "\n" for row in rows))


if __name__ == "__main__":
    main()
