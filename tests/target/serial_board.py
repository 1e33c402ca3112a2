# SPDX-License-Identifier: MIT
"""A board on QEMU's serial line, and the terminal that a person would look at.

Board starts QEMU, sends keys, waits for text (expect) or for what the line with
the cursor shows (keys); each wait has a time limit.  Screen is the terminal, as
far as the monitor's line editor needs one; what it does not know is an error.
"""

import os
import re
import select
import socket
import subprocess
import sys
import time

PROMPT = "buddy> "


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def lines(text):
    return [line for line in text.split("\n") if line]


class Screen:
    """A terminal of 80 columns that never scrolls: what is on the cursor's line."""

    def __init__(self):
        self.line, self.column, self.pending, self.bells, self.clears = [], 0, "", 0, 0
        self.widest = 0

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        i = 0
        while i < len(text):
            c = text[i]
            if c == "\x1b":
                m = re.match(r"\x1b\[([0-9;]*)([A-Za-z])", text[i:])
                if not m:
                    if len(text) - i < 12:
                        self.pending = text[i:]
                        return
                    raise ValueError("escape sequence %r" % text[i:i + 12])
                self.escape(m.group(1), m.group(2))
                i += m.end()
                continue
            if c == "\r":
                self.column = 0
            elif c == "\n":
                self.line = []
            elif c == "\a":
                self.bells += 1
            elif c >= " ":
                self.line += [" "] * (self.column + 1 - len(self.line))
                self.line[self.column] = c
                self.column += 1
                self.widest = max(self.widest, self.column)
            else:
                raise ValueError("control character %r" % c)
            i += 1

    def escape(self, params, final):
        if final == "K":
            del self.line[self.column:]
        elif final == "D":
            self.column = max(0, self.column - int(params or 1))
        elif final == "H":
            self.line, self.column = [], 0
        elif final == "J":
            self.clears += 1
        elif final != "m":
            raise ValueError("escape sequence %s%s" % (params, final))

    def text(self):
        return "".join(self.line)


class Board:
    def __init__(self, command, gdb, verbose):
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, bufsize=0)
        self.out = ""       # all that was said and not yet expected
        self.screen = Screen()
        self.verbose = verbose
        self.gdb = gdb      # path of QEMU's gdb socket, for class Memory

    def read(self, seconds):
        """Reads what comes within so many seconds; False at the end of the output."""
        ready, _, _ = select.select([self.p.stdout], [], [], max(0, seconds))
        if not ready:
            return True
        data = os.read(self.p.stdout.fileno(), 65536)
        if not data:
            return False
        text = data.decode("latin-1")
        if self.verbose:
            sys.stderr.write(text)
        self.screen.feed(text)
        self.out = (self.out + text).replace("\r\n", "\n")
        return True

    def send(self, text):
        self.p.stdin.write(text.encode("latin-1"))

    def expect(self, pattern, seconds=20):
        """Waits for a pattern and returns its match; what came before it is .before."""
        end = time.monotonic() + seconds
        alive = True
        while True:
            m = re.search(pattern, self.out)
            if m:
                self.before = self.out[:m.start()]
                self.out = self.out[m.end():]
                return m
            if not alive or time.monotonic() > end:
                raise AssertionError("%r did not come, but %r" % (pattern, self.out[-400:]))
            alive = self.read(end - time.monotonic())

    def command(self, line, seconds=20):
        """Types a line; returns what was printed between it and the next prompt."""
        self.send(line + "\r")
        self.expect(re.escape(line) + r"\n")
        self.expect(r"(?:^|\n)" + re.escape(PROMPT), seconds)
        return self.before

    def keys(self, text, want, column=None, seconds=10):
        """Presses keys and waits until the prompt's line shows `want`, cursor included."""
        self.send(text)
        end = time.monotonic() + seconds
        while True:
            shown = self.screen.text().rstrip()
            at = self.screen.column - len(PROMPT)
            if shown == (PROMPT + want).rstrip() and column in (None, at):
                return
            if time.monotonic() > end or not self.read(0.2):
                raise AssertionError("the line shows %r, cursor %d, and not %r, %s" %
                                     (shown, at, want, column))

    def wait(self, seconds=20):
        end = time.monotonic() + seconds
        while self.read(end - time.monotonic()):
            if time.monotonic() > end:
                raise AssertionError("it did not end")
        return self.p.wait(max(1, end - time.monotonic()))

    def kill(self):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()


class Memory:
    """The board's memory through QEMU's gdb socket; the board stands still meanwhile.

    With it a test does what no program may: break the allocator's state from outside.
    """

    def __init__(self, path):
        self.pending = b""
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(10)
        self.s.connect(path)

    def __enter__(self):
        self.ask("?")
        return self

    def __exit__(self, *_):
        self.ask("D")
        self.s.close()

    def ask(self, packet):
        self.s.sendall(("$%s#%02x" % (packet, sum(packet.encode()) & 255)).encode())
        while True:
            m = re.match(rb"[+-]*\$([^#]*)#..", self.pending)
            if not m:
                data = self.s.recv(4096)
                if not data:
                    raise AssertionError("QEMU closed its gdb socket")
                self.pending += data
                continue
            self.pending = self.pending[m.end():]
            self.s.sendall(b"+")
            # That it has stopped QEMU also says unasked.
            if packet == "?" or m.group(1)[:1] not in (b"T", b"S"):
                return m.group(1).decode()

    def read_word(self, address):
        return int.from_bytes(bytes.fromhex(self.ask("m%x,4" % address)), "little")

    def write_word(self, address, value):
        answer = self.ask("M%x,4:%s" % (address, value.to_bytes(4, "little").hex()))
        if answer != "OK":
            raise AssertionError("gdb socket: %s" % answer)


def last_block(out):
    m = re.search(r"free (0x[0-9a-f]+) (\d+)", out)
    need(m, "no block: %r" % out)
    return m.groups()


def clear(b):
    b.keys("\x05\x15", "", 0)
