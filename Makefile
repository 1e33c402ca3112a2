# SPDX-License-Identifier: MIT
#
# libbuddy: the image, the library, their tests and figures.  `make help`.
#
# Variables (make run SMP=2 MEM=64 ...)
#	BOARD=vexpress-a9	boards/NAME
#	MEM=1024 SMP=4		what QEMU's board has, MiB and cores (else as board.mk says)
#	APPEND="cma=16M"	more boot arguments, see boot/bootargs.h
#	DTB=file.dtb		another device tree; DTB=none: none at all
#	START=elf|raw|nor	how the image comes into memory; FLASH=1: nor
#	SD=card.img		a memory card, kept (its size a power of two); SD=none: an empty slot;
#				else a scratch card of 64 MiB: what a run writes is gone after it
#	BUILD=build		where everything goes
#	V=1			show the commands

BUILD    ?= build
BOARD    ?= vexpress-a9
CROSS    ?= arm-none-eabi-
HOSTCC   ?= gcc
QEMU     ?= qemu-system-arm
START    ?= elf
TIMEOUT  ?= 0

ifeq ($(wildcard boards/$(BOARD)/board.mk),)
$(error no board $(BOARD); there are: $(patsubst boards/%/board.mk,%,$(wildcard boards/*/board.mk)))
endif
include boards/$(BOARD)/board.mk
MEM    ?= 1024
SMP    ?= 4
APPEND ?= cma=16M

Q := $(if $(V),,@)
OUT := $(BUILD)/$(BOARD)
SHARED := $(BUILD)/obj-$(PORT)
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
	gdb-multiarch qemu-user spin g++ cmake pkgconf u-boot-tools mtools dosfstools
PACKAGES := $(PACKAGES_RUN) $(PACKAGES_TEST)

.PHONY: help setup all run debug lib size flash images boards clean

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
NO_BOARD  = $(filter-out -Iboards/$(BOARD),$(subst -I ,-I,$(1)))
CFLAGS   := $(ARCH) -O2 -g -ffreestanding -std=c11 $(WARN) $(INCLUDES) \
	-ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables \
	--specs=nano.specs $(CONFIG)
ASFLAGS  := $(ARCH) -g -I . $(INCLUDES)
# _printf_float: what a float is printed with, in the image's own soft arithmetic.
LDFLAGS  := $(ARCH) --specs=nano.specs -u _printf_float -nostartfiles -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments

MM_SRC    := $(wildcard mm/*.c)
HOST_PORT_SRC := $(wildcard port/host/*.c)
# What every Cortex-A9 MPCore has, and what board.mk says that this board has.
DRIVER_SRC := $(patsubst %,drivers/%.c,a9timer gic pl310 scu uart $(DRIVERS))
IMAGE_SRC := $(wildcard boot/*.c) $(wildcard boot/*.S) $(DRIVER_SRC) $(MM_SRC) \
	port/$(PORT)/port.c

# Fragments by others may add to IMAGE_SRC, and link images of their own from IMAGE_OBJS.
-include bench/bench.mk

# What knows no board is compiled once for all that share the port: not drivers, of which
# each board has others, assembler, and what includes <board.h>, itself or by a region.h.
# Without -I boards/... a source that is wrongly taken for one of these does not compile.
KNOWS_BOARD := $(shell grep -slE '<board\.h>|region\.h"' $(filter %.c,$(IMAGE_SRC))) \
	$(filter drivers/%.c %.S,$(IMAGE_SRC))
# $(call objects_of,sources)
objects_of = $(foreach s,$(1),$(if $(filter $(KNOWS_BOARD),$(s)),$(OUT)/obj,$(SHARED))/$(basename $(s)).o)
IMAGE_OBJS := $(call objects_of,$(IMAGE_SRC))

all: $(IMAGE).elf $(IMAGE).bin lib ## build the image (ELF and raw) and the library

$(OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(SHARED)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(call NO_BOARD,$(CFLAGS)) -MMD -MP -c $< -o $@

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

-include $(patsubst %.o,%.d,$(IMAGE_OBJS))

include boards/boards.mk port/lib.mk

# ---- the rest -------------------------------------------------------------------------

size: $(IMAGE).elf bench-size ## bytes of the image; of the allocator full and smallest, Thumb and ARM
	$(Q)$(SIZE) $(IMAGE).elf

compile_commands.json: $(MAKEFILE_LIST) $(IMAGE_SRC) ## for editors and clang-tidy
	$(Q)CC="$(CC)" FLAGS='$(subst ','\'',$(CFLAGS))' tools/compdb.sh $(filter %.c,$(IMAGE_SRC)) > $@

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD) compile_commands.json

-include tests/tests.mk $(filter-out tests/tests.mk,$(wildcard tests/*.mk)) tests/fuzz/fuzz.mk tools/check.mk tools/a9mem/a9mem.mk

endif # setup
