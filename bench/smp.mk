# SPDX-License-Identifier: MIT
#
# Four cores on the memory model tools/a9mem: misses, transfers, waiting, scaling.
# -singlestep, as cores change at the ends of blocks only and contention would come
# out too cheap otherwise.  Included by bench/bench.mk.

.PHONY: bench-smp
bench-smp: $(BUILD)/bench/smp.csv ## misses, transfers between cores and scaling, 1 and 4 cores
	$(Q)bench/smp.py --table $<

$(BUILD)/bench/smp.raw: $(IMAGE).elf $(BOARD_DTB) $(BUILD)/a9mem/a9mem.so
	@mkdir -p $(@D)
	$(Q)part=$@.$$$$; trap 'rm -f $$part $$part.log' EXIT; \
	timeout 900 $(QEMU) -M $(QEMU_MACHINE) $(QEMU_EXTRA) -smp 4 -m 1024 -display none \
		-serial stdio -monitor none -semihosting-config enable=on,target=native \
		-icount shift=0,align=off,sleep=off -singlestep \
		-plugin $(BUILD)/a9mem/a9mem.so,out=$$part \
		-kernel $(IMAGE).elf -dtb $(BOARD_DTB) \
		-append "semihosting mode=bench bench=smp" </dev/null >$$part.log && \
	grep -q '^bench-smp: end' $$part.log || { tail $$part.log; exit 1; }; \
	mv $$part.log $(basename $@).log && mv $$part $@

$(BUILD)/bench/smp.csv: $(BUILD)/bench/smp.raw bench/smp.py
	$(Q)bench/smp.py $(BUILD)/bench/smp.log $< > $@.part
	$(Q)mv $@.part $@
