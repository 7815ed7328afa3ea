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
endfunction()
