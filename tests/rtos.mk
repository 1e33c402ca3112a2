# SPDX-License-Identifier: MIT
#
# examples/rtos, as its reader would: copied out of the tree, built against the library that
# it installs, run with as many cores as there can be and with one.

RTOS_SRC := examples/rtos/Makefile $(wildcard examples/rtos/*.* examples/rtos/port/*.*)
RTOS_OUT := $(T)/rtos

$(RTOS_OUT)/build/rtos.elf: $(RTOS_SRC) $(MM_SRC) $(wildcard mm/*.h include/*/*.h) port/lib.mk \
		| $(AFTER_SETUP)
	@rm -rf $(RTOS_OUT) && mkdir -p $(RTOS_OUT)
	$(Q)cp -r examples/rtos $(RTOS_OUT)/src && rm -rf $(RTOS_OUT)/src/build
	$(Q)+$(MAKE) --no-print-directory -s -C $(RTOS_OUT)/src SOURCE=$(CURDIR) CROSS=$(CROSS) \
		LIBBUDDY= BUILD=$(abspath $(RTOS_OUT))/build > $(RTOS_OUT)/log 2>&1 || \
		{ cat $(RTOS_OUT)/log; false; }

$(eval $(call target_test,rtos,$(RTOS_OUT)/build/rtos.elf tests/target/rtos.py,tests/target/rtos.py --image $(RTOS_OUT)/build/rtos.elf))
