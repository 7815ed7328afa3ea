# Whether the GPU backends are built: APATITE_WITH_CUDA.
#
# Without CMAKE_CUDA_ARCHITECTURES there is machine code for Hopper (9.0) and code that the driver
# compiles at the first start for every other GPU from Ampere (8.0) on.
set(APATITE_WITH_CUDA OFF)
if(APATITE_CUDA STREQUAL "AUTO")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(APATITE_WITH_CUDA ON)
  endif()
elseif(APATITE_CUDA)
  set(APATITE_WITH_CUDA ON)
endif()
if(APATITE_WITH_CUDA)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-virtual 90-real)
  endif()
  enable_language(CUDA)
  # CMake 3.25 does not know that nvcc compiles C++20 since version 12.
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  find_package(CUDAToolkit REQUIRED)
endif()
