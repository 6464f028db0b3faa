#include "loadgen/report/build_facts.h"

namespace parley::loadgen {

std::string_view build_version() {
  return PARLEY_VERSION;
}

std::string build_compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace parley::loadgen
