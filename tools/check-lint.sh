#!/bin/sh
# SPDX-License-Identifier: MIT
#
# One look of one tool at some files, with the flags that they are compiled with.
#
#     check-lint.sh format FILE...
#     check-lint.sh cppcheck|tidy|analyze host|arm FILE...
#
# Run at the top of the tree.  Prints what is wrong and nothing else; status 1 then.
# `host` is port/host with 64 bit, `arm` the image's own port with the board's headers.
# Taken from the environment: CLANG_FORMAT, CPPCHECK, CLANG_TIDY, HOSTCC, CC (the cross
# compiler), BOARD, PORT.

set -u
tool=$1
shift

if [ "$tool" = format ]; then
	exec "${CLANG_FORMAT:-clang-format}" --dry-run -Werror --style=file "$@"
fi

where=$1
shift
cc=${CC:-arm-none-eabi-gcc}
board=boards/${BOARD:-vexpress-a9}
cross="-I include -I port/${PORT:-cortex-a9} -I $board -I ."
native="-I include -I port/host -I tests/harness -I . -DTEST_HOST"
warn="-std=c11 -O2 -Wall -Wextra -Wno-unused-parameter"

case $tool:$where in
cppcheck:*)
	# Without the C library's headers: cppcheck knows its functions by itself.
	# BUDDY_CONFIG_FILE is a file name, which cppcheck would try as an empty macro.
	case $where in
	host) flags="$native --platform=unix64 --library=posix" ;;
	arm) flags="$cross --platform=unix32 -D__arm__ -D__ARM_ARCH=7 -D__GNUC__=12" ;;
	esac
	# shellcheck disable=SC2086
	exec "${CPPCHECK:-cppcheck}" -q -j2 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppressions-list=tools/cppcheck.suppress --error-exitcode=1 \
		--template='{file}:{line}: {severity}: {message} [{id}]' --template-location='' \
		-UBUDDY_CONFIG_FILE $flags "$@"
	;;
tidy:*)
	case $where in
	host) flags="$native -DBUDDY_DEBUG" ;;
	arm)
		libc=$("$cc" -mcpu=cortex-a9 -print-file-name=include)/../../../../arm-none-eabi/include
		[ -d "$libc" ] || libc=/usr/lib/arm-none-eabi/include
		flags="--target=arm-none-eabi -mcpu=cortex-a9 -mfloat-abi=soft -marm -ffreestanding"
		flags="$flags $cross -isystem $libc"
		;;
	esac
	# The count of hidden findings goes to stderr and is of no interest; errors too go
	# to stdout.
	# shellcheck disable=SC2086
	exec "${CLANG_TIDY:-clang-tidy}" --quiet "$@" -- -std=c11 $flags 2>/dev/null
	;;
analyze:*)
	status=0
	for file; do
		case $where in
		# shellcheck disable=SC2086
		host) "${HOSTCC:-gcc}" $warn -Werror -fanalyzer $native -c "$file" -o /dev/null ;;
		# shellcheck disable=SC2086
		arm) "$cc" -mcpu=cortex-a9 -mfloat-abi=soft -marm -ffreestanding $warn -Werror \
			-fanalyzer $cross -c "$file" -o /dev/null ;;
		esac || status=1
	done
	exit $status
	;;
esac
echo "check-lint.sh: $tool $where: expected format, cppcheck, tidy or analyze, then host or arm" >&2
exit 2
