#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A board that does not exist gets a sentence that says which there are.
echo 1..1
said=$(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make BOARD=nosuch run 2>&1)
status=$?
if [ $status -ne 0 ] && echo "$said" | grep -q 'no board nosuch; there are: .*vexpress-a9 zynq' &&
	[ "$(echo "$said" | wc -l)" -eq 1 ]; then
	echo "ok 1 - BOARD=nosuch"
else
	echo "not ok 1 - BOARD=nosuch: status $status"
	echo "$said" | sed 's/^/# /'
fi
