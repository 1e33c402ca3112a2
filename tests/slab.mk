# SPDX-License-Identifier: MIT
#
# Small objects: C++ in the test image, the heap that is not there, several CPUs under
# ThreadSanitizer.  Included by the Makefile after tests.mk.

CXX_OBJS := $(patsubst %.cpp,$(OUT)/test/%.o,$(wildcard tests/cxx/*.cpp))
CXXFLAGS = $(filter-out -std=c11,$(TEST_CFLAGS)) -std=c++17 -fno-exceptions -fno-rtti

$(OUT)/test/%.o: %.cpp | $(AFTER_SETUP)
	@mkdir -p $(@D)
	$(Q)$(CROSS)g++ $(CXXFLAGS) -MMD -MP -c $< -o $@

-include $(CXX_OBJS:.o=.d)

TEST_IMAGE_OBJS   += $(CXX_OBJS)
RELEASE_TEST_OBJS += $(CXX_OBJS)
$(OUT)/test.elf $(OUT)/test-release.elf: $(CXX_OBJS)

$(eval $(call target_test,heap,$(IMAGE).elf $(OUT)/test.elf tests/target/heap.py,tests/target/heap.py --nm $(CROSS)nm $(IMAGE).elf $(OUT)/test.elf))

$(foreach n,slab kmalloc,$(eval $(call host_test,tsan64-unit-$(n),$(T)/tsan64/$(n),timeout 300 $(T)/tsan64/$(n) only=at_once ops=1000)))
