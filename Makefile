# SPDX-License-Identifier: MIT
#
# libbuddy: the image, the library, their tests and figures.  `make help`.
#
# Variables (make run SMP=2 MEM=64 ...)
#	BOARD=vexpress-a9	boards/NAME
#	MEM=1024 SMP=4		what QEMU's board has, MiB and cores
#	APPEND="cma=16M"	more boot arguments, see boot/bootargs.h
#	DTB=file.dtb		another device tree; DTB=none: none at all
#	START=elf|raw|nor	how the image comes into memory
#	SD=card.img		a memory card, kept (its size a power of two); SD=none: an empty slot;
#				else a scratch card of 64 MiB: what a run writes is gone after it
#	BUILD=build		where everything goes
#	V=1			show the commands

BUILD    ?= build
BOARD    ?= vexpress-a9
CROSS    ?= arm-none-eabi-
HOSTCC   ?= gcc
QEMU     ?= qemu-system-arm
MEM      ?= 1024
SMP      ?= 4
APPEND   ?= cma=16M
START    ?= elf
TIMEOUT  ?= 0

ifeq ($(wildcard boards/$(BOARD)/board.mk),)
$(error no board $(BOARD); there are: $(notdir $(wildcard boards/*)))
endif
include boards/$(BOARD)/board.mk

Q := $(if $(V),,@)
OUT := $(BUILD)/$(BOARD)
IMAGE := $(OUT)/libbuddy
BOARD_DTB := $(OUT)/$(BOARD).dtb
DTB ?= $(BOARD_DTB)
SCRATCH_SD := $(OUT)/sd.img
SD ?= $(SCRATCH_SD)

CC      := $(CROSS)gcc
OBJCOPY := $(CROSS)objcopy
SIZE    := $(CROSS)size

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- set-up -------------------------------------------------------------------

PACKAGES_RUN  := make gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm device-tree-compiler
PACKAGES_TEST := gcc libc6-dev gcc-12-multilib libc6-dev-i386 libcmocka-dev clang \
	libclang-rt-14-dev libfdt-dev gcovr cppcheck clang-tidy clang-format python3 perl \
	gdb-multiarch qemu-user spin
PACKAGES := $(PACKAGES_RUN) $(PACKAGES_TEST)

.PHONY: help setup all run debug lib size flash boards clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9_.-]*:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian; elsewhere: list what is needed)
	$(Q)tools/setup.sh $(PACKAGES)

# `make -j setup run`: the other goals are made when setup is done, by a make of their own
# that finds the tools.
ifneq ($(and $(filter setup,$(MAKECMDGOALS)),$(filter-out setup,$(MAKECMDGOALS))),)

.PHONY: after_setup $(filter-out setup,$(MAKECMDGOALS))
$(filter-out setup,$(MAKECMDGOALS)): after_setup
	@:
after_setup: setup
	+$(Q)$(MAKE) --no-print-directory $(filter-out setup,$(MAKECMDGOALS))

else

# ---- the image ------------------------------------------------------------------

# Soft float: nothing here computes with fractions, so the VFP stays off and no
# interrupt has to save its registers.  ARM state for our code; the C library of
# this multilib is Thumb and interworks.
ARCH     := -mcpu=cortex-a9 -mfloat-abi=soft -marm
WARN     := -Wall -Wextra -Werror -Wno-unused-parameter
INCLUDES := -I include -I port/$(PORT) -I boards/$(BOARD) -I .
CFLAGS   := $(ARCH) -O2 -g -ffreestanding -std=c11 $(WARN) $(INCLUDES) \
	-ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables \
	--specs=nano.specs $(CONFIG)
ASFLAGS  := $(ARCH) -g -I . $(INCLUDES)
LDFLAGS  := $(ARCH) --specs=nano.specs -nostartfiles -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments

MM_SRC    := $(wildcard mm/*.c)
IMAGE_SRC := $(wildcard boot/*.c) $(wildcard boot/*.S) $(wildcard drivers/*.c) $(MM_SRC) \
	port/$(PORT)/port.c

# Fragments by others may add to IMAGE_SRC, and link images of their own from IMAGE_OBJS.
-include bench/bench.mk
IMAGE_OBJS := $(patsubst %,$(OUT)/obj/%.o,$(basename $(IMAGE_SRC)))

all: $(IMAGE).elf $(IMAGE).bin lib ## build the image (ELF and raw) and the library

$(OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/obj/%.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) $(ASFLAGS) -MMD -MP -c $< -o $@

$(OUT)/obj/boot/vectors.o: ASFLAGS += -DBUILTIN_DTB='"$(BOARD_DTB)"'
$(OUT)/obj/boot/vectors.o: $(BOARD_DTB)

$(BOARD_DTB): boards/$(BOARD)/$(BOARD).dts
	@mkdir -p $(@D)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

$(OUT)/linker.ld: linker.ld boot/layout.h boards/$(BOARD)/board.mk
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x c -I . -DLINK_ADDR=$(LINK_ADDR) $< -o $@

# $(call link_image,objects): links $@ with its map beside it.
define link_image
	$(Q)$(CC) $(LDFLAGS) -T $(OUT)/linker.ld -Wl,-Map=$(basename $@).map $(1) -o $@
endef

$(IMAGE).elf: $(IMAGE_OBJS) $(OUT)/linker.ld
	$(call link_image,$(IMAGE_OBJS))

%.bin: %.elf
	$(Q)$(OBJCOPY) -O binary $< $@

# A bank of NOR flash with the image at its start, where reset finds it.
%.nor: %.bin
	$(Q)cp $< $@ && truncate -s $(NOR_MIB)M $@

-include $(patsubst %.o,%.d,$(IMAGE_OBJS))

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

# ---- the library ----------------------------------------------------------------------

# One relocatable object, in which only the public names are global, so that an RTOS's own
# list_add() never clashes.  The cold half of the port comes with it, except the image's
# own, which is made of boot/: a program on PORT=cortex-a9 brings its three functions.
LIB      := $(OUT)/libbuddy-$(PORT).a
LIB_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(MM_SRC)) \
	$(if $(filter cortex-a9,$(PORT)),,$(OUT)/obj/port/$(PORT)/port.o)

lib: $(LIB) ## libbuddy-PORT.a for an RTOS, public names only (PORT=cortex-a9, template, ...)

$(OUT)/exports.txt: $(wildcard include/buddy/*.h) tools/exports.sh
	@mkdir -p $(@D)
	$(Q)CC="$(CC) $(CFLAGS)" tools/exports.sh > $@

$(OUT)/libbuddy-$(PORT).o: $(LIB_OBJS) $(OUT)/exports.txt
	$(Q)$(CROSS)ld -r -o $@ $(LIB_OBJS)
	$(Q)$(OBJCOPY) --keep-global-symbols=$(OUT)/exports.txt $@

$(LIB): $(OUT)/libbuddy-$(PORT).o
	$(Q)rm -f $@ && $(CROSS)ar rcsD $@ $<

size: $(IMAGE).elf bench-size ## bytes of the image; of the allocator full and smallest, Thumb and ARM
	$(Q)$(SIZE) $(IMAGE).elf

# ---- a real board ---------------------------------------------------------------------

flash: $(IMAGE).bin $(BOARD_DTB) ## how to start this image on the board, step by step
	$(Q)sed -e 's|@IMAGE@|$(IMAGE)|g' -e 's|@BOARD@|$(BOARD)|g' -e 's|@DTB@|$(BOARD_DTB)|g' \
		-e 's|@KADDR@|$(UBOOT_KERNEL_ADDR)|g' -e 's|@FADDR@|$(UBOOT_FDT_ADDR)|g' \
		-e "s|@BYTES@|$$(printf '%x' $$(wc -c < $(IMAGE).bin))|g" \
		boards/$(BOARD)/flash.txt

boards: ## the boards there are
	@for b in boards/*/; do basename $$b; done

# ---- the rest -------------------------------------------------------------------------

compile_commands.json: $(MAKEFILE_LIST) $(IMAGE_SRC) ## for editors and clang-tidy
	$(Q)CC="$(CC)" FLAGS='$(subst ','\'',$(CFLAGS))' tools/compdb.sh $(filter %.c,$(IMAGE_SRC)) > $@

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD) compile_commands.json

-include tests/tests.mk tests/fuzz/fuzz.mk tools/check.mk tools/a9mem/a9mem.mk

endif # setup
