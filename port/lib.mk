# SPDX-License-Identifier: MIT
#
# The library for an RTOS.  Included by the Makefile.

# ---- the library ----------------------------------------------------------------------

# One relocatable object, in which only the public names are global, so that an RTOS's own
# list_add() never clashes.  The cold half of the port comes with it, except the image's
# own, which is made of boot/: a program on PORT=cortex-a9 brings its three functions.
LIB      := $(OUT)/libbuddy-$(PORT).a
LIB_OBJS := $(patsubst %.c,$(SHARED)/%.o,$(MM_SRC)) \
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
