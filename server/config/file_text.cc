#include "server/config/file_text.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace parley::server {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::expected<std::string, int> file_text(const std::string& path) {
  constexpr std::size_t file_bytes_max = 1 << 20;  // Against a device or a log named by mistake.
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) return std::unexpected(errno);
  std::string text;
  std::array<char, 4'096> block{};
  while (true) {
    const std::size_t bytes = std::fread(block.data(), 1, block.size(), file.get());
    text.append(block.data(), bytes);
    if (text.size() > file_bytes_max) return std::unexpected(EFBIG);
    if (bytes < block.size()) break;
  }
  if (std::ferror(file.get()) != 0) return std::unexpected(errno);
  return text;
}

}  // namespace parley::server
