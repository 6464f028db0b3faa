// What was built, for reports.
#pragma once

#include <string>
#include <string_view>

namespace parley::loadgen {

[[nodiscard]] std::string_view build_version();   // "0.1.0"
[[nodiscard]] std::string_view build_revision();  // "ff7c74e", "-dirty" behind it when changed.
[[nodiscard]] std::string build_compiler();

}  // namespace parley::loadgen
