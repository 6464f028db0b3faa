# Turns one file into a C++ string: a header declares `std::string_view FUNCTION()`, the source made
# here defines it.
#   cmake -DFILE=... -DOUT=... -DHEADER=... -DNAMESPACE=... -DFUNCTION=... -P embed_text.cmake

include(${CMAKE_CURRENT_LIST_DIR}/embed_bytes.cmake)
embed_bytes(${FILE} bytes)
file(WRITE ${OUT} "// Made by cmake/embed_text.cmake.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

namespace {

constexpr unsigned char text[] = {
${bytes}0x00};

}  // namespace

std::string_view ${FUNCTION}() {
  return {reinterpret_cast<const char*>(text), sizeof(text) - 1};
}

}  // namespace ${NAMESPACE}
")
