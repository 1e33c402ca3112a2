#!/bin/sh
# SPDX-License-Identifier: MIT
#
# package.sh CROSS ROOT OTHER - the library as a user of its package sees it.  ROOT is where
# `make install` has put it (PORT=template, Thumb, hard float, CONFIG_FILE=tests/lib/config.h).
# It is moved, and examples/minimal built beside it, outside of the tree, in each way; what
# comes out runs in QEMU.  OTHER is an installation for a port outside of the tree.
# shellcheck disable=SC2317,SC2046,SC2086 # functions called by t, lists of flags
set -u
. tests/lib/tap.sh

cross=$1
root=$2
other=$3
tree=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work" "$t_log"' EXIT
cp -r "$root" "$work/moved" && cp -r examples/minimal "$work/minimal" && cd "$work" || exit 1

as_installed="-mcpu=cortex-a9 -mthumb -mfloat-abi=hard --specs=nano.specs"
export PKG_CONFIG_PATH="$work/moved/lib/pkgconfig"
unset MAKEFLAGS MAKELEVEL MFLAGS

runs() { # ELF
	timeout 60 qemu-system-arm -M vexpress-a9 -m 16 -display none -serial none -monitor none \
		-audiodev none,id=none -global pl041.audiodev=none \
		-semihosting-config enable=on,target=native -kernel "$1"
}

by_cmake() { # DIRECTORY ARGUMENTS...
	dir=$1
	shift
	cmake -S minimal -B "$dir" -DCMAKE_TOOLCHAIN_FILE="$work/minimal/toolchain.cmake" "$@" &&
		cmake --build "$dir" && runs "$dir/minimal.elf"
}

by_cmake_version() { # VERSION
	cp -r minimal asks && sed -i "s/find_package(libbuddy [0-9.]*/find_package(libbuddy $1/" \
		asks/CMakeLists.txt
	cmake -S asks -B "asks/build" -DCMAKE_TOOLCHAIN_FILE="$work/minimal/toolchain.cmake" \
		-DISA=thumb -DFLOAT=hard -DCMAKE_PREFIX_PATH="$work/moved"
}

compiles() { # FLAGS...
	"${cross}gcc" $as_installed "$@" $(pkg-config --cflags libbuddy) -c minimal/main.c -o main.o
}

links() { # FLAGS... of its own for the compiler
	compiles "$@" && "${cross}gcc" $as_installed -nostartfiles -T minimal/minimal.ld \
		-Wl,--no-warn-rwx-segments -x assembler-with-cpp minimal/start.S -x c minimal/mmu.c \
		-x none main.o $(pkg-config --libs libbuddy) -o linked.elf
}

version() {
	[ "$(pkg-config --modversion libbuddy)" = \
		"$(sed -n 's/^#define BUDDY_VERSION *"\(.*\)"/\1/p' moved/include/libbuddy/buddy/version.h)" ]
}

option() { # NAME VALUE: what a program sees
	printf '#include <buddy/buddy.h>\n_Static_assert(%s == %s, "");\n' "$1" "$2" |
		"${cross}gcc" -mcpu=cortex-a9 $(pkg-config --cflags libbuddy) -x c -fsyntax-only -
}

of_another_build() {
	cp -r moved/include/libbuddy others
	sed -i 's/buddy_built_[0-9]*/&0/' others/buddy/config_built.h
	links -I others
}

t "examples/minimal by make and LIBBUDDY=, which exits with 0" \
	env -u PKG_CONFIG_PATH make -C minimal run LIBBUDDY="$work/moved"
t "by make and pkg-config" sh -c "make -C minimal clean && make -C minimal"
t "by CMake and find_package()" by_cmake found \
	-DISA=thumb -DFLOAT=hard -DCMAKE_PREFIX_PATH="$work/moved"
t_fails "a version of another first number is not found" "compatible with requested version" \
	by_cmake_version 9.0
t "pkg-config's version is the headers'" version

t "a program sees the option that the library was built with" option BUDDY_MAX_ORDER 8
t "and the default that it did not touch" option BUDDY_PCP_WORK 5
t "saying the same is no mistake" compiles -DBUDDY_MAX_ORDER=8
t_fails "another value is an error that says which is right" \
	"BUDDY_MAX_ORDER is 8 in the libbuddy.a" compiles -DBUDDY_MAX_ORDER=10
t_fails "headers of another build are not linked with it" "buddy_built_" of_another_build
t "its own are" links

t "by CMake and add_subdirectory(), compiled by the program's flags" \
	by_cmake source -DLIBBUDDY_SOURCE="$tree"
t "or with a port of ours and a file of options by name" cmake -S "$tree" -B named \
	-DCMAKE_TOOLCHAIN_FILE="$work/minimal/toolchain.cmake" \
	-DLIBBUDDY_PORT=template -DLIBBUDDY_CONFIG_FILE="$tree/tests/lib/config.h"
t_fails "CMake without a port" "define a target" cmake -S "$tree" -B none \
	-DCMAKE_TOOLCHAIN_FILE="$work/minimal/toolchain.cmake"
cd "$tree" || exit 1
t "of the one from source too only the public names are global" tests/lib/symbols.py --unstamped \
	--cross "$cross" --cc "${cross}gcc -mcpu=cortex-a9" \
	port/template="$work/source/libbuddy/libbuddy.a"

t "a port's header is installed with those that it includes" \
	cmp tests/lib/spare.h "$other/include/libbuddy/spare.h"
t "and nothing else of its directory is" test ! -e "$other/include/libbuddy/list.h"
t "a port elsewhere is its owner's to compile: it is not in the archive" \
	sh -c "! ${cross}ar t '$other/lib/libbuddy.a' | grep -q port"
t "uninstall leaves nothing" sh -c "make uninstall DESTDIR= PREFIX='$work/moved' &&
	test -z \"\$(find '$work/moved' -type f)\""

t_fails "a port that is not there" "PORT=nonesuch: there are cortex-a9" make lib PORT=nonesuch
t_fails "a directory without a port" "holds port_impl.h" make lib PORT="$work"
t_fails "options that are not there" "CONFIG_FILE=/none.h: there is no such file" \
	make lib CONFIG_FILE=/none.h
t_fails "an instruction set that is not there" "ISA=arm64: expected one of: arm thumb" \
	make lib ISA=arm64
t_fails "a float ABI that is not there" "FLOAT=softfp: expected one of: soft hard" \
	make lib FLOAT=softfp
t_fails "a relative prefix" "PREFIX=usr: expected one absolute path" make install PREFIX=usr
t_end
