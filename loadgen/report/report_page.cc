#include "loadgen/report/report_page.h"

#include "core/base/check.h"
#include "loadgen/report/report_template.h"

namespace parley::loadgen {

std::string report_page(std::string_view json) {
  const std::string_view page = report_template();
  const std::size_t at = page.find(report_placeholder);
  CHECK(at != std::string_view::npos);

  std::string filled;
  filled.reserve(page.size() + json.size() + json.size() / 8);
  filled += page.substr(0, at);
  // Inside <script>, HTML looks for "</script" and "<!--" and for nothing else. In JSON a '<' only
  // ever stands in a text, where it may be written as an escape.
  for (const char c : json) {
    if (c == '<') {
      filled += "\\u003c";
    } else {
      filled += c;
    }
  }
  filled += page.substr(at + report_placeholder.size());
  return filled;
}

}  // namespace parley::loadgen
