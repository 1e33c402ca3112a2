# SPDX-License-Identifier: MIT
#
# What libbuddy costs: instructions on the target (bench), misses and scaling of four
# cores on the memory model (bench-smp), host threads (bench-host), bytes (size).
# Results as CSV under $(BUILD)/bench; docs/BENCHMARKS.md says what is measured and how.

BENCH := $(BUILD)/bench

# The programs are part of the release image: what is measured is what is shipped.
IMAGE_SRC += $(wildcard bench/target/*.c) $(wildcard bench/target/*.S)

.PHONY: bench
bench: $(BENCH)/target.csv $(wildcard bench/irqoff.py) ## instructions per operation, beside Linux and others
	$(Q)bench/report.py $(BENCH)/target.csv

# $(1) more boot arguments, $(2) MiB, else 1024
define bench_run
	@mkdir -p $(@D)
	$(Q)timeout 600 $(QEMU) -M $(QEMU_MACHINE) $(QEMU_EXTRA) -smp 4 -m $(or $(2),1024) -display none -serial stdio \
		-monitor none -semihosting-config enable=on,target=native \
		-icount shift=7,align=off,sleep=off -kernel $(IMAGE).elf -dtb $(BOARD_DTB) \
		-append "semihosting mode=bench $(1)" </dev/null >$@.part || { tail $@.part; exit 1; }
	$(Q)mv $@.part $@
endef

$(BENCH)/run.log: $(IMAGE).elf $(BOARD_DTB)
	$(call bench_run,min_free_kbytes=128)

# An area changes what a free looks at, so that the other cases are counted without.
$(BENCH)/cma.log: $(IMAGE).elf $(BOARD_DTB)
	$(call bench_run,bench=cma cma=16M)

$(BENCH)/compact.log: $(IMAGE).elf $(BOARD_DTB)
	$(call bench_run,bench=compact)

$(BENCH)/case35.log: $(IMAGE).elf $(BOARD_DTB)
	$(call bench_run,bench=case35,512)

$(BENCH)/slab.log: $(IMAGE).elf $(BOARD_DTB)
	$(call bench_run,bench=slab)

BENCH_LOGS := $(patsubst %,$(BENCH)/%.log,run cma compact case35 slab)
$(BENCH)/target.csv: $(BENCH_LOGS) $(BENCH)/irqoff.csv bench/report.py
	$(Q)bench/report.py --csv $(BENCH_LOGS) $(BENCH)/irqoff.csv > $@.part
	$(Q)mv $@.part $@

-include bench/irqoff.mk bench/smp.mk bench/host.mk bench/size.mk
