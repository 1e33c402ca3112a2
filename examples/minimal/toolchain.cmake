# SPDX-License-Identifier: MIT
# For CMake: a Cortex-A9 without an operating system.  -DISA=thumb, -DFLOAT=hard: as the
# library was built.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ISA FLOAT)
if(NOT ISA)
	set(ISA arm)
endif()
if(NOT FLOAT)
	set(FLOAT soft)
endif()
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-a9 -m${ISA} -mfloat-abi=${FLOAT} --specs=nano.specs")
set(CMAKE_ASM_FLAGS_INIT "-mcpu=cortex-a9 -m${ISA} -mfloat-abi=${FLOAT}")
