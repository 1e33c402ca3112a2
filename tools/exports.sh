#!/bin/sh
# SPDX-License-Identifier: MIT
#
# exports.sh - the names that include/buddy/ declares: functions and variables.
# They are what libbuddy.a exports.  $CC: the compiler with the flags of the library.
set -eu

aux=$(mktemp)
trap 'rm -f "$aux"' EXIT
echo '#include <buddy/buddy.h>' | $CC -x c -fsyntax-only -aux-info "$aux" -
{
	# /* include/buddy/mm.h:46:NC */ extern void *page_address (const struct page *);
	sed -n 's|^/\* *include/buddy/[^ ]* \*/ extern [^(]*[ *]\([A-Za-z_][A-Za-z_0-9]*\) (.*|\1|p' "$aux"
	cat include/buddy/*.h |
		sed -n 's|^extern [^(]*[ *]\([A-Za-z_][A-Za-z_0-9]*\)\(\[.*\]\)\{0,1\};.*|\1|p'
} | LC_ALL=C sort -u
