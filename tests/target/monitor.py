#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drives the monitor over QEMU's serial line as a person would; prints TAP.

    tests/target/monitor.py --image build/vexpress-a9/libbuddy [--dtb FILE]

Every command with right and wrong arguments, every editing key, misuse, the
demonstration, power-off with its exit status, reboot.  What is typed is compared
with what a terminal would then show (serial_board.py).  A board that says nothing
within a time limit fails the test that waits for it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from monitor_debug import (  # noqa: E402 (beside this file)
    boot_arguments_turned_options_on, debug_lists_and_sets, fail_fails_the_request_asked_for,
    owner_finds_who_allocated, poison_finds_a_write_to_a_free_page, refuses_a_wrong_boot_argument,
    trace_shows_events_in_order)
from monitor_range import (cma_gives_and_takes, nodes_are_listed,  # noqa: E402
                           pageblocks_go_offline_and_come_back)
from monitor_reclaim import RECLAIM
from serial_board import (PROMPT, Board, Memory, clear, last_block, lines,  # noqa: E402
                          need)

COMMANDS = ("help buddyinfo pagetypeinfo zoneinfo vmstat meminfo memmap cpus alloc free blocks "
            "drain slabinfo kmalloc kfree cma offline online nodes extfrag compact reclaim kswapd "
            "lru hoard oom sd check debug owner trace fail selftest demo misuse bench "
            "uptime reboot poweroff").split()


# ---- commands -----------------------------------------------------------------

def boots_to_the_prompt(b):
    b.expect(r"(\d) of (\d) cores online\n", 60)
    b.expect(PROMPT, 60)


def help_lists_every_command_in_one_line(b):
    out = lines(b.command("help"))
    need([line.split()[0] for line in out] == COMMANDS, "help lists %s" % out)
    for line in out:
        need(len(line) < 80, "too wide: %r" % line)
        need(re.match(r"  \S.{25} \S", line), "no description: %r" % line)
    need(len(lines(b.command("help alloc"))) == 1, "help of one command")
    need("no such command" in b.command("help nothing"), "help of an unknown one")


def zones(b):
    return [re.match(r"Node (\d+), zone +(\w+)(( +\d+)+) $", line) for line in
            lines(b.command("buddyinfo"))]


def free_pages(b):
    return sum(int(n) << order for z in zones(b) for order, n in enumerate(z.group(3).split()))


def buddyinfo_parses(b):
    z = zones(b)
    need(z and all(z), "a line that is not buddyinfo's")
    need(all(len(m.group(3).split()) == 11 for m in z), "not eleven orders")


def pagetypeinfo_agrees_with_buddyinfo(b):
    b.command("drain")
    out = b.command("pagetypeinfo")
    rows = re.findall(r"^Node +\d+, zone +\w+, type +(\w+)((?: +\d+)+) $", out, re.M)
    need({r[0] for r in rows} == {"Unmovable", "Movable", "Reclaimable", "HighAtomic",
                                   "CMA", "Isolate"}, "types %s" % rows)
    total = sum(int(n) << order for r in rows for order, n in enumerate(r[1].split()))
    need(total == free_pages(b), "sums differ")
    need(re.search(r"^Number of blocks type +Unmovable +Movable +Reclaimable +"
                   r"HighAtomic +CMA +Isolate $", out, re.M),
         "no pageblock counts")


def zoneinfo_parses(b):
    out = b.command("zoneinfo")
    for word in ("pages free", "min", "low", "high", "spanned", "present", "managed"):
        need(re.search(r"^ +%s +\d+$" % word, out, re.M), "no %s" % word)
    need(re.search(r"^        protection: \(\d+, \d+, \d+, \d+\)$", out, re.M), "no protection")


def vmstat(b):
    return {k: int(v) for k, v in (line.split() for line in lines(b.command("vmstat")))}


def vmstat_parses_and_counts(b):
    before = vmstat(b)
    b.command("alloc 4")
    after = vmstat(b)
    need(after["pgalloc"] == before["pgalloc"] + 1, "pgalloc does not count")
    free_last(b)


def meminfo_parses(b):
    out = lines(b.command("meminfo"))
    rows = dict(re.match(r"(\w+): +(\d+) kB$", line).groups() for line in out)
    need(int(rows["MemFree"]) + int(rows["PcpFree"]) <= int(rows["MemTotal"]), "too much free")
    need({"MemTotal", "MemFree", "MemAvailable", "HighTotal", "LowTotal"} <= set(rows), "rows")


def cpus_and_uptime(b):
    out = b.command("cpus")
    need(re.search(r"^cpu0  online.*runs the monitor$", out, re.M), "no cpu0: %r" % out)
    ticks = [int(n) for n in re.findall(r"(\d+) timer ticks", out)]
    need(ticks and all(ticks), "no ticks: %r" % out)
    first = float(b.command("uptime").split()[0])
    time.sleep(0.1)
    need(float(b.command("uptime").split()[0]) > first, "time stands still")


def memmap_fits_the_screen(b):
    plain = b.command("memmap plain")
    need("\x1b" not in plain, "colour in plain")
    need(len(plain.split("\n")) <= 24, "%d lines" % len(plain.split("\n")))
    need(all(len(line) < 80 for line in plain.split("\n")), "too wide")
    rows = re.findall(r"^[0-9a-f]{8} \|(.{64})\|$", plain, re.M)
    need(1 <= len(rows) <= 16 and "x" in "".join(rows), "rows %s" % rows)
    colour = b.command("memmap")
    need("\x1b[0;32m" in colour, "no colour")
    need(re.sub(r"\x1b\[[0-9;]*m", "", colour) == plain, "colour and plain differ")
    need("expected: memmap [plain]" in b.command("memmap colourful"), "no usage")


def free_last(b):
    out = lines(b.command("blocks"))
    m = re.match(r"  (0x[0-9a-f]+)  order (\d+)", out[-1])
    need("freed" in b.command("free %s %s" % m.groups()), "not freed")


def alloc_and_free_every_order(b):
    b.command("drain")
    before = free_pages(b)
    for order in range(10):
        addr, o = last_block(b.command("alloc %d" % order))
        need(int(addr, 16) % (4096 << order) == 0, "not aligned: %s" % addr)
        need(addr in b.command("blocks"), "blocks does not list it")
        need("freed" in b.command("free %s %s" % (addr, o)), "not freed")
    need("none" in b.command("blocks"), "blocks left")
    b.command("drain")
    need(free_pages(b) == before, "pages are missing")


def alloc_takes_flags_by_name_and_in_hex(b):
    for gfp, shown in (("GFP_ATOMIC|__GFP_ZERO", "GFP_ATOMIC|__GFP_ZERO"),
                       ("GFP_KERNEL", "GFP_KERNEL"), ("0xf0000", "GFP_KERNEL"),
                       ("GFP_HIGHUSER_MOVABLE", "GFP_HIGHUSER_MOVABLE"),
                       ("GFP_NOWAIT,__GFP_COLD", "GFP_NOWAIT|__GFP_COLD")):
        out = b.command("alloc 1 " + gfp)
        need(re.search(r"^  %s;" % re.escape(shown), out, re.M), "%s: %r" % (gfp, out))
        free_last(b)


def alloc_says_what_it_expects(b):
    need("expected: alloc ORDER [GFP]" in b.command("alloc"), "missing argument")
    need("an argument is missing" in b.command("alloc"), "missing argument")
    need("too many arguments" in b.command("alloc 1 GFP_KERNEL 3"), "too many arguments")
    for bad in ("x", "-1", "1x", "0x", "4294967296", "99999999999999999999"):
        need("is to be a number" in b.command("alloc " + bad), "alloc %s" % bad)
    out = b.command("alloc 0 GFP_KERNEL|GFP_FOO")
    need("'GFP_FOO' is no gfp flag" in out and "__GFP_ZERO" in out, "flag: %r" % out)
    out = b.command("alloc 11")
    need("alloc_pages: order 11" in out and "refused: ORDER is 0 to 10" in out, "order: %r" % out)
    need("refused" in b.command("alloc 4294967295"), "largest number")


def free_passes_on_what_was_typed(b):
    addr, order = last_block(b.command("alloc 3"))
    bad = vmstat(b)["bad_free"]
    for line, why in (("free %s 2" % addr, "wrong order"), ("free %s 4" % addr, "wrong order"),
                      ("free 0x%x 0" % (int(addr, 16) + 4096), "not the first page"),
                      ("free 0x%x 3" % (int(addr, 16) + 4), "foreign"),
                      ("free %s 11" % addr, "order"), ("free 0x10009000 0", "foreign"),
                      ("free 0xffffffff 0", "foreign")):
        out = b.command(line)
        need(why in out and "refused; nothing was changed" in out, "%s: %r" % (line, out))
        bad += 1
    need(vmstat(b)["bad_free"] == bad, "bad_free does not count")
    need("freed" in b.command("free %s %s" % (addr, order)), "the right one")
    out = b.command("free %s %s" % (addr, order))
    need("double free" in out and "refused" in out, "double free: %r" % out)
    b.command("drain")
    need("refused" in b.command("free %s %s" % (addr, order)), "double free, merged")
    need("nothing to free" in b.command("free 0 0"), "NULL")
    need("expected: free ADDR ORDER" in b.command("free 0x1000"), "usage")
    need("ADDR is to be a number" in b.command("free nowhere 0"), "no number")


def check_holds(b):
    need("all invariants hold" in b.command("check"), "check")


def the_port_passes_its_selftest(b):
    out = b.command("selftest", 60)
    need(re.search(r"CPU 0 reaches (\d) of 4\n(?:.*\n)*port self-test: 0 failures, \1 cores, "
                   r"and a handler", out), "selftest: %s" % out)


def unknown_commands_get_advice(b):
    need("no such command. `help`" in b.command("frobnicate"), "unknown")
    need("Did you mean buddyinfo?" in b.command("buddyi"), "prefix")
    need("Did you mean meminfo, memmap?" in b.command("mem"), "two of them")
    need("too many arguments" in b.command("check 1"), "arguments to one that has none")
    need(b.command("") == "" and b.command("   ") == "", "empty lines")
    b.command("  help   alloc  ")


# ---- line editing ----------------------------------------------------------------

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"


def moves_and_inserts(b):
    b.keys("abcd", "abcd", 4)
    b.keys(LEFT + LEFT + "X", "abXcd", 3)
    b.keys("\x1b[H" + "<", "<abXcd", 1)
    b.keys("\x1b[F" + ">", "<abXcd>", 7)
    b.keys("\x01", "<abXcd>", 0)
    b.keys("\x06\x06", "<abXcd>", 2)
    b.keys("\x02", "<abXcd>", 1)
    b.keys("\x05", "<abXcd>", 7)
    b.keys("\x1b[1~", "<abXcd>", 0)
    b.keys("\x1b[4~", "<abXcd>", 7)
    b.keys("\x1bOH" + RIGHT, "<abXcd>", 1)
    clear(b)


def rubs_out_and_deletes(b):
    b.keys("abcdef", "abcdef", 6)
    b.keys("\x7f", "abcde", 5)
    b.keys("\x08", "abcd", 4)
    b.keys(LEFT + LEFT + "\x1b[3~", "abd", 2)
    b.keys("\x04", "ab", 2)
    b.keys("\x01\x04\x04", "", 0)


def kills_and_brings_back(b):
    b.keys("one two three", "one two three", 13)
    b.keys("\x17", "one two ", 8)
    b.keys("\x19", "one two three", 13)
    b.keys("\x1b[1;5D\x1b[1;5D", "one two three", 4)
    b.keys("\x0b", "one ", 4)
    b.keys("\x15", "", 0)
    b.keys("\x19\x19", "one one ", 8)
    b.keys("\x01\x1b[1;5C", "one one ", 3)
    clear(b)


def wait_for(b, what, want):
    end = time.monotonic() + 10
    while getattr(b.screen, what) < want and time.monotonic() < end:
        b.read(0.1)
    need(getattr(b.screen, what) == want, "%d %s, not %d" % (getattr(b.screen, what), what, want))


def rings_the_bell_where_nothing_can_be_done(b):
    bells = b.screen.bells
    b.keys("\x7f\x02\x04\x0e", "", 0)
    b.keys("x", "x", 1)
    b.keys("\x06", "x", 1)
    wait_for(b, "bells", bells + 5)
    clear(b)


def remembers_lines(b):
    for line in ("uptime", "cpus", "cpus"):
        b.command(line)
    b.keys("draft", "draft", 5)
    b.keys(UP, "cpus", 4)
    b.keys(UP, "uptime", 6)
    b.keys(DOWN, "cpus", 4)
    b.keys(DOWN, "draft", 5)
    b.keys("\x10\x10", "uptime", 6)
    b.keys("\x0e", "cpus", 4)
    b.keys("\x0e", "draft", 5)
    clear(b)
    b.keys(UP + UP, "uptime", 6)
    b.send("\r")
    b.expect(r"\d+\.\d\d s, by")
    b.expect(PROMPT)


def forgets_the_oldest_lines(b):
    for i in range(20):
        b.command("n%d" % i)
    b.keys(UP * 16, "n4", 2)
    b.keys(UP, "n4", 2)
    clear(b)


def completes_with_tab(b):
    b.keys("bu\t", "buddyinfo ", 10)
    clear(b)
    b.keys("p\t", "p", 1)
    b.expect(r"pagetypeinfo  poweroff  \n")
    b.keys("a\t", "pagetypeinfo ", 13)
    clear(b)
    b.keys("memm\tp\t", "memmap plain ", 13)
    clear(b)
    b.keys("alloc 0 GFP_NOI\t", "alloc 0 GFP_NOIO ", 17)
    clear(b)
    b.keys("alloc 0 GFP_KERNEL|__GFP_Z\t", "alloc 0 GFP_KERNEL|__GFP_ZERO ", 30)
    clear(b)
    b.keys("help zo\t", "help zoneinfo ", 14)
    clear(b)
    b.keys("zzz\t", "zzz", 3)
    clear(b)


def clears_and_drops(b):
    clears = b.screen.clears
    b.send("ab\x0c")
    wait_for(b, "clears", clears + 1)
    b.keys("", "ab", 2)
    b.send("\x03")
    b.expect(r"\^C\n")
    b.keys("", "", 0)


def scrolls_a_long_line_sideways(b):
    b.screen.widest = 0
    text = "".join(chr(ord("a") + i % 26) for i in range(159))
    b.keys(text, text[159 - 71:], 71)
    bells = b.screen.bells
    b.send("!")
    wait_for(b, "bells", bells + 1)
    b.keys("", text[159 - 71:], 71)
    b.keys("\x01", text[:72], 0)
    b.keys("\x05", text[159 - 71:], 71)
    need(b.screen.widest < 80, "%d columns" % b.screen.widest)
    b.send("\r")
    b.expect(re.escape(text) + r": no such command")
    b.expect(PROMPT)
    b.keys("", "", 0)


def takes_any_line_end(b):
    for end in ("\r", "\n", "\r\n"):
        b.send("uptime" + end)
        b.expect(r"\d s, by")
        b.expect(PROMPT)
    b.keys("", "", 0)


def survives_line_noise(b):
    b.send("\x00\x80\xff\x1b[999;999;999z\x1b[\x1bOz\x1b\x1b[1;2;3~\x1bQ")
    clear(b)
    need("online" in b.command("cpus"), "cpus")


# ---- larger things ----------------------------------------------------------------

def misuse_is_refused(b):
    out = b.command("misuse", 60)
    need(re.search(r"^(\d+) of \1 mistakes were refused.*; 0 invariants broken$", out, re.M),
         "misuse: %r" % out[-300:])


def demo_passes_and_repeats(b):
    for line in ("demo 2000", "demo 1500 0x1234"):
        out = b.command(line, 120)
        need("demo: PASS" in out, "%s: %r" % (line, out[-600:]))
        need(re.search(r"cache hits +\d+\.\d %", out), "no hit rate")
        need("Node 0, zone" in out, "no buddyinfo")
    need("seed=0x1234" in out, "the seed")
    need("OPS is to be a number" in b.command("demo many"), "usage")


def bench_answers(b):
    """With the benchmark linked in it ends whole, and the ticks go on; else it says so."""
    out = b.command("bench", 300)
    need("bench: end" in out or "no benchmark" in out, "bench: %r" % out[-400:])
    time.sleep(0.2)
    cpus_and_uptime(b)
    check_holds(b)


def slabs(b):
    rows = lines(b.command("slabinfo"))
    need(rows[0] == "slabinfo - version: 2.1" and rows[1].startswith("# name"), "head of slabinfo")
    return {row.split()[0]: [int(n) for n in re.findall(r" (\d+)", row)] for row in rows[2:]}


def objects_are_given_and_taken(b):
    out = b.command("kmalloc 100")
    addr = re.search(r"(0x\w+)  100 bytes, room for 128", out).group(1)
    need(slabs(b)["kmalloc-128"][0] == 1, "one of 128 bytes is in use")
    need("not the first byte of an object" in b.command("kfree %#x" % (int(addr, 16) + 8)), "inside")
    need("kmem_cache_free() expected" in b.command("free %#x 0" % (int(addr, 16) & ~4095)), "page")
    need("freed" in b.command("kfree " + addr), "not freed")
    need("double free" in b.command("kfree " + addr), "twice")
    need(slabs(b)["kmalloc-128"][0] == 0, "none is in use")
    need("BYTES is to be a number" in b.command("kmalloc much"), "usage")


def nothing_was_lost(b):
    b.command("drain")
    kept = sum(row[-1] for row in slabs(b).values())
    total = sum(int(n) for n in re.findall(r"managed +(\d+)", b.command("zoneinfo")))
    # vmalloc's records and tables of addresses are used again, not freed
    total -= int(re.search(r"^VmallocKept: +(\d+) kB$", b.command("meminfo"), re.M).group(1)) // 4
    total -= kept
    need(free_pages(b) == total, "%d of %d pages" % (free_pages(b), total))


def poweroff_ends_with_status_0(b):
    b.send("poweroff\r")
    need(b.wait() == 0, "status %s" % b.p.returncode)


def check_finds_what_is_broken(b):
    """A page's word is wiped from outside: check says so, and so does the exit status."""
    addr, order = last_block(b.command("alloc 3"))
    page = int(re.search(r"page (0x[0-9a-f]+)", b.command("free %s 2" % addr)).group(1), 16)
    with Memory(b.gdb) as memory:
        word = memory.read_word(page)
        memory.write_word(page, 0)
    out = b.command("check")
    need(re.search(r"\d+ invariants? (is|are) broken", out), "not noticed: %r" % out)
    with Memory(b.gdb) as memory:
        memory.write_word(page, word)
    need("all invariants hold" in b.command("check"), "and whole again")
    need("freed" in b.command("free %s %s" % (addr, order)), "and the block is freed")
    b.send("poweroff\r")
    need(b.wait() == 1, "status %s" % b.p.returncode)


def demo_finds_what_is_broken(b):
    """Every word of a page's memory is somebody's: a change under the demonstration fails it."""
    addr, _ = last_block(b.command("alloc 10"))
    need("freed" in b.command("free %s 10" % addr), "freed")
    b.send("demo 300000\r")
    b.expect(r"\[#")
    # Blocks come and go too fast for one poke to hit a filled one for certain.
    for offset in range(0, 4 << 20, 4096):
        with Memory(b.gdb) as memory:
            memory.write_word(int(addr, 16) + offset, 0x5ca1ab1e)
        b.read(0)
        if "FAIL" in b.out or "***" in b.out:
            break
    # A word that was a pointer of the demonstration's own (its lists lie in such pages, too)
    # ends in an abort that is reported: found as well.
    found = b.expect(r"demo: FAIL \((.*)\)\n|\*\*\* data abort on core", 120)
    if found.group(1) is None:
        need(b.wait() != 0, "status %s" % b.p.returncode)
        return
    b.expect(PROMPT)
    b.send("poweroff\r")
    need(b.wait() == 1, "status %s" % b.p.returncode)


def reboot_comes_back(b):
    boots_to_the_prompt(b)
    b.send("reboot\r")
    b.expect(r"reboot\n")
    boots_to_the_prompt(b)
    need("online" in b.command("cpus"), "cpus")
    poweroff_ends_with_status_0(b)


def demo_mode_passes_and_powers_off(b):
    """What `make run` does without a terminal."""
    need(b.wait(180) == 0, "status %s: %r" % (b.p.returncode, b.out[-600:]))
    need(b.out.endswith("\ndemo: PASS\n"), b.out[-300:])
    need("\r" not in b.out and "\x1b" not in b.out, "not plain text")
    need("100 % of all operations done" in b.out, "no progress")


SESSION = [
    boots_to_the_prompt, help_lists_every_command_in_one_line, buddyinfo_parses,
    pagetypeinfo_agrees_with_buddyinfo, zoneinfo_parses, vmstat_parses_and_counts,
    meminfo_parses, cpus_and_uptime, memmap_fits_the_screen, alloc_and_free_every_order,
    alloc_takes_flags_by_name_and_in_hex, alloc_says_what_it_expects,
    free_passes_on_what_was_typed, nodes_are_listed, check_holds,
    the_port_passes_its_selftest, debug_lists_and_sets,
    owner_finds_who_allocated, trace_shows_events_in_order, fail_fails_the_request_asked_for,
    poison_finds_a_write_to_a_free_page, check_holds, unknown_commands_get_advice,
    moves_and_inserts, rubs_out_and_deletes, kills_and_brings_back,
    rings_the_bell_where_nothing_can_be_done, remembers_lines, forgets_the_oldest_lines,
    completes_with_tab, clears_and_drops, scrolls_a_long_line_sideways, takes_any_line_end,
    survives_line_noise, misuse_is_refused, objects_are_given_and_taken, demo_passes_and_repeats,
    nothing_was_lost, check_holds, poweroff_ends_with_status_0,
]

# A short look at other machines: memory in MiB, cores, bootargs.
OTHERS = [
    (8, 1, ""), (16, 2, ""), (256, 3, "dma_limit=0x61000000 highmem=0x6c000000 movablecore=16M"),
    (1024, 4, "mem=100M maxcpus=2"),
]
OTHER = [boots_to_the_prompt, memmap_fits_the_screen, buddyinfo_parses, zoneinfo_parses,
         alloc_and_free_every_order, demo_passes_and_repeats, misuse_is_refused,
         nothing_was_lost, check_holds, poweroff_ends_with_status_0]
RANGES = [boots_to_the_prompt, nodes_are_listed, cma_gives_and_takes,
          pageblocks_go_offline_and_come_back, check_holds, poweroff_ends_with_status_0]


def main():
    sockets = tempfile.mkdtemp()
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--image", default="build/vexpress-a9/libbuddy", help="without .elf")
    ap.add_argument("--dtb", help="default: beside the image")
    ap.add_argument("--qemu", default=os.environ.get("QEMU", "qemu-system-arm"))
    ap.add_argument("--machine", default="vexpress-a9")
    ap.add_argument("--short", action="store_true", help="one session on 64 MiB, no others")
    ap.add_argument("-v", action="store_true", help="show what the board says")
    args = ap.parse_args()
    dtb = args.dtb or os.path.join(os.path.dirname(args.image), args.machine + ".dtb")

    def start(mem, smp, append, mode="monitor"):
        gdb = os.path.join(sockets, "gdb")
        return Board([args.qemu, "-chardev", "socket,path=%s,server=on,wait=off,id=g" % gdb,
                      "-gdb", "chardev:g", "-M", args.machine, "-smp", str(smp), "-m", str(mem),
                      "-display", "none", "-serial", "stdio", "-monitor", "none",
                      "-semihosting-config", "enable=on,target=native",
                      "-kernel", args.image + ".elf", "-dtb", dtb,
                      "-append", "semihosting mode=%s %s" % (mode, append)], gdb, args.v)

    runs = [("64 MiB, 4 cores", (64, 4, ""), SESSION)]
    if not args.short:
        runs.append(("reboot", (64, 4, ""), [reboot_comes_back]))
        runs.append(("1024 MiB", (1024, 4, ""), [boots_to_the_prompt, bench_answers]))
        runs.append(("debugging", (64, 4, "page_owner=1 trace=100 debug_pagealloc=1 page_poison=2"),
                     [refuses_a_wrong_boot_argument, boots_to_the_prompt,
                      boot_arguments_turned_options_on, nothing_was_lost, check_holds,
                      poweroff_ends_with_status_0]))
        runs.append(("reclaim", (64, 4, ""), [boots_to_the_prompt] + RECLAIM +
                     [nothing_was_lost, check_holds, poweroff_ends_with_status_0]))
        ranges = (256, 4, "cma=16M highmem=0x6c000000 movablecore=16M")
        runs.append(("256 MiB, %s" % ranges[2], ranges, RANGES))
        for broken in (check_finds_what_is_broken, demo_finds_what_is_broken):
            runs.append(("broken", (64, 4, ""), [boots_to_the_prompt, broken]))
        for mem, smp, append in ((8, 1, "demo.ops=5000"), (8, 4, "seed=7 demo.ops=5000"),
                                 (1024, 4, ""), (64, 2, "highmem=0x62000000 seed=0xffffffff")):
            runs.append(("%d MiB, %d cores %s" % (mem, smp, append), (mem, smp, append, "demo"),
                         [demo_mode_passes_and_powers_off]))
        runs += [("%d MiB, %d cores%s%s" % (o[0], o[1], " " if o[2] else "", o[2]), o, OTHER)
                 for o in OTHERS]
    print("1..%d" % sum(len(r[2]) for r in runs))
    number = failed = 0
    for name, machine, steps in runs:
        board, dead = start(*machine), False
        for step in steps:
            number += 1
            try:
                need(not dead, "the board is dead")
                step(board)
                result = "ok"
            except (AssertionError, AttributeError, BrokenPipeError, IndexError, KeyError,
                    ValueError, subprocess.TimeoutExpired) as e:
                result = "not ok"
                failed += 1
                for line in str(e).split("\n"):
                    print("# %s" % line)
                dead = dead or step is boots_to_the_prompt or board.p.poll() is not None
                if not dead:
                    board.out = ""
                    board.send("\x05\x15\r")
                    board.read(0.5)
                    board.out = ""
            print("%s %d - monitor: %s, %s" % (result, number, step.__name__, name), flush=True)
        board.kill()
    shutil.rmtree(sockets)
    print("# closing: %d of %d cases run, %d failed" % (number, number, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
