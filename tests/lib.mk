# SPDX-License-Identifier: MIT
#
# Tests of the library as a package: headers, symbols, installation, examples/minimal, C++.
# Two builds that differ in every variable there is, and a third by CMake, in package.sh.

LIB_T     := $(T)/lib
LIB_FILES := $(wildcard mm/* include/*/*.h port/*/* tools/install/*) tools/exports.sh port/lib.mk \
	tests/lib/config.h tests/lib.mk
LIB_MAKE  := +$(Q)$(MAKE) --no-print-directory BUILD=$(LIB_T) SYMBOLS= PREFIX=/ CONFIG=

# Ours, Thumb, hard float, small, with a file of options.
$(LIB_T)/small.done: $(LIB_FILES) | $(AFTER_SETUP)
	$(LIB_MAKE) install DESTDIR=$(abspath $(basename $@)) PORT=template ISA=thumb FLOAT=hard \
		OPT=-Os LTO=0 CONFIG_FILE=tests/lib/config.h
	@touch $@

# A port outside of the tree, ARM, soft float, fast, optimised as one.
$(LIB_T)/fast.done: $(LIB_FILES) tests/lib/spare.h | $(AFTER_SETUP)
	@mkdir -p $(LIB_T)/port
	@cp port/cortex-a9/* tests/lib/spare.h $(LIB_T)/port/
	@echo '#include "spare.h"' >> $(LIB_T)/port/port_impl.h
	@echo '#error "of the kernel, not of the port"' > $(LIB_T)/port/list.h
	$(LIB_MAKE) install DESTDIR=$(abspath $(basename $@)) PORT=$(abspath $(LIB_T)/port) \
		ISA=arm FLOAT=soft OPT=-O2 LTO=1 CONFIG_FILE=
	@touch $@

# For this machine: what the suites as released are linked with.
$(LIB_T)/cxx.a: $(call host_objs,rel64,$(MM_SRC) $(wildcard port/host/*.c))
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

$(LIB_T)/cxx: tests/lib/cxx.cpp $(LIB_T)/cxx.a $(wildcard include/*/*.h) | $(AFTER_SETUP)
	$(Q)g++ -std=c++17 -Wall -Wextra -pedantic -Werror -I include -I . $< $(LIB_T)/cxx.a \
		-lpthread -o $@

$(eval $(call host_test,lib-package,$(LIB_T)/small.done $(LIB_T)/fast.done $(wildcard \
	examples/minimal/* tests/lib/*) CMakeLists.txt,tests/lib/package.sh $(CROSS) \
	$(abspath $(LIB_T)/small) $(abspath $(LIB_T)/fast)))
$(eval $(call host_test,lib-headers,$(wildcard include/*/*.h port/*/* tests/lib/*.sh),\
	tests/lib/headers.sh $(CROSS) $(HOSTCC)))
$(eval $(call host_test,lib-symbols,$(LIB_T)/small.done $(LIB_T)/fast.done tests/lib/symbols.py,\
	tests/lib/symbols.py --cross $(CROSS) --cc "$(CC) -mcpu=cortex-a9" \
	port/template=$(LIB_T)/small/lib/libbuddy.a $(LIB_T)/port=$(LIB_T)/fast/lib/libbuddy.a))
$(eval $(call host_test,lib-cxx,$(LIB_T)/cxx,$(LIB_T)/cxx))
