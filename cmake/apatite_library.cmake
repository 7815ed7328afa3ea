# Precompiled headers: what most sources include, parsed once. They are not used with a compiler
# cache, from which they would hide the sources (scripts/test.sh): a source includes what it uses. No
# header of this project is among them: it would add overloads where it is not included.
find_package(nlohmann_json REQUIRED)
set(APATITE_PRECOMPILED <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map>
  <memory> <optional> <span> <string> <string_view> <utility> <variant> <vector>)
# With one GCC 12 loses sight of which code is the standard library's, and warns of that.
set(APATITE_PRECOMPILED_OPTIONS "")
if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND
   CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  set(APATITE_PRECOMPILED_OPTIONS -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-maybe-uninitialized)
endif()
# The one of all libraries that are compiled with the same flags belongs to an empty source.
add_library(apatite_precompiled OBJECT cmake/precompiled.cc)
target_include_directories(apatite_precompiled PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(apatite_precompiled PRIVATE apatite_flags nlohmann_json::nlohmann_json)
target_compile_options(apatite_precompiled PRIVATE ${APATITE_PRECOMPILED_OPTIONS})
target_precompile_headers(apatite_precompiled PRIVATE
  ${APATITE_PRECOMPILED} <nlohmann/json.hpp>)

# apatite_library(NAME SOURCES ... LINKS ... [PRIVATE_LINKS ...])
# makes the static library of one folder: target apatite_NAME, alias apatite::NAME. Its headers are
# not installed (cmake/install.cmake installs those that are).
function(apatite_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(apatite_${name} STATIC ${ARG_SOURCES})
  add_library(apatite::${name} ALIAS apatite_${name})
  set_target_properties(apatite_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(apatite_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_compile_features(apatite_${name} PUBLIC $<BUILD_INTERFACE:cxx_std_20>)
  target_link_libraries(apatite_${name}
    PUBLIC ${ARG_LINKS}
    PRIVATE ${ARG_PRIVATE_LINKS} $<BUILD_INTERFACE:apatite_flags>)
  target_compile_options(apatite_${name} PRIVATE ${APATITE_PRECOMPILED_OPTIONS})
  if("OpenMP::OpenMP_CXX" IN_LIST ARG_PRIVATE_LINKS)
    target_precompile_headers(apatite_${name} PRIVATE ${APATITE_PRECOMPILED})
  else()
    target_precompile_headers(apatite_${name} REUSE_FROM apatite_precompiled)
  endif()
endfunction()
