#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Starts what serves gdb (QEMU halted, or OpenOCD), then gdb with the buddy commands.

    debug.py [--gdb GDB] --elf FILE [--log FILE] -- SERVER COMMAND

@PORT@ in the server's command becomes a port that is free; QEMU's console goes to a
telnet port of its own and into the log, as the terminal is gdb's.  When gdb ends, the
server is ended.  Without a terminal nothing is started: the commands to type are printed.
"""
import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

HELP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libbuddy.py")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def gdb_command(args, port):
    return [args.gdb, "-q", args.elf, "-ex", "source " + os.path.relpath(HELP),
            "-ex", "target extended-remote localhost:%d" % port]


def with_console(command, log):
    """The console of a QEMU that had it on its terminal, on a port; the command, the port."""
    pairs = list(zip(command, command[1:]))
    if ("-serial", "stdio") not in pairs:
        return command, None
    at, port = pairs.index(("-serial", "stdio")), free_port()
    console = ["-chardev", "socket,id=console,host=localhost,port=%d,server=on,wait=off,"
               "telnet=on,logfile=%s" % (port, log), "-serial", "chardev:console"]
    return command[:at] + console + command[at + 2:], port


def wait_for(server, port, seconds=10):
    """The port answers: True.  A server that asks who connects is not asked twice."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with open("/proc/net/tcp", encoding="ascii") as table:
            if any(" %s:%04X " % (a, port) in line and " 0A " in line for line in table
                   for a in ("0100007F", "00000000")):
                return True
        time.sleep(0.05)
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--gdb", default="gdb-multiarch")
    p.add_argument("--elf", required=True)
    p.add_argument("--log", help="default: debug.log beside the ELF file")
    p.add_argument("server", nargs="+")
    args = p.parse_args()
    log = args.log or os.path.join(os.path.dirname(args.elf), "debug.log")
    if not sys.stdin.isatty():
        server = [w.replace("@PORT@", "1234") for w in args.server]
        print("debug: this is no terminal.  In one:\n  %s\nand in another:\n  %s" %
              (shlex.join(server), shlex.join(gdb_command(args, 1234))))
        return 0
    for tool in (args.server[0], args.gdb):
        if not shutil.which(tool):
            print("debug: %s is not installed; `make setup` installs what QEMU and gdb need" %
                  tool, file=sys.stderr)
            return 1
    port = free_port()
    command, console = with_console([w.replace("@PORT@", str(port)) for w in args.server], log)
    for sig in (signal.SIGTERM, signal.SIGHUP):  # by way of the `finally` below
        signal.signal(sig, lambda nr, _: sys.exit(128 + nr))
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        if not wait_for(server, port):
            print("debug: %s does not listen on port %d" % (command[0], port), file=sys.stderr)
            return 1
        if console:
            print("The console: telnet localhost %d, and %s" % (console, log))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # gdb's
        return subprocess.call(gdb_command(args, port), preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL))
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
