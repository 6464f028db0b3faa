// What is known about the machine, and about a process on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"

namespace parley::loadgen {

struct HostFacts {
  std::string cpu;
  std::string kernel;
  std::uint32_t cores{};
  std::uint64_t memory_bytes{};
  std::uint64_t nofile{};
  std::map<std::string, std::string> mitigations;
  std::map<std::string, std::string> sysctl;  // Those that matter to many connections.
};

[[nodiscard]] HostFacts host_facts();

// Cores that this process may run on.
[[nodiscard]] std::uint32_t usable_cores();

struct ProcessUse {
  std::uint64_t rss_bytes{};
  Duration cpu;  // Since it began: user and system.
};

// nullopt: there is no such process, or it has ended.
[[nodiscard]] std::optional<ProcessUse> process_use(std::uint32_t pid);

// A process that it started, if it did.
[[nodiscard]] std::optional<std::uint32_t> first_child(std::uint32_t pid);

struct ProcessSample {
  Instant at;
  ProcessUse use;
};

// Samples of a server, once a second.
class ServerWatch {
 public:
  explicit ServerWatch(std::uint32_t pid) : pid_(pid) {}

  void look(Instant now);  // Samples, unless it has just done so.
  void sample(Instant now);
  [[nodiscard]] std::uint32_t pid() const { return pid_; }
  [[nodiscard]] const std::vector<ProcessSample>& samples() const { return samples_; }
  // Cores used between two times, as well as the samples tell; 0 when they tell nothing.
  [[nodiscard]] double cores_used(Instant from, Instant until) const;

 private:
  std::uint32_t pid_;
  std::vector<ProcessSample> samples_;
};

}  // namespace parley::loadgen
