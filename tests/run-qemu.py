#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test image in QEMU and passes its TAP on.

The image's own exit status, its plan and its closing line must all be there: a run
that hangs, resets or stops in the middle fails, whatever it printed until then.
Everything that is no TAP (the boot log, the allocator's reports) is shown as a
comment when the run failed, or with --verbose.
"""
import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TAP = re.compile(r"^(ok|not ok|1\.\.|#|Bail out!|TAP version)")
PLAN = re.compile(r"^1\.\.(\d+)")
RAM_BASE = 0x60000000  # where an image that is started as ELF looks for a tree
CLOSING = re.compile(r"^# closing: (\d+) of (\d+) cases run, (\d+) failed")


def tree_with_bootargs(dtb, bootargs):
    """A copy of the tree, which QEMU shall not touch, with the arguments in it."""
    copy = tempfile.NamedTemporaryFile(suffix=".dtb")
    shutil.copyfile(dtb, copy.name)
    subprocess.run(["fdtput", "-t", "s", copy.name, "/chosen", "bootargs", bootargs], check=True)
    return copy  # deleted with the last reference


def qemu_command(args):
    bootargs = ("semihosting mode=test " + args.append).strip()
    cmd = ["qemu-system-arm", "-M", args.machine] + shlex.split(args.extra) + [
           "-smp", str(args.smp), "-m", str(args.mem),
           "-display", "none", "-serial", "stdio", "-monitor", "none",
           "-semihosting-config", "enable=on,target=native",
           "-kernel", args.image + (".elf" if args.start == "elf" else ".bin")]
    if args.tree_as_is:
        args.tree = tree_with_bootargs(args.dtb, bootargs)
        cmd += ["-device", "loader,file=%s,addr=0x%x,force-raw=on" % (args.tree.name, RAM_BASE)]
    else:
        cmd += ["-dtb", args.dtb, "-append", bootargs]
    if args.sd:
        cmd += ["-drive", "if=sd,format=raw,file=" + args.sd]
    if args.plugin:
        cmd += ["-icount", "shift=0,align=off,sleep=off", "-plugin", args.plugin]
    return cmd


class Run:
    """One run of the image: its lines, its status."""

    def __init__(self, args):
        self.lines = []
        self.status = None
        self.timed_out = False
        cmd = qemu_command(args)
        again = sys.argv if args.tree_as_is else cmd  # whose tree is gone by then
        self.command = " ".join("'%s'" % c if " " in c else c for c in again)
        started = time.monotonic()
        proc = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                env=dict(os.environ, QEMU_AUDIO_DRV="none"))
        timer = threading.Timer(args.timeout, self._stop, [proc])
        timer.start()
        for raw in proc.stdout:
            self.lines.append(raw.decode("ascii", "replace").rstrip("\r\n"))
        self.status = proc.wait()
        timer.cancel()
        self.seconds = time.monotonic() - started

    def _stop(self, proc):
        self.timed_out = True
        proc.kill()

    def problem(self):
        """What is wrong with the run as a whole, or None."""
        plan = [m for m in map(PLAN.match, self.lines) if m]
        closing = [m for m in map(CLOSING.match, self.lines) if m]
        if self.timed_out:
            return "time is up after %.0f s" % self.seconds
        if len(plan) != 1:
            return "no plan"
        if len(closing) != 1:
            return "no closing line"
        run, planned, failed = map(int, closing[0].groups())
        if run != planned or planned != int(plan[0].group(1)):
            return "%d cases of %d run" % (run, planned)
        oks = sum(line.startswith(("ok ", "not ok ")) for line in self.lines)
        if oks != planned:
            return "%d results for %d cases" % (oks, planned)
        if planned == 0:
            return "no case was chosen"
        if self.status != (1 if failed else 0):
            return "exit status %d with %d failures" % (self.status, failed)
        return None


def parser():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--image", required=True, help="without .elf or .bin")
    p.add_argument("--dtb", required=True)
    p.add_argument("--machine", default="vexpress-a9", help="QEMU's name for the board")
    p.add_argument("--extra", default="", help="more of QEMU's options, before -serial")
    p.add_argument("--start", choices=("elf", "raw"), default="elf")
    p.add_argument("--smp", type=int, default=4)
    p.add_argument("--mem", type=int, default=256, help="MiB")
    p.add_argument("--append", default="", help="more boot arguments")
    p.add_argument("--tree-as-is", action="store_true",
                   help="with the memory nodes that it has, which -dtb replaces by one of "
                   "--mem; for --start elf")
    p.add_argument("--sd", metavar="FILE", help="a memory card, its size a power of two")
    p.add_argument("--plugin", help="QEMU plugin with its arguments")
    p.add_argument("--timeout", type=float, default=240, help="seconds")
    p.add_argument("--verbose", action="store_true")
    return p


def main():
    p = parser()
    args = p.parse_args()
    if args.tree_as_is and args.start != "elf":
        p.error("--tree-as-is: only an ELF file looks for a tree that nobody passes to it")
    run = Run(args)
    problem = run.problem()
    bad = problem or any(line.startswith("not ok") for line in run.lines)
    count = 0
    for line in run.lines:
        if PLAN.match(line):
            continue  # ours comes last: it has one more
        if TAP.match(line) and not line.startswith("TAP version"):
            print(line)
            count += line.startswith(("ok ", "not ok "))
        elif args.verbose or bad:
            print("# | " + line)
    print("%s %d - %d cores, %s, %d MiB: plan, closing line and exit status%s" %
          ("not ok" if problem else "ok", count + 1, args.smp, args.start, args.mem,
           ": " + problem if problem else ""))
    print("1..%d" % (count + 1))
    print("# %.1f s" % run.seconds)
    if bad:
        print("# again: " + run.command)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
