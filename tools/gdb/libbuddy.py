# SPDX-License-Identifier: MIT
"""gdb commands that read libbuddy's state from outside, on a live or a crashed target.

    (gdb) source tools/gdb/libbuddy.py
    buddy zones              sizes and free blocks of each zone, as buddyinfo has them
    buddy freelist [ZONE]    the free lists, by order and mobility; ZONE: name or number
    buddy page ADDR|PFN      one page: its block, state, owner words; or a struct page *
    buddy pcp [CPU]          what the per-CPU caches hold
    buddy check              walks and recounts all that, and names what does not hold

Nothing runs on the target and nothing is written.  What is read comes from the ELF file's
DWARF symbols; the bits of a page's word (buddy/mm_types.h) are macros, so they stand in
libbuddy_state.py too.  Pointers are not trusted: a list is followed while its links lead
to descriptors, and no further than there are descriptors; what cannot be read gets a
sentence.

A target that was stopped in the middle of an operation is in between two states: a zone
whose lock is taken is named.  For `check` to be exact stop it when it is idle.
"""
import os
import struct
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from libbuddy_state import (ACCOUNT, ALLOCATED, CMA, COMP, DIRTY, FREE, INTERIOR,  # noqa: E402
                            ISOLATED, LRU, MOVABLE, OFFLINE, ORDER, PB_NONE, PB_ZONE_SHIFT, PCP,
                            REFERENCED, REF_SHIFT, RESERVED, STATE, STATES, TAKEN, WRITEBACK,
                            Broken, State, evaluate, number)

MAX_SHOWN = 8  # blocks of a list, findings of each kind


def pick_zone(state, word):
    for zone in state.zones:
        if word.lower() == zone.name.lower() or word == str(zone.zid):
            yield zone


def warn_locked(state):
    for zone in state.zones:
        if zone.locked:
            print("%s: its lock is taken: the target was stopped within an operation, what "
                  "follows may be half of it" % zone.label())


# ---- the commands -------------------------------------------------------------------


class Command(gdb.Command):
    """Base: a Broken becomes one line, whatever was read before stays."""

    most = 0
    usage = ""

    def __init__(self):
        super().__init__("buddy " + self.word, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        try:
            if len(words) > self.most:
                raise gdb.GdbError("buddy %s: too many words; expected: buddy %s %s" %
                                   (self.word, self.word, self.usage))
            self.run(words)
        except Broken as wrong:
            raise gdb.GdbError("buddy %s: %s" % (self.word, wrong)) from None


class Zones(Command):
    """buddy zones -- sizes, watermarks and free blocks of each zone."""

    word = "zones"

    def run(self, _):
        state = State()
        warn_locked(state)
        cached = [0] * state.nr_zones
        for cpu, data in state.cpus():
            for zone, _, order, slots in state.caches(cpu, data):
                cached[zone.zid] += len(slots) << order
            for zone, _, page in state.kept(data):
                place = state.place(page)
                cached[zone.zid] += 1 << (state.word(place) & ORDER) if place is not None else 0
        for zone in state.zones:
            free = [sum(zone.nr_free(order, mt) for mt in range(len(state.types)))
                    for order in range(state.nr_orders)]
            print("%s %s" % (zone.label(), "".join("%6d " % n for n in free)))
            marks = [number(zone.value["watermark"][i]) for i in range(3)]
            print("  free %d, pcp %d, cma %d, boost %d, min %d, low %d, high %d" %
                  (zone.field("nr_free_pages"), cached[zone.zid], zone.field("nr_free_cma", 0),
                   zone.field("watermark_boost", 0), *marks))
            start = zone.field("zone_start_pfn")
            print("  spanned %d, present %d, managed %d, start_pfn %d" %
                  (zone.field("spanned_pages"), zone.field("present_pages"),
                   zone.field("managed_pages"), start))


class Freelist(Command):
    """buddy freelist [ZONE] -- the blocks on the free lists, the first of each by address."""

    word, most, usage = "freelist", 1, "[ZONE]"

    def run(self, words):
        state = State()
        zones = list(pick_zone(state, words[0])) if words else state.zones
        if not zones:
            raise Broken("no zone %s; there are %s" % (words[0], ", ".join(
                "%d (%s)" % (z.zid, z.name) for z in state.zones)))
        warn_locked(state)
        for zone in zones:
            print(zone.label())
            for order in range(state.nr_orders):
                for mt in range(len(state.types)):
                    self.show(state, zone, order, mt)

    @staticmethod
    def show(state, zone, order, mt):
        shown, nr, wrong = [], 0, None
        for place, wrong in zone.walk(order, mt):
            if place is None:
                break
            if nr < MAX_SHOWN:
                shown.append("%08x" % state.address(place))
            nr += 1
        if nr or wrong or zone.nr_free(order, mt):
            print("  order %2d  %-11s %6d  %s%s" % (order, state.type_name(mt), nr,
                                                   " ".join(shown),
                                                   " ..." if nr > len(shown) else ""))
        if wrong:
            print("    broken: %s" % wrong)
        elif nr != zone.nr_free(order, mt):
            print("    broken: a free list's length is not its count: %d" %
                  zone.nr_free(order, mt))


class Page(Command):
    """buddy page ADDR|PFN -- the page, and the block that it lies in.

    A number below the number of page frames is a PFN, a larger one an address in RAM; an
    expression of type struct page * is that descriptor's page."""

    word, most, usage = "page", 9, "ADDR|PFN"

    def run(self, words):
        if not words:
            raise Broken("expected an address, a page frame number, or a struct page *")
        state = State()
        value = evaluate(" ".join(words))
        kind = value.type.strip_typedefs()
        if kind.code == gdb.TYPE_CODE_PTR and str(kind.target().unqualified()) == "struct page":
            place = state.place(number(value))
            if place is None:
                raise Broken("0x%x is no descriptor of mem_map, 0x%x to 0x%x" % (
                    number(value), state.mem_map,
                    state.mem_map + state.nr_pages * state.page_size - 1))
        else:
            n = number(value) & 0xffffffff
            pfn = n if n < 1 << (32 - state.page_shift) else n >> state.page_shift
            place = state.place_of_pfn(pfn)
            if place is None:
                raise Broken("0x%x: no page of RAM has this address or number" % n)
        self.show(state, place)

    def show(self, state, place):
        word = state.word(place)
        print("pfn 0x%x, address 0x%08x, descriptor 0x%08x, word 0x%08x" %
              (state.pfn(place), state.address(place), state.mem_map + place * state.page_size,
               word))
        if state.byte(place) == PB_NONE:
            print("  its section is not initialised")
            return
        zid = state.zone_of(place)
        name = state.zones[zid].name if zid < state.nr_zones else "%d, which is none" % zid
        print("  zone %s, pageblock %s" % (name, state.type_name(state.type_of(place))))
        head = self.head(state, place)
        if head is None:
            print("  %s" % STATES[INTERIOR])
            return
        word = state.word(head)
        order = word & ORDER
        print("  %s, order %d, block 0x%08x-0x%08x%s" % (
            STATES.get(word & STATE, "no known state: 0x%x" % (word & STATE)), order,
            state.address(head), state.address(head) + (1 << order + state.page_shift) - 1,
            ", this is page %d of it" % (place - head) if head != place else ""))
        print("  references %d%s" % (word >> REF_SHIFT, self.flags(word)))
        if word & STATE == FREE:
            after, before = state.links(head)
            print("  next 0x%08x, prev 0x%08x" % (after, before))
        elif word & STATE == ALLOCATED:
            page = evaluate("(struct page *)0x%x" % (state.mem_map + place * state.page_size))
            print("  priv 0x%x, mapping %s, index 0x%x" % (
                number(page["priv"]), page["mapping"], number(page["index"])))

    @staticmethod
    def head(state, place):
        """The head of the block that covers it: the nearest word below decides."""
        index = state.first_index + place
        for order in range(state.nr_orders):
            at = (index & ~((1 << order) - 1)) - state.first_index
            if at < 0:
                return None
            word = state.word(at)
            if word:
                return at if place - at < 1 << (word & ORDER) else None
        return None

    @staticmethod
    def flags(word):
        names = []
        if word & STATE == FREE and word & ISOLATED:
            names.append("isolated")
        elif word & STATE == RESERVED and word & OFFLINE:
            names.append("offline")
        elif word & STATE == ALLOCATED:
            if word & MOVABLE:
                bits = ((LRU, "reclaimable"), (REFERENCED, "referenced"), (DIRTY, "dirty"),
                        (WRITEBACK, "writeback"), (TAKEN, "taken"))
                names.append("movable")
            else:
                bits = ((COMP, "compound"), (CMA, "cma"))
            names += [name for bit, name in bits + ((ACCOUNT, "accounted"),) if word & bit]
        return ", " + ", ".join(names) if names else ""


class Pcp(Command):
    """buddy pcp [CPU] -- what the per-CPU caches hold."""

    word, most, usage = "pcp", 1, "[CPU]"

    def run(self, words):
        state = State()
        cpus = dict(state.cpus())
        if words and (not words[0].isdigit() or int(words[0]) not in cpus):
            raise Broken("no cpu %s; there are %s" % (words[0], ", ".join(map(str, cpus))))
        for cpu in [int(words[0])] if words else cpus:
            self.show(state, cpu, cpus[cpu])

    @staticmethod
    def show(state, cpu, data):
        total, out = 0, []
        for zone, mt, order, slots in state.caches(cpu, data):
            if slots:
                total += len(slots) << order
                hot = state.place(slots[-1])
                out.append("  %-8s %-11s order %d %4d blocks, hottest %s" % (
                    zone.name, state.type_name(mt), order, len(slots),
                    "%08x" % state.address(hot) if hot is not None else
                    "0x%x, which is no descriptor" % slots[-1]))
        for zone, mt, page in state.kept(data):
            place = state.place(page)
            order = state.word(place) & ORDER if place is not None else 0
            total += 1 << order if place is not None else 0
            out.append("  %-8s %-11s order %d, kept: %s" % (
                zone.name, state.type_name(mt), order, "%08x" % state.address(place)
                if place is not None else "0x%x, which is no descriptor" % page))
        print("cpu %d%s: %d pages" % (cpu, "" if number(data["online"]) else ", offline", total))
        print("".join(line + "\n" for line in out), end="")


class Check(Command):
    """buddy check -- walks the free lists and mem_map, recounts, names what does not hold."""

    word = "check"

    def run(self, _):
        self.findings = {}
        state = State()
        state.load()
        warn_locked(state)
        tally = self.sections(state)
        cached = [0] * state.nr_zones
        for cpu, data in state.cpus():
            try:
                self.cpu(state, cpu, data, cached)
            except Broken as wrong:
                self.broken(None, str(wrong))
        for zone in state.zones:
            self.zone(state, zone, tally[zone.zid], cached[zone.zid])
        nr = sum(len(lines) for lines in self.findings.values())
        for lines in self.findings.values():
            print("".join(line + "\n" for line in lines[:MAX_SHOWN]), end="")
            if len(lines) > MAX_SHOWN:
                print("  and %d more of this kind" % (len(lines) - MAX_SHOWN))
        if nr:
            print("buddy check: %d findings" % nr)
        else:
            print("buddy check: all invariants hold, %d pages in %d zones" %
                  (state.nr_pages, state.nr_zones))

    def broken(self, zone, what, detail=""):
        where = "%s: " % zone.label() if zone else ""
        self.findings.setdefault(what.split(":")[0], []).append(
            "broken: %s%s%s" % (where, what, " (%s)" % detail if detail else ""))

    def zone(self, state, zone, tally, cached):
        listed = [0] * len(state.types)
        for mt in range(len(state.types)):
            bits = number(zone.value["nonempty"][mt])
            for order in range(state.nr_orders):
                nr = 0
                for place, wrong in zone.walk(order, mt):
                    if place is None:
                        self.broken(zone, wrong, "order %d, %s" % (order, state.type_name(mt)))
                        break
                    self.listed(state, zone, place, order, mt)
                    nr += 1
                listed[mt] += nr << order
                count = zone.nr_free(order, mt)
                which = "order %d, %s" % (order, state.type_name(mt))
                if nr != count:
                    self.broken(zone, "a free list's length is not its count",
                                "%s: %d blocks, nr_free %d" % (which, nr, count))
                if bool(bits >> order & 1) != bool(count):
                    self.broken(zone, "a non-empty bit does not match its list", which)
        every, isolated = sum(listed), listed[state.isolate]
        named = {name: i for i, name in enumerate(state.types)}
        self.equal(zone, "nr_free_pages is not what the free lists hold",
                   zone.field("nr_free_pages"), every - isolated)
        self.equal(zone, "nr_isolated is not what its lists hold",
                   zone.field("nr_isolated", isolated), isolated)
        for counter, name in (("nr_free_cma", "CMA"), ("nr_free_highatomic", "HighAtomic")):
            if name in named:
                self.equal(zone, "%s is not what its lists hold" % counter,
                           zone.field(counter, listed[named[name]]), listed[named[name]])
        self.equal(zone, "mem_map and the free lists disagree about free pages",
                   tally[FREE], every)
        self.equal(zone, "mem_map and the per-CPU caches disagree about cached pages",
                   tally[PCP], cached)
        if not zone.field("nr_deferred", 0):
            self.equal(zone, "free, cached and allocated pages are not the managed ones",
                       tally[FREE] + tally[PCP] + tally[ALLOCATED],
                       zone.field("managed_pages"))

    def equal(self, zone, what, found, expected):
        if found != expected:
            self.broken(zone, what, "%d, and %d" % (found, expected))

    def listed(self, state, zone, place, order, mt):
        word = state.word(place)
        expected = FREE | order | (ISOLATED if mt == state.isolate else 0)
        at = "page 0x%08x, order %d, %s" % (state.address(place), order, state.type_name(mt))
        if word != expected:
            self.broken(zone, "a listed block's word says it is not free, or of another order",
                        "%s: word 0x%x" % (at, word))
        if (state.first_index + place) & ((1 << order) - 1):
            self.broken(zone, "a listed block is not aligned to its order", at)
        if state.zone_of(place) != zone.zid:
            self.broken(zone, "a listed block belongs to another zone", at)
        for part in range(place, min(place + (1 << order), state.nr_pages),
                          1 << state.pageblock_order):
            if state.type_of(part) != mt:
                self.broken(zone, "a listed block's pageblock has another migratetype",
                            "%s: %s" % (at, state.type_name(state.type_of(part))))
        buddy = ((state.first_index + place) ^ 1 << order) - state.first_index
        if order < state.max_order and 0 <= buddy < state.nr_pages and \
                state.word(buddy) == word and state.type_of(buddy) == mt:
            self.broken(zone, "two free buddies did not merge", at)

    def sections(self, state):
        """What mem_map says, by zone and state, in pages."""
        tally = [dict.fromkeys(STATES, 0) for _ in range(state.nr_zones)]
        words = [w[0] for w in struct.iter_unpack("<I%dx" % (state.page_size - 4),
                                                  state.map_bytes[state.word_at:] +
                                                  bytes(state.word_at))]
        place = 0
        while place < state.nr_pages:
            word, byte = words[place], state.byte(place)
            zid = byte >> PB_ZONE_SHIFT
            if byte == PB_NONE or (not word and zid < state.nr_zones):
                place += 1
                continue
            nr = 1 << (word & ORDER)
            if zid >= state.nr_zones:
                self.broken(None, "a pageblock's zone does not exist", "page 0x%08x, zone %d" %
                            (state.address(place), zid))
                place += 1
                continue
            zone = state.zones[zid]
            if word & STATE not in STATES or word & STATE == INTERIOR or \
                    word & ORDER > state.max_order:
                self.broken(zone, "a page's word has no known state", "page 0x%08x: 0x%x" %
                            (state.address(place), word))
                place += 1
                continue
            if (state.first_index + place) & (nr - 1):
                self.broken(zone, "a block is not aligned to its order", "page 0x%08x: 0x%x" %
                            (state.address(place), word))
                place += 1
                continue
            inner = next((i for i in range(place + 1, min(place + nr, state.nr_pages))
                          if words[i]), None)
            if inner is not None:
                self.broken(zone, "two blocks overlap: a page inside one has a word",
                            "page 0x%08x: 0x%x" % (state.address(inner), words[inner]))
            tally[zid][word & STATE] += nr
            place = place + nr if inner is None else inner
        return tally

    def cpu(self, state, cpu, data, cached):
        for zone, mt, order, slots in state.caches(cpu, data):
            for page in slots:
                self.cached(state, zone, cpu, page, PCP | order)
            cached[zone.zid] += len(slots) << order
        for zone, _, page in state.kept(data):
            place = state.place(page)
            order = state.word(place) & ORDER if place is not None else 0
            self.cached(state, zone, cpu, page, PCP | order)
            cached[zone.zid] += 1 << order

    def cached(self, state, zone, cpu, page, expected):
        place = state.place(page)
        if place is None:
            self.broken(zone, "a per-CPU cache holds something that is no descriptor",
                        "cpu %d: 0x%x" % (cpu, page))
            return
        at = "cpu %d: page 0x%08x, word 0x%x" % (cpu, state.address(place), state.word(place))
        if state.word(place) != expected:
            self.broken(zone, "a cached block's word says it is elsewhere, or of another order",
                        at)
        if state.zone_of(place) != zone.zid:
            self.broken(zone, "a cached block belongs to another zone", at)


class Buddy(gdb.Command):
    """libbuddy's zones, free lists, pages and per-CPU caches; `help buddy` lists them."""

    def __init__(self):
        super().__init__("buddy", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument, from_tty):
        raise gdb.GdbError("buddy %s: expected zones, freelist [ZONE], page ADDR|PFN, pcp [CPU] "
                           "or check" % argument)


Buddy()
for command in (Zones, Freelist, Page, Pcp, Check):
    command()
