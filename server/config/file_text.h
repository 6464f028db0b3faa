// The whole of a small file. The error is the system's reason, such as "Is a directory".
#pragma once

#include <string>

#include "core/base/result.h"

namespace parley::server {

[[nodiscard]] Result<std::string> file_text(const std::string& path);

}  // namespace parley::server
