#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks mm/ in small ways, one at a time, and asks whether the tests notice.

Each mutation is one regular expression in one file of a copy under build/mutate; the
quick host tests (unit suites, a short model run) are built from the copy and run with a
time limit.  A mutation that no test notices survives: either a test is missing or the
change makes no difference, which the list of KNOWN says with the reason.

    tests/mutate.py [--only TEXT] [--jobs N] [--list]
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(TOP, "build", "mutate")
SUITES = ["buddy", "pageblock", "fallback", "watermark", "pcp", "zonelist", "vmstat", "check",
          "page_alloc", "mm_init"]
FLAGS = ("-std=c11 -O1 -w -DTEST_HOST -I . -I include -I port/host").split()

# (file, what is found, what it becomes).  Applied to every place where it is found, one by one.
GENERIC = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "),
    (r"(?<![-+])\+ 1\b", "+ 2"), (r"(?<![-+])- 1\b", "- 2"),
    (r"\+=", "-="), (r"-=", "+="), (r"\bbreak;", ";"), (r"\+\+;", ";"),
    (r"^\t+\w+\([^;{}]*\);$", ";"), (r"\bif \(", "if (!"), (r"! *\(", "("),
]
FILES = ["buddy.c", "fallback.c", "pcp.c", "zonelist.c", "slowpath.c", "watermark.c",
         "page_alloc.c", "pageblock.c", "vmstat.c"]
SKIP_LINE = re.compile(r"^\s*(/?\*|//|#|MM_ASSERT|static_assert|return;)|port_log|unlikely\(.*CALLER")

# Survivors that are right to survive: (file, text of the line, why).
KNOWN = [
    ("", "KEEP(", "a hint to the compiler"),
    ("", "likely(", "a hint to the compiler, where only that changes"),
]


def code_lines(text):
    """(number, line) of what is code: comments and preprocessor lines left out."""
    comment = False
    for n, line in enumerate(text.split("\n")):
        bare = line.strip()
        if comment:
            comment = "*/" not in bare
            continue
        if bare.startswith("/*"):
            comment = "*/" not in bare
            continue
        if bare and not SKIP_LINE.match(line):
            yield n, line


def mutations():
    for name in FILES:
        with open(os.path.join(TOP, "mm", name)) as f:
            text = f.read()
        for n, line in code_lines(text):
            code = line.split("/*")[0]
            if code.lstrip().startswith(("for (unsigned", "static", "struct", "unsigned", "port_")):
                pass
            for find, become in GENERIC:
                for m in re.finditer(find, code):
                    new = code[:m.start()] + become + code[m.end():] + line[len(code):]
                    if "if (!" == become and not re.match(r"if \(.*\)( \{)?$", code.strip()):
                        continue  # the condition goes on in the next line
                    if "if (!" == become:
                        head, cond = code.split("if (", 1)
                        cond = cond.rstrip()
                        brace = cond.endswith("{")
                        cond = cond.rstrip("{ ")
                        new = head + "if (!(" + cond[:-1] + "))" + (" {" if brace else "")
                    if "case " in code or new == line:
                        continue
                    yield name, n, line, new


def run(cmd, cwd, limit):
    try:
        return subprocess.run(cmd, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, timeout=limit).returncode
    except subprocess.TimeoutExpired:
        return -1


class Builder:
    """One copy of the tree, with the objects of all files that no mutation touches."""

    def __init__(self, number):
        self.dir = os.path.join(OUT, str(number))
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        for part in ("mm", "include", "port", "tests", "boot"):
            shutil.copytree(os.path.join(TOP, part), os.path.join(self.dir, part))
        self.objects = {}
        sources = ["mm/" + f for f in sorted(os.listdir(os.path.join(TOP, "mm")))
                   if f.endswith(".c")]
        sources += ["port/host/" + f for f in sorted(os.listdir(os.path.join(TOP, "port/host")))
                    if f.endswith(".c")]
        sources += ["tests/harness/%s.c" % f for f in
                    ("tap", "fixture", "fixture_host", "cpus_host", "owner", "ramdisk")]
        for src in sources:
            self.objects[src] = self.compile(src)
        self.tests = []
        for suite in SUITES:
            src = "tests/unit/test_%s.c" % suite
            self.tests.append((suite, [self.compile(src), self.compile(
                "tests/harness/host_main.c", "main_%s.o" % suite, "-DSUITE=suite_" + suite)], []))
        self.tests.append(("model", [self.compile("tests/model/" + f)
                                     for f in sorted(os.listdir(os.path.join(TOP, "tests/model")))
                                     if f.endswith(".c")],
                           ["seed=20", "runs=6", "ops=30000"]))
        if None in self.objects.values() or any(None in t[1] for t in self.tests):
            sys.exit("the tree does not compile as it is")
        problem = self.verdict()
        if problem:
            sys.exit("the tree fails as it is: " + problem)

    def compile(self, src, name=None, *more):
        obj = name or src.replace("/", "_")[:-2] + ".o"
        cmd = ["gcc", *FLAGS, *more, "-c", src, "-o", obj]
        return obj if run(cmd, self.dir, 60) == 0 else None

    def verdict(self):
        """What noticed, or None."""
        for name, objs, args in self.tests:
            exe = "run_" + name
            if run(["gcc", *objs, *self.objects.values(), "-o", exe, "-lpthread"], self.dir, 60):
                return "link"
            if run(["./" + exe, *args], self.dir, 20):
                return name
        return None

    def try_one(self, mutation):
        name, n, line, new = mutation
        src = "mm/" + name
        path = os.path.join(self.dir, src)
        with open(path) as f:
            text = f.read()
        lines = text.split("\n")
        lines[n] = new
        with open(path, "w") as f:
            f.write("\n".join(lines))
        try:
            obj = self.compile(src, "mutant.o")
            if not obj:
                return "does not compile"
            was = self.objects[src]
            self.objects[src] = obj
            caught = self.verdict()
            self.objects[src] = was
            return caught
        finally:
            with open(path, "w") as f:
                f.write(text)


def known(name, line):
    for file, text, why in KNOWN:
        if file in ("", name) and text in line:
            return why
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--only", default="", help="file or text of the line")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--every", type=int, default=1, help="try one in so many")
    p.add_argument("--list", action="store_true")
    opts = p.parse_args()
    todo = [m for m in mutations() if opts.only in m[0] or opts.only in m[2]][::opts.every]
    if opts.list:
        for name, n, line, new in todo:
            print("%s:%d\n  - %s\n  + %s" % (name, n + 1, line.strip(), new.strip()))
        return 0
    builders = [Builder(i) for i in range(opts.jobs)]
    free = list(builders)
    survivors, caught, broken = [], {}, 0

    def work(mutation):
        builder = free.pop()
        try:
            return mutation, builder.try_one(mutation)
        finally:
            free.append(builder)

    with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
        for mutation, by in pool.map(work, todo):
            name, n, line, new = mutation
            if by == "does not compile":
                broken += 1
            elif by:
                caught[by] = caught.get(by, 0) + 1
            else:
                why = known(name, line)
                survivors.append(mutation)
                print("survives%s: mm/%s:%d\n  - %s\n  + %s" %
                      (" (%s)" % why if why else "", name, n + 1, line.strip(), new.strip()),
                      flush=True)
    total = len(todo) - broken
    print("%d mutations, %d noticed (%s), %d survive" %
          (total, total - len(survivors),
           ", ".join("%s %d" % c for c in sorted(caught.items(), key=lambda c: -c[1])),
           len(survivors)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
