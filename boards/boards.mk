# SPDX-License-Identifier: MIT
#
# The image in QEMU and on a real board: run, debug, flash.  Included by the Makefile.

# ---- running it ---------------------------------------------------------------------

# Sparse: it takes no room.
$(SCRATCH_SD):
	@mkdir -p $(@D)
	$(Q)truncate -s 64M $@

KERNEL_elf = -kernel $(1).elf
KERNEL_raw = -kernel $(1).bin
KERNEL_nor = -drive if=pflash,format=raw,readonly=on,file=$(1).nor
DTB_ARGS   = $(if $(filter none,$(DTB)),,-dtb $(DTB))
# Runs at the same time share the scratch card without seeing each other's writes.
SNAPSHOT  := ,snapshot=on
SD_ARGS    = $(if $(filter none,$(SD)),,-drive \
	if=sd,format=raw,file=$(SD)$(if $(filter $(SCRATCH_SD),$(SD)),$(SNAPSHOT)))
# $(call qemu,image without its extension,bootargs)
qemu = $(if $(filter-out 0,$(TIMEOUT)),timeout $(TIMEOUT)) $(QEMU) \
	-M $(QEMU_MACHINE) $(QEMU_EXTRA) -smp $(SMP) -m $(MEM) -display none -serial stdio -monitor none \
	-semihosting-config enable=on,target=native $(KERNEL_$(START)) \
	$(SD_ARGS) $(if $(filter nor,$(START)),,$(DTB_ARGS) $(if $(DTB_ARGS),-append "$(2)"))

START_FILE_elf := elf
START_FILE_raw := bin
START_FILE_nor := nor
ifeq ($(START_FILE_$(START)),)
$(error START=$(START): expected elf, raw or nor)
endif

run: $(IMAGE).$(START_FILE_$(START)) $(filter-out none,$(DTB) $(SD)) ## boot it in QEMU: with a terminal the monitor, else the demonstration
	$(Q)if [ -t 0 ]; then mode=monitor; else mode=demo; fi; \
	$(call qemu,$(IMAGE),semihosting mode=$$mode $(APPEND))

debug: $(IMAGE).elf $(BOARD_DTB) $(filter-out none,$(SD)) ## the same, halted at the first instruction, for gdb on port 1234
	@echo "now, elsewhere:  gdb-multiarch $(IMAGE).elf -ex 'target remote :1234'"
	$(Q)$(call qemu,$(IMAGE),semihosting mode=monitor $(APPEND)) -S -s

# ---- a real board ---------------------------------------------------------------------

flash: $(IMAGE).bin $(BOARD_DTB) ## how to start this image on the board, step by step
	$(Q)sed -e 's|@IMAGE@|$(IMAGE)|g' -e 's|@BOARD@|$(BOARD)|g' -e 's|@DTB@|$(BOARD_DTB)|g' \
		-e 's|@KADDR@|$(UBOOT_KERNEL_ADDR)|g' -e 's|@FADDR@|$(UBOOT_FDT_ADDR)|g' \
		-e "s|@BYTES@|$$(printf '%x' $$(wc -c < $(IMAGE).bin))|g" \
		boards/$(BOARD)/flash.txt

boards: ## the boards there are
	@for b in boards/*/; do basename $$b; done
