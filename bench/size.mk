# SPDX-License-Identifier: MIT
#
# How large the allocator is, full and smallest, Thumb and ARM.  Included by
# bench/bench.mk.

.PHONY: bench-size
bench-size: ## text, data, bss of the allocator and bytes per page, full and smallest
	$(Q)bench/size.py --cross $(CROSS) --out $(BUILD)/bench/size --port $(PORT)
