// How far a server can go: the highest value of something for which a run is still good.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"

namespace parley::loadgen {

// Brackets the answer by doubling and halving, then closes in by halves on a logarithmic scale. A
// value holds when `confirm` runs of it were good, and fails when as many were not, so that one
// noisy run decides nothing. What disturbs the generator disturbs the server, too: were a run that
// says nothing just made again, the bad ones would be thrown away and the good ones kept. So good
// ones count anew behind it.
//
//   while (!search.done()) search.tell(run_of(search.next()));
class CapacitySearch {
 public:
  struct Options {
    double first{};      // Where to begin.
    double precision{};  // How close the two ends come, as a share of the lower.
    std::uint32_t confirm{};
    bool whole = false;  // Of whole numbers.
    double least = 1;    // Gives up below.
    double most = 1e12;
  };

  struct Tried {
    double value{};
    std::uint32_t good = 0;  // Since the last run that was none.
    std::uint32_t bad = 0;
    bool decided = false;
    bool held = false;
  };

  explicit CapacitySearch(const Options& options);

  [[nodiscard]] bool done() const { return done_; }
  // The value that the next run is to have. REQUIRES: not done.
  [[nodiscard]] double next() const { return value_; }
  void tell(bool good);
  void tell_nothing();  // The run was none.

  // The lowest value that failed; nullopt: none did.
  [[nodiscard]] std::optional<double> failed() const { return failed_; }

  // The highest value that held; nullopt: none did.
  [[nodiscard]] std::optional<double> answer() const { return held_; }
  // In the order of trying.
  [[nodiscard]] const std::vector<Tried>& tried() const { return tried_; }

 private:
  void decide(bool held);
  void try_value(double value);

  const Options options_;
  std::vector<Tried> tried_;
  double value_;
  std::optional<double> held_;
  std::optional<double> failed_;
  bool done_ = false;
};

}  // namespace parley::loadgen
