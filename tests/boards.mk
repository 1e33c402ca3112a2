# SPDX-License-Identifier: MIT
#
# The other boards, in QEMU: each one's image and test image, built by a make of its own
# after this board's, which has compiled what they share.

ifneq ($(filter test test-target build-test build-test-target cov,$(MAKECMDGOALS)),)
ifneq ($(BOARD),vexpress-a9)
$(error BOARD=$(BOARD): the tests are started for vexpress-a9, and run the other boards, too)
endif
endif

OTHER_BOARDS := $(filter-out $(BOARD) vexpress-a9,$(patsubst boards/%/board.mk,%,$(wildcard boards/*/board.mk)))

# Of the suites what can differ between boards: page tables, per-CPU state, memory from
# address 0 on, caches.  All of them run on vexpress-a9.
BOARD_SUITES := mmu: |page_alloc: |pcp: |misuse: |dma: |highmem:

board_var = $(shell sed -n 's/^$(2) *[:?]*= *//p' boards/$(1)/board.mk)

define board_rules
$(BUILD)/$(1)/built: $(IMAGE).elf $(OUT)/test.elf $(wildcard boards/$(1)/* drivers/*)
	$$(Q)+$$(MAKE) -s BOARD=$(1) $(addprefix $(BUILD)/$(1)/,libbuddy.elf libbuddy.bin test.elf $(1).dtb) && touch $$@
endef
$(foreach b,$(OTHER_BOARDS),$(eval $(call board_rules,$(b))))

$(foreach b,$(OTHER_BOARDS),$(eval $(call target_test,board-$(b),$(BUILD)/$(b)/built \
	tests/target/boards.py tests/target/serial_board.py,timeout 300 tests/target/boards.py \
	--board $(b) --build $(BUILD))))
$(foreach b,$(OTHER_BOARDS),$(eval $(call target_test,board-$(b)-suites,$(BUILD)/$(b)/built \
	$(RUN_QEMU),$(RUN_QEMU) --image $(BUILD)/$(b)/test \
	--dtb $(BUILD)/$(b)/$(b).dtb --machine $(call board_var,$(b),QEMU_MACHINE) \
	--extra="$(call board_var,$(b),QEMU_EXTRA)" --smp $(or $(call board_var,$(b),SMP),4) \
	--mem $(or $(call board_var,$(b),MEM),1024) --append "mem=64M test.only=\"$(BOARD_SUITES)\"")))
$(eval $(call target_test,board-unknown,tests/target/board_unknown.sh,env -u MAKEFLAGS tests/target/board_unknown.sh))
