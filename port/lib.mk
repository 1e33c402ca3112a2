# SPDX-License-Identifier: MIT
#
# The library for an RTOS, and its installation.  Included by the Makefile.
#
# Variables (make lib PORT=../my_rtos/port CONFIG_FILE=../my_rtos/buddy_config.h)
#	PORT=cortex-a9		port/NAME, or the path of a directory that holds port_impl.h
#	CONFIG_FILE=file.h	options for include/buddy/config.h, as a header ...
#	CONFIG="-DBUDDY_..=.."	... or one by one
#	ISA=arm|thumb		instruction set
#	FLOAT=soft|hard		calling convention; the library itself touches no VFP register
#	OPT=-O2			or -Os, ...
#	LTO=1			optimise mm/ as one
#	SYMBOLS=-g		or nothing: without debugging symbols
#	DESTDIR= PREFIX=/usr/local
#
# Paths are as seen from this directory, or absolute.  Each set of values is built in a
# directory of its own, $(LIB_DIR).

ISA     ?= arm
FLOAT   ?= soft
OPT     ?= -O2
SYMBOLS ?= -g
PREFIX  ?= /usr/local

# $(call one_of,variable,words): its value is one of them, or make ends with what there is
one_of = $(if $(filter-out 1,$(words $($(1))))$(filter-out $(2),$($(1))),$(error $(1)=$($(1)): \
	expected one of: $(2)))
$(call one_of,ISA,arm thumb)
$(call one_of,FLOAT,soft hard)
$(call one_of,OPT,-O0 -O1 -O2 -O3 -Os -Og)
ifneq ($(LTO),)
$(call one_of,LTO,0 1)
endif
ifneq ($(words $(filter /%,$(PREFIX))),1)
$(error PREFIX=$(PREFIX): expected one absolute path)
endif

PORTS    := $(sort $(patsubst port/%/port_impl.h,%,$(wildcard port/*/port_impl.h)))
PORT_DIR := $(if $(filter $(PORT),$(PORTS)),port/$(PORT),$(if $(wildcard \
	$(PORT)/port_impl.h),$(patsubst %/,%,$(PORT))))
ifeq ($(PORT_DIR),)
$(error PORT=$(PORT): there are $(PORTS); or give the path of a directory that holds port_impl.h)
endif
ifneq ($(if $(CONFIG_FILE),$(wildcard $(CONFIG_FILE)),none),$(or $(CONFIG_FILE),none))
$(error CONFIG_FILE=$(CONFIG_FILE): there is no such file; expected a header with options of \
	include/buddy/config.h)
endif

# ---- one directory for each set of values ---------------------------------------------------

LIB_LTO := $(filter 1,$(LTO))
quote    = '$(subst ','\'',$(1))'
# What has no place in a file's name is there as a number.
LIB_KEY := $(strip $(CONFIG) $(if $(CONFIG_FILE),$(abspath $(CONFIG_FILE))) \
	$(if $(filter $(PORTS),$(PORT)),,$(abspath $(PORT_DIR))))
LIB_DIR := $(BUILD)/lib/$(notdir $(abspath $(PORT_DIR)))-$(if $(filter \
	host,$(PORT)),here,$(ISA)-$(FLOAT))$(OPT)$(if $(LIB_LTO),-lto)$(if \
	$(LIB_KEY),-$(shell printf %s $(call quote,$(LIB_KEY)) | cksum | cut -d ' ' -f 1))
LIB     := $(LIB_DIR)/libbuddy.a

# ---- the library ----------------------------------------------------------------------------

# VFP and NEON registers belong to the interrupted task: even where floats are passed in
# them the compiler must not copy with them in what an interrupt handler may call.
LIB_ARCH    := -mcpu=cortex-a9 -mfloat-abi=$(FLOAT) -m$(ISA) -mgeneral-regs-only
LIB_ENV     := -ffreestanding --specs=nano.specs
LIB_CC      := $(CC)
LIB_BIN     := $(CROSS)
ifeq ($(PORT),host)
LIB_ARCH    :=
LIB_ENV     :=
LIB_CC      := $(HOSTCC)
LIB_BIN     :=
endif
LIB_INC     := -I include -I $(PORT_DIR) -I .
LIB_CFLAGS  := $(LIB_ARCH) $(OPT) $(SYMBOLS) $(LIB_ENV) -std=c11 $(filter-out -Werror,$(WARN)) \
	$(LIB_INC) -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables \
	$(if $(LIB_LTO),-flto=auto) $(CONFIG) \
	$(if $(CONFIG_FILE),-DBUDDY_CONFIG_FILE='"$(abspath $(CONFIG_FILE))"')

# The cold half of a port of ours is a member of its own: who defines the hooks himself does
# not get it.  The image's is made of boot/, and a port elsewhere is its owner's to compile.
LIB_PORT_SRC := $(if $(filter-out cortex-a9,$(filter $(PORTS),$(PORT))),$(wildcard $(PORT_DIR)/*.c))
LIB_OBJS     := $(patsubst %.c,$(LIB_DIR)/obj/%.o,$(MM_SRC)) $(LIB_DIR)/built.o
LIB_PORT     := $(patsubst %.c,$(LIB_DIR)/obj/%.o,$(LIB_PORT_SRC))

lib: $(LIB) ## libbuddy.a for an RTOS, public names only: PORT= CONFIG_FILE= ISA= FLOAT= OPT= LTO=
	@echo $(LIB)

$(LIB_DIR)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(LIB_CC) $(LIB_CFLAGS) -MMD -MP -c $< -o $@

$(LIB_PORT): LIB_CFLAGS := $(filter-out -flto%,$(LIB_CFLAGS))

# The names that are global in it: what the headers declare, and one that says with which
# options it was built.
LIB_NEEDS := $(wildcard include/buddy/*.h) $(CONFIG_FILE)
$(LIB_DIR)/config_built.h: tools/install/config-built.sh $(LIB_NEEDS)
	@mkdir -p $(@D)
	$(Q)$< $(LIB_CC) $(LIB_CFLAGS) > $@

$(LIB_DIR)/built.o: $(LIB_DIR)/config_built.h
	$(Q)printf '#include "config_built.h"\nconst char BUDDY_BUILT = 1;\n' > $(LIB_DIR)/built.c
	$(Q)$(LIB_CC) $(LIB_CFLAGS) -c $(LIB_DIR)/built.c -o $@

$(LIB_DIR)/exports.txt: tools/exports.sh $(LIB_DIR)/config_built.h $(LIB_NEEDS)
	@mkdir -p $(@D)
	$(Q)$< $(LIB_CC) $(LIB_CFLAGS) > $@
	$(Q)sed -n 's/^#define BUDDY_BUILT //p' $(LIB_DIR)/config_built.h >> $@

# One relocatable object, in which only those are global, so that an RTOS's own list_add()
# never clashes.  With LTO it is compiled here, by the one who knows the flags: the archive
# holds machine code, for any linker.
$(LIB_DIR)/libbuddy.o: $(LIB_OBJS) $(LIB_DIR)/exports.txt
	$(Q)$(LIB_CC) $(LIB_CFLAGS) $(if $(LIB_LTO),-flinker-output=nolto-rel) -nostdlib -r \
		-o $@ $(LIB_OBJS)
	$(Q)$(LIB_BIN)objcopy --keep-global-symbols=$(LIB_DIR)/exports.txt $@

$(LIB): $(LIB_DIR)/libbuddy.o $(LIB_PORT)
	$(Q)rm -f $@ && $(LIB_BIN)ar rcsD $@ $^

-include $(LIB_OBJS:.o=.d) $(LIB_PORT:.o=.d)

# ---- installation ---------------------------------------------------------------------------

VERSION := $(shell sed -n 's/^\#define BUDDY_VERSION *"\(.*\)"/\1/p' include/buddy/version.h)
ROOT     = $(DESTDIR)$(PREFIX)
INC_TO   = $(ROOT)/include/libbuddy
LIB_TO   = $(ROOT)/lib
FILL     = sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@PORT@|$(notdir $(abspath $(PORT_DIR)))|g' \
	-e 's|@ISA@|$(if $(LIB_ARCH),$(ISA))|g' -e 's|@FLOAT@|$(if $(LIB_ARCH),$(FLOAT))|g'

.PHONY: install uninstall
# port_impl.h goes with those headers of its own directory that it includes.
install: $(LIB) ## library, headers, pkg-config file, CMake package: DESTDIR= PREFIX=/usr/local
	$(Q)rm -rf $(INC_TO)
	$(Q)install -d $(INC_TO)/buddy $(INC_TO)/port $(LIB_TO)/pkgconfig $(LIB_TO)/cmake/libbuddy
	$(Q)install -m 644 $(LIB) $(LIB_TO)/
	$(Q)install -m 644 include/buddy/*.h $(LIB_DIR)/config_built.h $(INC_TO)/buddy/
	$(Q)install -m 644 include/port/port.h $(INC_TO)/port/
	$(Q)for h in $$($(LIB_CC) $(filter-out -flto%,$(LIB_CFLAGS)) -MM $(PORT_DIR)/port_impl.h | \
		tr -d '\\' | tr ' ' '\n' | grep -F '$(PORT_DIR)/'); do \
		install -D -m 644 "$$h" "$(INC_TO)/$${h#$(PORT_DIR)/}" || exit 1; done
	$(Q)$(FILL) tools/install/libbuddy.pc.in > $(LIB_TO)/pkgconfig/libbuddy.pc
	$(Q)$(FILL) tools/install/libbuddy-config.cmake.in > $(LIB_TO)/cmake/libbuddy/libbuddy-config.cmake
	$(Q)$(FILL) tools/install/libbuddy-config-version.cmake.in \
		> $(LIB_TO)/cmake/libbuddy/libbuddy-config-version.cmake

uninstall: ## remove what install has laid out
	$(Q)rm -rf $(INC_TO) $(LIB_TO)/libbuddy.a $(LIB_TO)/pkgconfig/libbuddy.pc $(LIB_TO)/cmake/libbuddy
