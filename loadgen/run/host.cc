#include "loadgen/run/host.h"

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace parley::loadgen {

namespace {

constexpr Duration sample_interval = seconds(1);

constexpr std::array<const char*, 10> sysctls{"net.core.somaxconn",
                                              "net.core.netdev_max_backlog",
                                              "net.ipv4.ip_local_port_range",
                                              "net.ipv4.tcp_rmem",
                                              "net.ipv4.tcp_wmem",
                                              "net.ipv4.tcp_congestion_control",
                                              "net.ipv4.tcp_max_syn_backlog",
                                              "net.ipv4.tcp_tw_reuse",
                                              "fs.file-max",
                                              "fs.nr_open"};

// A small file of /proc or /sys; empty when it cannot be read.
std::string read_file(const std::string& path) {
  std::string text;
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return text;
  std::array<char, 4'096> buffer;
  while (const std::size_t bytes = std::fread(buffer.data(), 1, buffer.size(), file)) {
    text.append(buffer.data(), bytes);
  }
  std::fclose(file);
  return text;
}

std::string first_line(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  std::replace(text.begin(), text.end(), '\t', ' ');
  return text;
}

// The value of "name<spaces>: value" in a text of such lines.
std::string value_of(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return {};
  std::size_t begin = text.find(':', at);
  if (begin == std::string::npos) return {};
  begin = text.find_first_not_of(" \t", begin + 1);
  return begin == std::string::npos ? std::string() : first_line(text.substr(begin));
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::map<std::string, std::string> mitigations() {
  std::map<std::string, std::string> found;
  const std::string folder = "/sys/devices/system/cpu/vulnerabilities/";
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return found;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.front() != '.') found[name] = first_line(read_file(folder + name));
  }
  closedir(directory);
  return found;
}

}  // namespace

HostFacts host_facts() {
  HostFacts facts;
  facts.cpu = value_of(read_file("/proc/cpuinfo"), "model name");
  utsname names{};
  if (uname(&names) == 0) facts.kernel = names.release;
  facts.cores = static_cast<std::uint32_t>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L));
  facts.memory_bytes = number_of(value_of(read_file("/proc/meminfo"), "MemTotal")) * 1'024;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.nofile = limit.rlim_cur;
  facts.mitigations = mitigations();
  for (const char* name : sysctls) {
    std::string path = name;
    std::replace(path.begin(), path.end(), '.', '/');
    facts.sysctl[name] = first_line(read_file("/proc/sys/" + path));
  }
  return facts;
}

std::uint32_t usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<std::uint32_t>(std::max(CPU_COUNT(&cores), 1));
}

std::optional<ProcessUse> process_use(std::uint32_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string stat = read_file(folder + "/stat");
  // The name of the process, in brackets, may hold anything.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  // proc(5): utime and stime are fields 14 and 15; what follows the name begins with field 3.
  constexpr int utime_field = 14 - 3;
  std::string_view rest = std::string_view(stat).substr(std::min(name_end + 2, stat.size()));
  for (int field = 0; field < utime_field; ++field) {
    rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  }
  const std::uint64_t user = number_of(rest);
  rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  const std::uint64_t ticks = user + number_of(rest);
  const auto per_second = static_cast<std::uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  const std::string rss = value_of(read_file(folder + "/status"), "VmRSS");
  if (rss.empty()) return std::nullopt;  // A zombie has no memory.
  return ProcessUse{
      .rss_bytes = number_of(rss) * 1'024,
      .cpu = Duration{static_cast<std::int64_t>(ticks * (1'000'000'000 / per_second))}};
}

std::optional<std::uint32_t> first_child(std::uint32_t pid) {
  const std::string number = std::to_string(pid);
  const std::string children = read_file("/proc/" + number + "/task/" + number + "/children");
  if (children.empty()) return std::nullopt;
  return static_cast<std::uint32_t>(number_of(children));
}

void ServerWatch::look(Instant now) {
  if (samples_.empty() || now - samples_.back().at >= sample_interval) sample(now);
}

void ServerWatch::sample(Instant now) {
  const std::optional<ProcessUse> use = process_use(pid_);
  if (use) samples_.push_back({.at = now, .use = *use});
}

double ServerWatch::cores_used(Instant from, Instant until) const {
  const ProcessSample* first = nullptr;
  const ProcessSample* last = nullptr;
  for (const ProcessSample& sample : samples_) {
    if (sample.at < from || sample.at > until) continue;
    if (first == nullptr) first = &sample;
    last = &sample;
  }
  if (first == nullptr || first == last) return 0;
  return static_cast<double>((last->use.cpu - first->use.cpu).ns) /
         static_cast<double>((last->at - first->at).ns);
}

}  // namespace parley::loadgen
