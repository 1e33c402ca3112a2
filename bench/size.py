#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How large the allocator is: text (read-only data included), data, bss, descriptors.

    size.py [--cross PREFIX] [--out DIR] [--port PORT]

full      all objects of mm/, on the board's port, nothing thrown away.
policies  the same without what only tells: the validator, pictures of memory, the report of a
          failed request in words, flags' names, the debugging options.
smallest  one core (port/template), one node, caches of 8 pages, BUDDY_PCP_WORK=2; of it
          what the linker keeps (--gc-sections) for bench/minimal.c, by the map.  That
          leaves out the validator, the pictures of memory, bulk calls and so on.  `start-up`
          is the part of it that is used until the hand-over only (memblock, mm_init).

Each as Thumb -Os and ARM -O2.  Table on standard output, and DIR/../size.csv.
"""
import argparse
import glob
import os
import re
import subprocess
import sys

ISAS = {"thumb": ["-mthumb", "-Os"], "arm": ["-marm", "-O2"]}
# no owners of movable or reclaimable pages
PLAIN = ["-DBUDDY_RECLAIM=0", "-DBUDDY_COMPACTION=0", "-DBUDDY_VMALLOC=0", "-DBUDDY_FILEMAP=0",
         "-DBUDDY_SLAB=0"]
SMALLEST = PLAIN + ["-DBUDDY_DEBUG_HOOKS=0", "-DBUDDY_ALLOC_REPORT=0", "-DBUDDY_MAX_NODES=1", "-DBUDDY_PCP_SLOTS=8", "-DBUDDY_PCP_WORK=2"]
KINDS = ("text", "data", "bss")
STARTUP = ("memblock.o", "memblock_query.o", "mm_init.o")
# KiB of text, Thumb -Os.
GOALS = {"full": 24, "smallest": 6}


def run(*args):
    return subprocess.run(args, check=True, text=True, stdout=subprocess.PIPE).stdout


def compile_all(args, port, isa, extra, sources, folder):
    os.makedirs(folder, exist_ok=True)
    objects = []
    for source in sources:
        objects.append(os.path.join(folder, os.path.basename(source)[:-2] + ".o"))
        if os.path.dirname(source).endswith(port):
            objects[-1] = os.path.join(folder, "port.o")
        run(args.cross + "gcc", "-mcpu=cortex-a9", "-mfloat-abi=soft", *ISAS[isa],
            "-ffreestanding", "-std=c11", "-I", "include", "-I", "port/" + port, "-I", ".",
            "-I", "boards/vexpress-a9", "-ffunction-sections", "-fdata-sections",
            "-fno-unwind-tables", "-fno-asynchronous-unwind-tables", "--specs=nano.specs", *extra,
            "-c", source, "-o", objects[-1])
    return objects


TELLING = ("check.c", "show_mem.c", "debug.c", "debug_options.c", "debug_show.c")


def policies(args, isa, folder):
    sources = [s for s in sorted(glob.glob("mm/*.c")) if os.path.basename(s) not in TELLING]
    return full(args, isa, folder, ["-DBUDDY_DEBUG_HOOKS=0", "-DBUDDY_ALLOC_REPORT=0"], sources)


def full(args, isa, folder, extra=(), sources=None):
    objects = compile_all(args, args.port, isa, extra, sources or sorted(glob.glob("mm/*.c")),
                          folder)
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


def smallest(args, isa, folder):
    mm = [s for s in sorted(glob.glob("mm/*.c"))
          if os.path.basename(s) not in ("check.c", "show_mem.c")]
    objects = compile_all(args, "template", isa, SMALLEST,
                          mm + ["port/template/port.c", "bench/minimal.c"], folder)
    elf, map_ = os.path.join(folder, "minimal.elf"), os.path.join(folder, "minimal.map")
    run(args.cross + "gcc", "-mcpu=cortex-a9", "-mfloat-abi=soft", *ISAS[isa],
        "--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,main",
        "-Wl,-Map=" + map_, *objects, "-o", elf)
    text = open(map_).read()
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
    for name in ("alloc_pages", "__free_pages", "mm_init"):
        if not re.search(r" T %s$" % name, have, re.M):
            sys.exit("size: the smallest program has no %s" % name)
    if not total["text"]:
        sys.exit("size: nothing of mm/ in " + map_)
    return total, startup


def page_bytes(args, folder):
    probe = os.path.join(folder, "probe.c")
    with open(probe, "w") as f:
        f.write("#include <buddy/mm_types.h>\nchar probe[sizeof(struct page)];\n")
    run(args.cross + "gcc", "-mcpu=cortex-a9", "-I", "include", "-c", probe, "-o", probe[:-2] + ".o")
    return int(run(args.cross + "nm", "-S", probe[:-2] + ".o").split()[1], 16)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cross", default="arm-none-eabi-")
    parser.add_argument("--out", default="build/bench/size")
    parser.add_argument("--port", default="cortex-a9")
    args = parser.parse_args()

    form = "%-10s %-10s %8s %7s %7s %9s %11s  %s"
    rows = [("config", "isa", *KINDS, "startup", "page_bytes")]
    print(form % ("", "", *KINDS, "start-up", "bytes/page", "goal"))
    for config, measure in (("full", full), ("policies", policies), ("smallest", smallest)):
        for isa, flags in ISAS.items():
            folder = os.path.join(args.out, config + "-" + isa)
            size, startup = measure(args, isa, folder)
            per_page = page_bytes(args, folder)
            goal = ""
            if isa == "thumb" and config in GOALS:
                met = size["text"] <= GOALS[config] * 1024
                goal = "%d text %s" % (GOALS[config] * 1024, "met" if met else "missed")
            print(form % (config, " ".join(flags)[2:], *size.values(), startup, per_page,
                          goal))
            rows.append((config, isa, *size.values(), startup, per_page))
    with open(os.path.join(os.path.dirname(args.out), "size.csv"), "w") as f:
        f.write("".join(",".join(map(str, row)) + "\n" for row in rows))


if __name__ == "__main__":
    main()
