#include "loadgen/cli/report_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "loadgen/report/report_page.h"

namespace parley::loadgen {

namespace {

Result<void> cannot_write(const std::string& path) {
  return failure("cannot write " + path + ": " + std::strerror(errno));
}

Result<void> check_file(const std::string& path) {
  if (path.empty()) return {};
  struct stat found{};
  const bool exists = stat(path.c_str(), &found) == 0;
  // To open a pipe would wait for its reader, or wake one.
  if (exists && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) {
    return access(path.c_str(), W_OK) == 0 ? Result<void>{} : cannot_write(path);
  }
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return cannot_write(path);
  close(fd);
  // A run that fails leaves no empty report behind.
  if (!exists) unlink(path.c_str());
  return {};
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  const bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  return written && closed ? Result<void>{} : cannot_write(path);
}

}  // namespace

Result<void> check_reports(const Arguments& arguments) {
  const Result<void> json = check_file(arguments.json_file);
  return json ? check_file(arguments.html_file) : json;
}

Result<void> write_reports(const Arguments& arguments, const std::string& json) {
  Result<void> json_written;
  Result<void> html_written;
  if (!arguments.json_file.empty()) json_written = write_file(arguments.json_file, json);
  if (!arguments.html_file.empty()) {
    html_written = write_file(arguments.html_file, report_page(json));
  }
  return json_written ? html_written : json_written;
}

}  // namespace parley::loadgen
