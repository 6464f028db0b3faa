# Writes the revision that is being built into a C++ source, if it is another than last time:
#   cmake -DFOLDER=... -DOUT=... -P write_revision.cmake

execute_process(COMMAND git describe --always --dirty --abbrev=12
                WORKING_DIRECTORY ${FOLDER} OUTPUT_VARIABLE revision
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(revision "unknown")  # Not a clone.
endif()
set(text "// Made by cmake/write_revision.cmake.
#include \"loadgen/report/build_facts.h\"

namespace parley::loadgen {

std::string_view build_revision() { return \"${revision}\"; }

}  // namespace parley::loadgen
")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
