# The build's few words: parley_library, parley_program, parley_test, parley_fuzz.
#
# PARLEY_SANITIZE is empty, "address" (with undefined), "thread" or "fuzz" (clang, with address).
# PARLEY_ALLOCATOR is what malloc() is in the programs: "system", "mimalloc" or "jemalloc".
#
# Targets that gather others, so that a preset builds no more than it is for:
#   thread_tests  every parley_test with the label `threads`: what the preset tsan is for
#   fuzzers       every parley_fuzz: what the preset fuzz is for

set(PARLEY_SANITIZE "" CACHE STRING "address, thread, fuzz or empty")
set(PARLEY_ALLOCATOR system CACHE STRING "system, mimalloc or jemalloc")
set_property(CACHE PARLEY_ALLOCATOR PROPERTY STRINGS system mimalloc jemalloc)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${PARLEY_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PARLEY_CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

add_library(parley_flags INTERFACE)
target_include_directories(parley_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(parley_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-omit-frame-pointer)
# What designated initialisers leave out has its default on purpose.
target_compile_options(parley_flags INTERFACE -Wno-missing-field-initializers)

if(PARLEY_SANITIZE STREQUAL "address")
  # Not vptr: its check needs the type information that -fno-rtti leaves out.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(PARLEY_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(PARLEY_SANITIZE STREQUAL "fuzz")
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=vptr
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

# What programs link to get the chosen allocator: nothing for the system's. Nobody calls the library
# by name, so a linker that drops what looks unused is told to keep it.
add_library(parley_allocator INTERFACE)
if(PARLEY_ALLOCATOR STREQUAL "mimalloc" OR PARLEY_ALLOCATOR STREQUAL "jemalloc")
  if(PARLEY_SANITIZE)
    message(FATAL_ERROR "PARLEY_ALLOCATOR=${PARLEY_ALLOCATOR}: a sanitizer brings its own, so this"
                        " is for the preset release")
  endif()
  find_library(PARLEY_LIBRARY_OF_${PARLEY_ALLOCATOR} ${PARLEY_ALLOCATOR})
  if(NOT PARLEY_LIBRARY_OF_${PARLEY_ALLOCATOR})
    message(FATAL_ERROR "PARLEY_ALLOCATOR=${PARLEY_ALLOCATOR}: the library is missing, install the"
                        " Debian package lib${PARLEY_ALLOCATOR}-dev")
  endif()
  target_link_libraries(parley_allocator INTERFACE
    -Wl,--push-state,--no-as-needed ${PARLEY_LIBRARY_OF_${PARLEY_ALLOCATOR}} -Wl,--pop-state)
elseif(NOT PARLEY_ALLOCATOR STREQUAL "system")
  message(FATAL_ERROR "PARLEY_ALLOCATOR=${PARLEY_ALLOCATOR}: it is system, mimalloc or jemalloc")
endif()

add_custom_target(thread_tests)
add_custom_target(fuzzers)

# The release build is what an operator runs: there, tests and benchmarks wait to be asked for by
# the name of their target.
function(parley_on_demand_in_release name)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR}
             OUTPUT_VARIABLE folder)
  if(PARLEY_SANITIZE STREQUAL "" AND folder MATCHES "^(tests|bench)(/|$)")
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()

# Production code has no exceptions and no RTTI; EXCEPTIONS lifts that for a library whose
# third-party headers throw, and then none may leave it.
function(parley_library name)
  cmake_parse_arguments(ARG "EXCEPTIONS" "" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC parley_flags ${ARG_DEPENDS} PRIVATE ${ARG_THIRD_PARTY})
  if(NOT ARG_EXCEPTIONS)
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>)
  endif()
  parley_on_demand_in_release(${name})
endfunction()

function(parley_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE parley_flags ${ARG_DEPENDS} ${ARG_THIRD_PARTY}
                        Threads::Threads parley_allocator)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  parley_on_demand_in_release(${name})
endfunction()

# One GoogleTest program; each of its tests is a CTest test with the given labels.
function(parley_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;THIRD_PARTY;LABELS" ${ARGN})
  if(PARLEY_SANITIZE STREQUAL "fuzz")
    return()
  endif()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE parley_flags ${ARG_DEPENDS} ${ARG_THIRD_PARTY}
                        GTest::gmock GTest::gtest_main Threads::Threads)
  parley_on_demand_in_release(${name})
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(thread_tests ${name})
  endif()
  # gtest_discover_tests() cannot pass a list on; `ctest -L` searches by pattern, so one joined word
  # is found by each of its parts.
  string(JOIN "+" labels ${ARG_LABELS})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${labels}" SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

# One libFuzzer program, built by the preset "fuzz" only. Its corpus is the folder `corpus` beside
# its CMakeLists.txt (or `corpus/NAME` where several share it); CTest replays that once.
# A target named *_canary must find its planted fault: it proves that the harness sees failure.
function(parley_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  if(NOT PARLEY_SANITIZE STREQUAL "fuzz")
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE parley_flags ${ARG_DEPENDS} ${ARG_THIRD_PARTY})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
  add_dependencies(fuzzers ${name})

  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus)
  if(IS_DIRECTORY ${corpus}/${name})
    set(corpus ${corpus}/${name})
  endif()
  if(name MATCHES "_canary$")
    add_test(NAME Fuzz.${name}.FindsItsPlantedFault
             COMMAND ${name} -runs=1000000 -seed=1 -artifact_prefix=${CMAKE_BINARY_DIR}/fuzzers/)
    set_tests_properties(Fuzz.${name}.FindsItsPlantedFault PROPERTIES
                         LABELS fuzz WILL_FAIL TRUE TIMEOUT 120)
  else()
    add_test(NAME Fuzz.${name}.ReplaysItsCorpus
             COMMAND ${name} -runs=0 -artifact_prefix=${CMAKE_BINARY_DIR}/fuzzers/ ${corpus})
    set_tests_properties(Fuzz.${name}.ReplaysItsCorpus PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endfunction()
