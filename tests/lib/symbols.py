#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What libbuddy.a shows to a linker, against what the headers declare.

    symbols.py --cc "COMPILER FLAGS" [--unstamped] PORT_DIR=LIBRARY...

For each library: its member libbuddy.o defines exactly the functions and variables that
include/buddy/ declares, and one name buddy_built_NUMBER (but for --unstamped); it leaves
undefined exactly the hooks that include/port/port.h declares, what the port's own port_impl.h
does, memcpy, memset, and the compiler's arithmetic.  Nothing in it uses a VFP or NEON register, and nothing waits
for a link-time optimiser.  TAP on standard output.

The declarations are found here in another way than tools/exports.sh finds them: in the
preprocessed text, with the bodies of functions cut out.
"""
import argparse
import re
import shlex
import subprocess
import sys

COMPILER = re.compile(r"__aeabi_\w+|__u?(div|mod|divmod|mul|cmp|ash[lr]|lshr)[sd]i\d"
                      r"|__(clz|ctz|ffs|popcount|bswap)[sd]i\d")


def run(*args, text=None):
    return subprocess.run(args, check=True, text=True, input=text, stdout=subprocess.PIPE).stdout


def declared(cc, header, folder):
    """Names of functions and extern variables that the files in folder declare."""
    text, keep = [], False
    for line in run(*cc, "-E", "-x", "c", "-", text=f"#include <{header}>\n").split("\n"):
        if line.startswith("#"):
            keep = re.search(r'^# \d+ "(.*)"', line)[1].startswith(folder)
        elif keep:
            text.append(line)
    text = "\n".join(text)
    text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
    while re.search(r"\{[^{}]*\}", text):  # bodies, structures, enumerations
        text = re.sub(r"\{[^{}]*\}", "@", text)
    text = re.sub(r"\bstatic\b[^@;]*@", ";", text)  # what is defined in the header
    names = set()
    for statement in re.split(r"[;@]", text):
        statement = statement.strip()
        if statement.startswith(("static", "typedef", "_Static_assert")):
            continue
        m = re.match(r"extern\s[^(]*?(\w+)\s*(?:\[[^;]*\])?$", statement) or \
            re.match(r"[^(=]*?\b(\w+)\s*\(", statement)
        if m:
            names.add(m[1])
    return names


def nm(tool, library):
    """(defined, undefined) of the member libbuddy.o."""
    defined, undefined, member = set(), set(), ""
    for line in run(tool, "-g", library).split("\n"):
        fields = line.split()
        if line.endswith(":"):
            member = line[:-1]
        elif member == "libbuddy.o" and fields[-2:-1] == ["U"]:
            undefined.add(fields[-1])
        elif member == "libbuddy.o" and len(fields) == 3 and fields[1].isupper():
            defined.add(fields[2])
    return defined, undefined


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--cc", required=True)
    p.add_argument("--cross", default="arm-none-eabi-")
    p.add_argument("--unstamped", action="store_true")
    p.add_argument("libraries", nargs="+", metavar="PORT_DIR=LIBRARY")
    args = p.parse_args()
    nr, failed = 0, 0

    def check(what, wrong):
        nonlocal nr, failed
        nr += 1
        if wrong:
            failed += 1
            print("#", *sorted(wrong))
        print("not ok" if wrong else "ok", nr, "-", what, flush=True)

    for pair in args.libraries:
        port, library = pair.split("=")
        cc = shlex.split(args.cc) + ["-ffreestanding", "-I", "include", "-I", port]
        api = declared(cc, "buddy/buddy.h", "include/buddy/")
        hooks = declared(cc, "port/port.h", "include/port/")
        own = declared(cc, "port/port.h", port)
        defined, undefined = nm(args.cross + "nm", library)
        stamp = {n for n in defined if re.fullmatch(r"buddy_built_\d+", n)}
        what = f"{library}: "
        check(f"{what}of {len(api)} names declared each is there", api - defined)
        check(f"{what}no other name is global", defined - api - stamp)
        check(f"{what}one name says how it was built, or none has to",
              stamp or {"none"} if len(stamp) != (not args.unstamped) else {})
        check(f"{what}each of the port's {len(hooks)} hooks is called", hooks - undefined)
        check(f"{what}nothing else is missing", {n for n in undefined - hooks - own if not
                                                 COMPILER.fullmatch(n)} - {"memcpy", "memset"})
        code = run(args.cross + "objdump", "-d", library)
        check(f"{what}{code.count(chr(10))} lines of code without a VFP register",
              set(re.findall(r"^\s*[0-9a-f]+:\t[0-9a-f ]+\t(v[a-z][\w.]*)", code, re.M)))
        check(f"{what}nothing is left to a link-time optimiser",
              set(re.findall(r"\.gnu\.lto_\S+", run(args.cross + "objdump", "-h", library))))
    print(f"1..{nr}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
