# SPDX-License-Identifier: MIT
#
# The image in QEMU and on a real board: run, debug, images, flash.  Included by the Makefile.
#
#	make run FLASH=1	the NOR image, from reset, its device tree in it (START=nor)
#	make debug DEBUG=openocd	the board on a JTAG adapter in the place of QEMU
#	make flash FLASH_DEV=/dev/sdX	writes the card image, after a question
#	make flash JTAG=1	loads the image over JTAG and starts it (JTAG_ADAPTER=FILE)
#	make images SD_EXTRA="BOOT.BIN ..."	more files for the card; SD_MIB=16 its size

# ---- running it ---------------------------------------------------------------------

FLASH     ?=
DEBUG     ?= qemu
FLASH_DEV ?=
JTAG      ?=
JTAG_ADAPTER ?=
SD_EXTRA  ?=
# As which names the board's U-Boot looks for the script on a card.
UBOOT_SCRIPTS ?= boot.scr
override START := $(if $(filter-out 0,$(FLASH)),nor,$(START))

# Sparse: it takes no room.
$(SCRATCH_SD):
	@mkdir -p $(@D)
	$(Q)truncate -s 64M $@

START_FILE_elf := elf
START_FILE_raw := bin
START_FILE_nor := bin
ifeq ($(START_FILE_$(START)),)
$(error START=$(START): expected elf, raw or nor)
endif
ifneq ($(filter-out 0 1,$(FLASH)),)
$(error FLASH=$(FLASH): expected 1, or 0)
endif
ifeq ($(START)-$(NOR_MIB),nor-)
$(error START=nor, FLASH=1: $(BOARD) does not start from NOR flash; there are START=elf and raw)
endif
ifeq ($(filter $(DEBUG),qemu openocd),)
$(error DEBUG=$(DEBUG): expected qemu or openocd)
endif

KERNEL_elf = -kernel $(1).elf
KERNEL_raw = -kernel $(1).bin
KERNEL_nor = -drive if=pflash,format=raw,readonly=on,file="$$nor"
DTB_ARGS   = $(if $(filter none,$(DTB)),,-dtb $(DTB))
# Runs at the same time share the scratch card without seeing each other's writes.
SNAPSHOT  := ,snapshot=on
SD_ARGS    = $(if $(filter none,$(SD)),,-drive \
	if=sd,format=raw,file=$(SD)$(if $(filter $(SCRATCH_SD),$(SD)),$(SNAPSHOT)))
# Without a device tree QEMU passes arguments to a raw image only, as a tag.
APPEND_ARGS = $(if $(DTB_ARGS)$(filter raw,$(START)),-append "$(1)")
# $(call qemu,image without its extension,bootargs)
qemu = $(if $(filter-out 0,$(TIMEOUT)),timeout $(TIMEOUT)) $(QEMU) \
	-M $(QEMU_MACHINE) $(QEMU_EXTRA) -smp $(SMP) -m $(MEM) -display none -serial stdio -monitor none \
	-semihosting-config enable=on,target=native $(KERNEL_$(START)) \
	$(SD_ARGS) $(if $(filter nor,$(START)),,$(DTB_ARGS) $(call APPEND_ARGS,$(2)))
# $(call nor,image without its extension,bootargs): makes "$$nor" for it, in a shell that has
# said where that is; here: in a file that ends with the shell.
nor = $(if $(filter nor,$(START)),tools/images/mknor.sh $(1).bin $(DTB) "$$nor" $(NOR_MIB) "$(2)" $(MEM) &&)
NOR_SCRATCH = $(if $(filter nor,$(START)),nor=$$(mktemp) && trap 'rm -f "$$nor"' EXIT && \
	trap 'exit 1' HUP INT TERM &&)

run: $(IMAGE).$(START_FILE_$(START)) $(filter-out none,$(DTB) $(SD)) ## boot it in QEMU: with a terminal the monitor, else the demonstration
	$(Q)if [ -t 0 ]; then mode=monitor; else mode=demo; fi; \
	$(NOR_SCRATCH) $(call nor,$(IMAGE),semihosting mode=$$mode $(APPEND)) \
	$(call qemu,$(IMAGE),semihosting mode=$$mode $(APPEND))

ifeq ($(DEBUG),openocd)
DEBUG_SERVER = $(OPENOCD) $(if $(JTAG_ADAPTER),-c "set ADAPTER $(JTAG_ADAPTER)") -f $(JTAG_CFG) \
	-c "gdb_port @PORT@"
else
DEBUG_SERVER = $(call qemu,$(IMAGE),semihosting mode=monitor $(APPEND)) -S -gdb tcp::@PORT@
endif

debug: $(IMAGE).elf $(IMAGE).$(START_FILE_$(START)) $(filter-out none,$(DTB) $(SD)) ## the same, halted at its start, under gdb with the buddy commands; or DEBUG=openocd
	$(Q)nor=$(OUT)/debug.nor; $(if $(filter qemu,$(DEBUG)),$(call nor,$(IMAGE),semihosting mode=monitor $(APPEND))) \
	tools/gdb/debug.py --gdb $(GDB) --elf $(IMAGE).elf -- $(DEBUG_SERVER)

# ---- the image in the forms that loaders take -----------------------------------------

IMG       := $(OUT)/images
SD_MIB    ?= 16
BOOT_ARGS := mode=monitor $(APPEND)
IMG_FILES := libbuddy.elf zImage uImage zImage-dtb $(BOARD).dtb boot.scr sdcard.img \
	$(if $(NOR_MIB),nor.img)
IMG_DEPS  := | $(IMG)

FORCE:
.PHONY: FORCE
images: $(addprefix $(IMG)/,$(IMG_FILES)) ## the image for bootz, bootm, go, as a card, as NOR flash
	$(Q)tools/images/list.sh $(IMG) $(IMG_FILES)

$(IMG):
	@mkdir -p $@

# What depends on the arguments is made anew when they change.
$(IMG)/args: FORCE | $(IMG)
	@echo '$(BOOT_ARGS) $(NOR_MIB) $(SD_MIB) $(SD_EXTRA) $(UBOOT_SCRIPTS)' | cmp -s - $@ || echo '$(BOOT_ARGS) $(NOR_MIB) $(SD_MIB) $(SD_EXTRA) $(UBOOT_SCRIPTS)' > $@

$(IMG)/libbuddy.elf: $(IMAGE).elf $(IMG_DEPS)
	$(Q)cp $< $@

$(IMG)/zImage: $(IMAGE).bin $(IMG_DEPS)
	$(Q)cp $< $@

$(IMG)/$(BOARD).dtb: $(BOARD_DTB) $(IMG_DEPS)
	$(Q)cp $< $@

$(IMG)/uImage: $(IMAGE).bin tools/images/mkimage.py $(IMG_DEPS)
	$(Q)tools/images/mkimage.py kernel --load $(LINK_ADDR) --entry $(LINK_ADDR) $< $@

# The tree behind the image: for a loader that passes none, and for flash.
$(IMG)/zImage-dtb: $(IMAGE).bin $(BOARD_DTB) $(IMG)/args tools/images/mknor.sh
	$(Q)tools/images/mknor.sh $< $(BOARD_DTB) $@ 0 "$(BOOT_ARGS)"

$(IMG)/nor.img: $(IMAGE).bin $(BOARD_DTB) $(IMG)/args tools/images/mknor.sh
	$(Q)tools/images/mknor.sh $< $(BOARD_DTB) $@ $(NOR_MIB) "$(BOOT_ARGS)"

$(IMG)/boot.scr: tools/images/boot.cmd tools/images/mkimage.py $(IMG)/args boards/$(BOARD)/board.mk
	$(Q)tools/images/mkimage.py script --name "libbuddy $(BOARD)" --set KADDR=$(UBOOT_KERNEL_ADDR) \
		--set FADDR=$(UBOOT_FDT_ADDR) --set BOARD=$(BOARD) --set DTBNAME=$(BOARD).dtb \
		--set ARGS="$(BOOT_ARGS)" $< $@

SD_FILES := $(addprefix $(IMG)/,zImage uImage zImage-dtb $(BOARD).dtb) $(SD_EXTRA)
$(IMG)/sdcard.img: $(SD_FILES) $(IMG)/boot.scr $(IMG)/args tools/images/mksd.py
	$(Q)tools/images/mksd.py --mib $(SD_MIB) $@ $(SD_FILES) $(addprefix $(IMG)/boot.scr=,$(UBOOT_SCRIPTS))

# ---- a real board ---------------------------------------------------------------------

OPENOCD  ?= openocd
GDB      ?= gdb-multiarch
JTAG_CFG := tools/openocd/$(BOARD).cfg
ifneq ($(filter openocd,$(DEBUG))$(filter-out 0,$(JTAG)),)
ifeq ($(wildcard $(JTAG_CFG)),)
$(error JTAG: no $(JTAG_CFG); there are: $(patsubst tools/openocd/%.cfg,%,$(wildcard tools/openocd/*.cfg)))
endif
endif

flash: images ## how to start this image on the board, step by step; FLASH_DEV=, JTAG=1 do it
ifneq ($(FLASH_DEV),)
	$(Q)tools/images/write-card.sh $(IMG)/sdcard.img '$(FLASH_DEV)'
else ifneq ($(filter-out 0,$(JTAG)),)
	$(Q)tools/openocd/load.sh $(OPENOCD) $(JTAG_CFG) "$(JTAG_ADAPTER)" $(IMAGE).elf \
		$(LINK_ADDR) $(IMG)/$(BOARD).dtb $(UBOOT_FDT_ADDR)
else
	$(Q)sed -e 's|@IMAGE@|$(IMG)|g' -e 's|@BOARD@|$(BOARD)|g' -e 's|@DTB@|$(IMG)/$(BOARD).dtb|g' \
		-e 's|@KADDR@|$(UBOOT_KERNEL_ADDR)|g' -e 's|@FADDR@|$(UBOOT_FDT_ADDR)|g' \
		-e "s|@BYTES@|$$(printf '%x' $$(wc -c < $(IMG)/zImage))|g" \
		-e "s|@NORBYTES@|$$(printf '%x' $$(wc -c < $(IMG)/zImage-dtb))|g" \
		$(firstword $(wildcard boards/$(BOARD)/flash.txt) tools/images/flash.txt)
endif

boards: ## the boards there are
	@printf "%s\n" $(patsubst boards/%/board.mk,%,$(sort $(wildcard boards/*/board.mk)))
