#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The demonstration under policies and debugging options, TAP out.

Each run boots the released image with mode=demo; it has to exit with 0 and to say what
is expected of it.
"""
import argparse
import os
import re
import subprocess
import sys

# name, cores, MiB, more boot arguments, what the console has to show
RUNS = [
    ("as it is", 4, 1024, "", [r"^demo: PASS", r"in one piece", r"out of service and back",
                              r"^cause: ",
                              r"^  order  9: got \d+ of 2\d while 4 cores wrote",
                              r"^  order 10: got \d+ of 1\d while 4 cores wrote",
                              r"^  areas +\d{4,} pages written, \d{4,} verified",
                              r"^  reclaimed +\d+ pages by kswapd, \d+ by requests",
                              r"^  moved +[1-9]\d+ pages while they were in use",
                              r"^  pages free +(\d+) before, \d+ after, \d+ kept"]),
    ("all zones and an area", 4, 512, "cma=16M movablecore=64M highmem=0x74000000 dma_limit=0x61000000",
     [r"^demo: PASS", r"CMA area cma, 16384 KiB: 1024 KiB",
      r"^  CMA: +got 4 of 4 buffers of 1 MiB while 4 cores wrote"]),
    ("one core", 1, 64, "demo.ops=5000",
     [r"^demo: PASS", r"^  order  9: got [1-7] of 7 while 1 core wrote"]),
    ("a small machine", 2, 8, "cma=2M", [r"^demo: PASS"]),
    ("every debugging option", 4, 64,
     "debug_pagealloc=1 page_poison=1 page_owner=1 trace=256 init_on_alloc=1 init_on_free=1 "
     "demo.ops=2000", [r"^demo: PASS"]),
    ("each request fails, one core", 1, 64, "maxcpus=1 demo.fail demo.ops=100",
     [r"each of \d\d+ requests failed in turn, all pages back: PASS"]),
    ("each request fails, four cores", 4, 256, "cma=16M page_owner=1 demo.fail demo.ops=25",
     [r"each of \d\d+ requests failed in turn, all pages back: PASS"]),
]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--image", required=True)
    p.add_argument("--dtb", required=True)
    args = p.parse_args()
    print("1..%d" % len(RUNS))
    bad = 0
    for nr, (name, smp, mem, append, expected) in enumerate(RUNS, 1):
        cmd = ["qemu-system-arm", "-M", "vexpress-a9", "-smp", str(smp), "-m", str(mem),
               "-display", "none", "-serial", "stdio", "-monitor", "none",
               "-semihosting-config", "enable=on,target=native", "-kernel", args.image + ".elf",
               "-dtb", args.dtb, "-append", "semihosting mode=demo " + append]
        try:
            run = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, timeout=120, check=False,
                                 env=dict(os.environ, QEMU_AUDIO_DRV="none"))
            out, status = run.stdout.decode("ascii", "replace").replace("\r", ""), run.returncode
        except subprocess.TimeoutExpired as e:
            out, status = (e.stdout or b"").decode("ascii", "replace"), "none, time is up"
        missing = [e for e in expected if not re.search(e, out, re.M)]
        ok = status == 0 and not missing
        bad += not ok
        print("%s %d - demo: %s" % ("ok" if ok else "not ok", nr, name))
        if not ok:
            print("# exit status %s, missing: %s" % (status, missing))
            print("\n".join("# | " + line for line in out.split("\n")[-60:]))
            print("# again: " + " ".join("'%s'" % c if " " in c else c for c in cmd))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
