# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# TAP for shell scripts, to be sourced.  t DESCRIPTION COMMAND... is one case: the command's
# status; what it printed is shown when it fails.  t_fails: it has to fail, and to say the
# sentence given.  t_end prints the plan and ends the script.

t_nr=0
t_failed=0
t_log=$(mktemp)
trap 'rm -f "$t_log"' EXIT

t_line() {
	t_nr=$((t_nr + 1))
	[ "$1" = ok ] || {
		t_failed=$((t_failed + 1))
		sed 's/^/# /' "$t_log"
	}
	echo "$1 $t_nr - $2"
}

t() {
	what=$1
	shift
	if "$@" >"$t_log" 2>&1; then t_line ok "$what"; else t_line "not ok" "$what"; fi
}

t_fails() {
	what=$1
	sentence=$2
	shift 2
	if "$@" >"$t_log" 2>&1; then
		echo "it succeeded, and was to say: $sentence" >>"$t_log"
		t_line "not ok" "$what"
	elif grep -qF -e "$sentence" "$t_log"; then
		t_line ok "$what"
	else
		echo "this was to be said: $sentence" >>"$t_log"
		t_line "not ok" "$what"
	fi
}

t_end() {
	echo "1..$t_nr"
	exit "$((t_failed > 0))"
}
