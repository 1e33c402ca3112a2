# SPDX-License-Identifier: MIT
#
# The device tree against libFuzzer and against libfdt.
#
# make fuzz            a bounded search for inputs that break the reader, from the
#                      corpus (trees as .dts, findings of earlier searches as .dtb)
# test-host            runs the whole corpus once, and the differential test
#
# Included after tests/tests.mk, whose host_test it uses.

FUZZ_TIME ?= 60 # seconds
FUZZ_SRC  := boot/fdt.c boot/fdt_scan.c boot/fdt_policy.c boot/fdt_console.c mm/memblock.c mm/memblock_query.c \
	     $(HOST_PORT_SRC)
FUZZ_INC  := -std=c11 -Wall -Wextra -Werror -I . -I include -I port/host
FUZZ_OUT  := $(BUILD)/tests/fuzz
FUZZ_HDR  := $(wildcard boot/fdt*.h include/buddy/*.h include/port/*.h mm/hex64.h port/host/*.h)

FUZZ_SEEDS := $(patsubst tests/fuzz/corpus/%.dts,$(FUZZ_OUT)/seeds/%.dtb,\
		$(wildcard tests/fuzz/corpus/*.dts))

$(FUZZ_OUT)/seeds/%.dtb: tests/fuzz/corpus/%.dts
	@mkdir -p $(@D)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

$(BUILD)/tests/fuzz_fdt: tests/fuzz/fuzz_fdt.c $(FUZZ_SRC) $(FUZZ_HDR)
	@mkdir -p $(@D)
	$(Q)clang $(FUZZ_INC) -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all $(filter %.c,$^) -lpthread -o $@

$(BUILD)/tests/diff_libfdt: tests/fuzz/diff_libfdt.c tests/fuzz/diff_oracle.c \
		tests/fuzz/diff_trees.c tests/fuzz/diff_dma.c $(FUZZ_SRC) $(FUZZ_HDR) $(wildcard tests/fuzz/*.h)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(FUZZ_INC) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		$(filter %.c,$^) -lfdt -lpthread -o $@

# New findings stay in build/; what is worth keeping goes to tests/fuzz/corpus by hand.
.PHONY: fuzz
fuzz: $(BUILD)/tests/fuzz_fdt $(FUZZ_SEEDS) ## search for device trees that break the reader (FUZZ_TIME=60 seconds)
	@mkdir -p $(FUZZ_OUT)/found
	$(BUILD)/tests/fuzz_fdt -max_total_time=$(FUZZ_TIME) -timeout=10 -max_len=16384 \
		-dict=tests/fuzz/fdt.dict -print_final_stats=1 -verbosity=0 \
		-artifact_prefix=$(FUZZ_OUT)/ $(FUZZ_OUT)/found $(FUZZ_OUT)/seeds tests/fuzz/corpus

ifdef host_test
$(eval $(call host_test,fuzz-corpus,$(BUILD)/tests/fuzz_fdt $(FUZZ_SEEDS),\
	sh tests/fuzz/replay.sh $(BUILD)/tests/fuzz_fdt $(FUZZ_OUT)/seeds tests/fuzz/corpus))
$(eval $(call host_test,diff-libfdt,$(BUILD)/tests/diff_libfdt,\
	timeout 600 $(BUILD)/tests/diff_libfdt))
endif
