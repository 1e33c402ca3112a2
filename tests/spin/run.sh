#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Checks the models of this folder, or those that are named, with Spin: each as it is,
# exhaustively, without an error; then each of its planted bugs (`BUG_X` in its head),
# which has to be found.  A search that does not end within its memory or depth has failed.
cd "$(dirname "$0")" || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
here=$PWD
bad=0 models=0 bugs=0 states=0

# search MODEL [BUG]: the verifier's closing words are in $dir/out
search() {
	(
		cd "$dir" && rm -f pan* ./*.trail &&
			spin -a ${2:+-D$2} "$here/$1" >out 2>&1 &&
			${HOSTCC:-gcc} -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=2048 -o pan pan.c >>out 2>&1 &&
			timeout 100 ./pan -w20 -m200000 >>out 2>&1
	)
	errors=$(sed -n 's/.* errors: \([0-9]*\).*/\1/p' "$dir/out")
	n=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$dir/out")
	grep -q 'Search not completed\|max search depth too small\|out of memory\|unreached.*assert' "$dir/out" && [ "${2:-}" = "" ] && errors=incomplete
}

for model in ${*:-*.pml}; do
	models=$((models + 1))
	search "$model"
	if [ "$errors" = 0 ]; then
		echo "ok $model: $n states, no error"
	else
		echo "not ok $model: errors: ${errors:-none counted}"
		sed 's/^/# | /' "$dir/out"
		[ -f "$dir/$model.trail" ] && (cd "$dir" && spin -t -p -g -l "$here/$model" | tail -60 | sed 's/^/# | /')
		bad=$((bad + 1))
	fi
	for bug in $(sed -n 's/^ \*	\(BUG_[A-Z_]*\).*/\1/p' "$model"); do
		bugs=$((bugs + 1))
		search "$model" "$bug"
		if [ "${errors:-0}" = 1 ]; then
			echo "ok $model: $bug found ($(sed -n 's/^pan:[0-9]*: //p' "$dir/out" | head -1))"
		else
			echo "not ok $model: $bug not found"
			sed 's/^/# | /' "$dir/out" | head -40
			bad=$((bad + 1))
		fi
	done
done
echo "model: $models models, $bugs planted bugs, $bad failed"
[ $bad = 0 ]
