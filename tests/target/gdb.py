#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The gdb commands of tools/gdb against the monitor, and against broken lists; prints TAP.

    tests/target/gdb.py --image build/vexpress-a9/libbuddy --dtb FILE

At the prompt: what the commands print is what the monitor's buddyinfo, zoneinfo and
pagetypeinfo print.  After a crash: they still work.  Then gdb breaks one thing after the
other in the halted board's memory, and `buddy check` must name each.  Last, what `make debug` runs, on a terminal.
"""
import argparse
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from serial_board import PROMPT, Board, need  # noqa: E402 (beside this file)

SCRIPT = "tools/gdb/libbuddy.py"
BLOCK = "zones[0].free_area[10].free_list[1]"   # large movable blocks: there are some
FIRST = BLOCK + ".list.next"
PAGE = "((struct page *)((char *)%s - (int)&((struct page *)0)->lru))" % FIRST
HOLDS = "all invariants hold"

# What is broken, the object, what it becomes, what check says.
BREAKS = [
    ("a wild link", FIRST + "->next", "(struct list_head *)0x12345678",
     "a free list leads to something that is no descriptor: 0x12345678"),
    ("a link to 0", FIRST + "->next", "(struct list_head *)0",
     "a free list leads to something that is no descriptor: 0x0"),
    ("a list that runs in a circle", FIRST + "->next", FIRST, "a free list's links do not match"),
    ("a wrong prev", FIRST + "->prev", "(struct list_head *)4", "a free list's links do not match"),
    ("the head's prev", BLOCK + ".list.prev", FIRST, "a free list's links do not match: the head"),
    ("a list's count", BLOCK + ".nr_free", "77", "a free list's length is not its count"),
    ("a zone's count", "zones[0].nr_free_pages", "5",
     "nr_free_pages is not what the free lists hold"),
    ("the non-empty bits", "zones[0].nonempty[1]", "0",
     "a non-empty bit does not match its list"),
    ("a listed page's word", PAGE + "->word", "0x1000a | 1 << 12",
     "a listed block's word says it is not free"),
    ("a listed page's order", PAGE + "->word", "0x2003",
     "a listed block's word says it is not free, or of another order"),
    ("a page inside a block", PAGE + "[3].word", "0x2001",
     "two blocks overlap: a page inside one has a word"),
    ("a cache's top", "mm_cpus[0]->list[0][1][0].top", "(struct page **)8",
     "a per-CPU cache's top lies outside it"),
    ("the number of zones", "nr_zones", "0xffffffff", "nr_zones is 4294967295: expected 1 to 32"),
    ("the zones", "zones", "(struct zone *)0", "zones is 0"),
    ("the zones, where nothing is", "zones", "(struct zone *)0xfffffff0", "buddy check: "),
    ("the number of descriptors", "nr_map_pages", "0x7fffffff", "nr_map_pages is 2147483647"),
    ("mem_map", "mem_map", "(struct page *)3", "mem_map 0x3 is no place of map_base"),
    ("a CPU's pointer", "mm_cpus[1]", "(struct mm_cpu *)0xfffff000", "buddy check: "),
]


def gdb(args, path, commands):
    """The output of each command."""
    line = [args.gdb, "-nx", "-batch", "-ex", "set pagination off", "-ex",
            "file %s.elf" % args.image, "-ex", "source " + SCRIPT,
            "-ex", "target remote " + path]
    for nr, command in enumerate(commands):
        line += ["-ex", "echo @@%d\\n" % nr, "-ex", command]
    done = subprocess.run(line + ["-ex", "echo @@end\\n", "-ex", "detach"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    parts = re.split(r"^@@\w+\n", done.stdout, flags=re.M)
    need(len(parts) == len(commands) + 2, "gdb ended early: %s" % done.stdout[-600:])
    need("Traceback" not in done.stdout and "Python Exception" not in done.stdout,
         "an exception: %s" % done.stdout[-600:])
    return parts[1:-1]


def zone_lines(text):
    return re.findall(r"^(Node \d+, zone +\w+ +(?:\d+ +)+)$", text, re.M)


class Session:
    def __init__(self, args, append, more=()):
        self.args = args
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "gdb")
        self.board = Board(
            [args.qemu, "-chardev", "socket,path=%s,server=on,wait=off,id=g" % self.socket,
             "-gdb", "chardev:g", "-M", "vexpress-a9", "-smp", "4", "-m", "64", "-display",
             "none", "-serial", "stdio", "-monitor", "none", "-audiodev", "none,id=none",
             "-global", "pl041.audiodev=none", "-kernel", args.image + ".elf", "-dtb", args.dtb,
             "-append", append] + list(more), self.socket, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.board.kill()
        self.folder.cleanup()

    def gdb(self, *commands):
        return gdb(self.args, self.socket, commands)


def at_the_prompt(args, report):
    with Session(args, "mode=monitor cma=8M highmem=0x62000000 movablecore=8M tick=0") as s:
        b = s.board
        b.expect(PROMPT, 60)
        block = re.search(r"free (0x[0-9a-f]+) 3", b.command("alloc 3")).group(1)
        b.command("alloc 0")
        info, zoneinfo, types = (b.command(c) for c in ("buddyinfo", "zoneinfo", "pagetypeinfo"))
        zones, lists, page, inner, pfn, pcp, check, wrong, far, nobody = s.gdb(
            "buddy zones", "buddy freelist", "buddy page %s" % block,
            "buddy page %s + 0x1800" % block, "buddy page %d" % (int(block, 16) >> 12),
            "buddy pcp", "buddy check", "buddy freelist nowhere", "buddy page 0xf0000000",
            "buddy pcp 9")

        def zones_are_buddyinfo():
            need(zone_lines(zones) and zone_lines(zones) == zone_lines(info),
                 "%s\n%s" % (zones, info))

        def counters_are_zoneinfo():
            for name, there in (("free", "nr_free_pages"), ("pcp", "nr_free_pcp"),
                                ("cma", "nr_free_cma"), ("boost", "boost"), ("min", "min"),
                                ("low", "low"), ("high", "high"), ("spanned", "spanned"),
                                ("present", "present"), ("managed", "managed"),
                                ("start_pfn", "start_pfn:")):
                here = re.findall(r"\b%s (\d+)" % name, zones)
                want = re.findall(r"^ +%s +(\d+)$" % there, zoneinfo, re.M)
                need(here and here == want, "%s: %s and %s" % (name, here, want))

        def lists_are_pagetypeinfo():
            want = {}
            for zone, kind, row in re.findall(
                    r"^Node +\d+, zone +(\w+), type +(\w+)((?: +\d+)+) $", types, re.M):
                for order, n in enumerate(row.split()):
                    if int(n):
                        want[zone, kind, order] = int(n)
            here, zone = {}, None
            for line in lists.split("\n"):
                m = re.match(r"Node \d+, zone +(\w+)$", line)
                zone = m.group(1) if m else zone
                m = re.match(r"  order +(\d+)  (\w+) +(\d+)  [0-9a-f. ]+$", line)
                if m:
                    here[zone, m.group(2), int(m.group(1))] = int(m.group(3))
            need(here and here == want, "%s\n%s" % (here, want))

        def pages_are_what_alloc_gave():
            want = r"allocated, order 3, block 0x%08x-0x%08x" % (int(block, 16),
                                                                int(block, 16) + 0x7fff)
            need(re.search(want + "\n", page) and re.search(want + "\n", pfn), page + pfn)
            need(re.search(want + ", this is page 1 of it\n", inner), inner)
            need("zone Normal, pageblock Unmovable" in page, page)

        def pcp_sums_to_zoneinfo():
            want = sum(map(int, re.findall(r"nr_free_pcp +(\d+)", zoneinfo)))
            here = sum(map(int, re.findall(r"^cpu \d: (\d+) pages$", pcp, re.M)))
            need(want and here == want, "%d and %d" % (here, want))

        def check_agrees():
            need(HOLDS in check, check)

        def wrong_arguments_get_a_sentence():
            need(re.search(r"no zone nowhere; there are 0 \(Normal\), 1 \(\w+\)", wrong), wrong)
            need("0xf0000000: no page of RAM" in far, far)
            need("no cpu 9; there are 0, 1, 2, 3" in nobody, nobody)

        def the_board_goes_on():
            need("hold" in b.command("check"), "no check")

        for step in (zones_are_buddyinfo, counters_are_zoneinfo, lists_are_pagetypeinfo,
                     pages_are_what_alloc_gave, pcp_sums_to_zoneinfo, check_agrees,
                     wrong_arguments_get_a_sentence, the_board_goes_on):
            report(step.__name__.replace("_", " "), step)


def after_a_crash(args, report):
    with Session(args, "mode=monitor crash=dabt crash.cpu=2") as s:
        s.board.expect("stopped; reset the board", 60)
        zones, pcp, check = s.gdb("buddy zones", "buddy pcp", "buddy check")

        def a_crashed_board_is_read():
            need(zone_lines(zones) and "cpu 3: " in pcp and HOLDS in check, zones + pcp + check)

        report("a crashed board is read", a_crashed_board_is_read)

        commands = []
        for _, what, value, _ in BREAKS:
            commands += ["set $there = &(%s)" % what, "set $was = *$there",
                         "set *$there = %s" % value, "buddy check", "buddy zones",
                         "buddy freelist", "buddy pcp", "set *$there = $was"]
        out = s.gdb(*commands, "buddy check")
        for nr, (name, _, _, says) in enumerate(BREAKS):
            check, others = out[8 * nr + 3], out[8 * nr + 4:8 * nr + 7]

            def found():
                need(says in check and HOLDS not in check, check)
                need(all(len(text.split("\n")) < 200 for text in others), "endless")
            report("check finds: %s" % name, found)
        report("and holds when all is as it was", lambda: need(HOLDS in out[-1], out[-1]))


def before_the_start(args, report):
    with Session(args, "", ["-S"]) as s:
        end = time.monotonic() + 10
        while not os.path.exists(s.socket) and time.monotonic() < end:
            time.sleep(0.05)
        zones, check = s.gdb("buddy zones", "buddy check")
        report("before mm_init there is nothing, in a sentence",
               lambda: need("mm_init() has not run yet" in zones and
                            "mm_init() has not run yet" in check, zones + check))


class Terminal:
    """What `make debug` starts, on a terminal of its own."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execvp(command[0], command)
        self.out = ""

    def expect(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.out):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                data = os.read(self.fd, 65536) if ready else b""
            except OSError:
                data = b""
            need(data, "%r did not come, but %r" % (pattern, self.out[-600:]))
            self.out += data.decode("latin-1")
        m = re.search(pattern, self.out)
        self.out = self.out[m.end():]
        return m

    def send(self, text):
        os.write(self.fd, text.encode("ascii"))

    def close(self):
        """Its status; killed when it does not end by itself."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        return None


def make_debug(args, report):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        t = Terminal(["tools/gdb/debug.py", "--gdb", args.gdb, "--elf", args.image + ".elf",
                      "--log", log, "--", args.qemu, "-M", "vexpress-a9", "-m", "64", "-smp", "4",
                      "-display", "none", "-audiodev", "none,id=none", "-global",
                      "pl041.audiodev=none", "-serial", "stdio", "-monitor", "none", "-kernel",
                      args.image + ".elf", "-dtb", args.dtb, "-append", "mode=monitor", "-S",
                      "-gdb", "tcp::@PORT@"])

        def starts_gdb_on_a_halted_board():
            t.port = int(t.expect(r"localhost:(\d+)\b").group(1))
            t.expect(r"\(gdb\) ")
            t.send("buddy zones\n")
            t.expect(r"mm_init\(\) has not run yet")

        def and_the_server_ends_with_it():
            t.send("set confirm off\nquit\n")
            need(t.close() == 0, "status")
            with socket.socket() as s:
                need(s.connect_ex(("127.0.0.1", t.port)), "somebody listens still")
            need(os.path.exists(log), "no log of the console")

        report("make debug starts gdb on a halted board", starts_gdb_on_a_halted_board)
        report("and the server ends with it", and_the_server_ends_with_it)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--image", required=True, help="without .elf")
    p.add_argument("--dtb", required=True)
    p.add_argument("--qemu", default="qemu-system-arm")
    p.add_argument("--gdb", default="gdb-multiarch")
    args = p.parse_args()
    count = [0, 0]

    def report(name, step):
        count[0] += 1
        try:
            step()
            print("ok %d - %s" % (count[0], name), flush=True)
        except AssertionError as wrong:
            count[1] += 1
            print("not ok %d - %s" % (count[0], name))
            print("".join("# %s\n" % line for line in str(wrong).split("\n")), end="", flush=True)

    for part in (at_the_prompt, after_a_crash, before_the_start, make_debug):
        try:
            part(args, report)
        except (AssertionError, subprocess.TimeoutExpired) as wrong:
            count[1] += 1
            print("# %s: %s" % (part.__name__, wrong))
    print("1..%d" % count[0])
    return 1 if count[1] or not count[0] else 0


if __name__ == "__main__":
    sys.exit(main())
