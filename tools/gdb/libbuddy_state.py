# SPDX-License-Identifier: MIT
"""The allocator's state, read through gdb: for libbuddy.py, whose head says what holds.

Owns nothing of the target's: a State is what the globals said when a command began.
Not here: what is printed.
"""
import struct

import gdb

ORDER, FLAGS, STATE, REF_SHIFT = 0xf, 0xff0, 0xf000, 16
INTERIOR, ALLOCATED, FREE, PCP, RESERVED = range(0, 0x5000, 0x1000)
STATES = {INTERIOR: "interior of no block, or no RAM", ALLOCATED: "allocated", FREE: "free",
          PCP: "in a per-CPU cache", RESERVED: "reserved"}
COMP, CMA, ACCOUNT, MOVABLE, LRU, REFERENCED, DIRTY, WRITEBACK = (
    0x10, 0x100, 0x200, 0x400, 0x800, 0x20, 0x40, 0x80)
TAKEN, ISOLATED, OFFLINE = 0x100, 0x10, 0x10
PB_TYPE_MASK, PB_ZONE_SHIFT, PB_NONE = 7, 3, 7
MAX_ZONES, MAX_CPUS = 32, 32   # more are no zones and no CPUs: nr_zones is not sound


class Broken(Exception):
    """Something without which there is nothing to go on with; says what."""


def evaluate(expression):
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error as e:
        raise Broken("%s: %s; is the image's own ELF file loaded (file build/.../libbuddy.elf)?"
                     % (expression, e)) from None


def read(address, count, what):
    if not count:
        return b""
    try:
        return gdb.selected_inferior().read_memory(address, count).tobytes()
    except gdb.error as e:
        raise Broken("%s at 0x%x, %d bytes: %s" % (what, address, count, e)) from None


def number(value):
    """A value of the target as a number; reads it now."""
    try:
        return int(value)
    except gdb.error as e:
        raise Broken(str(e)) from None


def macro(name, fallback):
    """A macro's value, if the ELF file has macros (-g3)."""
    try:
        return int(gdb.parse_and_eval(name))
    except gdb.error:
        return fallback


class State:
    """What the allocator's globals say, read once for a command."""

    def __init__(self):
        if gdb.selected_inferior().pid == 0:
            raise Broken("there is no target: `target remote` first")
        self.zone_type = evaluate("*zones").type
        areas = self.zone_type["free_area"].type
        self.nr_orders = areas.range()[1] + 1
        self.max_order = self.nr_orders - 1
        self.types = self.migratetypes()
        self.pcp_types = number(evaluate("(int)MIGRATE_PCPTYPES"))
        self.isolate = number(evaluate("(int)MIGRATE_ISOLATE"))
        self.page_size = evaluate("*mem_map").type.sizeof
        self.word_at = self.offset("word")
        self.lru_at = self.offset("lru")
        self.mem_map = number(evaluate("mem_map"))
        self.map_base = number(evaluate("map_base"))
        self.nr_pages = number(evaluate("nr_map_pages"))
        sections = evaluate("section_to_map").type.range()[1] + 1
        self.section_shift = macro("PFN_SECTION_SHIFT", self.max_order)
        self.page_shift = macro("BUDDY_PAGE_SHIFT",
                                32 - self.section_shift - (sections.bit_length() - 1))
        self.pageblock_order = macro("BUDDY_PAGEBLOCK_ORDER", min(self.max_order, 9))
        if not self.mem_map:
            raise Broken("mem_map is 0: mm_init() has not run yet")
        if self.nr_pages > sections << self.section_shift:
            raise Broken("nr_map_pages is %d: there cannot be more than %d" %
                         (self.nr_pages, sections << self.section_shift))
        if (self.mem_map - self.map_base) % self.page_size or self.mem_map < self.map_base:
            raise Broken("mem_map 0x%x is no place of map_base 0x%x" %
                         (self.mem_map, self.map_base))
        self.first_index = (self.mem_map - self.map_base) // self.page_size
        self.nr_zones = number(evaluate("nr_zones"))
        if not 0 < self.nr_zones <= MAX_ZONES:
            raise Broken("nr_zones is %d: expected 1 to %d" % (self.nr_zones, MAX_ZONES))
        zones = evaluate("zones")
        if not number(zones):
            raise Broken("zones is 0 and nr_zones is %d" % self.nr_zones)
        self.zones = [Zone(self, zones[i], i) for i in range(self.nr_zones)]
        self.blocks = self.map_bytes = None

    @staticmethod
    def migratetypes():
        names = {"UNMOVABLE": "Unmovable", "MOVABLE": "Movable", "RECLAIMABLE": "Reclaimable",
                 "HIGHATOMIC": "HighAtomic", "CMA": "CMA", "ISOLATE": "Isolate"}
        out = {}
        for field in gdb.lookup_type("enum migratetype").fields():
            name = field.name.replace("MIGRATE_", "")
            if name in names:
                out[field.enumval] = names[name]
        return [out[i] for i in sorted(out)]

    @staticmethod
    def offset(field):
        try:
            return int(gdb.parse_and_eval("(unsigned long)&((struct page *)0)->%s" % field))
        except gdb.error:
            raise Broken("struct page of this build has no %s: its free lists are linked in a "
                         "way that these commands do not know" % field) from None

    def load(self):
        """All descriptors and all pageblock bytes."""
        self.map_bytes = read(self.mem_map, self.nr_pages * self.page_size, "mem_map")
        nr = ((self.first_index + self.nr_pages - 1) >> self.pageblock_order) + 1
        self.blocks = read(self.map_base, nr, "the pageblocks' bytes")

    # ---- pages, by their place in mem_map -------------------------------------------

    def place(self, descriptor):
        """Of a descriptor's address; None if it is none."""
        offset = descriptor - self.mem_map
        if offset % self.page_size or not 0 <= offset < self.nr_pages * self.page_size:
            return None
        return offset // self.page_size

    def word(self, place):
        at = place * self.page_size + self.word_at
        if self.map_bytes:
            return struct.unpack_from("<I", self.map_bytes, at)[0]
        return struct.unpack("<I", read(self.mem_map + at, 4, "a descriptor"))[0]

    def links(self, place):
        at = place * self.page_size + self.lru_at
        if self.map_bytes:
            return struct.unpack_from("<2I", self.map_bytes, at)
        return struct.unpack("<2I", read(self.mem_map + at, 8, "a descriptor's links"))

    def byte(self, place):
        i = (self.first_index + place) >> self.pageblock_order
        if self.blocks:
            return self.blocks[i]
        return read(self.map_base + i, 1, "a pageblock's byte")[0]

    def zone_of(self, place):
        return self.byte(place) >> PB_ZONE_SHIFT

    def type_of(self, place):
        return self.byte(place) & PB_TYPE_MASK

    def type_name(self, mt):
        return self.types[mt] if mt < len(self.types) else "type %d" % mt

    def pfn(self, place):
        section = number(evaluate("map_to_section")[place >> self.section_shift])
        return section << self.section_shift | place & ((1 << self.section_shift) - 1)

    def place_of_pfn(self, pfn):
        section = pfn >> self.section_shift
        table = evaluate("section_to_map")
        if not 0 <= section <= table.type.range()[1]:
            return None
        at = number(table[section])
        place = at << self.section_shift | pfn & ((1 << self.section_shift) - 1)
        return place if place < self.nr_pages else None

    def address(self, place):
        return self.pfn(place) << self.page_shift

    # ---- per-CPU caches --------------------------------------------------------------

    def cpus(self):
        nr = number(evaluate("nr_mm_cpus"))
        if nr > MAX_CPUS:
            raise Broken("nr_mm_cpus is %d: expected at most %d" % (nr, MAX_CPUS))
        for cpu in range(nr):
            pointer = evaluate("mm_cpus")[cpu]
            if number(pointer):
                yield cpu, pointer.dereference()

    def caches(self, cpu, data):
        """Of one CPU: zone, mobility, order, base, number of slots used, slots."""
        pointer = evaluate("(char *)0").type.target().pointer().sizeof
        orders = min(self.max_order, macro("PCP_MAX_ORDER", 4)) + 1
        for zone in self.zones:
            for mt in range(self.pcp_types):
                for order in range(orders):
                    entry = data["list"][zone.zid][mt][order]
                    base, top, end = (number(entry[f]) for f in ("base", "top", "end"))
                    if not base <= top <= end or (top - base) % pointer:
                        raise Broken("cpu %d, zone %s, %s, order %d: a per-CPU cache's top lies "
                                     "outside it (top 0x%x, cache 0x%x to 0x%x)" %
                                     (cpu, zone.name, self.type_name(mt), order, top, base, end))
                    slots = read(base, top - base, "a per-CPU cache")
                    yield zone, mt, order, struct.unpack("<%dI" % (len(slots) // 4), slots)

    def kept(self, data):
        """Blocks of the large orders that one CPU keeps: zone, mobility, descriptor."""
        for zone in self.zones:
            for mt in range(self.pcp_types):
                page = number(data["block"][zone.zid << PB_ZONE_SHIFT | mt]["page"])
                if page:
                    yield zone, mt, page


class Zone:
    def __init__(self, state, value, zid):
        self.state, self.value, self.zid = state, value, zid
        self.nid = self.field("nid")
        try:
            text = read(number(value["name"]), 16, "a zone's name").split(b"\0")[0]
            self.name = text.decode("ascii")
        except (Broken, UnicodeDecodeError):
            self.name = "#%d" % zid
        self.locked = number(value["lock"]["locked"]) if self.has_lock() else 0

    def has_lock(self):
        return "locked" in [f.name for f in self.value["lock"].type.fields()]

    def field(self, name, default=None):
        try:
            return number(self.value[name])
        except gdb.error:
            if default is None:
                raise Broken("struct zone of this build has no %s" % name) from None
            return default

    def list(self, order, mt):
        return self.value["free_area"][order]["free_list"][mt]

    def nr_free(self, order, mt):
        return number(self.list(order, mt)["nr_free"])

    def walk(self, order, mt):
        """Places of a list's blocks; ends with (None, what is wrong) when something is."""
        state = self.state
        head = self.list(order, mt)["list"]
        head_at = number(head.address)
        link, before = number(head["next"]), head_at
        for nr in range(state.nr_pages + 1):
            if link == head_at:
                if number(head["prev"]) != before:
                    yield None, "a free list's links do not match: the head's prev is 0x%x" % \
                        number(head["prev"])
                return
            place = state.place(link - state.lru_at)
            if place is None:
                yield None, "a free list leads to something that is no descriptor: 0x%x, after " \
                    "%d blocks" % (link, nr)
                return
            after, prev = state.links(place)
            if prev != before:
                yield None, "a free list's links do not match: page 0x%x has prev 0x%x and " \
                    "comes after 0x%x" % (state.address(place), prev, before)
                return
            yield place, None
            link, before = after, link
        yield None, "a free list has no end"

    def label(self):
        return "Node %d, zone %8s" % (self.nid, self.name)
