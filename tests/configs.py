#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mm/ and its unit suites on the host, once for each set of build-time options.

    configs.py --cc 'gcc ...' --out DIR [--jobs N] [--only NR] < sets

A line of input is a set of options, as flags (tools/pairwise.py makes them).  For each of
them everything is compiled, all suites that are about mm/ alone are linked into one
program, and each runs by itself.  A suite that says in its head

    // NEEDS: PCP CMA

is left out where BUDDY_PCP or BUDDY_CMA is 0, and the TAP line says so (NODES: more than
one; ORDER_10: a MAX_ORDER of 10).  Output: TAP, a line
for each set and suite; after a failure the suite's own lines.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import shlex
import subprocess
import sys

HARNESS = ["tests/harness/%s.c" % n for n in
           ("tap", "fixture", "fixture_host", "cpus_host", "owner", "ramdisk", "all_main")]
PORT = sorted(glob.glob("port/host/*.c"))


def head(path):
    with open(path) as f:
        return f.read(600)


def suites():
    """(name, source, options it needs) of those that need nothing but mm/."""
    for path in sorted(glob.glob("tests/unit/test_*.c")):
        text = head(path)
        with open(path) as f:
            name = re.search(r"^TEST_SUITE\((\w+)", f.read(), re.M)
        if not name or re.search(r"^// (LINK:|TARGET ONLY)", text, re.M):
            continue
        needs = re.search(r"^// NEEDS: *(.*)", text, re.M)
        yield name[1], path, needs[1].split() if needs else []


def run(command, timeout=600):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, timeout=timeout)


class Tap:
    def __init__(self):
        self.nr = self.failed = self.skipped = 0

    def line(self, good, what, more="", text=""):
        self.nr += 1
        self.failed += not good
        self.skipped += bool(more)
        for line in text.splitlines()[-25:]:
            print("# " + line)
        print("%sok %d - %s%s" % ("" if good else "not ", self.nr, what, more), flush=True)


def list_suites(folder, chosen):
    """The source of the table that all_main.c goes by."""
    path = os.path.join(folder, "suites.c")
    with open(path, "w") as f:
        f.write('#include <stddef.h>\n#include "tests/harness/tap.h"\n' +
                "".join("extern const struct test_suite suite_%s;\n" % s[0] for s in chosen) +
                "extern const struct test_suite *const all_suites[];\n"
                "const struct test_suite *const all_suites[] = {\n" +
                "".join("\t&suite_%s,\n" % s[0] for s in chosen) + "\tNULL};\n")
    return path


def one_set(args, nr, flags, tap):
    off = set(re.findall(r"-DBUDDY_(\w+)=0\b", " ".join(flags)))
    if "MOBILITY" in off:
        off |= {"CMA", "HIGHATOMIC"}
    # Not of 0 or 1: more than one node, and the default's blocks of order 10.
    off |= {what for flag, what in (("-DBUDDY_MAX_NODES=1", "NODES"),
                                    ("-DBUDDY_MAX_ORDER=5", "ORDER_10")) if flag in flags}
    folder = os.path.join(args.out, str(nr))
    os.makedirs(folder, exist_ok=True)
    cc = shlex.split(args.cc) + flags
    chosen, left = [], []
    for suite in suites():
        (left if off & set(suite[2]) else chosen).append(suite)

    def compile_one(source):
        obj = os.path.join(folder, source.replace("/", "_")[:-2] + ".o")
        return source, obj, run(cc + ["-c", source, "-o", obj])

    broken = set()
    sources = sorted(glob.glob("mm/*.c")) + PORT + HARNESS + [s[1] for s in chosen]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        done = list(pool.map(compile_one, sources))
    for source, _, result in done:
        if result.returncode:
            broken.add(source)
            tap.line(False, "set %d: %s compiles" % (nr, source), text=result.stdout)
    chosen = [s for s in chosen if s[1] not in broken]
    if any(not source.startswith("tests/unit/") for source in broken):
        return
    program = os.path.join(folder, "all")
    while True:
        listing = list_suites(folder, chosen)
        objects = [obj for source, obj, _ in done if source not in broken]
        result = run(cc + [listing] + objects + ["-o", program, "-lpthread"])
        if not result.returncode:
            break
        bad = [s for s in chosen if s[1].replace("/", "_")[:-2] + ".o" in result.stdout]
        for suite in bad:
            tap.line(False, "set %d: %s links" % (nr, suite[1]),
                     text="\n".join(re.findall(r"undefined reference.*", result.stdout)[:8]))
            broken.add(suite[1])
        if not bad:
            tap.line(False, "set %d: links" % nr, text=result.stdout)
            return
        chosen = [s for s in chosen if s[1] not in broken]

    def run_one(suite):
        try:
            return suite, run([program, suite[0]])
        except subprocess.TimeoutExpired:
            return suite, subprocess.CompletedProcess([], 124, "no end after ten minutes")

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for suite, result in pool.map(run_one, chosen):
            tap.line(not result.returncode, "set %d: %s" % (nr, suite[0]),
                     text=result.stdout if result.returncode else "")
    for suite in left:
        tap.line(True, "set %d: %s" % (nr, suite[0]),
                 " # SKIP needs BUDDY_" + ", BUDDY_".join(sorted(off & set(suite[2]))))


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cc", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--only", type=int, help="the set of this number")
    args = p.parse_args()
    tap = Tap()
    print("TAP version 13")
    nr = 0
    for line in sys.stdin:
        flags = line.split()
        nr += 1
        if args.only in (None, nr):
            print("# set %d: %s" % (nr, " ".join(flags)), flush=True)
            one_set(args, nr, flags, tap)
    print("1..%d" % tap.nr)
    print("# configs: %d sets, %d of %d lines failed, %d left out" %
          (nr, tap.failed, tap.nr, tap.skipped))
    return tap.failed > 0 or not tap.nr


if __name__ == "__main__":
    sys.exit(main())
