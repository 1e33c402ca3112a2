#!/bin/sh
# SPDX-License-Identifier: MIT
#
# headers.sh CROSS HOSTCC - every public header alone, as C11 and as C++17, pedantically, for
# the target and for this machine; and all of them in one file.  The ports that a user starts
# from, in ARM and in Thumb state.
# shellcheck disable=SC2317,SC2086 # functions called by t, lists of flags
set -u
. tests/lib/tap.sh

cross=$1
hostcc=$2
strict="-Wall -Wextra -pedantic -Werror -fsyntax-only -I include"
arm="-mcpu=cortex-a9 -ffreestanding"

c_and_cxx() { # C FLAGS CXX FLAGS; standard input: the source
	{
		cat
		echo "extern int not_empty;" # as ISO C wants it
	} >"$t_log.c"
	$1 -std=c11 $strict -x c "$t_log.c" && $2 -std=c++17 $strict -x c++ "$t_log.c"
	status=$?
	rm -f "$t_log.c"
	return $status
}

alone() { # HEADER
	echo "#include <$1>" | c_and_cxx "${cross}gcc $arm" "${cross}g++ $arm" &&
		echo "#include <$1>" | c_and_cxx "$hostcc" "g++"
}

together() {
	(cd include && printf '#include <%s>\n' buddy/*.h) |
		c_and_cxx "${cross}gcc $arm" "${cross}g++ $arm"
}

# What a C++ program refers to is what the library, which is C, exports.
linkage() {
	tools/exports.sh "${cross}gcc" $arm -I include >"$t_log.names"
	{
		echo '#include <buddy/buddy.h>'
		echo 'extern const void *const all[]; const void *const all[] = {'
		sed 's/.*/(const void *)\&&,/' "$t_log.names"
		echo '};'
	} | "${cross}g++" $arm -std=c++17 -I include -x c++ -c - -o "$t_log.o" &&
		"${cross}nm" -u "$t_log.o" | sed 's/ *U //' | LC_ALL=C sort | diff "$t_log.names" -
	status=$?
	rm -f "$t_log.names" "$t_log.o"
	return $status
}

port() { # NAME ISA
	echo "#include <port/port.h>" |
		c_and_cxx "${cross}gcc $arm $2 -I port/$1" "${cross}g++ $arm $2 -I port/$1"
}

# All of a port's inline functions as code, even where the compiler needs registers itself.
unoptimised() { # NAME ISA
	printf '#include <port/port.h>\nvoid *clear, *copy;\nvoid use(void);\nvoid use(void)\n{%s%s}\n' \
		'port_clear_page(clear);' 'port_copy_page(copy, clear);' |
		"${cross}gcc" $arm $2 -O0 -Wall -Wextra -Werror -I include -I "port/$1" -x c -c - -o "$t_log.o"
	status=$?
	rm -f "$t_log.o"
	return $status
}

for h in include/buddy/*.h; do
	t "$h alone" alone "${h#include/}"
done
t "all headers together" together
t "a C++ program calls the names that the library has" linkage
for isa in -marm -mthumb; do
	t "port/port.h with the template, $isa" port template $isa
	t "port/port.h with the Cortex-A9's port, $isa" port cortex-a9 $isa
	t "its page functions without optimisation, $isa" unoptimised cortex-a9 $isa
	t "the template's port.c, $isa" "${cross}gcc" $arm $isa -std=c11 $strict \
		-I port/template port/template/port.c
done
t_end
