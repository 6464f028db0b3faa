// Leads a crew through a run: everybody in, warm-up, the steady window, drain, close; and judges
// what came out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "loadgen/plan/plan_options.h"
#include "loadgen/run/crew.h"
#include "loadgen/run/host.h"

namespace parley::loadgen {

// Where a run is, for whoever shows it.
enum class Stage : std::uint8_t { ramp, warm_up, steady, drain, close };

class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher() = default;

  // A few times a second. `elapsed` is since the start, `server` null without --pid.
  virtual void on_look(Stage stage, Duration elapsed, const Glance& glance,
                       const ServerWatch* server) = 0;
  // True: the person has had enough. The run ends early, and is judged all the same.
  [[nodiscard]] virtual bool stop_wanted() = 0;
};

struct Verdict {
  struct Judged {
    Criterion criterion;
    double is{};
    bool holds{};
  };

  std::vector<std::string> invalid_because;  // Empty: valid.
  std::vector<std::string> doubts;           // Valid, as far as can be told.
  std::vector<std::string> faults;           // Of the server.
  std::vector<Judged> criteria;

  [[nodiscard]] bool valid() const { return invalid_because.empty(); }
  [[nodiscard]] bool good() const;
  // Neither good nor bad: a fault is one, whatever else the run says.
  [[nodiscard]] bool says_nothing() const { return !valid() && faults.empty(); }
};

struct RunReport {
  Plan plan;
  PlanTexts texts;
  Results results;
  std::uint32_t run{};
  std::uint64_t seed{};
  std::uint32_t workers{};
  UnixMillis started;
  Instant began;       // The same, on the clock of the samples.
  Duration steady_at;  // Since the start.
  Duration warm_up;    // As long as they really were.
  Duration steady;
  Duration closing;             // All connections, after the drain.
  std::uint64_t live_least{};   // Members, in the steady window.
  std::uint64_t live_at_end{};  // When all was over.
  bool stopped = false;         // Somebody had enough before its end,
  bool drain_cut = false;       // and did not wait for what was under way.
  double generator_cpu = 0;     // Cores used in the steady window.
  double generator_cores = 0;   // Cores it may use.
  double generator_busy = 0;    // Share of the time that its workers were at work.
  bool generator_saturated = false;
  std::optional<ServerWatch> server;
  double server_cpu = 0;  // Cores used in the steady window.
  Metrics metrics{};
  Verdict verdict;
};

struct Conducting {
  const Plan& plan;
  const PlanTexts& texts;
  std::uint32_t run{};
  std::uint64_t seed{};
  std::uint32_t server_pid = 0;  // 0: none is watched.
  double cores{};                // Of all machines that the crew is on.
};

// An error: the run could not be made, and why.
[[nodiscard]] Result<RunReport> conduct(Crew& crew, const Conducting& order, Watcher& watcher);

// What the criteria of a plan are judged by.
[[nodiscard]] Metrics metrics_of(const RunReport& report);
[[nodiscard]] Verdict judge(const RunReport& report);

}  // namespace parley::loadgen
