# One source file per header, which includes that header and nothing else: it compiles if and only
# if the header includes all that it needs. They are built by the test, not by `all`, so that a
# header which does not stand alone is a failed test and not a broken build; ninja recompiles only
# those whose includes have changed.
file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR}
     ${CMAKE_SOURCE_DIR}/core/*.h ${CMAKE_SOURCE_DIR}/protocol/*.h ${CMAKE_SOURCE_DIR}/io/*.h
     ${CMAKE_SOURCE_DIR}/services/*.h ${CMAKE_SOURCE_DIR}/server/*.h
     ${CMAKE_SOURCE_DIR}/loadgen/*.h ${CMAKE_SOURCE_DIR}/bench/*.h ${CMAKE_SOURCE_DIR}/tests/*.h)

set(sources)
foreach(header IN LISTS headers)
  string(REPLACE "/" "." flat ${header})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${flat}.cc)
  set(text "#include \"${header}\"\n")
  if(EXISTS ${source})
    file(READ ${source} old)
  else()
    set(old "")
  endif()
  if(NOT text STREQUAL old)
    file(WRITE ${source} ${text})
  endif()
  list(APPEND sources ${source})
endforeach()

add_library(headers_alone OBJECT EXCLUDE_FROM_ALL ${sources})
target_link_libraries(headers_alone PRIVATE parley_flags)
# Nothing is run, so nothing need be good code.
target_compile_options(headers_alone PRIVATE -O0 -g0 -fno-sanitize=all)

add_test(NAME Tidy.headers_compile_alone
         COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target headers_alone -- -k 0)
set_tests_properties(Tidy.headers_compile_alone PROPERTIES LABELS "fast;tidy" TIMEOUT 1800)
