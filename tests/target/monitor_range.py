# SPDX-License-Identifier: MIT
"""Steps of monitor.py on ranges and nodes: a CMA area called cma of 16 MiB, and 16 MiB of
ZONE_MOVABLE at 0x6f000000, are expected."""

import re

from serial_board import lines, need


def nodes_are_listed(b):
    out = b.command("nodes")
    found = re.findall(r"^node (\d): (\d+) KiB; distance (.*)$", out, re.M)
    need(found and all("10 to itself" in n[2] for n in found), "nodes: %r" % out)
    rows = re.findall(r"^  \w+ +0x[0-9a-f]{8}-0x[0-9a-f]{8}  (\d+) pages, (\d+) free$", out, re.M)
    need(len(rows) == len(lines(b.command("buddyinfo"))), "%d zones" % len(rows))
    need(all(int(free) <= int(managed) for managed, free in rows), "too much free")


def area(b):
    """Base, pages, allocated, free of the area called cma."""
    m = re.search(r"^  cma +(0x[0-9a-f]{8})  (\d+) pages, \d+ KiB: (\d+) allocated, (\d+) free, "
                  r"default$", b.command("cma"), re.M)
    need(m, "no area called cma, or another one is the default")
    return (int(m.group(1), 16),) + tuple(map(int, m.groups()[1:]))


def cma_gives_and_takes(b):
    base, pages, allocated, _ = area(b)
    need(pages == 4096 and allocated == 0, "%d pages, %d allocated" % (pages, allocated))
    out = b.command("cma alloc cma 300 4")
    addr = int(re.search(r"cma release (0x[0-9a-f]+) 300", out).group(1), 16)
    need(base <= addr < base + pages * 4096 and addr % (16 * 4096) == 0, "at 0x%x" % addr)
    need(area(b)[2] == 300, "not counted")
    need("released" in b.command("cma release 0x%x 100" % addr), "a part")
    for line in ("0x%x 100" % addr, "0x%x 201" % (addr + 100 * 4096), "0x60000000 1"):
        need("refused" in b.command("cma release " + line), "release %s" % line)
    need("released" in b.command("cma release 0x%x 200" % (addr + 100 * 4096)), "the rest")
    need(area(b)[2] == 0, "not all came back")
    out = b.command("cma alloc cma 4096")
    need("cma release 0x%x 4096" % base in out, "all of it: %r" % out)
    need("no 1 free pages in a row" in b.command("cma alloc cma 1"), "more than all")
    need("released" in b.command("cma release 0x%x 4096" % base), "all of it back")
    for line, why in (("alloc cma 0", "PAGES is 1 to 4096"), ("alloc cma 4097", "PAGES is 1 to"),
                      ("alloc cma 1 10", "ALIGN is an order, 0 to 9"), ("alloc", "alone, or"),
                      ("alloc nowhere 1", "no such area"), ("take", "alone, or followed by"),
                      ("release 0x%x" % base, "alone, or"), ("release 1 1", "multiple of 0x1000")):
        need(why in b.command("cma " + line), "cma %s" % line)


def pageblocks_go_offline_and_come_back(b):
    """In ZONE_MOVABLE, the last 16 MiB."""
    out = b.command("offline 0x6f000000 4")
    need("1024 pages are out of service" in out, "offline: %r" % out)
    need("refused" in b.command("online 0x6f000000 16"), "online, more than that")
    need("1024 pages are back" in b.command("online 0x6f000000 4"), "online")
    out = b.command("alloc 0 GFP_HIGHUSER_MOVABLE")
    addr = re.search(r"free (0x[0-9a-f]+) 0", out).group(1)
    block = int(addr, 16) & ~0x1fffff
    out = b.command("offline 0x%x 2" % block)
    need(re.search(r"^in use: .+, at %s; nothing was changed$" % addr, out, re.M), out)
    need("freed" in b.command("free %s 0" % addr), "not freed")
    need("512 pages are out" in b.command("offline 0x%x 2" % block), "free, and not offline")
    need("512 pages are back" in b.command("online 0x%x 2" % block), "and back")
    for line, why in (("0x60100000 2", "expected whole pageblocks"), ("0x6f000001 2", "a multiple"),
                      ("0x6f000000 0", "MIB is to be"), ("0x6f000000 4096", "is to end at 4 GiB"),
                      ("0x10000000 2", "refused"), ("0x6f000000 x", "MIB is to be a number")):
        need(why in b.command("offline " + line), "offline %s" % line)
