# SPDX-License-Identifier: MIT
#
# Tests of the image's forms, of what loaders leave behind, of the gdb commands.

LOADERS := $(OUT)/test/preloader.elf
$(LOADERS): tests/target/preloader.S | $(AFTER_SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ARCH) -nostdlib -nostartfiles -Wl,-Ttext=0x48000000 -Wl,--build-id=none $< -o $@

IMAGE_FORMS := $(addprefix $(IMG)/,$(IMG_FILES))

$(eval $(call target_test,loaders,$(IMAGE_FORMS) $(LOADERS) tests/target/loaders.py,timeout 400 tests/target/loaders.py --images $(IMG) --elf $(IMAGE).elf --dtb $(BOARD_DTB) --preloader $(LOADERS) --nm $(CROSS)nm --qemu $(QEMU)))

$(eval $(call target_test,gdb,$(IMAGE).elf $(BOARD_DTB) tests/target/gdb.py $(wildcard tools/gdb/*.py),timeout 300 tests/target/gdb.py --image $(IMAGE) --dtb $(BOARD_DTB) --gdb $(GDB) --qemu $(QEMU)))

$(eval $(call target_test,image_forms,$(IMAGE_FORMS) tests/target/image_forms.py $(wildcard tools/images/*),timeout 300 tests/target/image_forms.py --images $(IMG) --elf $(IMAGE).elf --board $(BOARD) --nm $(CROSS)nm --nor-mib $(or $(NOR_MIB),0)))
