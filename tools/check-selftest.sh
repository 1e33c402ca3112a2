#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Do the checks find anything?  Plants one violation of each rule in a small tree of its own
# and wants the check to name file and rule; the same tree without it must pass.  TAP.
#
# The tree is made by mktemp and removed at the end.  HOSTCC is the compiler for the layers'
# objects; clang-tidy, cppcheck and clang-format are the installed ones.

set -u
tools=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$tools")
cc="${HOSTCC:-gcc} -std=c11 -ffreestanding -fno-pic -I include -I port/host -I ."
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
trap 'exit 1' INT TERM
nr=0
L='// SPDX-License-Identifier: MIT'

# A tree that no check minds.
fresh()
{
	rm -rf "$t/tree"
	mkdir -p "$t/tree/mm" "$t/tree/include/buddy" "$t/tree/include/port" "$t/tree/drivers" \
		"$t/tree/boot" "$t/tree/port/host" "$t/tree/boards/vexpress-a9" "$t/tree/tools"
	cd "$t/tree" || exit 1
	cp "$top/.clang-format" "$top/.clang-tidy" .
	cp "$tools/cppcheck.suppress" tools/
	cat > mm/internal.h <<-'EOF'
	/* SPDX-License-Identifier: MIT */
	/*
	 * Layers, lowest first; a file calls only downwards:
	 *	low, beside -> mid ->
	 *	high.
	 */
	#include <stdint.h>
	int low(int x);
	int beside(int x);
	int mid(int x);
	int high(int x);
	EOF
	printf '%s\n#include <mm/internal.h>\nint low(int x)\n{\n\treturn x + 1;\n}\n' "$L" > mm/low.c
	printf '%s\n#include <mm/internal.h>\nint beside(int x)\n{\n\treturn x;\n}\n' "$L" > mm/beside.c
	printf '%s\n#include <mm/internal.h>\nint mid(int x)\n{\n\treturn low(x);\n}\n' "$L" > mm/mid.c
	printf '%s\n#include <mm/internal.h>\nint high(int x)\n{\n\treturn mid(low(x));\n}\n' "$L" > mm/high.c
	echo "/* SPDX-License-Identifier: MIT */" > include/buddy/mm.h
	echo "/* SPDX-License-Identifier: MIT */" > include/port/port.h
	echo "/* SPDX-License-Identifier: MIT */" > port/host/port_impl.h
	echo "/* SPDX-License-Identifier: MIT */" > boot/console.h
	echo "/* SPDX-License-Identifier: MIT */" > drivers/uart.h
	printf '%s\n#include "drivers/uart.h"\nint uart;\n' "$L" > drivers/uart.c
	printf '%s\n#include "drivers/uart.h"\n#include <mm/internal.h>\nint boot;\n' "$L" > boot/main.c
}

# result NAME STATUS OUTPUT PATTERN: wants a status of not 0 and a line like PATTERN
found()
{
	nr=$((nr + 1))
	if [ "$2" -ne 0 ] && echo "$3" | grep -Eq -- "$4"; then
		echo "ok $nr - $1"
	else
		echo "not ok $nr - $1: status $2, wanted a line like: $4"
		echo "$3" | sed 's/^/# /'
	fi
}

clean()
{
	nr=$((nr + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $nr - $1"
	else
		echo "not ok $nr - $1: status $2"
		echo "$3" | sed 's/^/# /'
	fi
}

layers() { out=$("$tools/check-layers.py" --root . --cc "$cc" 2>&1); status=$?; }
files() { out=$("$tools/check-files.py" --root . 2>&1); status=$?; }
lint() { out=$("$tools/check-lint.sh" "$@" 2>&1); status=$?; }

# plant_layers NAME FILE TEXT PATTERN: TEXT (for printf) comes at the end of FILE
plant_layers()
{
	fresh
	printf "$3" >> "$2"
	layers
	found "$1" "$status" "$out" "$4"
}

plant_files()
{
	fresh
	printf "$3" > "$2"
	files
	found "$1" "$status" "$out" "$4"
}

# ---- layers ----

fresh
layers
clean "layers: a tree in order passes" "$status" "$out"

plant_layers "mm/ includes a driver" mm/low.c '#include "drivers/uart.h"\n' '^mm/low\.c:7: drivers/uart\.h'
plant_layers "mm/ includes boot/" mm/low.c '#include <boot/console.h>\n' '^mm/low\.c:7: boot/console\.h'
plant_layers "mm/ includes a hosted C header" mm/low.c '#include <stdio.h>\n' '^mm/low\.c:7: stdio\.h'
plant_layers "the public API includes mm/" include/buddy/mm.h '#include <mm/internal.h>\n' '^include/buddy/mm\.h:2: '
plant_layers "a driver includes mm/" drivers/uart.c '#include <mm/internal.h>\n' '^drivers/uart\.c:4: mm/internal\.h'
plant_layers "a driver includes boot/" drivers/uart.c '#include "../boot/console.h"\n' '^drivers/uart\.c:4: '
plant_layers "a port includes mm/" port/host/port_impl.h '#include <mm/internal.h>\n' '^port/host/port_impl\.h:2: '
for macro in __arm__ __thumb__ __ARM_ARCH_7A__ __aarch64__ __linux__ __x86_64__ __i386__ _WIN32 \
	__APPLE__ __riscv CONFIG_ARCH_VEXPRESS TEST_HOST __STDC_HOSTED__; do
	plant_layers "mm/ asks for $macro" mm/low.c "#if 1 && \\\\\n\tdefined($macro)\n#endif\n" "^mm/low\.c: $macro: "
done
plant_layers "the public API asks for an OS" include/buddy/mm.h '#ifdef __linux__\n#endif\n' '^include/buddy/mm\.h: __linux__'
plant_layers "an instruction in mm/" mm/low.c 'void f(void);\nvoid f(void)\n{\n\t__asm__ volatile("nop");\n}\n' '^mm/low\.c: nop: no instruction'
plant_layers "a call upward" mm/low.c 'int f(void);\nint f(void)\n{\n\treturn mid(1);\n}\n' '^mm/low\.c: mid of mm/mid\.c: calls go only downward: mid stands above'
plant_layers "a call upward out of a static inline" mm/internal.h 'static inline int up(void)\n{\n\treturn high(1);\n}\nint (*const keep)(void) __attribute__((weak)) = up;\n' '^mm/low\.c: high of mm/high\.c'
plant_layers "a call within a layer" mm/low.c 'int f(void);\nint f(void)\n{\n\treturn beside(1);\n}\n' '^mm/low\.c: beside of mm/beside\.c: .*both are in one layer'
plant_layers "a C library's function" mm/low.c 'int puts(const char *);\nint f(void);\nint f(void)\n{\n\treturn puts("");\n}\n' '^mm/low\.c: puts: mm/ needs only'
plant_layers "a file that does not compile" mm/low.c 'int f(\n' '^mm/low\.c: does not compile'
plant_layers "a file without a layer" mm/new.c "$L\nint new_one;\n" '^mm/new\.c: new: every file'
fresh
rm mm/beside.c
layers
found "a layer without a file" "$status" "$out" '^mm/internal\.h: beside: '
fresh
printf '/*\n * #include <stdio.h>\n */\n// #include <stdio.h>\nconst char *text = "__arm__";\n' >> mm/low.c
layers
clean "what a comment or a string says is no violation" "$status" "$out"

# ---- files ----

fresh
files
clean "files: a tree in order passes" "$status" "$out"
plant_files "no licence line" mm/low.c 'int x;\n' '^mm/low\.c:1: .*SPDX'
plant_files "another licence" mm/low.c '// SPDX-License-Identifier: GPL-2.0\n' '^mm/low\.c:1: .*SPDX'
plant_files "the licence line is not first" tools/x.mk '\n# SPDX-License-Identifier: MIT\n' '^tools/x\.mk:1: '
plant_files "a script without licence line" tools/x.sh '#!/bin/sh\ntrue\n' '^tools/x\.sh:1: '
fresh
awk 'BEGIN { print "// SPDX-License-Identifier: MIT"; for (i = 0; i < 600; i++) print "int x;" }' > mm/low.c
files
found "601 lines" "$status" "$out" '^mm/low\.c: 601 lines'
for folder in home root tmp work Users; do
	plant_files "a path of one machine: $folder" mm/low.c "$L\n#define X \"/$folder/a/b\"\n" "^mm/low\.c:2: /$folder: "
done
plant_files "such a path in the documents" README.md "see /$folder/me/x\n" '^README\.md:1: '
up=../
plant_files "a path that leaves the tree" tools/x.mk "# SPDX-License-Identifier: MIT\nX := $up$up$up/x\n" '^tools/x\.mk:2: .*leaves the tree'
plant_files "carriage return" mm/low.c "$L\r\n" '^mm/low\.c:1: .*SPDX|carriage return'
plant_files "blanks at the end of a line" mm/low.c "$L\nint x; \n" '^mm/low\.c:2: blanks'
plant_files "no newline at the end" mm/low.c "$L\nint x;" '^mm/low\.c:2: the file ends'
fresh
# shellcheck disable=SC2016
printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\nt=$(mktemp -d "${TMPDIR:-/tmp}/x.XXXXXX")\n' > tools/x.sh
files
clean "a script may make a scratch folder" "$status" "$out"

# ---- the tools: that they run, with which rules, and that their status is ours ----

fresh
lint format mm/low.c
clean "format: what is well laid out passes" "$status" "$out"
printf 'int f( int x ){return x;}\n' >> mm/low.c
lint format mm/low.c
found "format" "$status" "$out" '^mm/low\.c:7:.*clang-format'

# $1 tool, $2 name, $3 code, $4 pattern: for the board and for this machine
plant_lint()
{
	for where in arm host; do
		fresh
		lint "$1" "$where" mm/low.c
		clean "$1 $where: sound code passes" "$status" "$out"
		printf "$3" >> mm/low.c
		lint "$1" "$where" mm/low.c
		found "$1 $where: $2" "$status" "$out" "$4"
	done
}

plant_lint cppcheck "an index beyond the array" \
	'int f(void);\nint f(void)\n{\n\tint a[4] = {0};\n\n\treturn a[4];\n}\n' 'mm/low\.c:12: .*arrayIndexOutOfBounds'
plant_lint tidy "sizeof of a pointer" \
	'unsigned long f(int *p);\nunsigned long f(int *p)\n{\n\treturn sizeof(p) / sizeof(*p);\n}\n' 'mm/low\.c:10:.*bugprone-sizeof-expression'
plant_lint tidy "a division by zero on one path" \
	'int f(int n);\nint f(int n)\n{\n\tint d = n > 3 ? 1 : 0;\n\n\tif (n == 2)\n\t\treturn 1 / d;\n\treturn 0;\n}\n' 'mm/low\.c:13:.*clang-analyzer-core.DivideZero'
plant_lint analyze "a NULL dereference on one path" \
	'int f(int n);\nint f(int n)\n{\n\tint *p = n > 3 ? &n : (int *)0;\n\n\treturn *p;\n}\n' 'mm/low\.c:12:.*null-dereference'
plant_lint analyze "a compiler warning" \
	'int f(void);\nint f(void)\n{\n\tint unused = 1;\n\n\treturn 0;\n}\n' 'mm/low\.c:10:.*unused-variable'

echo "1..$nr"
