#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What holds for every file of the tree, whatever is in it.

    check-files.py [--root DIR] [--max-lines N]

  size       no source file over 600 lines
  spdx       the licence line is first (after #! in a script) in every source, script
             and makefile
  paths      nothing names a place of one machine: no absolute path into a home, scratch
             or mount folder (but where a line makes one by mktemp or TMPDIR), and no
             relative path that leaves the tree
  text       ends in one newline, no carriage return, no blanks before an end of line

Looks at what git tracks or would track; without git, at everything but build/.  Exit
status 1 when anything was found, else one summary line.
"""

import argparse
import os
import re
import subprocess
import sys

CODE = re.compile(r".*\.([chSs]|ld|lds|py|sh|gdb|awk|mk|dts|dtsi|toml|ya?ml)$|"
                  r"(.*/)?(Makefile|\.clang-format|\.clang-tidy|\.editorconfig|\.gitignore|"
                  r"\.ci/[^.]*)$")
SIZED = re.compile(r".*\.([chSs]|ld|py|sh|mk|dts)$|(.*/)?Makefile$")
TEXT = re.compile(r".*\.(md|txt|csv)$")
SPDX = re.compile(r"^(//|/\*|#|;|--) SPDX-License-Identifier: MIT( \*/)?$")

FOLDERS = "home root tmp work Users mnt media opt srv workspace".split()
ABSOLUTE = re.compile(r"(?<![\w.$})/*<-])/(" + "|".join(FOLDERS) + r")(?=[/\s\"'`,;:)]|$)")
UPWARD = re.compile(r"(?<![\w.])(?:\.\./)+")
# the line itself makes the place, or goes up from a folder that it found out
MADE = re.compile(r"mktemp|TMPDIR|tempfile|XXXXXX|dirname|__file__|\$\w|\$\{|\$\(")


def files(root):
    r = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
                       capture_output=True, text=True, check=False)
    if r.returncode == 0:
        names = r.stdout.split("\0")
    else:
        names = [os.path.relpath(os.path.join(d, n), root) for d, _, ns in os.walk(root)
                 for n in ns]
        names = [n for n in names if not n.startswith(("build/", ".git/"))]
    return sorted(n for n in set(names) if n and os.path.isfile(os.path.join(root, n)))


def check(path, text, max_lines):
    """Yields what is wrong with one file."""
    lines = text.split("\n")
    if SIZED.fullmatch(path) and len(lines) - 1 > max_lines:
        yield f"{path}: {len(lines) - 1} lines: a source file has at most {max_lines}"
    if CODE.fullmatch(path):
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if not SPDX.match(first):
            yield f"{path}:1: {first[:60]!r}: the SPDX line comes first"
    depth = path.count("/")
    for nr, line in enumerate(lines, 1):
        m = ABSOLUTE.search(line)
        if m and not MADE.search(line):
            yield f"{path}:{nr}: {m.group(0)}: a path of one machine"
        for m in UPWARD.finditer(line):
            if m.group(0).count("..") > depth and not MADE.search(line):
                yield f"{path}:{nr}: {m.group(0)}: a path that leaves the tree"
        if line.endswith("\r"):
            yield f"{path}:{nr}: carriage return at the end of the line"
        elif line != line.rstrip(" \t"):
            yield f"{path}:{nr}: blanks at the end of the line"
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield f"{path}:{len(lines)}: the file ends in one newline"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--root", default=os.path.join(os.path.dirname(__file__), ".."))
    p.add_argument("--max-lines", type=int, default=600)
    args = p.parse_args()
    findings, nr = [], 0
    for path in files(args.root):
        if not (CODE.fullmatch(path) or TEXT.fullmatch(path)):
            continue
        nr += 1
        with open(os.path.join(args.root, path), encoding="utf-8", errors="replace",
                  newline="") as f:
            findings += check(path, f.read(), args.max_lines)
    if findings:
        print("\n".join(findings))
        print(f"files: {len(findings)} violations")
        return 1
    print(f"files: {nr} have their licence line, at most {args.max_lines} lines, no foreign paths")
    return 0


if __name__ == "__main__":
    sys.exit(main())
