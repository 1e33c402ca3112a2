# SPDX-License-Identifier: MIT
#
# The longest stretch with interrupts off: counted by a plugin, not by the image.
# Included by bench/bench.mk, which adds the result to the others.

$(BUILD)/bench/irqoff.so: bench/irqoff.c tools/a9mem/plugin_api.h
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -shared -fPIC -O2 -Wall -Wextra -I . -o $@ $<

$(BUILD)/bench/irqoff.raw: $(IMAGE).elf $(BOARD_DTB) $(BUILD)/bench/irqoff.so
	$(Q)part=$@.$$$$; trap 'rm -f $$part $$part.log' EXIT; \
	timeout 600 $(QEMU) -M $(QEMU_MACHINE) $(QEMU_EXTRA) -smp 4 -m 1024 -display none \
		-serial stdio -monitor none -semihosting-config enable=on,target=native \
		-icount shift=7,align=off,sleep=off -plugin $(BUILD)/bench/irqoff.so,out=$$part \
		-kernel $(IMAGE).elf -dtb $(BOARD_DTB) \
		-append "semihosting mode=bench bench=irqoff" </dev/null >$$part.log && \
	grep -q '^bench-irqoff: end' $$part.log || { tail $$part.log; exit 1; }; \
	mv $$part.log $(basename $@).log && mv $$part $@

$(BUILD)/bench/irqoff.csv: $(BUILD)/bench/irqoff.raw bench/irqoff.py
	$(Q)bench/irqoff.py --addr2line $(CROSS)addr2line $(IMAGE).elf $< > $@.part
	$(Q)mv $@.part $@

.PHONY: bench-irqoff
bench-irqoff: $(BUILD)/bench/irqoff.csv ## longest stretches with interrupts off, by place
	$(Q)bench/irqoff.py --table --addr2line $(CROSS)addr2line $(IMAGE).elf \
		$(BUILD)/bench/irqoff.raw
