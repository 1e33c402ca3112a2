# SPDX-License-Identifier: MIT
# QEMU plugins: the Cortex-A9 memory model (a9mem.c) and the schedule fuzzer (sched.c),
# with the guests of their self-test.  Included by the top Makefile; works alone too:
#     make -f tools/a9mem/a9mem.mk build/a9mem/a9mem.so
# Gives   $(BUILD)/a9mem/a9mem.so, $(BUILD)/a9mem/sched.so, a9mem-plugins (both),
#         a9mem-guests (what selftest/selftest.sh runs)
# Takes   HOSTCC, BUILD, CROSS; paths are from the top of the tree.

HOSTCC ?= gcc
BUILD  ?= build
CROSS  ?= arm-none-eabi-

A9MEM_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
A9MEM_OUT := $(BUILD)/a9mem

.PHONY: a9mem-plugins a9mem-guests
a9mem-plugins: $(A9MEM_OUT)/a9mem.so $(A9MEM_OUT)/sched.so
a9mem-guests: $(A9MEM_OUT)/mem.elf $(A9MEM_OUT)/sched.elf

$(A9MEM_OUT)/a9mem.so: $(addprefix $(A9MEM_DIR)/,a9mem.c cache.h decode.h plugin_api.h)
$(A9MEM_OUT)/sched.so: $(addprefix $(A9MEM_DIR)/,sched.c qemu_core.h decode.h plugin_api.h)
$(A9MEM_OUT)/%.so: $(A9MEM_DIR)/%.c $(A9MEM_DIR)/a9mem.mk
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -shared -fPIC -O2 -Wall -Wextra -o $@ $<

$(A9MEM_OUT)/%.elf: $(A9MEM_DIR)/selftest/%_start.S $(A9MEM_DIR)/selftest/%_guest.c \
		$(A9MEM_DIR)/selftest/link.ld $(A9MEM_DIR)/a9mem.mk
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc -O2 -mcpu=cortex-a9 -marm -ffreestanding -nostdlib -Wall -Wextra \
		-Wl,-T,$(A9MEM_DIR)/selftest/link.ld $(filter %.S %_guest.c,$^) -o $@
