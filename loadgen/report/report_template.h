// The report page with a place for its data, as built from web/.
#pragma once

#include <string_view>

namespace parley::loadgen {

inline constexpr std::string_view report_placeholder = "@REPORT_JSON@";

// Holds report_placeholder exactly once; web/build.js sees to it.
[[nodiscard]] std::string_view report_template();

}  // namespace parley::loadgen
