// The chat page's files, built into the binary.
#pragma once

#include <span>
#include <string_view>

namespace parley::server {

struct Asset {
  std::string_view path;  // Relative to the page: "", "style.css", ...
  std::string_view content_type;
  std::string_view body;
};

// All of them, from web/ as it was when this was built.
[[nodiscard]] std::span<const Asset> page_assets();

}  // namespace parley::server
