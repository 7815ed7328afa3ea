# `cmake --install`: the program, the static libraries, the public headers and a CMake package, so
# that another project writes
#   find_package(apatite REQUIRED)
#   target_link_libraries(mine PRIVATE apatite::apatite)
# and includes "apatite/apatite.h" (docs/library.md).
include(CMakePackageConfigHelpers)

# The public headers, which include each other and the standard library alone. All others are
# internal. tests/package compiles each of them alone, and compares this list with docs/library.md.
install(FILES apatite/apatite.h apatite/evaluation.h apatite/model.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/apatite)
# Their "base/error.h" is found beside them.
install(FILES base/error.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/apatite/base)

# A static library needs those that it is made of.
set(APATITE_TARGETS "")
foreach(folder IN ITEMS base engine layers models weights image gradcam eval study apatite)
  list(APPEND APATITE_TARGETS apatite_${folder})
endforeach()
install(TARGETS ${APATITE_TARGETS} EXPORT apatite-targets)
install(EXPORT apatite-targets NAMESPACE apatite::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/apatite)
configure_package_config_file(cmake/apatite-config.cmake.in apatite-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/apatite)
write_basic_package_version_file(apatite-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/apatite-config.cmake
              ${PROJECT_BINARY_DIR}/apatite-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/apatite)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
