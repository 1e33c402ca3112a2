#!/bin/sh
# SPDX-License-Identifier: MIT
#
# setup.sh PACKAGE... - installs the Debian packages that are missing, if any.
# Quiet when there is nothing to do; elsewhere than on Debian it says what is needed.
set -eu

missing=
if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
	for p in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :) in
		installed) ;;
		*) missing="$missing $p" ;;
		esac
	done
else
	echo "setup: this is no Debian. What is needed, by Debian's names:" >&2
	printf '  %s\n' "$@" >&2
	exit 0
fi
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null 2>&1 || {
		echo "setup: become root and run: apt-get install$missing" >&2
		exit 1
	}
	sudo=sudo
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
install() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		-o Dpkg::Use-Pty=0 $missing >/dev/null
}
# The lists may be fresh enough; if not, update them and try again.
install 2>/dev/null || { $sudo apt-get update -qq && install; }
