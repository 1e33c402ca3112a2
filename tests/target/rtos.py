#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the example kernel in QEMU; prints TAP.

    tests/target/rtos.py --image build/tests/rtos/build/rtos.elf

Four cores, three, and one: the status is the program's own verdict, and what it prints has
to agree with it, with the number of cores and with what it was to provoke (a cache that is
shrunk, a hook that gives up what it keeps).
"""

import argparse
import os
import re
import subprocess

TIMEOUT = 120


def run(qemu, image, smp):
    """What is wrong with a run, line by line; and what it printed."""
    cmd = [qemu, "-M", "vexpress-a9", "-smp", str(smp), "-m", "128", "-audiodev", "none,id=none",
           "-global", "pl041.audiodev=none", "-display", "none", "-serial", "stdio",
           "-monitor", "none", "-semihosting-config", "enable=on,target=native",
           "-kernel", image]
    try:
        r = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as e:
        return ["no end within %d s" % TIMEOUT], (e.stdout or b"").decode(errors="replace")
    wrong = []
    if r.returncode:
        wrong.append("exit status %d" % r.returncode)
    if "rtos: %d cores\n" % smp not in r.stdout:
        wrong.append("it does not say that it runs on %d cores" % smp)
    if "CPU 0 reaches %d of 4\n" % smp not in r.stdout:
        wrong.append("the port's self-test does not reach %d CPUs" % smp)
    out = re.search(r"out of memory after (\d+) pages: (\d+) shrunk from the cache, (\d+) of it "
                    r"left, hook called (\d+) times\n", r.stdout)
    if not out:
        wrong.append("memory was to run out")
    elif int(out.group(1)) < 10000 or int(out.group(2)) == 0 or int(out.group(4)) < 2:
        wrong.append("memory ran out without asking everybody: " + out.group(0).strip())
    end = re.search(r"rtos: (\d+) pages allocated, (\d+) of them in (\d+) ticks; (\w+)\n",
                    r.stdout)
    if not end:
        wrong.append("no verdict")
    elif end.group(4) != "PASS" or int(end.group(3)) < 10:
        wrong.append("verdict: " + end.group(0).strip())
    return wrong, r.stdout


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--image", required=True)
    ap.add_argument("--qemu", default=os.environ.get("QEMU", "qemu-system-arm"))
    args = ap.parse_args()
    runs = [4, 1, 3]
    failed = 0
    for nr, smp in enumerate(runs, 1):
        wrong, out = run(args.qemu, args.image, smp)
        print("%sok %d - rtos: %d cores" % ("not " if wrong else "", nr, smp))
        if wrong:
            failed += 1
            print("\n".join("# " + line for line in wrong + out.replace("\r", "").split("\n")))
    print("1..%d" % len(runs))
    return failed != 0


if __name__ == "__main__":
    raise SystemExit(main())
