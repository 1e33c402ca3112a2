# SPDX-License-Identifier: MIT
"""Steps of monitor.py on reclaim, compaction, hoards and running out of memory: 64 MiB on four
cores."""

import re

from serial_board import lines, need


def hoard(b, kind):
    """KiB, moved, evicted, written, sacrificed, verified, wrong."""
    m = re.search(r"^  %s +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$" % kind,
                  b.command("hoard"), re.M)
    need(m, "no row for %s" % kind)
    return tuple(map(int, m.groups()))


def meminfo(b, row):
    return int(re.search(r"^%s: +(\d+) kB$" % row, b.command("meminfo"), re.M).group(1))


def hoards_say_what_they_expect(b):
    for line, why in (("nothing 5", "no kind of hoard"), ("drop nothing", "no kind of hoard"),
                      ("movable", "expected: hoard"), ("movable x", "PAGES is to be a number"),
                      ("movable 5 chess", "only `checkerboard` may follow")):
        need(why in b.command("hoard " + line), "hoard %s" % line)
    for line, why in (("reclaim", "argument is missing"), ("reclaim 0", "PAGES is 1 to"),
                      ("reclaim 99999999", "PAGES is 1 to"), ("compact 7", "no such node"),
                      ("compact x", "NODE is to be a number")):
        need(why in b.command(line), line)


def compaction_makes_large_blocks(b):
    out = b.command("hoard movable 12000 checkerboard")
    need("12000 of 12000 pages, 6000 given back" in out, out)
    out = b.command("compact")
    rows = [list(map(int, l.split()[4:])) for l in lines(out) if l.startswith("Node")]
    need(len(rows) == 2, out)
    need(rows[1][10] > rows[0][10] and rows[1][0] < rows[0][0], "not better: %r" % rows)
    moved = int(re.search(r"^(\d+) pages moved", out, re.M).group(1))
    need(moved > 1000 and hoard(b, "movable")[1] == moved, "%d moved" % moved)
    out = b.command("extfrag")
    need(re.search(r"^unusable_index$", out, re.M) and len(re.findall(r"0\.\d{3}", out)) >= 11, out)
    need("6000 pages given back, contents verified" in b.command("hoard drop movable"), "drop")


def reclaim_takes_what_can_be_given(b):
    b.command("hoard reclaimable 4000")
    need(meminfo(b, "Reclaimable") == 16000, "meminfo")
    need(re.search(r"reclaimable 4000, dirty \d+, writeback 0 of", b.command("lru")), "lru")
    m = re.search(r"^(\d+) pages freed, (\d+) written first; free: (\d+) before, (\d+) now$",
                  b.command("reclaim 3000"), re.M)
    freed, written, before, now = map(int, m.groups())
    need(freed == 3000 and written > 0 and now == before + freed, m.group(0))
    need(hoard(b, "reclaimable")[2] == 3000, "not evicted")
    need("1000 pages given back, contents verified" in b.command("hoard drop"), "drop")
    need(meminfo(b, "Reclaimable") == meminfo(b, "Dirty") == 0, "something is left")


def background_work_is_done_by_idle_cores(b):
    """Half as much again as there is: most of it is evicted by the time that it is all there."""
    out = b.command("hoard reclaimable 24000")
    need("24000 of 24000 pages" in out, out)
    out = b.command("kswapd")
    m = re.search(r"woken (\d+) times\n  steps done: cpu0 (\d+) cpu1 (\d+) cpu2 (\d+) cpu3 (\d+)$",
                  out, re.M)
    need(m and int(m.group(1)) > 0, out)
    done = list(map(int, m.groups()[1:]))
    need(done[0] == 0 and sum(done) > 0, "by the boot core, or none: %r" % done)
    need("on whichever core is idle" in out, out)
    steal = int(re.search(r"^pgsteal_kswapd (\d+)$", b.command("vmstat"), re.M).group(1))
    need(steal > 0, "kswapd got nothing")
    need("contents verified" in b.command("hoard drop"), "drop")


def vmalloc_moves_under_its_addresses(b):
    need("3200 of 3200 pages" in b.command("hoard vmalloc 3200 checkerboard"), "vmalloc")
    need(meminfo(b, "VmallocUsed") == 6400, "VmallocUsed")
    b.command("compact")
    need("1600 pages given back, contents verified" in b.command("hoard drop vmalloc"), "drop")
    need(meminfo(b, "VmallocUsed") == 0, "VmallocUsed")


def the_largest_hoard_is_sacrificed(b):
    need("nobody had anything" in b.command("oom"), "somebody")
    b.command("hoard movable 500")
    b.command("hoard unmovable 2000")
    out = b.command("oom")
    need("Out of memory: sacrificed hoard-unmovable: 8000 kB" in out, out)
    need(hoard(b, "unmovable")[0] == 0 and hoard(b, "unmovable")[4] == 2000, "unmovable")
    need(hoard(b, "movable")[0] == 2000, "the other one too")
    need("500 pages given back, contents verified" in b.command("hoard drop"), "drop")


RECLAIM = [hoards_say_what_they_expect, compaction_makes_large_blocks,
           reclaim_takes_what_can_be_given, background_work_is_done_by_idle_cores,
           vmalloc_moves_under_its_addresses, the_largest_hoard_is_sacrificed]
