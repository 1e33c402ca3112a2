#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files of `make images`, each read back by somebody else's tool; prints TAP.

    tests/target/image_forms.py --images build/vexpress-a9/images --elf FILE

uImage and boot script against U-Boot's mkimage and dumpimage, the card against fsck.fat
and mtools, the trees against fdtget; damaged ones are refused.  Then what `make` says of
wrong words, and the card writer's questions, asked of a file.
"""
import argparse
import os
import struct
import subprocess
import sys
import tempfile

TOOLS = "tools/images/"


def run(*command, text_in=None, **more):
    done = subprocess.run(command, capture_output=True, text=True, input=text_in, check=False,
                          errors="replace", timeout=120, **more)
    return done.returncode, done.stdout + done.stderr


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def ok(*command, **more):
    status, out = run(*command, **more)
    need(status == 0, "%s: status %d: %s" % (" ".join(command), status, out))
    return out


class Forms:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder

    def path(self, name):
        return os.path.join(self.args.images, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def temp(self, name, data=b""):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    # ---- the raw image -------------------------------------------------------------

    def zimage_header_is_the_image(self):
        blob = self.read("zImage")
        magic, start, end, order = struct.unpack_from("<4I", blob, 0x24)
        symbols = {w[2]: int(w[0], 16) for w in map(str.split, ok(
            self.args.nm, self.args.elf).split("\n")) if len(w) == 3}
        need(magic == 0x016f2818 and order == 0x04030201, "magic %x %x" % (magic, order))
        need(start == symbols["_start"], "start %x" % start)
        need(end - start == len(blob), "%d bytes, the header says %d" % (len(blob), end - start))

    def tree_follows_the_image(self):
        whole, image = self.read("zImage-dtb"), self.read("zImage")
        need(whole.startswith(image) and len(image) % 4 == 0, "not the image first")
        tree = self.temp("tree.dtb", whole[len(image):])
        said = ok("fdtget", tree, "/chosen", "bootargs").strip()
        need(said.startswith("mode=monitor"), said)
        nor = os.path.join(self.args.images, "nor.img")
        if os.path.exists(nor):
            blob = self.read("nor.img")
            need(blob.startswith(whole) and len(blob) == self.args.nor_mib << 20, "nor.img")
            need(not any(blob[len(whole):]), "something behind the tree")

    # ---- U-Boot's ------------------------------------------------------------------

    def uimage_is_what_mkimage_makes(self):
        start = struct.unpack_from("<I", self.read("zImage"), 0x28)[0]
        theirs = self.temp("theirs")
        ok("mkimage", "-A", "arm", "-O", "linux", "-T", "kernel", "-C", "none", "-a",
           "%x" % start, "-e", "%x" % start, "-n", "libbuddy", "-d", self.path("zImage"), theirs,
           env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
        with open(theirs, "rb") as f:
            need(f.read() == self.read("uImage"), "uImage differs from mkimage's")
        listed = ok("dumpimage", "-l", self.path("uImage"))
        need("ARM Linux Kernel Image (uncompressed)" in listed and "%08x" % start in listed,
             listed)

    def script_is_what_mkimage_reads(self):
        listed = ok("dumpimage", "-l", self.path("boot.scr"))
        need("ARM Linux Script (uncompressed)" in listed, listed)
        text = self.temp("text")
        ok("dumpimage", "-T", "script", "-p", "0", "-o", text, self.path("boot.scr"))
        with open(text, "rb") as f:
            table = f.read()
        need(struct.unpack_from(">2I", table) == (len(table) - 8, 0), "table of lengths")
        text = self.temp("text", table[8:])
        script = table[8:].decode("ascii")
        need("@" not in script and "\nbootz 0x" in script, script)
        theirs = self.temp("theirs.scr")
        name = self.read("boot.scr")[32:64].rstrip(b"\0").decode("ascii")
        ok("mkimage", "-A", "arm", "-O", "linux", "-T", "script", "-C", "none", "-n", name, "-d",
           text, theirs, env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
        with open(theirs, "rb") as f:
            need(f.read() == self.read("boot.scr"), "boot.scr differs from mkimage's")

    def damaged_images_are_refused(self):
        blob = bytearray(self.read("uImage"))
        for at, says in ((0, "magic"), (16, "header's CRC"), (1000, "data's CRC")):
            bad = bytearray(blob)
            bad[at] ^= 1
            status, out = run(TOOLS + "mkimage.py", "check", self.temp("bad", bytes(bad)))
            need(status == 1 and says in out and out.count("\n") == 1, out)
        status, out = run(TOOLS + "mkimage.py", "check", self.temp("bad", bytes(blob[:40])))
        need(status == 1 and "shorter than the header" in out, out)
        status, out = run(TOOLS + "mkimage.py", "script", self.temp("s", b"load @KADDR@\n"),
                          self.temp("o"))
        need(status == 1 and "nothing to put in the place of @KADDR@" in out, out)

    # ---- the card ------------------------------------------------------------------

    def card_is_sound_and_holds_the_files(self):
        card = self.read("sdcard.img")
        active, kind, start, sectors = struct.unpack_from("<B3xB3xII", card, 446)
        need(card[510:512] == b"\x55\xaa" and active == 0x80 and kind == 0x0e, "no MBR")
        need((start + sectors) * 512 == len(card), "the partition is not the rest of the card")
        need(len(card) & (len(card) - 1) == 0, "no size for QEMU")
        ok("fsck.fat", "-n", self.temp("fat", card[start * 512:]))
        where = "%s@@%d" % (self.path("sdcard.img"), start * 512)
        listed = ok("mdir", "-b", "-i", where).split()
        names = {"zImage", "uImage", "zImage-dtb", "boot.scr", self.args.board + ".dtb"}
        need({n.replace("::/", "") for n in listed} == names, "holds %s" % listed)
        for name in names:
            copy = self.temp("copy")
            ok("mcopy", "-n", "-o", "-i", where, "::" + name, copy)
            with open(copy, "rb") as f:
                need(f.read() == self.read(name), "%s differs" % name)

    def wrong_cards_are_refused(self):
        card, big = self.temp("card"), self.temp("big", bytes(17 << 20))
        for words, says in (((card, big), "the files take"), (("--mib", "20", card, big), "power"),
                            ((card, big + "=A", big + "=a"), "same name"),
                            ((card, big + "x"), "No such file")):
            status, out = run(TOOLS + "mksd.py", *words)
            need(status == 1 and says in out and out.count("\n") == 1, out)

    def card_is_written_after_a_question(self):
        image = self.path("sdcard.img")
        card = self.temp("card", b"\xff" * ((16 << 20) + 512))
        for answer in ("\n", "yes\n", ""):
            status, out = run(TOOLS + "write-card.sh", image, card, text_in=answer)
            need(status == 1 and "nothing was written" in out, out)
        with open(card, "rb") as f:
            need(f.read() == b"\xff" * ((16 << 20) + 512), "written all the same")
        need("written and read back" in ok(TOOLS + "write-card.sh", image, card,
                                           text_in=card + "\n"), "no result")
        with open(card, "rb") as f:
            need(f.read() == self.read("sdcard.img") + b"\xff" * 512, "not the image")
        for device, says in (("/dev/null", "expected a block device"),
                             (card + "x", "there is no such device"),
                             (self.temp("small", b"x" * 512), "512 bytes: the image has")):
            status, out = run(TOOLS + "write-card.sh", image, device, text_in=device + "\n")
            need(status == 1 and says in out and out.count("\n") == 1, out)

    # ---- make ----------------------------------------------------------------------

    def make(self, *words):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        build = os.path.dirname(os.path.dirname(os.path.normpath(self.args.images)))
        return run("make", "-s", "BUILD=" + build, "BOARD=" + self.args.board, *words, env=clean)

    def wrong_words_get_a_sentence(self):
        for words, says in (
                (("run", "START=tape"), "START=tape: expected elf, raw or nor"),
                (("run", "BOARD=none"), "no board none; there are:"),
                (("run", "FLASH=2"), "FLASH=2: expected 1, or 0"),
                (("run", "FLASH=1", "NOR_MIB="), "does not start from NOR flash"),
                (("debug", "DEBUG=x"), "DEBUG=x: expected qemu or openocd"),
                (("flash", "JTAG=1", "JTAG_CFG=tools/openocd/x.cfg"), "there are: sabrelite zynq")):
            status, out = self.make(*words)
            need(status and says in out and len(out.strip().split("\n")) == 1,
                 "%s: %s" % (words, out))

    def steps_are_printed_with_all_their_words(self):
        status, out = self.make("flash")
        need(status == 0 and "bootz 0x" in out and "@" not in out, out)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--images", required=True, help="folder of `make images`")
    p.add_argument("--elf", required=True)
    p.add_argument("--board", default="vexpress-a9")
    p.add_argument("--nor-mib", type=int, default=64)
    p.add_argument("--nm", default="arm-none-eabi-nm")
    args = p.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        forms = Forms(args, folder)
        steps = [getattr(forms, n) for n in vars(Forms)
                 if n not in ("path", "read", "temp", "make") and not n.startswith("_")]
        for nr, step in enumerate(steps, 1):
            name = step.__name__.replace("_", " ")
            try:
                step()
                print("ok %d - %s" % (nr, name), flush=True)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
                failed += 1
                print("not ok %d - %s" % (nr, name))
                print("".join("# %s\n" % line for line in str(wrong).split("\n")), end="",
                      flush=True)
    print("1..%d" % len(steps))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
