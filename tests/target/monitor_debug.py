# SPDX-License-Identifier: MIT
"""Steps of monitor.py on the debugging options: set, listed, and what each of them finds; all are
off before and after.  The last two are for an image with boot arguments for them."""

import re

from serial_board import Memory, clear, last_block, lines, need


def debug_options(b):
    return dict(line.split() for line in lines(b.command("debug")))


def debug_lists_and_sets(b):
    names = ["init_on_alloc", "init_on_free", "page_poison", "debug_pagealloc", "page_owner",
             "trace", "fail_page_alloc", "fail_page_alloc.min_order",
             "fail_page_alloc.ignore_gfp_wait", "slab_debug"]
    need(debug_options(b) == {name: "0" for name in names}, "all off")
    need("trace 128" in b.command("debug trace 100"), "set")
    need(debug_options(b)["trace"] == "128", "listed")
    need("expected 0, or events" in b.command("debug trace many"), "a wrong value")
    need("no such option" in b.command("debug tracing 1"), "a wrong name")
    need("expected: debug [NAME VALUE]" in b.command("debug trace"), "no value")
    need(debug_options(b)["trace"] == "128", "nothing was changed")
    b.keys("debug page_p\t", "debug page_poison ", 18)
    clear(b)
    need("trace 0" in b.command("debug trace 0"), "off")
    need("trace is off" in b.command("trace"), "and says so")


def owner_finds_who_allocated(b):
    need("page_owner is off" in b.command("owner"), "off")
    b.command("debug page_owner 1")
    addr, order = last_block(b.command("alloc 5 GFP_USER"))
    out = b.command("owner")
    need(re.search(r"^caller 0x[0-9a-f]+: 1 blocks, 32 pages, gfp GFP_USER$", out, re.M),
         "alloc's block: %r" % out)
    need(len(lines(b.command("owner 1"))) == 1, "the largest only")
    need("N is to be a number" in b.command("owner x"), "usage")
    b.command("free %s %s" % (addr, order))
    need("GFP_USER" not in b.command("owner"), "freed")
    b.command("debug page_owner 0")


def trace_shows_events_in_order(b):
    b.command("debug trace 64")
    addr, order = last_block(b.command("alloc 2"))
    b.command("free %s %s" % (addr, order))
    pfn = "0x%x" % (int(addr, 16) >> 12)
    out = b.command("trace 2")
    m = re.match(r" *(\d+) cpu0 alloc   order 2 pfn %s caller 0x[0-9a-f]+ gfp GFP_KERNEL\n"
                 r" *(\d+) cpu0 free    order 2 pfn %s caller 0x[0-9a-f]+$" % (pfn, pfn), out)
    need(m and int(m.group(2)) == int(m.group(1)) + 1, "trace: %r" % out)
    b.command("debug trace 0")


def fail_fails_the_request_asked_for(b):
    b.command("fail 2,100,0,1")
    addr, order = last_block(b.command("alloc 0"))
    need("no block of order 0" in b.command("alloc 0 __GFP_NOWARN"), "the second")
    need("2,100,0,0" in b.command("debug"), "none is left")
    b.command("free %s %s" % (addr, order))
    b.command("free %s %s" % last_block(b.command("alloc 0")))
    need("expected 0, or interval" in b.command("fail 0,1,2"), "usage")
    b.command("fail 0")
    need(set(debug_options(b).values()) == {"0"}, "all off again")


def poison_finds_a_write_to_a_free_page(b):
    addr, order = last_block(b.command("alloc 0"))
    b.command("debug page_poison 1")
    b.command("free %s %s" % (addr, order))
    with Memory(b.gdb) as memory:
        need(memory.read_word(int(addr, 16)) == 0xaaaaaaaa, "not poisoned")
        memory.write_word(int(addr, 16) + 8, 0xaaaaabaa)
    out = b.command("alloc 0")
    need("0xab at byte 0x9, 1 bad byte, one bit" in out, "not found: %r" % out)
    b.command("free %s %s" % last_block(out))
    b.command("debug page_poison 0")


def refuses_a_wrong_boot_argument(b):
    b.expect(r"page_poison=2: expected 0 or 1\n", 60)


def boot_arguments_turned_options_on(b):
    options = debug_options(b)
    need([n for n in options if options[n] != "0"] == ["debug_pagealloc", "page_owner", "trace"],
         "not the ones asked for: %s" % options)
    need(options["trace"] == "128", "trace=100")
    addr, order = last_block(b.command("alloc 1"))
    need("caller 0x" in b.command("owner"), "no owner")
    b.command("free %s %s" % (addr, order))
    for name in ("debug_pagealloc", "page_owner", "trace"):
        need(name + " 0" in b.command("debug %s 0" % name), "%s stays on" % name)
