// The whole of a small file. The error is an errno value: ENOENT, EISDIR, EFBIG over 1 MiB.
#pragma once

#include <expected>
#include <string>

namespace parley::server {

[[nodiscard]] std::expected<std::string, int> file_text(const std::string& path);

}  // namespace parley::server
