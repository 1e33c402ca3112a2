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
# its first five names further sources, `// HOST ONLY` keeps it out of the test image.

BUILD  ?= build
HOSTCC ?= gcc
CLANG  ?= clang
T      := $(BUILD)/tests

# ---- host flavours ---------------------------------------------------------

HOST_WARN := -std=c11 -Wall -Wextra -Werror -Wno-unused-parameter
HOST_INC  := -I . -I include -I port/host -DTEST_HOST
ASAN      := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	     -fno-omit-frame-pointer -DBUDDY_DEBUG

CC_asan64 := $(HOSTCC) $(ASAN)
# Debian's 32-bit C library has no <asm/...> of its own; the 64-bit one's serves both
M32       := -m32 -idirafter /usr/include/$(shell $(HOSTCC) -dumpmachine)
CC_asan32 := $(HOSTCC) $(M32) $(ASAN)
CC_rel64  := $(HOSTCC) -O2 -g
CC_tsan64 := $(CLANG) -O1 -g -fsanitize=thread -DBUDDY_DEBUG
CC_cov64  := $(HOSTCC) -O0 -g --coverage -fprofile-update=atomic
# the smallest of everything; blocks as large as they come; long caches over tiny pageblocks
CC_cfg-tiny  := $(CC_asan64) -DBUDDY_MAX_ORDER=1 -DBUDDY_PCP_SLOTS=8 -DBUDDY_PCP_WORK=2 \
		-DBUDDY_MAX_NODES=1
CC_cfg-small := $(CC_asan32) -DBUDDY_MAX_ORDER=5 -DBUDDY_PAGEBLOCK_ORDER=2 \
		-DBUDDY_PCP_SLOTS=32 -DBUDDY_PCP_WORK=3
CC_cfg-large := $(CC_asan64) -DBUDDY_MAX_ORDER=14 -DBUDDY_PCP_SLOTS=1024 -DBUDDY_PCP_WORK=64
CC_cfg-page64k := $(CC_asan64) -DBUDDY_PAGE_SHIFT=16 -DBUDDY_MAX_ORDER=7 -DBUDDY_PCP_SLOTS=16
FLAVOURS := asan64 asan32 rel64 tsan64 cov64 cfg-tiny cfg-small cfg-large cfg-page64k

MM_SRC      := $(wildcard mm/*.c)
HARNESS_SRC := tests/harness/tap.c tests/harness/fixture.c tests/harness/fixture_host.c \
	       tests/harness/cpus_host.c
HOST_SRC    := $(MM_SRC) port/host/port.c $(HARNESS_SRC)

# what a cmocka test links: mm and the port, without the harness
CMOCKA_TESTS := $(shell grep -l '<cmocka.h>' tests/unit/test_*.c 2>/dev/null)
SUITE_TESTS  := $(shell grep -l '^TEST_SUITE' tests/unit/test_*.c tests/stress/test_*.c 2>/dev/null)
link_of       = $(shell sed -n '1,5s|^//[ ]LINK: *||p' $(1))
test_name     = $(patsubst test_%,%,$(basename $(notdir $(1))))

define flavour_rules
$(T)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $(HOST_WARN) $(HOST_INC) -MMD -MP -c $$< -o $$@

$(T)/$(1)/main_%.o: tests/harness/host_main.c
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $(HOST_WARN) $(HOST_INC) -DSUITE=suite_$$* -MMD -MP -c $$< -o $$@
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour_rules,$(f))))

host_objs = $(patsubst %.c,$(T)/$(1)/%.o,$(2))

# $(1) flavour, $(2) source
define suite_program
$(T)/$(1)/$(call test_name,$(2)): $(call host_objs,$(1),$(2) $(call link_of,$(2)) $(HOST_SRC)) \
		$(T)/$(1)/main_$(call test_name,$(2)).o
	$(Q)$$(CC_$(1)) $$^ -o $$@ -lpthread
endef
define cmocka_program
$(T)/$(1)/$(call test_name,$(2)): $(call host_objs,$(1),$(2) $(call link_of,$(2)) $(MM_SRC) port/host/port.c)
	$(Q)$$(CC_$(1)) $$(sort $$^) -o $$@ -lcmocka -lpthread
endef
define model_program
$(T)/$(1)/model: $(call host_objs,$(1),$(wildcard tests/model/*.c) $(HOST_SRC))
	$(Q)$$(CC_$(1)) $$^ -o $$@ -lpthread
endef
$(foreach f,$(FLAVOURS),$(foreach s,$(SUITE_TESTS),$(eval $(call suite_program,$(f),$(s)))))
$(foreach f,asan64 rel64 cov64,$(foreach s,$(CMOCKA_TESTS),$(eval $(call cmocka_program,$(f),$(s)))))
$(foreach f,$(FLAVOURS),$(eval $(call model_program,$(f))))

-include $(wildcard $(T)/*/*/*.d $(T)/*/*/*/*.d $(T)/*/*.d)

# ---- the test image ----------------------------------------------------------

# The image's own objects and all suites, compiled for the board.
TARGET_TESTS  := $(filter-out $(shell grep -l '^// HOST ONLY' $(SUITE_TESTS)),$(SUITE_TESTS))
TARGET_SUITES := $(foreach s,$(TARGET_TESTS),$(call test_name,$(s)))
TARGET_SRC    := tests/harness/tap.c tests/harness/fixture.c tests/harness/fixture_target.c \
		 tests/harness/target_main.c $(TARGET_TESTS)
TARGET_OBJS   := $(patsubst %.c,$(OUT)/test/%.o,$(TARGET_SRC)) $(OUT)/test/suites.o

# mm with its assertions on, the rest as it is
TEST_CFLAGS = $(CFLAGS) -DBUDDY_DEBUG

$(OUT)/test/%.o: %.c | $(AFTER_SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/test/suites.c: $(TARGET_TESTS) tests/tests.mk
	@mkdir -p $(@D)
	@{ echo '#include <stddef.h>'; echo '#include "tests/harness/tap.h"'; \
	   for s in $(TARGET_SUITES); do echo "extern const struct test_suite suite_$$s;"; done; \
	   echo 'extern const struct test_suite *const all_suites[];'; \
	   echo 'const struct test_suite *const all_suites[] = {'; \
	   for s in $(TARGET_SUITES); do echo "	&suite_$$s,"; done; echo '	NULL };'; } > $@

$(OUT)/test/suites.o: $(OUT)/test/suites.c
	$(Q)$(CC) $(TEST_CFLAGS) -c $< -o $@

TEST_IMAGE_OBJS := $(filter-out $(OUT)/obj/mm/%,$(IMAGE_OBJS)) \
		   $(patsubst %.c,$(OUT)/test/%.o,$(MM_SRC)) $(TARGET_OBJS)

$(OUT)/test.elf: $(TEST_IMAGE_OBJS) $(OUT)/linker.ld
	$(call link_image,$(TEST_IMAGE_OBJS))

# the allocator as released, under the same tests
RELEASE_TEST_OBJS := $(IMAGE_OBJS) $(TARGET_OBJS)
$(OUT)/test-release.elf: $(RELEASE_TEST_OBJS) $(OUT)/linker.ld
	$(call link_image,$(RELEASE_TEST_OBJS))

-include $(patsubst %.o,%.d,$(TARGET_OBJS)) $(patsubst %.c,$(OUT)/test/%.d,$(MM_SRC))

# ---- what runs -------------------------------------------------------------

# $(1) name, $(2) prerequisites, $(3) command; the sort key of `prove` is the order here
HOST_T :=
TARGET_T :=
define test_script
$(T)/t/$(1).t: $(2) $(firstword $(MAKEFILE_LIST)) tests/tests.mk
	@mkdir -p $$(@D)
	@printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\n%s\n' '$(3)' > $$@ && chmod +x $$@
endef
define host_test
HOST_T += $(T)/t/host-$(1).t
$(call test_script,host-$(1),$(2),$(3))
endef

UNIT_SUITES   := $(foreach s,$(filter tests/unit/%,$(SUITE_TESTS)),$(call test_name,$(s)))
STRESS_SUITES := $(foreach s,$(filter tests/stress/%,$(SUITE_TESTS)),$(call test_name,$(s)))
CMOCKA_NAMES  := $(foreach s,$(CMOCKA_TESTS),$(call test_name,$(s)))

# the unit tests: assertions and sanitizers, in 64 and 32 bit, and as released
$(foreach f,asan64 asan32 rel64,$(foreach s,$(UNIT_SUITES),$(eval \
	$(call host_test,$(f)-unit-$(s),$(T)/$(f)/$(s),exec timeout 300 $(T)/$(f)/$(s)))))
$(foreach f,asan64,$(foreach s,$(CMOCKA_NAMES),$(eval \
	$(call host_test,$(f)-unit-$(s),$(T)/$(f)/$(s),CMOCKA_MESSAGE_OUTPUT=TAP exec timeout 300 $(T)/$(f)/$(s)))))

.PHONY: test-host test-target test cov schedfuzz mutate
test-host: $(HOST_T) ## all tests that run on this machine
	$(Q)prove -j2 --timer -e '' $(HOST_T)
