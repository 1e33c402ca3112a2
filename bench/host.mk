# SPDX-License-Identifier: MIT
#
# Two host threads over one on the pthread port, -O2, no sanitizers.  Included by
# bench/bench.mk.

.PHONY: bench-host
bench-host: $(BUILD)/bench/bench_host ## two host threads over one, on the pthread port
	$(Q)timeout 300 $< > $(BUILD)/bench/host.csv.part
	$(Q)mv $(BUILD)/bench/host.csv.part $(BUILD)/bench/host.csv
	$(Q)column -s, -t $(BUILD)/bench/host.csv 2>/dev/null || cat $(BUILD)/bench/host.csv
	@echo "goal: 1.95 and 1.90 (with two CPUs to itself: cpu near 1.00)"

$(BUILD)/bench/bench_host: bench/host/bench_host.c $(HOST_PORT_SRC) port/host/port_impl.h \
		port/host/host.h $(wildcard mm/*.c mm/*.h include/buddy/*.h include/port/*.h)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -O2 -g -std=c11 -Wall -Wextra -Werror -Wno-unused-parameter -I . -I include \
		-I port/host -pthread $(filter %.c,$^) -o $@
