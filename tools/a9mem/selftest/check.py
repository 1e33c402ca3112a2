#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Self-test of a9mem.so and sched.so: runs their guests in QEMU, prints TAP.

check.py DIR: DIR holds a9mem.so, sched.so, mem.elf and sched.elf (see a9mem.mk), and
receives the CSV files.  Nothing here depends on time or on the host: every expected
number is exact, or a range that any correct model or scheduler stays in.
"""
import csv
import os
import subprocess
import sys

DIR = sys.argv[1]
TIMEOUT = 60  # seconds, each QEMU
ICOUNT = 'shift=0,align=off,sleep=off'
rows = bad = 0


def ok(cond, name, *diag):
    """One TAP row; diag: lines that explain a failure."""
    global rows, bad
    rows += 1
    bad += not cond
    print('%sok %d - %s' % ('' if cond else 'not ', rows, name))
    if not cond:
        for d in diag:
            print('#   %s' % (d,))
    sys.stdout.flush()


def qemu(elf, plugin, *more, icount=ICOUNT):
    """(exit status, standard output, standard error) of a run; 'timeout' for status."""
    cmd = ['qemu-system-arm', '-M', 'vexpress-a9', '-smp', '4', '-m', '256', '-display', 'none',
           '-serial', 'stdio', '-monitor', 'none', '-semihosting', '-kernel', f'{DIR}/{elf}']
    if icount:
        cmd += ['-icount', icount]
    if plugin:
        cmd += ['-plugin', f'{DIR}/{plugin}']
    env = dict(os.environ, QEMU_AUDIO_DRV='none')
    try:
        p = subprocess.run(cmd + list(more), stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=TIMEOUT, env=env)
    except subprocess.TimeoutExpired:
        return 'timeout', '', ''
    return p.returncode, p.stdout, p.stderr


def read(name):
    with open(f'{DIR}/{name}') as f:
        return f.read()


# ---- a9mem: known patterns, known counts ----

ZERO = dict(rmiss=0, wmiss=0, upg=0, c2cd=0, c2cc=0, l2hit=0, l2miss=0)


def between(lo, hi):
    return range(lo, hi + 1)


SPECIAL = dict(ld=100, st=100, ldrex=100, strex=100, dmb=100, dsb=100, cps=200, dev=1)
MEM = [
    ('special-arm', dict(SPECIAL, insn=804)),
    ('special-thumb', dict(SPECIAL, insn=802)),
    ('device', dict(insn=13, ld=0, st=0, dev=11)),
    ('32K-cold', dict(ZERO, insn=3075, ld=1024, rmiss=1024, l2miss=1024)),
    ('32K-again', dict(ZERO, insn=3075, ld=1024)),
    ('64K-cold', dict(ZERO, ld=2048, rmiss=2048, l2miss=2048)),
    ('64K-again', dict(ZERO, ld=2048, rmiss=2048, l2hit=2048)),
    ('1M-cold', dict(ZERO, rmiss=32768, l2miss=32768)),
    ('1M-again', dict(ZERO, rmiss=32768, l2miss=32768)),
    ('write-cold', dict(ZERO, st=512, wmiss=512, l2miss=512)),
    ('read-dirty-of-0', dict(ZERO, rmiss=512, c2cd=512)),
    ('read-shared', dict(ZERO, rmiss=512, c2cc=512)),
    ('reclaim', dict(ZERO, upg=512)),
    ('write-dirty-of-0', dict(ZERO, wmiss=512, c2cd=512)),
    ('read-clean-of-0', dict(ZERO, rmiss=512, c2cc=512)),
    ('write-own-exclusive', dict(ZERO, st=512)),
    # 2000 turns: the flag's and the word's line each arrive dirty (read) and are claimed
    ('handoff', dict(c2cd=between(3996, 4001), upg=between(3996, 4001), wmiss=between(0, 2),
                     st=4000, dmb=4000)),
    # the word is only written: one dirty transfer, no claim
    ('false-sharing', dict(c2cd=between(3996, 4001), wmiss=between(1998, 2001),
                           upg=between(1997, 2001))),
    ('padded', dict(c2cd=between(1997, 2001), wmiss=between(0, 2), upg=between(1997, 2001))),
    ('lock1', dict(ZERO, insn=15003, ldrex=1000, strex=1000, sxfail=0, ld=2000, st=3000, rmiss=2,
                   l2miss=2, dmb=2000)),
    # 4000 holders in turn: the word moves with the lock unless the same core wins twice
    ('lock4', dict(dmb=8000, strex=between(4000, 16000), sxfail=between(0, 12000),
                   c2cd=between(1000, 40000))),
]


def check_mem():
    outs = []
    for i in (1, 2):
        rc, out, err = qemu('mem.elf', f'a9mem.so,out={DIR}/mem{i}.csv', '-singlestep')
        outs.append(out)
        ok(rc == 0 and out.endswith('words right\n'), f'a9mem: run {i} ends, the words are right',
           rc, out, err)
    ok(read('mem1.csv') == read('mem2.csv') and outs[0] == outs[1],
       'a9mem: two runs are the same to the byte')
    with open(f'{DIR}/mem1.csv') as f:
        total = [r for r in csv.DictReader(f) if r['core'] == 'all']
    names = outs[0].split('\n')[:-2]
    ok(names == [m[0] for m in MEM] and len(total) == len(MEM), 'a9mem: all regions were counted',
       names, len(total))
    for (name, want), got in zip(MEM, total):
        wrong = ['%s=%s expected %s' % (k, got[k], v) for k, v in want.items()
                 if not (int(got[k]) in v if isinstance(v, range) else int(got[k]) == v)]
        ok(not wrong, f'a9mem: {name}: ' + ' '.join(f'{k}={got[k]}' for k in want), *wrong)
    rc, _, err = qemu('mem.elf', 'a9mem.so,l1d=33')
    ok(rc not in (0, 'timeout') and 'bad argument l1d=33' in err, 'a9mem: refuses l1d=33', rc, err)


# ---- sched: the same image under many schedules ----

def sched(what, rounds, args, csv_name='sched.csv', more=(), **kw):
    """Runs sched.elf; (status, one int per round, rows of the CSV, standard error)."""
    plugin = f'sched.so,{args},out={DIR}/{csv_name}' if args else None
    cmd = ['-device', 'loader,addr=0x61000000,data=%d,data-len=4' % ord(what),
           '-device', 'loader,addr=0x61000004,data=%d,data-len=4' % rounds, *more]
    rc, out, err = qemu('sched.elf', plugin, *cmd, **kw)
    table = []
    if args and rc != 'timeout' and os.path.exists(f'{DIR}/{csv_name}'):
        with open(f'{DIR}/{csv_name}') as f:
            table = list(csv.DictReader(line for line in f if line[0] != '#'))
    return rc, [int(n) for n in out.split()], table, err


def check_sched():
    n = 200
    rc, lost, t, err = sched('C', n, 'seed=1')
    racy = sum(x > 0 for x in lost)
    ok(rc == 0 and len(lost) == n and racy >= n * 95 // 100,
       f'sched: an unprotected counter loses updates under {racy} of {n} seeds', rc, lost, err)
    ok(len(t) == n and [int(r['seed']) for r in t] == list(range(1, n + 1)),
       'sched: region k runs under seed+k, a row each')
    ok(len({r['hash'] for r in t}) == n, 'sched: no two seeds gave the same schedule')
    ok(all(sum(int(r[f'insn{c}']) for c in range(4)) == int(r['insn']) for r in t) and
       all(int(r[f'insn{c}']) >= 500 for r in t for c in range(4)),
       'sched: every core had its turns under every seed')

    rc, lost, _, err = sched('L', n, 'seed=1')
    ok(rc == 0 and lost == [0] * n, f'sched: under a lock no update is lost, {n} seeds', rc, lost,
       err)

    rc, lost, _, err = sched('W', n, 'seed=1')
    hit = [i for i, x in enumerate(lost) if x]
    ok(rc == 0 and len(lost) == n and 1 <= len(hit) <= n // 2,
       f'sched: a window of two instructions is hit by {len(hit)} of {n} seeds', rc, lost, err)
    first = hit[0] if hit else 0
    rc, again, _, err = sched('W', first + 1, 'seed=1')
    ok(rc == 0 and again == lost[:first + 1], f'sched: it is hit again when {first + 1} regions '
       'are replayed', rc, again, err)
    # alone the spinning cores enter the region at another place of their loops: not always
    alone = [k for k in hit[:6] if any(sched('W', 1, f'seed={1 + k}')[1])]
    ok(alone, f'sched: of the first {len(hit[:6])} such seeds {len(alone)} hit it alone, too', hit)
    rc, lost, _, err = sched('W', 20, 'seed=1,mean=100000,maxturn=100000,long=1000000,freeze=0')
    ok(rc == 0 and lost == [0] * 20, 'sched: turns of 100,000 instructions never hit it', rc, lost)

    rc, passed, _, err = sched('A', 50, 'seed=1,lose=0')
    ok(rc == 0 and passed == [0] * 50, 'sched: no STREX succeeds after another core stored, though '
       'the value is back', rc, passed, err)
    rc, passed, _, err = sched('A', 50, 'seed=1,monitor=0')
    ok(rc == 0 and any(passed), "sched: with monitor=0 QEMU's do", rc, passed, err)
    rc, failed, _, err = sched('N', 50, 'seed=1,lose=0')
    ok(rc == 0 and sum(x > 0 for x in failed) > 25, 'sched: a store to another word of the granule '
       'fails STREXs', rc, failed, err)
    rc, failed, _, err = sched('G', 50, 'seed=1,lose=0')
    ok(rc == 0 and failed == [0] * 50, 'sched: a store to the next granule fails none', rc, failed,
       err)
    rc, failed, _, err = sched('G', 50, 'seed=1,lose=4')
    ok(rc == 0 and any(failed), 'sched: lose= fails some', rc, failed, err)

    one = sched('R', 50, 'seed=7', 'r1.csv')
    two = sched('R', 50, 'seed=7', 'r2.csv')
    ok(one[0] == 0 and len(one[1]) == 50 and one[1] == two[1] and read('r1.csv') == read('r2.csv'),
       'sched: the same seed is the same run: ring and schedule, 50 regions', one, two)
    ok(len(set(one[1])) == 50, 'sched: 50 seeds sign the ring in 50 different orders', one[1])
    step = sched('R', 50, 'seed=7', 'r3.csv', ['-singlestep'])
    ok(step[1] == one[1] and read('r3.csv') == read('r1.csv'),
       'sched: -singlestep changes nothing', step)
    slow = sched('R', 50, 'seed=7', 'r4.csv', icount='shift=7,align=off,sleep=off')
    ok(slow[1] == one[1] and read('r4.csv') == read('r1.csv'),
       'sched: -icount shift=7 changes nothing where no timer runs', slow)
    other = sched('R', 1, 'seed=7,freeze=0', 'r5.csv')
    ok(other[0] == 0 and other[1] != one[1][:1], 'sched: freeze= takes part', other)

    rc, res, t, err = sched('R', 5, 'seed=3,maxturn=1,freeze=0')
    ok(rc == 0 and len(t) == 5 and all(r['turns'] == r['insn'] for r in t),
       'sched: maxturn=1: every turn is one instruction', rc, t)
    rc, res, _, err = sched('I', 50, 'seed=1')
    ok(rc == 0 and res == [0] * 50, 'sched: WFE, WFI, spinning, a timer for four sleepers', rc,
       res, err)
    rc, res, _, err = sched('I', 5, 'seed=1,mean=1,long=1000000,freeze=0')
    ok(rc == 0 and res == [0] * 5, 'sched: the same in turns of one instruction', rc, res, err)
    rc, res, t, err = sched('R', 1, 'seed=1,bg=0')
    ok(rc == 0 and len(res) == 1 and len(t) >= 1, "sched: bg=0: QEMU's own turns outside", rc, err)

    rc, res, t, err = sched('R', 5, 'seed=1,roi=0')
    ok(rc == 0 and len(res) == 5 and len(t) == 1 and t[0]['region'] == '0',
       'sched: roi=0: all of the run is one region', rc, res, t)
    rc, res, t, err = sched('H', 1, 'seed=9,limit=1000000')
    ok(rc == 3 and 'region 0, seed 9: more than limit' in err,
       'sched: a guest that hangs ends at limit= with status 3', rc, err)
    rc, res, _, err = sched('P', 1, 'seed=1')
    ok(rc == 0, 'sched: power-off inside a region ends QEMU', rc, err)
    rc, _, _, err = sched('R', 1, 'seed=1', icount=None)
    ok(rc == 3 and 'needs -icount' in err, 'sched: refuses to run without -icount', rc, err)
    rc, _, _, err = sched('R', 1, 'seed=x')
    ok(rc not in (0, 'timeout') and 'bad argument seed=x' in err, 'sched: refuses seed=x', rc, err)


check_mem()
check_sched()
print('1..%d' % rows)
sys.exit(bad > 0)
