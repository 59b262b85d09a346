# Third-party libraries. Arrow and DuckDB: what scripts/setup.sh put into GLAUX_DEPS, else what is installed.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(pugixml REQUIRED)
find_library(ISAL_LIBRARY isal REQUIRED)
find_path(ISAL_INCLUDE_DIR isa-l/igzip_lib.h REQUIRED)
add_library(glaux_isal INTERFACE)
target_link_libraries(glaux_isal INTERFACE ${ISAL_LIBRARY})
target_include_directories(glaux_isal SYSTEM INTERFACE ${ISAL_INCLUDE_DIR})
find_library(UTF8PROC_LIBRARY utf8proc REQUIRED)
find_package(LibLZMA REQUIRED)

file(GLOB GLAUX_PYARROW ${GLAUX_DEPS}/venv/lib/python3*/site-packages/pyarrow)
if(GLAUX_PYARROW)
  set(GLAUX_ARROW_SO 2600)
  function(glaux_wheel_library target file)
    add_library(${target} SHARED IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION ${GLAUX_PYARROW}/${file}.so.${GLAUX_ARROW_SO}
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${GLAUX_PYARROW}/include
      INTERFACE_INCLUDE_DIRECTORIES ${GLAUX_PYARROW}/include)
  endfunction()
  glaux_wheel_library(Arrow::arrow_shared libarrow)
  glaux_wheel_library(ArrowCompute::arrow_compute_shared libarrow_compute)
  glaux_wheel_library(Parquet::parquet_shared libparquet)
  set_property(TARGET ArrowCompute::arrow_compute_shared Parquet::parquet_shared
               APPEND PROPERTY INTERFACE_LINK_LIBRARIES Arrow::arrow_shared)
  list(APPEND CMAKE_BUILD_RPATH ${GLAUX_PYARROW})
else()
  find_package(Arrow REQUIRED)
  find_package(ArrowCompute QUIET)
  find_package(Parquet REQUIRED)
  if(NOT TARGET ArrowCompute::arrow_compute_shared)
    add_library(ArrowCompute::arrow_compute_shared INTERFACE IMPORTED GLOBAL)
  endif()
endif()

add_library(glaux_duckdb SHARED IMPORTED GLOBAL)
if(EXISTS ${GLAUX_DEPS}/duckdb/lib/libduckdb.so)
  set(GLAUX_DUCKDB_LIBRARY ${GLAUX_DEPS}/duckdb/lib/libduckdb.so)
  set(GLAUX_DUCKDB_INCLUDE ${GLAUX_DEPS}/duckdb/include)
  list(APPEND CMAKE_BUILD_RPATH ${GLAUX_DEPS}/duckdb/lib)
else()
  find_library(GLAUX_DUCKDB_LIBRARY duckdb REQUIRED)
  find_path(GLAUX_DUCKDB_INCLUDE duckdb/common/multi_file/multi_file_reader.hpp REQUIRED)
endif()
set_target_properties(glaux_duckdb PROPERTIES
  IMPORTED_LOCATION ${GLAUX_DUCKDB_LIBRARY}
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${GLAUX_DUCKDB_INCLUDE}
  INTERFACE_INCLUDE_DIRECTORIES ${GLAUX_DUCKDB_INCLUDE})

if(GLAUX_TESTS)
  find_package(GTest REQUIRED)
  find_package(LibArchive REQUIRED)  # writes the zip files that tests read
endif()
