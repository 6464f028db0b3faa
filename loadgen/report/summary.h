// What a person reads: the table at the end of a run, and a line while it is under way.
#pragma once

#include <cstdio>
#include <string>

#include "loadgen/run/conductor.h"

namespace parley::loadgen {

// Escape sequences for a terminal, or nothing.
struct Colours {
  const char* red = "";
  const char* green = "";
  const char* yellow = "";
  const char* faint = "";
  const char* plain = "";
};
[[nodiscard]] Colours colours_for(std::FILE* stream);

[[nodiscard]] std::string summary(const RunReport& report, const Colours& colours);

// Shows a run on a terminal, in one line that changes, or as lines of a log elsewhere. Ends it
// early on SIGINT or SIGTERM, which must be blocked.
class LiveView final : public Watcher {
 public:
  // `stream` is borrowed. `quiet`: shows nothing.
  LiveView(std::FILE* stream, const Plan& plan, bool quiet);
  ~LiveView() override;

  void on_look(Stage stage, Duration elapsed, const Glance& glance,
               const ServerWatch* server) override;
  [[nodiscard]] bool stop_wanted() override;
  // Whether it ever was.
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  [[nodiscard]] std::string line(Stage stage, Duration elapsed, const Glance& glance,
                                 const ServerWatch* server) const;

  std::FILE* stream_;
  const Plan& plan_;  // Borrowed from the caller.
  const bool quiet_;
  const bool terminal_;
  Stage stage_ = Stage::ramp;
  Duration stage_began_;
  Duration shown_at_{-1'000'000'000'000};
  Duration measured_at_;
  Counters measured_;
  double publications_per_s_ = 0;
  double deliveries_per_s_ = 0;
  double connects_per_s_ = 0;
  bool line_open_ = false;
  bool stopped_ = false;
};

}  // namespace parley::loadgen
