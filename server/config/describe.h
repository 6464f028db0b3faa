// The option table as people read it: --help, the effective configuration, the documentation.
#pragma once

#include <string>
#include <string_view>

#include "server/config/config.h"

namespace parley::server {

[[nodiscard]] std::string help_text(std::string_view program);
[[nodiscard]] std::string version_text(std::string_view program);

// The tables of docs/configuration.md, in Markdown.
[[nodiscard]] std::string options_markdown();

}  // namespace parley::server
