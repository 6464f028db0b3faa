#include "io/socket_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/check.h"

namespace parley::io {

namespace {

constexpr std::uint8_t bit(Tag::Kind kind) {
  return static_cast<std::uint8_t>(1u << std::to_underlying(kind));
}

}  // namespace

SocketTable::SocketTable(std::uint32_t sockets) : sockets_(sockets), free_count_(sockets) {
  CHECK(sockets > 0);
  CHECK(sockets <= sockets_max);
}

SocketTable::Socket& SocketTable::at(std::uint32_t socket) {
  CHECK(socket < sockets_.size());
  return sockets_[socket];
}

bool SocketTable::is_open(std::uint32_t socket) const {
  return socket < sockets_.size() && sockets_[socket].open;
}

void SocketTable::open(std::uint32_t socket) {
  CHECK(!at(socket).open);
  CHECK(free_count_ > 0);
  at(socket) = Socket{.open = true};
  free_count_ -= 1;
}

std::uint32_t SocketTable::lowest_free() {
  CHECK(free_count_ > 0);
  while (at(lowest_free_).open) lowest_free_ += 1;
  return lowest_free_;
}

void SocketTable::drop(std::uint32_t socket) {
  CHECK(at(socket).open);
  at(socket).open = false;
  free_count_ += 1;
  lowest_free_ = std::min(lowest_free_, socket);
}

IpAddress SocketTable::peer(std::uint32_t socket) const {
  CHECK(is_open(socket));
  const sockaddr_in6& address = sockets_[socket].address;
  IpAddress ip;
  if (address.sin6_family == AF_INET6) {
    std::memcpy(ip.octets.data(), &address.sin6_addr, ip.octets.size());
  } else if (address.sin6_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ip = IpAddress::v4(0, 0, 0, 0);
    std::memcpy(&ip.octets[12], &v4.sin_addr, sizeof v4.sin_addr);
  }
  return ip;
}

std::uint64_t SocketTable::begin(Tag::Kind kind, ConnId conn, SocketId socket) {
  CHECK(conn.slot < ConnId::slots_max);
  Socket& record = at(socket.value);
  CHECK(record.open);
  CHECK((record.under_way & (bit(kind) | bit(Tag::Kind::close))) == 0);
  const bool idle = record.under_way == 0 && record.cancels == 0;
  CHECK(idle || record.conn_slot == conn.slot);  // A socket has one tenant at a time.
  CHECK(idle || kind != Tag::Kind::close);
  record.conn_slot = conn.slot;
  if (kind == Tag::Kind::cancel) {
    CHECK(record.cancels < UINT8_MAX);
    record.cancels += 1;
  } else {
    record.under_way |= bit(kind);
  }
  return Tag{kind, socket.value, conn.generation}.pack();
}

ConnId SocketTable::end(Tag tag, bool more) {
  Socket& record = at(tag.socket);
  CHECK(record.open);
  const ConnId conn{record.conn_slot, tag.generation};
  if (tag.kind == Tag::Kind::cancel) {
    CHECK(record.cancels > 0);
    record.cancels -= 1;
  } else if (!more) {
    CHECK((record.under_way & bit(tag.kind)) != 0);
    record.under_way &= static_cast<std::uint8_t>(~bit(tag.kind));
  }
  if (tag.kind == Tag::Kind::close) drop(tag.socket);
  return conn;
}

}  // namespace parley::io
