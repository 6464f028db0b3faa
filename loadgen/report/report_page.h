// The page that shows what a run measured: one HTML file that needs nothing else to be seen.
#pragma once

#include <string>
#include <string_view>

namespace parley::loadgen {

// The page for one JSON text as docs/load-report.md describes it. `json` must be valid JSON; its
// texts may hold anything: none of them can end the element that carries it.
[[nodiscard]] std::string report_page(std::string_view json);

}  // namespace parley::loadgen
