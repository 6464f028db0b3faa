// The connections of one worker, by slot.
//
// Memory     Address space for 64 bytes a slot at start; a page is touched when a slot on it is
//            first used, and slots are reused before new ones are touched.
// Lifetime   A Connection stays where it is from allocate() to release().
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "server/connection/connection.h"

namespace parley::server {

class ConnectionTable {
 public:
  explicit ConnectionTable(std::uint32_t slots_max);
  ~ConnectionTable();
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // Null when all slots are taken.
  [[nodiscard]] Connection* allocate();
  // REQUIRES: no operation under way, nothing queued.
  void release(Connection& connection);

  // Null when the id's tenant has gone.
  [[nodiscard]] Connection* find(ConnId id);
  // REQUIRES: the slot has been allocated at least once.
  [[nodiscard]] Connection& at(std::uint32_t slot) { return slots_[slot]; }

  [[nodiscard]] std::uint32_t slots_max() const { return slots_max_; }
  [[nodiscard]] std::uint32_t slots_touched() const { return slots_touched_; }
  [[nodiscard]] std::uint32_t in_use() const { return in_use_; }

 private:
  struct FreeDeleter {
    void operator()(void* memory) const;
  };

  const std::uint32_t slots_max_;
  std::unique_ptr<void, FreeDeleter> memory_;
  Connection* slots_;  // In memory_; constructed up to slots_touched_.
  std::uint32_t slots_touched_ = 0;
  std::uint32_t in_use_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace parley::server
