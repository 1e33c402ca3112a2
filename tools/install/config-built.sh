#!/bin/sh
# SPDX-License-Identifier: MIT
#
# config-built.sh COMPILER FLAGS... - the header that tells an installed library's users with
# which options it was built: every BUDDY_ macro of buddy/config.h that has a number.
#
# BUDDY_BUILT is the name of a symbol that the library defines and a program that calls
# mm_init() needs (buddy/init.h); it carries a checksum of the options.
# shellcheck disable=SC2004 # $(($x)): dash computes the text of x only so
set -eu

options=$(
	names=$(echo '#include <buddy/config.h>' | "$@" -x c -E -dM - |
		sed -n 's/^#define \(BUDDY_[A-Z0-9_]*\) .*/\1/p' | LC_ALL=C sort)
	{
		echo '#include <buddy/config.h>'
		for name in $names; do
			echo "value_of_$name $name"
		done
	} | "$@" -x c -E -P - |
		sed -n 's/^value_of_\(BUDDY_[A-Z0-9_]*\) *\([-0-9A-Fa-fxXuUlL ()<>=!&|?:+*/%]*[0-9)uUlL]\)$/\1 \2/p' |
		while read -r name value; do
			# expressions, without C's suffixes, as their number
			value=$(echo "$value" | sed 's/\([0-9]\)[uUlL]\{1,3\}/\1/g')
			echo "$name $(($value))"
		done
)
[ -n "$options" ] || {
	echo "config-built.sh: buddy/config.h has no option" >&2
	exit 1
}
sum=$(echo "$options" | cksum | cut -d ' ' -f 1)

cat <<EOF
/* SPDX-License-Identifier: MIT */
/*
 * The options that libbuddy.a beside these headers was built with.  Written when it was
 * installed, included by buddy/config.h.
 */
#ifndef BUDDY_CONFIG_BUILT_H
#define BUDDY_CONFIG_BUILT_H

#define BUDDY_BUILT buddy_built_$sum

#ifdef __cplusplus
extern "C" {
#endif
extern const char BUDDY_BUILT;
#ifdef __cplusplus
}
#endif
EOF
echo "$options" | while read -r name value; do
	cat <<EOF

#ifndef $name
#define $name $value
#elif $name != $value
#error "$name is $value in the libbuddy.a beside these headers: leave it out, or build another"
#endif
EOF
done
printf '\n#endif /* BUDDY_CONFIG_BUILT_H */\n'
