#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Layering: who may include whom, and who may call whom inside mm/.

    check-layers.py [--root DIR] [--cc "COMPILER FLAGS"] [--no-calls]

Rules, each named in what is printed (`FILE: SYMBOL OR HEADER: RULE`):

  includes   mm/ includes include/buddy, include/port, mm/*.h, freestanding C headers
             and <string.h>, nothing else; the other folders as ALLOWED says.  Only
             boot/, tests/, bench/ and examples/ know everybody.
  ifdef      mm/ and include/buddy ask no question about processor, system or board,
             and hold no instruction of any processor.
  calls      inside mm/ a file calls only files of lower layers, in the order that the
             head of mm/internal.h states; two files of one layer do not call each
             other.  Found in the objects: a symbol that one leaves undefined and
             another defines in its text.  Data may be read from anywhere: who may
             write it is a question of locks, not of layers.
  externals  what mm/ leaves undefined is the port's (port_*), memcpy, memset, or the
             compiler's own arithmetic.

Compiles mm/*.c with --cc at -O0 into a temporary directory, so that neither inlining
nor dead-code removal hides a call.  Exit status 1 when anything was found, else one
summary line.  tools/check-selftest.sh plants a violation of each rule.
"""

import argparse
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile

# C11, 4p6, and string.h for memcpy and memset
FREESTANDING = {"float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h",
                "stdbool.h", "stddef.h", "stdint.h", "stdnoreturn.h", "string.h"}

# First match decides: files, what of the tree they may include, whether only the C
# headers above.  PORT_IMPL stands for the port's <port_impl.h>, found by -I.
EVERYTHING = r".*"
API = r"include/(buddy|port)/.*|mm/hex64\.h"
ALLOWED = [
    (r"mm/.*", r"include/(buddy|port)/.*|mm/[^/]*\.h", True),
    (r"include/port/.*", r"include/port/.*|PORT_IMPL", True),
    (r"include/.*", r"include/(buddy|port)/.*", True),
    (r"drivers/.*", r"drivers/.*", True),
    (r"boards/.*", r"boards/.*", True),
    # every port is found by all: its hot half knows nothing above the contract
    (r"port/.*/port_impl\.h", r"include/buddy/config\.h|port/.*", True),
    # the image's own port ends in boot/, which has console, exceptions and cores
    (r"port/cortex-a9/.*", r"include/(buddy|port)/.*|port/.*|boot/.*|drivers/.*", True),
    (r"port/.*", r"include/(buddy|port)/.*|port/.*", False),
    # read on the host by tests and fuzzers: no board, no driver, no processor
    (r"boot/fdt.*", API + r"|boot/fdt.*", True),
    (r"(boot|tests|bench|examples)/.*", EVERYTHING, False),
    (r"tools/.*", r"tools/.*", False),
]

# macros that ask where the code runs
WHERE = re.compile(r"""\b(
    _*(arm|ARM|thumb|aarch64|x86_64|amd64|i[3-6]86|riscv|mips|powerpc|ppc|sparc|xtensa)(64)?(_*)\b
  | __ARM_\w+ | __TARGET_ARCH\w* | __riscv_\w+ | _M_(IX86|X64|AMD64|ARM\w*)
  | _*(linux|unix|gnu_linux|APPLE|MACH|FreeBSD|NetBSD|OpenBSD|QNX|rtems|ZEPHYR|NuttX|FREERTOS|
       MINGW\d*|CYGWIN|ANDROID|EMSCRIPTEN|MSDOS)(_*)\b
  | _WIN(32|64) | __(NEWLIB|GLIBC|UCLIBC|BIONIC)__ | __STDC_HOSTED__
  | (CONFIG_)?(ARCH|BOARD|PLATFORM|OS|MACH|SOC|TARGET|TEST|HOST)_\w+
)""", re.X)
ASM = re.compile(r'\b(?:__asm__|__asm|asm)\b(?:\s*(?:__volatile__|volatile|goto))*\s*\(\s*"([^"]+)"')

# what mm/ may leave to others
EXTERNAL = re.compile(r"port_\w+|memcpy|memset|_GLOBAL_OFFSET_TABLE_|"
                      r"__aeabi_\w+|__u?(div|mod|divmod|mul|cmp|ash[lr]|lshr)[sd]i\d|"
                      r"__(clz|ctz|ffs|popcount|bswap)[sd]i\d|__(sync|atomic)_\w+")

SOURCES = (".c", ".h", ".S")
findings = []


def found(where, what, rule):
    findings.append(f"{where}: {what}: {rule}")


def sources(root):
    """Every source and header in the folders that ALLOWED knows, relative to root."""
    for top in ("mm", "include", "drivers", "boards", "port", "boot", "tests", "bench",
                "examples", "tools"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith(SOURCES):
                    yield os.path.relpath(os.path.join(folder, name), root)


def strip_comments(text):
    """Blanks comments, keeping strings and line numbers."""
    def blank(m):
        s = m.group(0)
        return re.sub(r"[^\n]", " ", s) if s[0] == "/" else s
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def resolve(root, path, name, quoted):
    """The file of the tree that an #include means; None: not of the tree."""
    if name == "port_impl.h":
        return "PORT_IMPL"
    if name == "config_built.h":  # beside an installed library only
        return "include/buddy/config_built.h"
    places = [os.path.dirname(path)] if quoted else []
    for place in places + ["include", ".", "boards/*"]:
        if place == "boards/*":
            if name == "board.h":
                return "boards/board.h"
            continue
        full = os.path.normpath(os.path.join(place, name))
        if os.path.exists(os.path.join(root, full)):
            return full
    return None


def check_includes(root, path, text):
    allowed, freestanding = next(((a, f) for files, a, f in ALLOWED
                                  if re.fullmatch(files, path)), (EVERYTHING, False))
    folder = path.split("/")[0]
    for nr, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not m:
            continue
        name = m.group(2)
        to = resolve(root, path, name, m.group(1) == '"')
        if to is None:
            if freestanding and name not in FREESTANDING:
                found(f"{path}:{nr}", name,
                      f"{folder}/ includes no C header but the freestanding ones and string.h"
                      " (or there is no such file)")
        elif not re.fullmatch(allowed, to):
            found(f"{path}:{nr}", name, f"{path} may include of this tree only {allowed}")


def check_ifdef(path, text):
    joined = re.sub(r"\\\n", "  ", text)
    for line in joined.split("\n"):
        m = re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b(.*)", line)
        if m:
            for where in WHERE.finditer(m.group(2)):
                found(path, where.group(0), "no #if about processor, system or board in mm/")
    for m in ASM.finditer(text):
        if m.group(1).strip():
            found(path, m.group(1), "no instruction of a processor in mm/: it belongs in the port")


def layers(root):
    """{file stem: layer number} out of the head of mm/internal.h."""
    path = os.path.join(root, "mm/internal.h")
    with open(path, encoding="utf-8") as f:
        head = f.read().split("*/", 2)[1]
    m = re.search(r"Layers, lowest first[^:]*:(.*?)\.(\s|$)", head, re.S)
    if not m:
        sys.exit("mm/internal.h: no 'Layers, lowest first ...: a, b -> c -> d.' in its head")
    order = re.sub(r"\n\s*\*", " ", m.group(1))
    return {name.strip(): nr for nr, layer in enumerate(order.split("->"))
            for name in layer.split(",")}


def symbols(obj, nm):
    """(functions defined, everything global defined, undefined) of one object."""
    functions, defined, undefined = set(), set(), set()
    out = subprocess.run([nm, obj], check=True, capture_output=True, text=True).stdout
    for line in out.split("\n"):
        f = line.split()
        if len(f) == 2:
            undefined.add(f[1])
        elif len(f) == 3 and f[1].isupper():
            defined.add(f[2])
            if f[1] in "TW":
                functions.add(f[2])
    return functions, defined, undefined


def check_calls(root, cc):
    layer = layers(root)
    stems = sorted(n[:-2] for n in os.listdir(os.path.join(root, "mm")) if n.endswith(".c"))
    for stem in stems:
        if stem not in layer:
            found(f"mm/{stem}.c", stem, "every file of mm/ has its layer at the head of mm/internal.h")
    for name in layer:
        if name not in stems:
            found("mm/internal.h", name, "the layers at its head name only files that exist")
    cc = shlex.split(cc)
    nm = re.sub(r"(gcc|clang|cc)(-\d+)?$", "nm", cc[0]) if cc[0].endswith("gcc") else "nm"
    with tempfile.TemporaryDirectory() as tmp:
        def compile_one(stem):
            obj = os.path.join(tmp, stem + ".o")
            r = subprocess.run(cc + ["-O0", "-fno-lto", "-fno-stack-protector", "-w", "-c",
                                     f"mm/{stem}.c", "-o", obj],
                               cwd=root, capture_output=True, text=True, check=False)
            if r.returncode:
                return stem, None, r.stderr
            return stem, symbols(obj, nm), ""
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            objects = list(pool.map(compile_one, stems))
    defined_in, function_in = {}, {}
    for stem, syms, err in objects:
        if syms is None:
            found(f"mm/{stem}.c", "does not compile", err.strip().split("\n")[0])
            continue
        for s in syms[1]:
            defined_in[s] = stem
        for s in syms[0]:
            function_in[s] = stem
    calls = 0
    for stem, syms, _ in objects:
        for s in sorted(syms[2]) if syms else ():
            to = function_in.get(s)
            if to is None:
                if s not in defined_in and not EXTERNAL.fullmatch(s):
                    found(f"mm/{stem}.c", s, "mm/ needs only the port, memcpy and memset")
                continue
            calls += 1
            if stem in layer and to in layer and layer[to] >= layer[stem]:
                found(f"mm/{stem}.c", f"{s} of mm/{to}.c",
                      "calls go only downward: " +
                      ("both are in one layer" if layer[to] == layer[stem] else
                       f"{to} stands above {stem}") + " (head of mm/internal.h)")
    return len(stems), calls


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--root", default=os.path.join(os.path.dirname(__file__), ".."))
    p.add_argument("--cc", default="arm-none-eabi-gcc -mcpu=cortex-a9"
                   " -std=c11 -ffreestanding -I include -I port/cortex-a9 -I .")
    p.add_argument("--no-calls", action="store_true", help="includes and #if only: no compiler")
    args = p.parse_args()
    nr = 0
    for path in sources(args.root):
        nr += 1
        with open(os.path.join(args.root, path), encoding="utf-8", errors="replace") as f:
            text = strip_comments(f.read())
        check_includes(args.root, path, text)
        if path.startswith(("mm/", "include/buddy/")):
            check_ifdef(path, text)
    objects, calls = (0, 0) if args.no_calls else check_calls(args.root, args.cc)
    if findings:
        print("\n".join(findings))
        print(f"layers: {len(findings)} violations")
        return 1
    print(f"layers: {nr} files include what they may, {calls} calls between {objects} files"
          " of mm/ go downward")
    return 0


if __name__ == "__main__":
    sys.exit(main())
