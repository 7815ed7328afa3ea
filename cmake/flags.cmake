# Flags of every target of this project, as the interface target apatite_flags.
#
# The arithmetic contract (docs/arithmetic.md) rests on these: no contraction (a fused multiply-add
# is written, never inferred), no fast-math, no x87 arithmetic.
add_library(apatite_flags INTERFACE)
target_compile_options(apatite_flags INTERFACE
  -ffp-contract=off -fno-fast-math -fno-unsafe-math-optimizations
  -Wall -Wextra -Wconversion -Wshadow -Werror
  # Members left out of a designated initialiser have their default.
  -Wno-missing-field-initializers)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  target_compile_options(apatite_flags INTERFACE -mfpmath=sse -msse2)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang warns of flags that it does not use.
  target_compile_options(apatite_flags INTERFACE -Wno-unknown-warning-option
    -Wno-ignored-optimization-argument -Wno-unused-command-line-argument)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies in "text" + std::string (gcc.gnu.org/PR105651).
  target_compile_options(apatite_flags INTERFACE -Wno-restrict)
endif()
if(APATITE_SANITIZE)
  target_compile_options(apatite_flags INTERFACE -fsanitize=${APATITE_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(apatite_flags INTERFACE -fsanitize=${APATITE_SANITIZE})
endif()
if(APATITE_FUZZ)
  target_compile_options(apatite_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
# So far for C++; the contract in CUDA's words.
get_target_property(cxx_options apatite_flags INTERFACE_COMPILE_OPTIONS)
set(cuda_options -fmad=false -ftz=false -prec-div=true -prec-sqrt=true --expt-relaxed-constexpr
  -Werror=all-warnings -Xcompiler=-Wall,-Wextra,-ffp-contract=off)
set_target_properties(apatite_flags PROPERTIES INTERFACE_COMPILE_OPTIONS
  "$<$<COMPILE_LANGUAGE:CXX>:${cxx_options}>;$<$<COMPILE_LANGUAGE:CUDA>:${cuda_options}>")
