# glaux_room(NAME PUBLIC_HEADERS … SOURCES … TESTS … DEPENDS rooms… PRIVATE_DEPENDS rooms… LIBRARIES targets…)
#
# A room is one folder under src/glaux: headers, code and unit tests side by side.
#   PUBLIC_HEADERS   installed, must compile alone
#   DEPENDS          rooms that our headers name; PRIVATE_DEPENDS: rooms that only our .cc files name
#   LIBRARIES        outside libraries, as CMake targets
#   TESTS            one test program per room: build/tests/<room>_test, registered as ctest `room.<name>`
# A room without DEPENDS still knows Arrow's core and the standard library.
add_library(glaux_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
target_link_libraries(glaux_pch PUBLIC glaux_flags Arrow::arrow_shared)
target_precompile_headers(glaux_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
if(GLAUX_TESTS)
  add_library(glaux_test_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
  target_link_libraries(glaux_test_pch PUBLIC glaux_flags Arrow::arrow_shared GTest::gtest GTest::gmock)
  target_precompile_headers(glaux_test_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/test_pch.h)
endif()

set_property(GLOBAL PROPERTY GLAUX_ROOMS "")

function(glaux_room name)
  cmake_parse_arguments(ROOM "" "" "PUBLIC_HEADERS;SOURCES;TESTS;DEPENDS;PRIVATE_DEPENDS;TEST_DEPENDS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" id ${name})
  set(target glaux_room_${id})
  set_property(GLOBAL APPEND PROPERTY GLAUX_ROOMS ${name})

  add_library(${target} STATIC ${ROOM_SOURCES} ${ROOM_PUBLIC_HEADERS})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_precompile_headers(${target} REUSE_FROM glaux_pch)
  set_property(GLOBAL APPEND PROPERTY GLAUX_ROOM_TARGETS ${target})
  set_property(GLOBAL APPEND PROPERTY GLAUX_ROOM_LIBRARIES ${ROOM_LIBRARIES})
  foreach(header ${ROOM_PUBLIC_HEADERS})
    set_property(GLOBAL APPEND PROPERTY GLAUX_PUBLIC_HEADERS ${name}/${header})
  endforeach()

  set(allowed ${name} ${ROOM_DEPENDS} ${ROOM_PRIVATE_DEPENDS})
  foreach(kind DEPENDS PRIVATE_DEPENDS TEST_DEPENDS)
    set(${kind}_targets "")
    foreach(room ${ROOM_${kind}})
      string(REPLACE "/" "_" room_id ${room})
      list(APPEND ${kind}_targets glaux_room_${room_id})
    endforeach()
  endforeach()
  target_link_libraries(${target} PUBLIC glaux_flags Arrow::arrow_shared Threads::Threads ${DEPENDS_targets}
                                  PRIVATE ${PRIVATE_DEPENDS_targets} ${ROOM_LIBRARIES})

  if(GLAUX_TESTS)
    add_test(NAME includes.${name}
      COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/check_includes.py --source ${CMAKE_SOURCE_DIR}/src --room ${name}
              --allow ${allowed} --headers ${ROOM_PUBLIC_HEADERS})
    if(ROOM_TESTS)
      add_executable(${id}_test ${ROOM_TESTS})
      target_precompile_headers(${id}_test REUSE_FROM glaux_test_pch)
      set_target_properties(${id}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
      target_link_libraries(${id}_test PRIVATE ${target} ${TEST_DEPENDS_targets} ${ROOM_LIBRARIES} glaux_room_testing
                                               glaux_test_main GTest::gtest GTest::gmock)
      add_test(NAME room.${name} COMMAND ${id}_test --gtest_brief=1)
      set_tests_properties(room.${name} PROPERTIES LABELS unit TIMEOUT 600 ENVIRONMENT "${GLAUX_TEST_ENVIRONMENT}")
    endif()
  endif()
endfunction()
