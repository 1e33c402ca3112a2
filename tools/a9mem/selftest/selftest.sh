#!/bin/bash
# SPDX-License-Identifier: MIT
# Self-test of the QEMU plugins: builds them and their guests, runs them, prints TAP.
# About 15 s; every QEMU has a time limit.  BUILD: where build output goes.
set -u
cd "$(dirname "$0")/../../.." || exit 1
export BUILD=${BUILD:-build}

if ! make --no-print-directory -s -f tools/a9mem/a9mem.mk a9mem-plugins a9mem-guests >&2; then
	echo "Bail out! the plugins or their guests do not build"
	exit 1
fi
exec python3 tools/a9mem/selftest/check.py "$BUILD/a9mem"
