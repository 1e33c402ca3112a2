#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Has the image go wrong in each way that crash= knows; prints TAP.

    tests/target/crash.py --image build/vexpress-a9/libbuddy --dtb FILE

Each run must end with the exit status of its kind and a report that holds the lines
expected, on the boot core and on another one.
"""
import argparse
import os
import re
import subprocess
import sys

PANIC, EXCEPTION = 71, 70
ABORT = r"\*\*\* data abort on core %d, svc mode"

# kind, more boot arguments, status, what the report says in this order; %d: the core
KINDS = [
    ("undef", "", EXCEPTION, [r"\*\*\* undefined instruction on core %d", r"backtrace"]),
    ("svc", "", EXCEPTION, [r"\*\*\* supervisor call on core %d", r"backtrace"]),
    ("dabt", "", EXCEPTION, [ABORT, r"write at 00000010: no section mapped"]),
    ("rodata", "", EXCEPTION, [ABORT, r"write at \w{8}: no permission"]),
    ("pabt", "", EXCEPTION, [r"\*\*\* prefetch abort on core %d", r"fetch at \w{8}: no perm"]),
    ("stack", "", EXCEPTION, [ABORT, r"stack overflow: the guard page of core %d's svc stack"]),
    ("panic", "", PANIC, [r"\*\*\* panic on core %d, from \w{8}: as asked for"]),
    ("uaf", "", PANIC, [r"\*\*\* panic on core %d.* went through: debug_pagealloc is off"]),
    ("kmap", "", PANIC, [r"\*\*\* panic on core %d.*: kmap_local of 0x60000000: "
                         r"core %d has 16 temporary mappings already, the most"]),
    ("kunmap", "", PANIC, [r"\*\*\* panic on core %d.*: kunmap_local of 0xff0\w{5}: "
                           r"core %d mapped 0xff0\w{5} last, which goes first"]),
    ("vmalloc", "", EXCEPTION, [ABORT, r"write at c000\w{4}: no page mapped",
                                r"vmalloc's window: not mapped: the guard page after an area"]),
]


def run(args, append):
    cmd = ["qemu-system-arm", "-M", "vexpress-a9", "-smp", "4", "-m", "64", "-display", "none",
           "-serial", "stdio", "-monitor", "none", "-semihosting-config",
           "enable=on,target=native", "-kernel", args.image + ".elf", "-dtb", args.dtb,
           "-append", append]
    try:
        done = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=args.timeout,
                              env=dict(os.environ, QEMU_AUDIO_DRV="none"))
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode("ascii", "replace").replace("\r", "")
    return done.returncode, done.stdout.decode("ascii", "replace").replace("\r", "")


def problem(status, out, wanted_status, lines, cpu):
    if status is None:
        return "no end"
    at = 0
    for line in lines:
        pattern = line.replace("%d", str(cpu))
        found = re.compile(pattern).search(out, at)
        if not found:
            return "no line like %r" % pattern
        at = found.end()
    if status != wanted_status:
        return "exit status %d" % status
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--image", required=True, help="without .elf")
    p.add_argument("--dtb", required=True)
    p.add_argument("--timeout", type=float, default=60, help="seconds for each run")
    args = p.parse_args()
    failed = nr = 0
    for kind, more, wanted, lines in KINDS:
        for cpu in (0, 2):
            status, out = run(args, "semihosting mode=demo crash=%s crash.cpu=%d %s" %
                              (kind, cpu, more))
            wrong = problem(status, out, wanted, lines, cpu)
            nr += 1
            failed += wrong is not None
            print("%s %d - crash=%s %son core %d" % ("not ok" if wrong else "ok", nr, kind,
                                                    more and more + " ", cpu))
            if wrong:
                print("# " + wrong)
                print("".join("# | %s\n" % line for line in out.split("\n")[-30:]), end="")
    print("1..%d" % nr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
