# SPDX-License-Identifier: MIT
#
# Tests: what is built, in which flavours, and what `make test` runs.
#
# Every test is in the end one executable build/tests/t/NAME.t that prints TAP;
# one `prove` runs them all, so its closing line counts all.  A name says where
# and what: host-asan32-unit-buddy, target-elf-smp4-m64.
#
# Host flavours: asan64, asan32 (AddressSanitizer and UBSan, assertions on), rel64
# (as released), tsan64 (ThreadSanitizer), and the cfg-* ones: other build-time
# limits.  tests/unit/test_X.c is a program of the harness in tests/harness when
# it has a TEST_SUITE, else one of cmocka; a line `// LINK: boot/fdt.c` among
# its first five names further sources, `// HOST ONLY` keeps it out of the test image,
# `// TARGET ONLY` out of everything else.

BUILD  ?= build
HOSTCC ?= gcc
CLANG  ?= clang
T      := $(BUILD)/tests

# ---- host flavours ---------------------------------------------------------

HOST_WARN := -std=c11 -Wall -Wextra -Werror -Wno-unused-parameter
HOST_INC  := -I . -I include -I port/host -DTEST_HOST
ASAN      := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	     -fno-omit-frame-pointer -DBUDDY_DEBUG

# Where the kernel runs no 32-bit x86 program, qemu-i386 does: without AddressSanitizer, whose
# shadow costs it seconds for each program, and with fewer operations.
ifneq ($(filter test test-% build-test build-test-% $(T)/%,$(MAKECMDGOALS)),)
RUN32 := $(shell t=$$(mktemp) && echo 'int main(void){return 0;}' | \
	$(HOSTCC) -m32 -x c - -o $$t 2>/dev/null && { $$t 2>/dev/null || echo qemu-i386; }; rm -f $$t)
endif
UBSAN     := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all -DBUDDY_DEBUG
OPS32      = $(if $(RUN32),$(2),$(1))
run_of     = $(if $(filter asan32 cfg-small,$(1)),$(RUN32) )$(T)/$(1)

CC_asan64 := $(HOSTCC) $(ASAN)
# Debian's 32-bit C library has no <asm/...> of its own; the 64-bit one's serves both
M32       := -m32 -idirafter /usr/include/$$($(HOSTCC) -dumpmachine)
CC_asan32 := $(HOSTCC) $(M32) $(if $(RUN32),$(UBSAN),$(ASAN))
CC_rel64  := $(HOSTCC) -O2 -g -DTEST_RELEASE
CC_tsan64 := $(CLANG) -O1 -g -fsanitize=thread -DBUDDY_DEBUG
CC_cov64  := $(HOSTCC) -O0 -g --coverage -fprofile-update=atomic
# the smallest of everything; blocks as large as they come; long caches over tiny pageblocks
CC_cfg-tiny  := $(CC_asan64) -DBUDDY_MAX_ORDER=1 -DBUDDY_PCP_SLOTS=8 -DBUDDY_PCP_WORK=2 \
		-DBUDDY_MAX_NODES=1 -DBUDDY_RECLAIM=0 -DBUDDY_COMPACTION=0 -DBUDDY_MOBILITY=0 \
		-DBUDDY_HIGHMEM=0
CC_cfg-small := $(CC_asan32) -DBUDDY_MAX_ORDER=5 -DBUDDY_PAGEBLOCK_ORDER=2 \
		-DBUDDY_PCP_SLOTS=32 -DBUDDY_PCP_WORK=3
CC_cfg-large := $(CC_asan64) -DBUDDY_MAX_ORDER=14 -DBUDDY_PCP_SLOTS=1024 -DBUDDY_PCP_WORK=64
CC_cfg-page64k := $(CC_asan64) -DBUDDY_PAGE_SHIFT=16 -DBUDDY_MAX_ORDER=7 -DBUDDY_PCP_SLOTS=8
FLAVOURS := asan64 asan32 rel64 tsan64 cov64 cfg-tiny cfg-small cfg-large cfg-page64k

MM_SRC      := $(wildcard mm/*.c)
HARNESS_SRC := tests/harness/tap.c tests/harness/fixture.c tests/harness/fixture_host.c \
	       tests/harness/cpus_host.c tests/harness/owner.c tests/harness/ramdisk.c
HOST_SRC    := $(MM_SRC) $(HOST_PORT_SRC) $(HARNESS_SRC)

# what a cmocka test links: mm and the port, without the harness
CMOCKA_TESTS := $(shell grep -l '<cmocka.h>' tests/unit/test_*.c 2>/dev/null)
ALL_SUITES   := $(shell grep -l '^TEST_SUITE' tests/unit/test_*.c tests/stress/test_*.c 2>/dev/null)
TARGET_ONLY  := $(shell grep -l '^// TARGET ONLY' $(ALL_SUITES))
SUITE_TESTS  := $(filter-out $(TARGET_ONLY),$(ALL_SUITES))
# suite=source;source ..., asked for once: a rule is made for each suite in each flavour
LINKS        := $(shell awk 'FNR < 6 && sub("^// LINK: *", "") { gsub(" +", ";"); print FILENAME "=" $$0 }' \
	$(ALL_SUITES) $(CMOCKA_TESTS))
link_of       = $(subst ;, ,$(patsubst $(1)=%,%,$(filter $(1)=%,$(LINKS))))
test_name     = $(patsubst test_%,%,$(basename $(notdir $(1))))

define flavour_rules
$(T)/$(1)/%.o: %.c | $(AFTER_SETUP)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(HOST_WARN) $$(HOST_INC) -MMD -MP -c $$< -o $$@

$(T)/$(1)/main_%.o: tests/harness/host_main.c | $(AFTER_SETUP)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(HOST_WARN) $$(HOST_INC) -DSUITE=suite_$$* -MMD -MP -c $$< -o $$@
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour_rules,$(f))))

host_objs = $(patsubst %.c,$(T)/$(1)/%.o,$(2))

# $(1) flavour, $(2) source
define suite_program
$(T)/$(1)/$(call test_name,$(2)): $(call host_objs,$(1),$(2) $(call link_of,$(2)) $(HOST_SRC)) \
		$(T)/$(1)/main_$(call test_name,$(2)).o
	$$(Q)$$(CC_$(1)) $$^ -o $$@ -lpthread
endef
define cmocka_program
$(T)/$(1)/$(call test_name,$(2)): $(call host_objs,$(1),$(2) $(call link_of,$(2)) $(MM_SRC) $(HOST_PORT_SRC))
	$$(Q)$$(CC_$(1)) $$(sort $$^) -o $$@ -lcmocka -lpthread
endef
define model_program
$(T)/$(1)/model: $(call host_objs,$(1),$(wildcard tests/model/*.c) $(HOST_SRC))
	$$(Q)$$(CC_$(1)) $$^ -o $$@ -lpthread
endef
$(foreach f,$(FLAVOURS),$(foreach s,$(SUITE_TESTS),$(eval $(call suite_program,$(f),$(s)))))
$(foreach f,asan64 rel64 cov64,$(foreach s,$(CMOCKA_TESTS),$(eval $(call cmocka_program,$(f),$(s)))))
$(foreach f,$(FLAVOURS),$(eval $(call model_program,$(f))))

-include $(wildcard $(T)/*/*/*.d $(T)/*/*/*/*.d $(T)/*/*.d)

# ---- the test image ----------------------------------------------------------

# The image's own objects and all suites, compiled for the board.
TARGET_TESTS  := $(filter-out $(shell grep -l '^// HOST ONLY' $(ALL_SUITES)),$(ALL_SUITES))
TARGET_SUITES := $(foreach s,$(TARGET_TESTS),$(call test_name,$(s)))
TARGET_SRC    := tests/harness/tap.c tests/harness/fixture.c tests/harness/fixture_target.c \
		 tests/harness/target_main.c tests/harness/owner.c tests/harness/ramdisk.c tests/stress/worker.c $(TARGET_TESTS)
KNOWS_BOARD   += $(shell grep -lE '<board\.h>|region\.h"' $(TARGET_SRC))
test_objects_of = $(foreach s,$(1),$(if $(filter $(KNOWS_BOARD),$(s)),$(OUT),$(SHARED))/test/$(basename $(s)).o)
TARGET_OBJS   := $(call test_objects_of,$(TARGET_SRC)) $(SHARED)/test/suites.o

# mm with its assertions on, the rest as it is
TEST_CFLAGS = $(CFLAGS) -DBUDDY_DEBUG

$(OUT)/test/%.o: %.c | $(AFTER_SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -MMD -MP -c $< -o $@

$(SHARED)/test/%.o: %.c | $(AFTER_SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(call NO_BOARD,$(TEST_CFLAGS)) -MMD -MP -c $< -o $@

$(SHARED)/test/suites.c: $(TARGET_TESTS) tests/tests.mk
	@mkdir -p $(@D)
	@{ echo '#include <stddef.h>'; echo '#include "tests/harness/tap.h"'; \
	   for s in $(TARGET_SUITES); do echo "extern const struct test_suite suite_$$s;"; done; \
	   echo 'extern const struct test_suite *const all_suites[];'; \
	   echo 'const struct test_suite *const all_suites[] = {'; \
	   for s in $(TARGET_SUITES); do echo "	&suite_$$s,"; done; echo '	NULL };'; } > $@

$(SHARED)/test/suites.o: $(SHARED)/test/suites.c
	$(Q)$(CC) $(call NO_BOARD,$(TEST_CFLAGS)) -c $< -o $@

TEST_IMAGE_OBJS := $(filter-out $(SHARED)/mm/%,$(IMAGE_OBJS)) \
		   $(patsubst %.c,$(SHARED)/test/%.o,$(MM_SRC)) $(TARGET_OBJS)

$(OUT)/test.elf: $(TEST_IMAGE_OBJS) $(OUT)/linker.ld
	$(call link_image,$(TEST_IMAGE_OBJS))

# the allocator as released, under the same tests
RELEASE_TEST_OBJS := $(IMAGE_OBJS) $(TARGET_OBJS)
$(OUT)/test-release.elf: $(RELEASE_TEST_OBJS) $(OUT)/linker.ld
	$(call link_image,$(RELEASE_TEST_OBJS))

-include $(patsubst %.o,%.d,$(TARGET_OBJS)) $(patsubst %.c,$(SHARED)/test/%.d,$(MM_SRC))

# ---- what runs -------------------------------------------------------------

# A test is a script that `prove` runs.  $(1) name, $(2) what it needs, $(3) its command.
HOST_T   :=
TARGET_T :=
define test_script
$(T)/t/$(1).t: $(2) tests/tests.mk
	@mkdir -p $$(@D)
	@printf '#!/bin/sh\nexec %s\n' '$(3)' > $$@ && chmod +x $$@
endef
define host_test
HOST_T += $(T)/t/host-$(1).t
$(call test_script,host-$(1),$(2),$(3))
endef
define target_test
TARGET_T += $(T)/t/target-$(1).t
$(call test_script,target-$(1),$(2),$(3))
endef

UNIT_NAMES   := $(foreach s,$(filter tests/unit/%,$(SUITE_TESTS)),$(call test_name,$(s)))
STRESS_NAMES := $(foreach s,$(filter tests/stress/%,$(SUITE_TESTS)),$(call test_name,$(s)))
CMOCKA_NAMES := $(foreach s,$(CMOCKA_TESTS),$(call test_name,$(s)))

# $(call each_unit,flavour), $(call stress_run,flavour,cpus,ops), $(call model_run,flavour,arguments)
each_unit  = $(foreach n,$(UNIT_NAMES),$(eval $(call host_test,$(1)-unit-$(n),$(T)/$(1)/$(n),timeout 300 $(call run_of,$(1))/$(n))))
each_mocka = $(foreach n,$(CMOCKA_NAMES),$(eval $(call host_test,$(1)-unit-$(n),$(T)/$(1)/$(n),env CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 $(T)/$(1)/$(n))))
stress_run = $(foreach n,$(STRESS_NAMES),$(eval $(call host_test,$(1)-$(n)-cpus$(2),$(T)/$(1)/$(n),timeout 300 $(call run_of,$(1))/$(n) cpus=$(2) ops=$(3))))
model_run  = $(eval $(call host_test,$(1)-model,$(T)/$(1)/model,timeout 400 $(call run_of,$(1))/model $(2)))

# the long ones first, so that two jobs end together
$(call stress_run,tsan64,8,1200)
$(call stress_run,tsan64,4,3000)
$(call stress_run,tsan64,2,7000)
$(call model_run,asan64,seed=1000 runs=20 ops=200000)
$(call model_run,asan32,seed=2000 $(call OPS32,runs=20 ops=200000,runs=6 ops=30000))
$(call model_run,rel64,seed=3000 runs=12 ops=1000000)
$(foreach f,cfg-tiny cfg-large cfg-page64k,$(call model_run,$(f),seed=4000 runs=16 ops=20000))
$(call model_run,cfg-small,seed=4000 $(call OPS32,runs=8 ops=100000,runs=6 ops=30000))
$(call stress_run,asan64,8,4000)
$(call stress_run,asan64,2,10000)
$(call stress_run,asan32,4,$(call OPS32,10000,2000))
$(call each_unit,asan64)
# emulated, those that a word of 32 bits makes a difference to
UNIT32 := $(call OPS32,$(UNIT_NAMES),buddy cma contig debug frame_0 gfp_meaning highmem \
	memblock misuse mm_init nodes page_alloc pcp vmalloc)
$(foreach n,$(filter $(UNIT32),$(UNIT_NAMES)),$(eval $(call host_test,asan32-unit-$(n),$(T)/asan32/$(n),timeout 300 $(call run_of,asan32)/$(n))))
$(call each_unit,rel64)
$(call each_mocka,asan64)
# what several CPUs change while others look
$(foreach n,nodes scope filemap migrate contig_move pin vmscan shrinker kswapd oom,$(eval $(call host_test,tsan64-unit-$(n),$(T)/tsan64/$(n),timeout 300 $(T)/tsan64/$(n))))
$(eval $(call host_test,tsan64-unit-deferred,$(T)/tsan64/deferred,timeout 300 $(T)/tsan64/deferred only=in_parallel))
$(eval $(call host_test,tsan64-unit-compact_fail,$(T)/tsan64/compact_fail,timeout 300 $(T)/tsan64/compact_fail only=at_once))
# ranges of all kinds against pageblocks and sections of other sizes
$(foreach f,cfg-small cfg-large cfg-page64k,$(foreach n,compaction compact_policy,\
	$(eval $(call host_test,$(f)-unit-$(n),$(T)/$(f)/$(n),timeout 300 $(call run_of,$(f))/$(n)))))
$(eval $(call host_test,tsan64-unit-vmalloc_move,$(T)/tsan64/vmalloc_move,timeout 300 $(T)/tsan64/vmalloc_move))
# pageblocks that are smaller than what a cache holds
$(eval $(call host_test,cfg-small-unit-pcp,$(T)/cfg-small/pcp,timeout 300 $(call run_of,cfg-small)/pcp))

# On the target: cores x how it starts x MiB, so that each number of cores and each size of
# memory meets both ways to start, and the image as released beside the one with assertions.
RUN_QEMU := tests/run-qemu.py
comma    := ,
TARGET_MATRIX := elf-1-8 raw-4-8 raw-2-64 elf-3-64 raw-1-256 elf-4-1024
# $(1) image, $(2) start-cores-MiB
target_run = $(eval $(call target_test,$(1)-$(2),$(OUT)/$(1).elf $(OUT)/$(1).bin $(BOARD_DTB) $(RUN_QEMU),$(RUN_QEMU) --image $(OUT)/$(1) --dtb $(BOARD_DTB) --start $(word 1,$(subst -, ,$(2))) --smp $(word 2,$(subst -, ,$(2))) --mem $(word 3,$(subst -, ,$(2)))))

# The same image under seeded schedules: the stress suite's short encounters.
SCHED_SO := $(BUILD)/a9mem/sched.so
SEEDS    ?= 20
SEED     ?= 1
$(eval $(call target_test,schedfuzz,$(OUT)/test.elf $(SCHED_SO) $(BOARD_DTB) tests/schedfuzz.py $(RUN_QEMU),tests/schedfuzz.py --image $(OUT)/test --dtb $(BOARD_DTB) --plugin $(SCHED_SO) --seeds 10))
$(eval $(call target_test,schedfuzz-reclaim,$(OUT)/test.elf $(SCHED_SO) $(BOARD_DTB) tests/schedfuzz.py $(RUN_QEMU),tests/schedfuzz.py --image $(OUT)/test --dtb $(BOARD_DTB) --plugin $(SCHED_SO) --case short_reclaim_encounters --rounds 60 --seeds 10))

# A card through the page cache, compared with what the host makes of its own copy: the longest.
$(eval $(call target_test,sdcard,$(IMAGE).elf $(BOARD_DTB) tests/target/sdcard.py tests/target/serial_board.py,timeout 400 tests/target/sdcard.py --image $(IMAGE) --dtb $(BOARD_DTB)))

$(foreach m,$(TARGET_MATRIX),$(call target_run,test,$(m)))
$(foreach m,raw-4-64,$(call target_run,test-release,$(m)))

# More than one node, and all zones at once.  $(1) name, $(2) MiB, $(3) tree, $(4) options
target_more = $(eval $(call target_test,test-$(1),$(OUT)/test.elf $(3) $(RUN_QEMU),$(RUN_QEMU) --image $(OUT)/test --dtb $(3) --mem $(2) $(4)))

$(OUT)/%.dtb: tests/target/%.dts boards/$(BOARD)/$(BOARD).dts
	@mkdir -p $(@D)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

$(call target_more,numa2,1024,$(OUT)/numa2.dtb,--tree-as-is)
$(call target_more,numa4,512,$(OUT)/numa4.dtb,--tree-as-is)
$(call target_more,zones,1024,$(BOARD_DTB),--append "cma=16M movablecore=64M highmem=0x90000000 dma_limit=0x61000000")
$(call target_more,numa2-policies,1024,$(OUT)/numa2.dtb,--tree-as-is --append "cma=8M@0x64000000 kernelcore=960M fair_zones=1 node_reclaim=1 defrag_mode=1 watermark_boost_factor=15000 lowmem_reserve_ratio=256$(comma)32 deferred=0")

# Page tables, as they are without a permanent mapping of all RAM, with no section left,
# and with an area for devices in the device tree.
# $(1) name, $(2) device tree, $(3) cores, $(4) MiB, $(5) more bootargs
mmu_run = $(eval $(call target_test,mmu-$(1),$(OUT)/test.elf $(2) $(RUN_QEMU),$(RUN_QEMU) --image $(OUT)/test --dtb $(2) --smp $(3) --mem $(4) --append "test.only=mmu: $(strip $(5))"))
$(call mmu_run,highmem,$(BOARD_DTB),4,256,highmem=0x68000000)
$(call mmu_run,pages,$(BOARD_DTB),4,64,debug_pagealloc=1)
$(call mmu_run,pages-1024,$(BOARD_DTB),2,1024,debug_pagealloc=1 highmem=0x78000000)
$(call mmu_run,reusable,$(OUT)/reusable.dtb,4,256)

# The demonstration under policies and debugging options, and with each request failing.
$(eval $(call target_test,demo,$(IMAGE).elf $(BOARD_DTB) tests/target/demo.py,timeout 400 tests/target/demo.py --image $(IMAGE) --dtb $(BOARD_DTB)))

# The monitor, driven over the serial line (the target has to be the released image).
$(eval $(call target_test,monitor,$(IMAGE).elf $(BOARD_DTB) $(wildcard tests/target/*.py),timeout 400 tests/target/monitor.py --image $(IMAGE) --dtb $(BOARD_DTB)))

# Each way to go wrong on purpose ends as its report says.
$(eval $(call target_test,crash,$(IMAGE).elf $(BOARD_DTB) tests/target/crash.py,timeout 300 tests/target/crash.py --image $(IMAGE) --dtb $(BOARD_DTB)))

.PHONY: test test-host test-target build-test build-test-host build-test-target
.PHONY: schedfuzz cov mutate
JOBS  ?= $(shell nproc)
PROVE := prove -j$(JOBS) --timer -e ''

# Fragments read later add to HOST_T and TARGET_T: expanded when they are needed.
.SECONDEXPANSION:
build-test: build-test-host build-test-target
build-test-host: $$(HOST_T)
build-test-target: $$(TARGET_T)
MAKE_TESTS = $(Q)+$(MAKE) --no-print-directory -j$(JOBS)

test: | $(AFTER_SETUP) ## all tests, on this machine and on the target
	$(MAKE_TESTS) build-test
	$(Q)$(PROVE) $(HOST_T) $(TARGET_T)

test-host: | $(AFTER_SETUP) ## the tests that run on this machine
	$(MAKE_TESTS) build-test-host
	$(Q)$(PROVE) $(HOST_T)

test-target: | $(AFTER_SETUP) ## the tests that run on the target, in QEMU
	$(MAKE_TESTS) build-test-target
	$(Q)$(PROVE) $(TARGET_T)

schedfuzz: $(OUT)/test.elf $(SCHED_SO) $(BOARD_DTB) ## the target under random schedules: SEEDS=1000 SEED=1
	$(Q)tests/schedfuzz.py --image $(OUT)/test --dtb $(BOARD_DTB) --plugin $(SCHED_SO) \
		--first $(SEED) --seeds $(SEEDS)

# ---- coverage ----------------------------------------------------------------

COV_RUNS := $(foreach n,$(UNIT_NAMES) $(STRESS_NAMES),$(T)/cov64/$(n)) $(T)/cov64/model
COV_MOCKA := $(foreach n,$(CMOCKA_NAMES),$(T)/cov64/$(n))

cov: $(COV_RUNS) $(COV_MOCKA) ## line and branch coverage; fails below 95 % and 90 %
	$(Q)find $(T)/cov64 -name '*.gcda' -delete
	$(Q)for t in $(COV_MOCKA); do timeout 300 $$t > $(T)/cov64/log 2>&1 || { cat $(T)/cov64/log; exit 1; }; done
	$(Q)for t in $(foreach n,$(UNIT_NAMES) $(STRESS_NAMES),$(T)/cov64/$(n)); do \
		timeout 300 $$t ops=3000 > $(T)/cov64/log 2>&1 || { cat $(T)/cov64/log; exit 1; }; done
	$(Q)timeout 300 $(T)/cov64/model runs=40 ops=30000 > $(T)/cov64/log || { cat $(T)/cov64/log; exit 1; }
	$(Q)gcovr -r . --object-directory $(T)/cov64 --filter 'mm/' --filter 'boot/fdt' \
		--exclude-throw-branches --exclude-unreachable-branches --print-summary \
		--fail-under-line 95 --fail-under-branch 90 -j 2

mutate: ## break mm/ in small ways: do the tests notice?
	$(Q)tests/mutate.py
