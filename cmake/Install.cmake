# `cmake --install`: the program, the library, its public headers and find_package(glaux).
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/glaux)
set_target_properties(glaux PROPERTIES INSTALL_RPATH "$ORIGIN;${CMAKE_BUILD_RPATH}")
set_target_properties(glaux_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${CMAKE_BUILD_RPATH}")
install(TARGETS glaux glaux_cli
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
get_property(public_headers GLOBAL PROPERTY GLAUX_PUBLIC_HEADERS)
foreach(header ${public_headers})
  if(NOT header MATCHES "^testing/")
    get_filename_component(room ${header} DIRECTORY)
    install(FILES src/glaux/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/glaux/${room})
  endif()
endforeach()
configure_package_config_file(cmake/glauxConfig.cmake.in ${CMAKE_BINARY_DIR}/glauxConfig.cmake INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/glauxConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/glauxConfig.cmake ${CMAKE_BINARY_DIR}/glauxConfigVersion.cmake DESTINATION ${package_dir})
