# SPDX-License-Identifier: MIT
#
# Other build-time configurations: the smallest one, which has a suite of its own, in
# `make test`; all options in pairs, `make test-configs`.

# ---- the smallest: BUDDY_TINY -----------------------------------------------------

TINY_SRC  := tests/tiny/test_tiny.c tests/tiny/fixture_tiny.c tests/tiny/model_tiny.c \
	     $(wildcard mm/tiny*.c) mm/misuse.c mm/port_selftest.c $(HOST_PORT_SRC) \
	     tests/harness/tap.c tests/harness/fixture.c tests/harness/cpus_host.c
CC_tiny64  := $(CC_asan64) -DBUDDY_TINY=1
CC_tiny32  := $(CC_asan32) -DBUDDY_TINY=1 -DBUDDY_MISUSE_REPORT=0
CC_tinytsan := $(CC_tsan64) -DBUDDY_TINY=1
TINY_FLAVOURS := tiny64 tiny32 tinytsan
$(foreach f,$(TINY_FLAVOURS),$(eval $(call flavour_rules,$(f))))

# $(1) flavour, $(2) what is in front of the program, $(3) its arguments
define tiny_program
$(T)/$(1)/tiny: $(call host_objs,$(1),$(TINY_SRC)) $(T)/$(1)/main_tiny.o
	$$(Q)$$(CC_$(1)) $$^ -o $$@ -lpthread
$(call host_test,$(1)-unit-tiny,$(T)/$(1)/tiny,timeout 300 $(2)$(T)/$(1)/tiny $(3))
endef
$(eval $(call tiny_program,tiny64))
$(eval $(call tiny_program,tiny32,$(if $(RUN32),$(RUN32) )))
$(eval $(call tiny_program,tinytsan,,only=cpus_share_it))

# ---- zones straight from the free lists, no ranges, nobody who moves or gives back ---

CC_cfg-plain := $(CC_asan64) -DBUDDY_PCP=0 -DBUDDY_CMA=0 -DBUDDY_HIGHATOMIC=0 -DBUDDY_RECLAIM=0 \
	-DBUDDY_COMPACTION=0 -DBUDDY_VMALLOC=0 -DBUDDY_FILEMAP=0 -DBUDDY_DEBUG_HOOKS=0 \
	-DBUDDY_ALLOC_REPORT=0 -DBUDDY_MISUSE_REPORT=0
$(eval $(call flavour_rules,cfg-plain))
$(eval $(call model_program,cfg-plain))
$(call model_run,cfg-plain,seed=4000 runs=8 ops=30000)

# ---- all options, every two in every combination ------------------------------------

CONFIG_OPTIONS := $(foreach o,DEBUG_HOOKS ALLOC_REPORT MISUSE_REPORT RECLAIM COMPACTION CMA \
	HIGHATOMIC MOBILITY HIGHMEM PCP VMALLOC FILEMAP,BUDDY_$(o)=1$(comma)0) \
	BUDDY_MAX_NODES=4$(comma)1 BUDDY_MAX_ORDER=10$(comma)5
CONFIG_SETS := $(T)/configs/sets.txt

.PHONY: test-configs
$(CONFIG_SETS): tools/pairwise.py tests/configs.mk include/buddy/config.h | $(AFTER_SETUP)
	@mkdir -p $(@D)
	$(Q)tools/pairwise.py --check '$(HOSTCC) -E -I include' --header buddy/config.h \
		$(CONFIG_OPTIONS) > $@

test-configs: $(CONFIG_SETS) ## mm/ and its unit suites in pairwise combinations of all options (long); SET=3: one
	$(Q)tests/configs.py --cc '$(CC_asan64) $(HOST_WARN) $(HOST_INC)' --jobs $(JOBS) \
		--out $(T)/configs $(if $(SET),--only $(SET)) < $<
