# `cmake --install`: the program, the static libraries, the headers and a CMake package, so that
# another project writes
#   find_package(apatite REQUIRED)
#   target_link_libraries(mine PRIVATE apatite::apatite)
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(APATITE_FOLDERS base engine layers models weights image gradcam eval study)

# The whole library as one target.
add_library(apatite_all INTERFACE)
add_library(apatite::apatite ALIAS apatite_all)
set_target_properties(apatite_all PROPERTIES EXPORT_NAME apatite)
target_link_libraries(apatite_all INTERFACE apatite::study apatite::eval)

set(APATITE_TARGETS apatite_all)
foreach(folder IN LISTS APATITE_FOLDERS)
  list(APPEND APATITE_TARGETS apatite_${folder})
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/apatite
    FILES_MATCHING PATTERN "*.h")
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
