# SPDX-License-Identifier: MIT
#
# `make check`: what can be said of the code without running it.
#
# Each check prints what is wrong and one closing line.  A file that passed is not looked
# at again before it, a header, or the check itself changes: its stamp is under
# $(BUILD)/check.  All checks run to their end, two at a time, also when one fails.
# tools/check-selftest.sh plants a violation of every rule and sees that it is found.

CHECK       ?= $(BUILD)/check
CHECK_JOBS  ?= 2
CLANG_TIDY  ?= clang-tidy
CLANG_FORMAT ?= clang-format
CPPCHECK    ?= cppcheck

# ---- which files -------------------------------------------------------------------------

CHECK_H := $(wildcard mm/*.h include/*/*.h boot/*.h drivers/*.h boards/*/*.h port/*/*.h \
	tests/*/*.h bench/*.h bench/*/*.h examples/*/*.h tools/*/*.h)
CHECK_C := $(wildcard mm/*.c boot/*.c drivers/*.c port/*/*.c tests/*/*.c bench/*.c bench/*/*.c \
	examples/*.c examples/*/*.c tools/*/*.c tools/*/*/*.c)

# What runs on the board; what runs here.  boot/fdt*.c and mm/ are looked at as both, the
# former as its fuzzers build it.  Tests of the target include what only it has.
CHECK_ARM  := $(wildcard mm/*.c boot/*.c drivers/*.c port/$(PORT)/*.c tests/target/*.c \
	bench/target/*.c) $(TARGET_ONLY)
CHECK_HOST := $(filter-out $(TARGET_ONLY),$(wildcard mm/*.c boot/fdt*.c port/host/*.c \
	tests/model/*.c tests/stress/*.c tests/fuzz/*.c tests/unit/*.c bench/host/*.c)) \
	$(filter-out %_target.c %/target_main.c,$(wildcard tests/harness/*.c))
# clang-tidy is the slow one: mm/ once, as it is released
CHECK_TIDY_ARM  := $(filter-out boot/fdt%.c,$(CHECK_ARM))
CHECK_TIDY_HOST := $(filter-out mm/%.c,$(CHECK_HOST))
CHECK_ANALYZE   := $(wildcard mm/*.c boot/fdt*.c)
CHECK_ANALYZE_ARM := $(CHECK_ANALYZE) $(filter-out boot/fdt%.c,$(wildcard boot/*.c drivers/*.c))

# ---- the checks --------------------------------------------------------------------------

export CLANG_TIDY CLANG_FORMAT CPPCHECK HOSTCC BOARD PORT
CHECKS := check-files check-layers check-format check-cppcheck check-analyze check-tidy \
	check-selftest model
.PHONY: check $(CHECKS)

check: | $(AFTER_SETUP) ## layering, sizes, format, cppcheck, clang-tidy, gcc -fanalyzer
	@+$(MAKE) --no-print-directory -k $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(CHECK_JOBS)) \
		-Otarget $(CHECKS) && echo "check: clean"

check-files: ## licence lines, file sizes, foreign paths
	@tools/check-files.py

check-layers: ## who includes whom, and who calls whom inside mm/
	@tools/check-layers.py --cc '$(CC) $(CFLAGS)'

# $(call check_stamps,stamp folder,files,command): a stamp for each file
define check_rules
$(CHECK)/$(1)/%.ok: % tools/check-lint.sh $(2) $$(CHECK_H) | $$(AFTER_SETUP)
	@mkdir -p $$(@D)
	@CC='$$(CC)' tools/check-lint.sh $(3) $$< && touch $$@
endef
check_ok = $(patsubst %,$(CHECK)/$(1)/%.ok,$(2))
$(eval $(call check_rules,tidy-arm,.clang-tidy,tidy arm))
$(eval $(call check_rules,tidy-host,.clang-tidy,tidy host))
$(eval $(call check_rules,analyze-arm,,analyze arm))
$(eval $(call check_rules,analyze-host,,analyze host))

check-format: ## clang-format
	@tools/check-lint.sh format $(CHECK_C) $(CHECK_H) && \
	echo "format: $(words $(CHECK_C) $(CHECK_H)) files as .clang-format has them"

check-cppcheck: ## cppcheck, as for the board and as for this machine
	@tools/check-lint.sh cppcheck arm $(CHECK_ARM) && \
	tools/check-lint.sh cppcheck host $(CHECK_HOST) && \
	echo "cppcheck: $(words $(CHECK_ARM)) files for the board, $(words $(CHECK_HOST)) for this machine"

check-tidy: $(call check_ok,tidy-arm,$(CHECK_TIDY_ARM)) \
		$(call check_ok,tidy-host,$(CHECK_TIDY_HOST)) ## clang-tidy
	@echo "tidy: $(words $(CHECK_TIDY_ARM)) files for the board, $(words $(CHECK_TIDY_HOST)) for this machine"

check-analyze: $(call check_ok,analyze-arm,$(CHECK_ANALYZE_ARM)) \
		$(call check_ok,analyze-host,$(CHECK_ANALYZE)) ## gcc -fanalyzer
	@echo "analyze: $(words $(CHECK_ANALYZE_ARM)) files for the board, $(words $(CHECK_ANALYZE)) for this machine"

model: $(CHECK)/model.ok ## Spin: the protocols between CPUs, and bugs planted in them

$(CHECK)/model.ok: $(wildcard tests/spin/*) | $(AFTER_SETUP)
	@mkdir -p $(@D)
	@HOSTCC='$(HOSTCC)' tests/spin/run.sh && touch $@

check-selftest: ## plants a violation of every rule: is it found?
	@out=$$(tools/check-selftest.sh) && echo "selftest: $$(echo "$$out" | grep -c '^ok') cases, every planted violation found" || \
	{ echo "$$out" | grep -v '^ok'; false; }
