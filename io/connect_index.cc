#include "io/connect_index.h"

#include <cstdlib>
#include <type_traits>
#include <utility>

#include "core/base/check.h"

namespace parley::io {

void ConnectIndex::FreeDeleter::operator()(Entry* entries) const {
  std::free(entries);
}

ConnectIndex::ConnectIndex(std::uint32_t sockets)
    : size_(sockets),
      entries_(static_cast<Entry*>(std::calloc(sockets, sizeof(Entry)))) {  // Zero pages.
  static_assert(std::is_trivially_copyable_v<Entry> && std::is_trivially_destructible_v<Entry>);
  CHECK(entries_ != nullptr);
}

ConnectIndex::Entry& ConnectIndex::at(std::uint32_t socket) {
  CHECK(socket < size_);
  return entries_[socket];
}

void ConnectIndex::add(std::uint32_t socket, ConnId conn) {
  CHECK(link_of(conn.slot) == nobody);
  at(socket) = {.conn = conn, .next = std::exchange(first_[conn.slot % buckets], socket + 1)};
}

void ConnectIndex::remove(std::uint32_t socket) {
  std::uint32_t* link = &first_[at(socket).conn.slot % buckets];
  while (*link != socket + 1) {
    CHECK(*link != nobody);
    link = &at(*link - 1).next;
  }
  *link = at(socket).next;
}

std::uint32_t ConnectIndex::link_of(std::uint32_t conn_slot) const {
  std::uint32_t link = first_[conn_slot % buckets];
  while (link != nobody && entries_[link - 1].conn.slot != conn_slot)
    link = entries_[link - 1].next;
  return link;
}

std::optional<std::uint32_t> ConnectIndex::find(ConnId conn) const {
  const std::uint32_t link = link_of(conn.slot);
  if (link == nobody || entries_[link - 1].conn != conn) return std::nullopt;
  return link - 1;
}

}  // namespace parley::io
