#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test image's short encounters under random, exactly repeatable schedules.

Each seed is one run of QEMU with the plugin tools/a9mem/sched.c; each region of the run
(one encounter of all cores) has a schedule of its own, so that one seed tries as many
schedules as there are rounds.  A seed that fails is printed with the command that runs it
again, to the same instruction.
"""
import argparse
import concurrent.futures
import importlib.util
import os
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("run_qemu", os.path.join(here, "run-qemu.py"))
run_qemu = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_qemu)

# Every second seed has interrupts that allocate, in the middle of anything: one for each
# core in 100,000 instructions of all.
TICK_HZ = 10000


def one(seed, opts):
    """(seed, problem or None, run)"""
    args = run_qemu.parser().parse_args(
        ["--image", opts.image, "--dtb", opts.dtb, "--smp", str(opts.smp), "--mem", str(opts.mem),
         "--append", "test.only=%s test.rounds=%d test.seed=%d test.irqs=%d tick=%d" %
         (opts.case, opts.rounds, seed, seed % 2, seed % 2 * TICK_HZ),
         "--plugin", "%s,seed=%d,limit=%d,out=/dev/null" % (opts.plugin, seed, opts.limit),
         "--timeout", str(opts.timeout)])
    run = run_qemu.Run(args)
    problem = run.problem()
    if not problem and any(line.startswith("not ok") for line in run.lines):
        problem = "a case failed"
    return seed, problem, run


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--image", required=True)
    p.add_argument("--dtb", required=True)
    p.add_argument("--plugin", required=True)
    p.add_argument("--case", default="short_encounters")
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--seeds", type=int, default=20)
    p.add_argument("--rounds", type=int, default=250, help="schedules per seed")
    p.add_argument("--smp", type=int, default=4)
    p.add_argument("--mem", type=int, default=16)
    p.add_argument("--limit", type=int, default=50000000, help="instructions per region")
    p.add_argument("--timeout", type=float, default=60, help="seconds per seed")
    p.add_argument("--jobs", type=int, default=1)
    opts = p.parse_args()
    print("1..%d" % opts.seeds)
    bad = 0
    started = time.monotonic()
    seeds = range(opts.first, opts.first + opts.seeds)
    with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
        for n, (seed, problem, run) in enumerate(pool.map(lambda s: one(s, opts), seeds), 1):
            print("%s %d - %d schedules from seed %d%s" %
                  ("not ok" if problem else "ok", n, opts.rounds, seed,
                   ": " + problem if problem else ""), flush=True)
            if problem:
                bad += 1
                for line in run.lines[-40:]:
                    print("# | " + line)
                print("# again: " + run.command)
    print("# closing: %d seeds, %d schedules, %d failed, %.0f s" %
          (opts.seeds, opts.seeds * opts.rounds, bad, time.monotonic() - started))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
