#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A memory card through the page cache, on a board with less memory than the card; TAP out.

    tests/target/sdcard.py --image build/vexpress-a9/libbuddy --dtb FILE

The board changes bytes all over the card (monitor command `sd`, boot/commands_fs.c) while
memory is short, and powers off; the same is then done here to a copy, and the whole image
compared with it.  Cards of both kinds of addressing, and a board without a card.
"""

import argparse
import os
import random
import re
import shutil
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
from serial_board import PROMPT, Board, need  # noqa: E402 (beside this file)

MIB = 1 << 20
PIECE = 6000  # at most so many bytes are changed at once
SMALL, LARGE = 16 * MIB, 4096 * MIB
SLOW = 120  # seconds for all of a card on a busy machine


# ---- what the board does, done here ------------------------------------------------

def randoms(state):
    while True:
        state = (state + 0x9e3779b9) & 0xffffffff
        z = ((state ^ state >> 16) * 0x85ebca6b) & 0xffffffff
        z = ((z ^ z >> 13) * 0xc2b2ae35) & 0xffffffff
        yield z ^ z >> 16


def changes(size, seed, times):
    """Position, length and the four bytes of each change."""
    numbers = randoms(seed)
    for _ in range(times):
        pos = next(numbers) * (size // 512) >> 23
        n = min(1 + next(numbers) % PIECE, size - pos)
        yield pos, n, next(numbers).to_bytes(4, "little")


def xor(old, key):
    n = len(old)
    pattern = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(old, "little") ^ int.from_bytes(pattern, "little")).to_bytes(n, "little")


class Card:
    """An image file, and in `want` what it shall hold; sparse where it is larger than SMALL."""

    def __init__(self, path, size):
        self.path, self.size, self.written = path, size, []
        self.want = tempfile.TemporaryFile()
        self.want.truncate(size)
        if size <= SMALL:
            self.want.write(random.Random(size).randbytes(size))
            self.want.flush()
        self.want.seek(0)
        with open(path, "wb") as f:
            f.write(self.want.read(SMALL))
            f.truncate(size)

    def scramble(self, seed, times):
        total = 0
        for pos, n, key in changes(self.size, seed, times):
            self.want.seek(pos)
            old = self.want.read(n)
            self.want.seek(pos)
            self.want.write(xor(old, key))
            self.written.append((pos, n))
            total += n
        return total

    def crc(self):
        self.want.seek(0)
        return "%08x" % zlib.crc32(self.want.read())

    def compare(self):
        """All of a small card, what was written of a large one, each with what is around it."""
        whole = self.size <= SMALL
        need(os.path.getsize(self.path) == self.size, "the image's size changed")
        with open(self.path, "rb") as f:
            for pos, n in [(0, self.size)] if whole else self.written:
                start = max(0, pos - 4096)
                for file in (f, self.want):
                    file.seek(start)
                is_, want = f.read(n + 8192), self.want.read(n + 8192)
                if is_ != want:
                    bad = [i for i in range(len(want)) if is_[i] != want[i]]
                    raise AssertionError("%d bytes differ, the first at 0x%x" %
                                         (len(bad), start + bad[0]))


# ---- steps ---------------------------------------------------------------------------

def counters(b):
    """What `sd` says: the numbers of each line, by the line's first word."""
    out = b.command("sd")
    rows = {line.split()[0]: [int(n) for n in re.findall(r"\d+", line)]
            for line in out.split("\n") if line}
    need(set(rows) >= {"card", "cached", "looked", "I/O", "memory"}, "sd: %r" % out)
    return rows


def boots_with_the_card(b, card):
    b.expect(r"\nsd: %d MiB card\n" % (card.size // MIB), 60)
    b.expect(PROMPT, 60)
    rows = counters(b)
    need(rows["card"] == [card.size >> 10, card.size >> 9], "size: %s" % rows["card"])
    need(rows["cached"][0] == 0, "cached before anything was read")


def sum_is_the_hosts(b, card):
    out = b.command("sd sum", SLOW)
    need("crc32 %s of %d KiB\n" % (card.crc(), card.size >> 10) in out + "\n",
         "%r, not %s" % (out, card.crc()))


def cache_gave_way(b, card):
    """The card does not fit into memory: pages went, and most of memory is still the cache's."""
    rows = counters(b)
    need(rows["memory"][0] > 0, "nothing was evicted: %s" % rows)
    need(SMALL // 4096 // 4 < rows["cached"][0] < SMALL // 4096, "cached: %s" % rows["cached"])
    need(rows["I/O"][0] >= card.size >> 10 >> 2, "not read: %s" % rows)


def scramble(seed, times):
    def scrambles(b, card):
        out = b.command("sd scramble %d %d" % (seed, times), SLOW)
        want = "%d times, %d bytes changed" % (times, card.scramble(seed, times))
        need(want in out, "%r, not %r" % (out, want))
    return scrambles


def syncs(b, _):
    need("the card has everything" in b.command("sd sync", SLOW), "sync")
    out = b.command("lru")
    dirty = [int(n) for n in re.findall(r"dirty (\d+)", out)]
    need(dirty and sum(dirty) == 0, "dirty pages are left: %r" % out)


def drops(b, _):
    out = b.command("sd drop")
    need(re.search(r"^[1-9]\d* pages left the memory, 0 stay$", out, re.M), "drop: %r" % out)
    need(counters(b)["cached"][0] == 0, "something is still cached")


def reads_only_what_is_not_there(b, _):
    """Two changes in one place: the second finds the pages of the first."""
    before = counters(b)["looked"]
    b.command("sd scramble 1 1")
    between = counters(b)["looked"]
    b.command("sd scramble 1 1")  # which undoes it
    after = counters(b)["looked"]
    need(after[1] == between[1], "read again: %s, %s" % (between, after))
    need(after[0] - between[0] >= 2 and between[0] + between[1] > sum(before), "not looked up")


def names_what_is_wrong(b, _):
    for line, why in (("sd fly", "alone, or followed by: sum, scramble SEED N, sync, drop"),
                      ("sd sum 1", "alone, or"), ("sd scramble 1", "alone, or"),
                      ("sd scramble x 1", "SEED is to be a number"),
                      ("sd scramble 1 -1", "N is to be a number"),
                      ("sd sync now", "alone, or"), ("sd drop 1", "alone, or"),
                      ("sd scramble 1 1 1", "expected: sd")):
        out = b.command(line)
        need(why in out, "%s: %r" % (line, out))


def does_without(b, _):
    b.expect(r"\nsd: no card\n", 60)
    b.expect(PROMPT, 60)
    for line in ("sd", "sd sum", "sd scramble 1 1", "sd sync", "sd drop"):
        need("no card" in b.command(line), line)


def check_holds(b, _):
    need("all invariants hold" in b.command("check"), "check")


def powers_off(b, _):
    b.send("poweroff\r")
    need(b.wait() == 0, "status %s" % b.p.returncode)


def image_is_the_hosts(b, card):
    need(b.p.poll() is not None, "the board is still on")
    card.compare()


END = [check_holds, powers_off]
# Name, the card's size or 0, whether it is the card of the run before, MiB, bootargs, steps.
# 12 MiB: less than the card.  highmem: most pages have no permanent mapping.
RUNS = [
    ("16 MiB card, 12 MiB memory", SMALL, False, 64, "mem=12M",
     [boots_with_the_card, sum_is_the_hosts, cache_gave_way, scramble(1, 700), sum_is_the_hosts,
      scramble(0xfffffff0, 300), syncs, *END, image_is_the_hosts]),
    ("the same card again, high memory", SMALL, True, 64, "mem=12M highmem=0x60400000",
     [boots_with_the_card, sum_is_the_hosts, scramble(2, 300), syncs, drops, sum_is_the_hosts,
      *END, image_is_the_hosts]),
    ("the same card, everything fits", SMALL, True, 64, "",
     [boots_with_the_card, names_what_is_wrong, reads_only_what_is_not_there, sum_is_the_hosts,
      syncs, *END, image_is_the_hosts]),
    ("4 GiB card", LARGE, False, 64, "mem=12M",
     [boots_with_the_card, scramble(3, 1000), syncs, *END, image_is_the_hosts]),
    ("no card", 0, False, 64, "", [does_without, *END]),
]


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--image", default="build/vexpress-a9/libbuddy", help="without .elf")
    ap.add_argument("--dtb", default="build/vexpress-a9/vexpress-a9.dtb")
    ap.add_argument("--qemu", default=os.environ.get("QEMU", "qemu-system-arm"))
    ap.add_argument("-v", action="store_true", help="show what the board says")
    args = ap.parse_args()
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "sd.img")
    print("1..%d" % sum(len(r[5]) for r in RUNS))
    number = failed = 0
    card = None
    for name, size, again, mem, append, steps in RUNS:
        command = [args.qemu, "-M", "vexpress-a9", "-smp", "4", "-m", str(mem), "-display", "none",
                   "-serial", "stdio", "-monitor", "none",
                   "-audiodev", "none,id=none", "-global", "pl041.audiodev=none",
                   "-semihosting-config", "enable=on,target=native",
                   "-kernel", args.image + ".elf", "-dtb", args.dtb,
                   "-append", "semihosting mode=monitor " + append]
        if size:
            card = card if again else Card(path, size)
            command += ["-drive", "if=sd,format=raw,file=" + path]
        board, dead = Board(command, None, args.v), False
        for step in steps:
            number += 1
            try:
                need(not dead, "a step before this one failed")
                step(board, card)
                result = "ok"
            except (AssertionError, AttributeError, BrokenPipeError, IndexError, KeyError,
                    ValueError) as e:
                result, dead = "not ok", True
                failed += 1
                for line in str(e).split("\n"):
                    print("# %s" % line)
            print("%s %d - sdcard: %s, %s" % (result, number, step.__name__, name), flush=True)
        board.kill()
    shutil.rmtree(folder)
    print("# closing: %d of %d cases run, %d failed" % (number, number, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
