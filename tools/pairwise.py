#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sets of options in which every two of them meet in every pair of their values.

    pairwise.py --check 'cc -E -I include' --header buddy/config.h NAME=v1,v2,... ...

Prints a set a line, as -DNAME=value.  What cannot be is left out by the header's own
rules: a set, or a pair by itself, that the preprocessor refuses with an #error is none.
Deterministic: the first value of each option is its usual one, and the first set has only
these.  The last line, on standard error, says how many pairs there are.
"""
import argparse
import functools
import itertools
import shlex
import subprocess
import sys


class Rules:
    """Which sets the header takes."""

    def __init__(self, check, header):
        self.command = shlex.split(check) + ["-x", "c", "-"]
        self.text = "#include <%s>\n" % header

    @functools.lru_cache(maxsize=None)
    def allow(self, chosen):
        flags = ["-D%s=%s" % pair for pair in chosen]
        return not subprocess.run(self.command + flags, input=self.text, text=True, check=False,
                                  capture_output=True).returncode


def pairs_of(chosen):
    return set(itertools.combinations(sorted(chosen), 2))


def complete(options, start, uncovered, rules):
    """start and a value for each other option: those that cover most, of what is allowed."""
    chosen = list(start)
    for name, values in options:
        if any(name == have for have, _ in chosen):
            continue
        best = None
        for value in values:
            more = chosen + [(name, value)]
            if not rules.allow(tuple(sorted(more))):
                continue
            gain = len(pairs_of(more) & uncovered)
            if best is None or gain > best[0]:
                best = (gain, value)
        if best is None:
            return None
        chosen.append((name, best[1]))
    return tuple(sorted(chosen))


def sets(options, rules):
    everything = [(name, value) for name, values in options for value in values]
    uncovered = {pair for pair in pairs_of(everything)
                 if pair[0][0] != pair[1][0] and rules.allow(pair)}
    usual = tuple(sorted((name, values[0]) for name, values in options))
    result, nr = [usual], len(uncovered)
    uncovered -= pairs_of(usual)
    while uncovered:
        # most alone first, so that what only few sets can have is not left to the end
        found = complete(options, min(uncovered), uncovered, rules)
        if found is None:
            sys.exit("pairwise: no set has %s, though each two of its options are allowed"
                     % " and ".join("=".join(one) for one in min(uncovered)))
        result.append(found)
        uncovered -= pairs_of(found)
    return result, nr


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", required=True, help="preprocessor and its include folders")
    p.add_argument("--header", required=True)
    p.add_argument("options", nargs="+", metavar="NAME=v1,v2")
    args = p.parse_args()
    options = []
    for option in args.options:
        name, _, values = option.partition("=")
        if not values:
            sys.exit("pairwise: %r: NAME=VALUE,VALUE expected" % option)
        options.append((name, values.split(",")))
    rules = Rules(args.check, args.header)
    if not rules.allow(()):
        sys.exit("pairwise: the header is refused as it is: %s" % args.check)
    result, nr = sets(options, rules)
    for one in result:
        print(" ".join("-D%s=%s" % pair for pair in one))
    print("pairwise: %d sets for %d pairs of %d options" % (len(result), nr, len(options)),
          file=sys.stderr)


if __name__ == "__main__":
    main()
