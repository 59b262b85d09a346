# Flags, caches and linkers that every target shares.
add_library(glaux_flags INTERFACE)
# -fPIC by hand, for programs too: one precompiled header then serves libraries and programs.
target_compile_options(glaux_flags INTERFACE -fPIC -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
  # g++ 12 sees overruns inside std::string where there are none.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overread -Wno-stringop-overflow>)
if(GLAUX_WERROR)
  target_compile_options(glaux_flags INTERFACE -Werror)
endif()
if(GLAUX_SANITIZE)
  target_compile_options(glaux_flags INTERFACE -fsanitize=${GLAUX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  # g++ 12 sees uninitialized parts of std::function in std::regex once sanitizers are on.
  target_compile_options(glaux_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # vptr checks need the type information of Arrow's and DuckDB's classes, which their libraries hide.
  if(GLAUX_SANITIZE MATCHES "undefined")
    target_compile_options(glaux_flags INTERFACE -fno-sanitize=vptr)
  endif()
  target_link_options(glaux_flags INTERFACE -fsanitize=${GLAUX_SANITIZE})
endif()

# What programs with sanitizers are run with as tests. The sanitizer would end a fork of a program with threads.
set(GLAUX_TEST_ENVIRONMENT "GLAUX_SANITIZE=${GLAUX_SANITIZE}")
if(GLAUX_SANITIZE MATCHES "thread")
  list(APPEND GLAUX_TEST_ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp:die_after_fork=0")
endif()

# Fuzzers see which code an input reaches. Only what they need is built so: other programs lack the counter.
if(GLAUX_FUZZ)
  target_compile_options(glaux_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-fsanitize-coverage=trace-pc> $<$<CXX_COMPILER_ID:Clang>:-fsanitize=fuzzer-no-link>)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers need the two "sloppiness" words; base_dir lets two checkouts share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  target_compile_options(glaux_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_link_options(glaux_flags INTERFACE -fuse-ld=mold)
endif()
