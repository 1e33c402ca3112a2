#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Starts the image as loaders do, well and badly behaved ones; prints TAP.

    tests/target/loaders.py --images build/vexpress-a9/images --elf FILE --preloader FILE

A preloader of ours (preloader.S) leaves MMU, caches, vectors, modes and registers as a
case wants them; image, tree and tags lie where it wants them.  mode=check ends each run
that gets its arguments: status 0 says that the memory map was made and every invariant
holds, and what the log must say is in the case.  A run without arguments ends at the
prompt.
"""
import argparse
import os
import re
import select
import struct
import subprocess
import sys
import tempfile
import time

RAM = 0x60000000
MIB = 1 << 20
BLOCK = 0x48008000
MMU, DCACHE, ICACHE, SMP, L2, IRQ, SCTLR = (1 << i for i in range(7))
SVC, SYS, IRQ_MODE, ABT, UND, FIQ = 0x13, 0x1f, 0x12, 0x17, 0x1b, 0x11
MASKED = 0x1c0
ARGS = "semihosting mode=check cma=4M"
ALL_UP = r"4 of 4 cores online"


class Case:
    """One run: how it starts, and what the log says, in this order."""

    def __init__(self, name, want, entry=None, regs=(0, 0x8e0, 0), flags=0, cpsr=SVC | MASKED,
                 load=None, files=(), mem=128, prompt=False, kernel=None, never=None, image=None):
        self.name, self.want, self.regs, self.flags, self.cpsr = name, want, regs, flags, cpsr
        self.load, self.entry = load, load if entry is None else entry
        self.files, self.mem, self.prompt, self.kernel = files, mem, prompt, kernel
        self.never = never  # what the log must not say
        self.image = image  # in the place of the plain one


class Maker:
    """Makes what the cases load, in a folder of its own."""

    def __init__(self, args, folder):
        self.args, self.folder, self.nr = args, folder, 0
        with open(os.path.join(args.images, "zImage"), "rb") as f:
            self.image = f.read()
        self.start, self.end = struct.unpack_from("<2I", self.image, 0x28)
        nm = subprocess.run([args.nm, args.elf], capture_output=True, text=True, check=True)
        self.symbols = {w[2]: int(w[0], 16) for w in map(str.split, nm.stdout.split("\n"))
                        if len(w) == 3}

    def file(self, data):
        self.nr += 1
        path = os.path.join(self.folder, "%d.bin" % self.nr)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def tree(self, memory=((RAM, 128 * MIB),), args=ARGS):
        """The board's tree with other memory and arguments."""
        path = self.file(open(self.args.dtb, "rb").read())
        cells = ["%x" % n for r in memory for n in r]
        subprocess.run(["fdtput", "-t", "x", path, "/memory@60000000", "reg"] + cells, check=True)
        subprocess.run(["fdtput", "-t", "s", path, "/chosen", "bootargs", args], check=True)
        with open(path, "rb") as f:
            return f.read()

    def command(self, case):
        cmd = [self.args.qemu, "-M", "vexpress-a9", "-smp", "4", "-m", str(case.mem), "-display",
               "none", "-serial", "stdio", "-monitor", "none", "-audiodev", "none,id=none",
               "-global", "pl041.audiodev=none", "-semihosting-config",
               "enable=on,target=native"]
        if case.kernel:
            return cmd + case.kernel
        block = struct.pack("<8I", case.entry, *case.regs, case.flags, case.cpsr,
                            self.start >> 20, 2 if case.flags & MMU else 0)
        files = [(BLOCK, block), (case.load, case.image or self.image)] + list(case.files)
        cmd += ["-kernel", self.args.preloader]
        for addr, data in files:
            cmd += ["-device", "loader,file=%s,addr=0x%x,force-raw=on" % (self.file(data), addr)]
        return cmd


def atags(ranges, line):
    words = [5, 0x54410001, 0, 4096, 0]
    for base, size in ranges:
        words += [4, 0x54410002, size, base]
    text = line.encode("ascii") + b"\0"
    text += bytes(-len(text) % 4)
    words += [2 + len(text) // 4, 0x54410009]
    return struct.pack("<%dI" % len(words), *words) + text + struct.pack("<2I", 0, 0)


def arguments(at, *words):
    """argv for `go`: pointers at `at`, words behind them."""
    pointers, text = b"", b""
    for w in words:
        pointers += struct.pack("<I", at + 4 * len(words) + len(text))
        text += w.encode("ascii") + b"\0"
    return at, pointers + text


def cases(m):
    top = RAM + 128 * MIB
    tree = m.tree()
    behind = m.image + tree
    end = m.symbols["_end"]
    adjacent = m.tree(((RAM, 64 * MIB), (RAM + 64 * MIB, 64 * MIB)))
    hole = m.tree(((RAM, 32 * MIB), (RAM + 96 * MIB, 32 * MIB)))
    whole = r"memory: 0x60000000-0x67ffffff +128 MiB, node 0\nmemory: 128 MiB in all"
    passed = r"device tree: passed by the loader, %08x\n"
    moved = r"device tree: %s, moved to %08x\n"
    builtin = r"device tree: none passed, using the built-in one"
    argv = top - 4096
    bootz_tree = top - 0x4000 - len(tree)
    bootz_tree -= bootz_tree % 8

    yield Case("bootz: the tree at the top of RAM, memory in two adjacent ranges, SMP bit set",
               [r"image: moved from 60800000", passed % (top - 0x8000), whole, ALL_UP],
               load=0x60800000, regs=(0, 0x8e0, top - 0x8000), flags=ICACHE | SMP,
               files=[(top - 0x8000, adjacent)])
    yield Case("bootm: at its link address, the tree close below it",
               [passed % (m.start - 0x1000), whole, ALL_UP], never="image: moved", load=m.start,
               regs=(0, 0, m.start - 0x1000), files=[(m.start - 0x1000, tree)])
    yield Case("go ADDR TREE: MMU, caches, L2 on, interrupts coming, nobody may touch the target",
               [r"image: moved from 62000000", r"loader: left MMU on, data cache on",
                r"device tree: named on the go command's line, %08x" % bootz_tree, whole, ALL_UP],
               load=0x62000000, regs=(2, argv, 0x9fffff00),
               flags=MMU | DCACHE | ICACHE | SMP | L2 | IRQ, cpsr=SVC,
               files=[(bootz_tree, tree),
                      arguments(argv, "0x62000000", "0x%X" % bootz_tree)])
    yield Case("go ADDR: the tree behind the image, r2 leads to text",
               [r"loader: left MMU on", r"device tree: found behind the image, %08x" %
                (0x62000000 + len(m.image)), whole, ALL_UP],
               load=0x62000000, regs=(1, argv, argv), flags=MMU | DCACHE | ICACHE,
               image=behind, files=[arguments(argv, "62000000")])
    yield Case("go ADDR WORD: a word that is no address, r2 odd and in no RAM",
               [r"device tree: found behind the image", ALL_UP],
               load=0x62000000, regs=(2, argv, 0x12345679),
               image=behind, files=[arguments(argv, "62000000", "6100000g")])
    yield Case("go: the named tree lies where the image goes",
               [moved % ("named on the go command's line", end), whole, ALL_UP],
               load=0x62000000, regs=(2, argv, 0), flags=MMU | DCACHE,
               files=[(m.start + 0x3000, tree),
                      arguments(argv, "62000000", "%x" % (m.start + 0x3000))])
    yield Case("moves down over itself, its tree behind it in its .bss",
               [moved % ("found behind the image", end), whole, ALL_UP],
               load=m.start + 0x100, image=behind)
    yield Case("moves up over itself, in SYS mode, high vectors, alignment checks, big-endian, Thumb",
               [r"image: moved from %08x" % (m.start - 0x8000), whole, ALL_UP],
               load=m.start - 0x8000, regs=(0, 0x8e0, top - 0x8000), cpsr=SYS, flags=SCTLR,
               files=[(top - 0x8000, tree)])
    yield Case("from an address that is no exception table's, in IRQ mode",
               [r"image: moved from %08x" % (m.start + 0x40084), whole, ALL_UP],
               load=m.start + 0x40084, regs=(0, 0x8e0, top - 0x8000), cpsr=IRQ_MODE | MASKED,
               files=[(top - 0x8000, tree)])
    yield Case("128 bytes below its place, in ABT mode", [whole, ALL_UP],
               load=m.start - 0x80, regs=(0, 0x8e0, top - 0x8000), cpsr=ABT,
               files=[(top - 0x8000, tree)])
    yield Case("the tree in the image's .bss, which is where it belongs, in UND mode",
               [moved % ("passed by the loader", end), whole, ALL_UP],
               load=m.start, regs=(0, 0x8e0, m.end + 0x20), cpsr=UND,
               files=[(m.end + 0x20, tree)])
    yield Case("the tree half in the image's place, the image right behind it, in FIQ mode",
               [moved % ("passed by the loader", (end + len(m.image) + 7) & ~7), whole, ALL_UP],
               load=end, regs=(0, 0x8e0, m.start - 0x400), cpsr=FIQ,
               files=[(m.start - 0x400, tree)])
    yield Case("the tree at the end of the image's place, from there upwards over itself",
               [moved % ("passed by the loader", end), whole, ALL_UP],
               load=0x62000000, regs=(0, 0x8e0, end - 0x100), files=[(end - 0x100, tree)])
    yield Case("the tree at an odd address, memory with a hole",
               [moved % ("passed by the loader", end),
                r"memory: 0x60000000-0x61ffffff +32 MiB", r"memory: 0x66000000-0x67ffffff +32 MiB",
                r"memory: 64 MiB in all", ALL_UP],
               load=0x61000000, regs=(0, 0x8e0, 0x66000101), files=[(0x66000101, hole)],
               flags=SCTLR)
    yield Case("tags: memory in two ranges with a hole, arguments",
               [builtin, r"atags: passed by the loader, 60000100", r"bootargs: " + ARGS,
                r"memory: 0x60000000-0x61ffffff +32 MiB", r"memory: 0x64000000-0x65ffffff +32 MiB",
                r"memory: 64 MiB in all", ALL_UP],
               load=0x61000000, regs=(0, 0x8e0, 0x60000100),
               files=[(0x60000100, atags(((RAM + 64 * MIB, 32 * MIB), (RAM, 32 * MIB)), ARGS))])
    yield Case("a tree too large to be moved is named, the built-in one used",
               [r"device tree: it lay where the image runs, more than 1 MiB, lost", builtin],
               load=0x62000000, regs=(0, 0x8e0, m.start), mem=1024, prompt=True,
               files=[(m.start, tree[:4] + struct.pack(">I", 2 * MIB) + tree[8:])])
    yield Case("a tree that is not sound is named, the built-in one used",
               [r"that one is not sound", r"bootargs: none", ALL_UP],
               load=0x62000000, regs=(0, 0x8e0, top), mem=1024, prompt=True,
               files=[(top, tree[:8] + b"\xff" * 8 + tree[16:])])
    yield Case("nothing at all: r2 is 0, the built-in tree", [builtin, ALL_UP],
               load=0x60008000, regs=(0, 0, 0), mem=1024, prompt=True)
    yield Case("64 bytes from its place: refused in one line", [r"!M "],
               load=m.start + 0x40, prompt=True)
    yield Case("uImage, started by QEMU's own loader", [r"device tree: passed by the loader",
                                                        whole, ALL_UP],
               kernel=["-kernel", os.path.join(m.args.images, "uImage"), "-dtb", m.args.dtb,
                       "-append", ARGS], never="image: moved")
    nor = m.file(behind + bytes(64 * MIB - len(behind)))
    yield Case("NOR flash: from reset at 0, the tree behind the image",
               [r"image: moved from 00000000", moved % ("found behind the image", end), whole,
                ALL_UP],
               kernel=["-drive", "if=pflash,format=raw,readonly=on,file=" + nor])


def run(case, command, timeout):
    """What was said, and what is wrong."""
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, env=dict(os.environ, QEMU_AUDIO_DRV="none"))
    end, out, stopped = time.monotonic() + timeout, "", False
    while not stopped:
        ready, _, _ = select.select([p.stdout], [], [], max(0, end - time.monotonic()))
        data = os.read(p.stdout.fileno(), 65536) if ready else b""
        if not data:
            break
        out = (out + data.decode("ascii", "replace")).replace("\r", "")
        stopped = re.search(r"buddy> |![A-Z] \w{8} \w{8} \w{8}|#", out) is not None
    late = not stopped and time.monotonic() > end
    if stopped or late:
        p.kill()
    status = p.wait()
    if late:
        return out, "time is up"
    at = 0
    for pattern in case.want:
        found = re.compile(pattern).search(out, at)
        if not found:
            return out, "no line like %r" % pattern
        at = found.end()
    if case.never and case.never in out:
        return out, "says %r" % case.never
    if stopped != case.prompt:
        return out, "ended at a prompt or with an early report" if stopped else "no prompt"
    if not stopped and status:
        return out, "exit status %d" % status
    return out, None


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--images", required=True, help="folder of `make images`")
    p.add_argument("--elf", required=True)
    p.add_argument("--dtb", required=True)
    p.add_argument("--preloader", required=True)
    p.add_argument("--qemu", default="qemu-system-arm")
    p.add_argument("--nm", default="arm-none-eabi-nm")
    p.add_argument("--only", default="", help="cases whose name has this in it")
    p.add_argument("--timeout", type=float, default=60, help="seconds for each run")
    args = p.parse_args()
    nr = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        maker = Maker(args, folder)
        for case in cases(maker):
            if args.only not in case.name:
                continue
            command = maker.command(case)
            out, wrong = run(case, command, args.timeout)
            # The board's clock goes on while this machine has no time for its cores.
            if wrong and "did not come up within" in out:
                print("# %s: again, a core was late" % case.name)
                out, wrong = run(case, command, args.timeout)
            nr += 1
            failed += wrong is not None
            print("%s %d - %s" % ("not ok" if wrong else "ok", nr, case.name), flush=True)
            if wrong:
                print("# " + wrong)
                print("".join("# | %s\n" % line for line in out.split("\n")[-30:]), end="")
    print("1..%d" % nr)
    return 1 if failed or not nr else 0


if __name__ == "__main__":
    sys.exit(main())
