#include "server/connection/connection_table.h"

#include <cstdlib>
#include <new>
#include <utility>

#include "core/base/check.h"

namespace parley::server {

void ConnectionTable::FreeDeleter::operator()(void* memory) const {
  std::free(memory);
}

ConnectionTable::ConnectionTable(std::uint32_t slots_max)
    : slots_max_(slots_max),
      memory_(std::aligned_alloc(alignof(Connection), slots_max * sizeof(Connection))),
      slots_(static_cast<Connection*>(memory_.get())) {
  CHECK(slots_max <= ConnId::slots_max);
  CHECK(memory_ != nullptr);
}

ConnectionTable::~ConnectionTable() {
  for (std::uint32_t slot = 0; slot < slots_touched_; ++slot) slots_[slot].~Connection();
}

Connection* ConnectionTable::allocate() {
  std::uint32_t slot;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else if (slots_touched_ < slots_max_) {
    slot = slots_touched_++;
    new (&slots_[slot]) Connection;
    slots_[slot].id = {slot, 0};
  } else {
    return nullptr;
  }
  Connection& connection = slots_[slot];
  CHECK(connection.phase == Phase::free);
  connection.id.generation += 1;
  if (connection.id.generation == 0) connection.id.generation = 1;
  in_use_ += 1;
  return &connection;
}

void ConnectionTable::release(Connection& connection) {
  CHECK(connection.outbox.empty() && !connection.outbox.has_gaps());
  CHECK(!connection.receiving && !connection.shutting_down && !connection.cancelling);
  CHECK(!connection.in_hub && !connection.counted);
  const ConnId id = connection.id;
  connection.~Connection();
  new (&connection) Connection;
  connection.id = id;
  free_.push_back(id.slot);
  in_use_ -= 1;
}

Connection* ConnectionTable::find(ConnId id) {
  if (id.slot >= slots_touched_) return nullptr;
  Connection& connection = slots_[id.slot];
  return connection.id == id && connection.phase != Phase::free ? &connection : nullptr;
}

}  // namespace parley::server
