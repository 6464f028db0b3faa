// A small model of the C++ memory model, to walk every execution of a few threads of a few steps:
// every interleaving, and at every load every value that the orders used still allow it to read.
//
// An atomic location is the list of all values ever stored to it. A thread has a view: the oldest
// entry of each list that it may still read. A store with release attaches the view to the value; a
// load with acquire takes it over. A seq_cst load may not read anything older than the last seq_cst
// store. A plain location remembers who has seen its last write: reading or writing it without
// having seen that (or, for a write, the last read) is a data race. Read-modify-writes read the
// newest value and pass on the view they found, as release sequences do.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace parley::model {

enum class Order : std::uint8_t { relaxed, acquire, release, seq_cst };

inline constexpr std::size_t locations_max = 8;  // Atomic and plain ones together.
inline constexpr std::size_t threads_max = 3;

using View = std::array<std::uint8_t, locations_max>;

inline void join(View& into, const View& other) {
  for (std::size_t i = 0; i < locations_max; ++i) into[i] = std::max(into[i], other[i]);
}

class Memory {
 public:
  explicit Memory(std::uint8_t initial) {
    for (std::vector<Stored>& values : atomics_) values.push_back({.value = initial, .view = {}});
  }

  // How many values a load may read; `choice` of load() counts them from the newest.
  [[nodiscard]] std::size_t choices(std::size_t thread, std::size_t location, Order order) const {
    std::uint8_t oldest = views_[thread][location];
    if (order == Order::seq_cst) oldest = std::max(oldest, seq_cst_[location]);
    return atomics_[location].size() - oldest;
  }

  [[nodiscard]] std::uint8_t load(std::size_t thread, std::size_t location, Order order,
                                  std::size_t choice) {
    const std::size_t at = atomics_[location].size() - 1 - choice;
    const Stored& stored = atomics_[location][at];
    View& view = views_[thread];
    view[location] = std::max(view[location], static_cast<std::uint8_t>(at));
    if (order == Order::acquire || order == Order::seq_cst) join(view, stored.view);
    return stored.value;
  }

  void store(std::size_t thread, std::size_t location, std::uint8_t value, Order order) {
    push(thread, location, value, order, View{});
  }

  // Both return the value before.
  std::uint8_t exchange(std::size_t thread, std::size_t location, std::uint8_t value, Order order) {
    const Stored before = atomics_[location].back();
    if (order == Order::acquire || order == Order::seq_cst) join(views_[thread], before.view);
    push(thread, location, value, order, before.view);
    return before.value;
  }
  std::uint8_t fetch_or(std::size_t thread, std::size_t location, std::uint8_t bits, Order order) {
    const std::uint8_t before = atomics_[location].back().value;
    return exchange(thread, location, static_cast<std::uint8_t>(before | bits), order);
  }

  // A plain location shares no number with an atomic one. False: a data race.
  [[nodiscard]] bool write_plain(std::size_t thread, std::size_t location, std::uint8_t value) {
    const bool ordered = views_[thread][location] == plain_[location].accesses;
    plain_[location].value = value;
    views_[thread][location] = ++plain_[location].accesses;
    return ordered;
  }
  // One reader: its reads count as accesses that the next write must have seen.
  [[nodiscard]] bool read_plain(std::size_t thread, std::size_t location, std::uint8_t& value) {
    const bool ordered = views_[thread][location] == plain_[location].accesses;
    value = plain_[location].value;
    views_[thread][location] = ++plain_[location].accesses;
    return ordered;
  }

  void append_to(std::string& key) const {
    for (const std::vector<Stored>& values : atomics_) {
      key.push_back(static_cast<char>(values.size()));
      for (const Stored& stored : values) {
        key.push_back(static_cast<char>(stored.value));
        append(key, stored.view);
      }
    }
    for (const Plain& plain : plain_) {
      key.push_back(static_cast<char>(plain.value));
      key.push_back(static_cast<char>(plain.accesses));
    }
    for (const View& view : views_) append(key, view);
    append(key, seq_cst_);
  }

 private:
  struct Stored {
    std::uint8_t value;
    View view;
  };
  struct Plain {
    std::uint8_t value = 0;
    std::uint8_t accesses = 0;
  };

  static void append(std::string& key, const View& view) {
    key.append(reinterpret_cast<const char*>(view.data()), view.size());
  }

  void push(std::size_t thread, std::size_t location, std::uint8_t value, Order order, View view) {
    const auto at = static_cast<std::uint8_t>(atomics_[location].size());
    views_[thread][location] = at;
    if (order == Order::release || order == Order::seq_cst) join(view, views_[thread]);
    if (order == Order::seq_cst) seq_cst_[location] = at;
    atomics_[location].push_back({.value = value, .view = view});
  }

  std::array<std::vector<Stored>, locations_max> atomics_;
  std::array<Plain, locations_max> plain_{};
  std::array<View, threads_max> views_{};
  View seq_cst_{};
};

struct Explored {
  std::size_t states = 0;
  std::size_t ends = 0;   // States in which no thread can go on.
  std::string violation;  // Empty: none was found.
};

// Walks all states a Machine can reach. A Machine is copied freely and has
//   std::size_t choices(std::size_t thread) const;      0: that thread cannot go on
//   void step(std::size_t thread, std::size_t choice);
//   std::string violation(bool ended) const;            what is wrong in this state; empty: nothing
//   std::string key() const;                            equal keys: equal futures
template <class Machine>
Explored explore(const Machine& start) {
  Explored result;
  std::unordered_set<std::string> seen;
  std::vector<Machine> to_visit{start};
  seen.insert(start.key());
  while (!to_visit.empty() && result.violation.empty()) {
    const Machine machine = std::move(to_visit.back());
    to_visit.pop_back();
    ++result.states;
    bool ended = true;
    for (std::size_t thread = 0; thread < threads_max; ++thread) {
      const std::size_t choices = machine.choices(thread);
      for (std::size_t choice = 0; choice < choices; ++choice) {
        ended = false;
        Machine next = machine;
        next.step(thread, choice);
        if (seen.insert(next.key()).second) to_visit.push_back(std::move(next));
      }
    }
    if (ended) ++result.ends;
    result.violation = machine.violation(ended);
  }
  return result;
}

}  // namespace parley::model
