#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Another board, in QEMU: all that differs between boards, TAP out.

    tests/target/boards.py --board sabrelite [--build build]

How QEMU is called for it is read from boards/NAME/board.mk; what is expected of it (cores,
whether it can reset itself and turn itself off there) stands below.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile

from serial_board import PROMPT, Board, need

STATUS_EXCEPTION = 70  # boot/exception.h
RESET, OFF = "reset", "off"

# cores, what the board can do by itself in QEMU, the UART, another UART of the same kind
# with its interrupt and QEMU's options that put it, and not the first, on stdio
BOARDS = {
    "sabrelite": (4, {RESET}, 0x021e8000, (0x02020000, 26, ["-serial", "stdio"])),
    "realview-pbx-a9": (4, {RESET}, 0x10009000,
                        (0x1000a000, 13, ["-serial", "null", "-serial", "stdio"])),
    "zynq": (1, {RESET}, 0xe0001000, (0xe0000000, 27, ["-serial", "stdio"])),
    # QEMU's model of the power management unit knows no reset
    "exynos4210": (2, {OFF}, 0x13800000,
                   (0x13810000, 26, ["-serial", "null", "-serial", "stdio"])),
    "npcm750": (2, {RESET}, 0xf0001000, (0xf0002000, 3, ["-serial", "null", "-serial", "stdio"])),
}


def board_mk(board, name, default=""):
    with open("boards/%s/board.mk" % board, encoding="ascii") as f:
        m = re.search(r"^%s\s*[:?]?=[ \t]*(.*)$" % name, f.read(), re.M)
    return m.group(1) if m else default


class Test:
    def __init__(self, args):
        self.args = args
        self.cores, self.can, self.uart, self.other = BOARDS[args.board]
        self.image = "%s/%s/libbuddy" % (args.build, args.board)
        self.dtb = "%s/%s/%s.dtb" % (args.build, args.board, args.board)
        self.smp = board_mk(args.board, "SMP", "4")
        self.extra = shlex.split(board_mk(args.board, "QEMU_EXTRA"))
        self.append = "mem=64M"
        m = re.search(r"periphclk=\d+", board_mk(args.board, "APPEND"))
        if m:
            self.append += " " + m.group(0)
        self.done = self.bad = 0

    def command(self, bootargs, start="elf", dtb=None, serial=None):
        extra = self.extra if serial is None else [
            o for o in self.extra if o not in ("-serial", "null")]
        return (["qemu-system-arm", "-M", board_mk(self.args.board, "QEMU_MACHINE")] + extra +
                ["-smp", self.smp, "-m", board_mk(self.args.board, "MEM", "1024"),
                 "-display", "none"] + (serial or ["-serial", "stdio"]) +
                ["-monitor", "none", "-semihosting-config", "enable=on,target=native",
                 "-kernel", self.image + (".elf" if start == "elf" else ".bin"),
                 "-dtb", dtb or self.dtb, "-append", self.append + " " + bootargs])

    def case(self, name, function, command):
        board, why = Board(command, None, self.args.verbose), None
        try:
            function(board)
        except (AssertionError, OSError, ValueError) as e:
            why = str(e)
        finally:
            board.kill()
        self.done += 1
        self.bad += why is not None
        print("%s %d - %s: %s" % ("not ok" if why else "ok", self.done, self.args.board, name))
        if why:
            print("\n".join("# | " + line for line in why.split("\n")))
            print("# again: " + shlex.join(command))
        sys.stdout.flush()

    # ---- the cases -----------------------------------------------------------------

    def starts(self, b, how):
        """From the banner to the prompt; returns what was said."""
        b.expect(r"libbuddy on %s\n" % re.escape(self.args.board))
        b.expect(re.escape(PROMPT), 60)
        said = b.before
        need(re.search(how, said), "not %r in %r" % (how, said))
        need(re.search(r"^%d of \d cores online$" % self.cores, said, re.M),
             "not %d cores in %r" % (self.cores, said))
        # A word that is wrong in board.h shows itself here.
        for wrong in ("CBAR", "built-in", "staying at", "did not come up"):
            need(wrong not in said, "%r in %r" % (wrong, said))
        return said

    def session(self, b):
        self.starts(b, "found at the base of RAM")
        need("all invariants hold" in b.command("check"), "check")
        said = b.command("cpus")
        need(said.count("online, ") == self.cores, "cores that tick: %r" % said)
        need("no card" in b.command("sd"), "sd")
        if RESET in self.can:
            b.send("reboot\r")
            self.starts(b, "found at the base of RAM")
            need("all invariants hold" in b.command("check"), "check after a reset")
        b.send("poweroff\r")
        need(b.wait() == 0, "exit status of poweroff")

    def demo(self, b):
        b.expect(r"image: moved from")
        b.expect(r"device tree: passed by the loader")
        b.expect(r"\n%d of \d cores online\n" % self.cores)
        b.expect(r"\ndemo: PASS\n", 120)
        need(b.wait() == 0, "exit status of the demonstration")

    def null(self, b):
        b.expect(r"\*\*\* data abort on core \d")
        b.expect(r"write at 00000010: no section mapped")
        need(b.wait() == STATUS_EXCEPTION, "exit status of an exception")

    def other_uart(self, b):
        b.expect(r"console: at %08x now\n" % self.other[0])
        b.expect(re.escape(PROMPT), 60)
        # What is typed arrives by that one's interrupt: there are no ticks.
        need("all invariants hold" in b.command("check"), "check")
        b.send("poweroff\r")
        need(b.wait() == 0, "exit status of poweroff")

    def off(self, b):
        b.expect(re.escape(PROMPT), 60)
        # Without ticks it is the UART's interrupt alone that ends the prompt's sleep.
        b.send("poweroff\r")
        if OFF in self.can:
            b.wait()
        else:
            b.expect(r"stopped; this board does not turn itself off\n")

    def run(self):
        self.case("ELF, prompt, check, reset", self.session,
                  self.command("semihosting mode=monitor"))
        self.case("raw image, demonstration", self.demo,
                  self.command("semihosting mode=demo demo.ops=200", "raw"))
        self.case("a null pointer faults", self.null, self.command("semihosting crash=dabt"))
        self.case("power off without a debugger", self.off, self.command("tick=0 mode=monitor"))
        with tempfile.NamedTemporaryFile(suffix=".dtb") as tree:
            self.make_tree(tree)
            self.case("the console where stdout-path says", self.other_uart,
                      self.command("semihosting tick=0 mode=monitor", dtb=tree.name,
                                   serial=self.other[2]))
        print("1..%d" % self.done)
        return self.bad

    def make_tree(self, tree):
        """The board's tree with the console at its other UART."""
        base, spi, _ = self.other
        dts = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", self.dtb],
                             stdout=subprocess.PIPE, check=True).stdout.decode()
        # decompiled: the UART's own node is the only one with its address
        changed, n = re.subn(r"reg = <0x%x 0x1000>;" % self.uart, "reg = <0x%x 0x1000>;" % base, dts)
        need(n == 1, "one UART in the tree")
        at = changed.index("reg = <0x%x 0x1000>;" % base)
        changed = changed[:at] + re.sub(r"interrupts = <0x00 0x[0-9a-f]+ 0x04>",
                                        "interrupts = <0x00 0x%x 0x04>" % spi, changed[at:], 1)
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", tree.name],
                       input=changed.encode(), check=True)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--board", required=True, choices=sorted(BOARDS))
    p.add_argument("--build", default="build")
    p.add_argument("--verbose", action="store_true")
    args = p.parse_args()
    os.environ["QEMU_AUDIO_DRV"] = "none"
    return 1 if Test(args).run() else 0


if __name__ == "__main__":
    sys.exit(main())
