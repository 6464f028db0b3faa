#include "io/socket_table.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "core/base/check.h"

namespace parley::io {

namespace {

static_assert(std::to_underlying(Tag::Kind::cancel_connect) < 8);

constexpr std::uint8_t bit(Tag::Kind kind) {
  return static_cast<std::uint8_t>(1u << std::to_underlying(kind));
}

constexpr std::uint32_t word_bits = 64;

constexpr std::uint64_t bit_in_word(std::uint32_t socket) {
  return std::uint64_t{1} << socket % word_bits;
}

}  // namespace

void SocketTable::FreeDeleter::operator()(Socket* sockets) const {
  std::free(sockets);
}

SocketTable::SocketTable(std::uint32_t sockets)
    : size_(sockets),
      sockets_(static_cast<Socket*>(std::calloc(sockets, sizeof(Socket)))),  // Zero pages.
      free_((sockets + word_bits - 1) / word_bits),
      free_count_(sockets) {
  static_assert(std::is_trivially_copyable_v<Socket> && std::is_trivially_destructible_v<Socket>);
  CHECK(sockets > 0);
  CHECK(sockets <= sockets_max);
  CHECK(sockets_ != nullptr);
  for (std::uint32_t i = 0; i < sockets; ++i) free_[i / word_bits] |= bit_in_word(i);
}

SocketTable::Socket& SocketTable::at(std::uint32_t socket) {
  CHECK(socket < size_);
  return sockets_[socket];
}

bool SocketTable::is_open(std::uint32_t socket) const {
  return socket < size_ && sockets_[socket].open;
}

void SocketTable::open(std::uint32_t socket) {
  CHECK(!at(socket).open);
  CHECK(free_count_ > 0);
  at(socket) = Socket{.open = true};
  free_[socket / word_bits] &= ~bit_in_word(socket);
  free_count_ -= 1;
}

std::uint32_t SocketTable::lowest_free() {
  CHECK(free_count_ > 0);
  while (free_[lowest_free_] == 0) lowest_free_ += 1;
  const auto bit = static_cast<std::uint32_t>(std::countr_zero(free_[lowest_free_]));
  return lowest_free_ * word_bits + bit;
}

void SocketTable::drop(std::uint32_t socket) {
  CHECK(at(socket).open);
  at(socket).open = false;
  free_[socket / word_bits] |= bit_in_word(socket);
  free_count_ += 1;
  lowest_free_ = std::min(lowest_free_, socket / word_bits);
}

IpAddress SocketTable::peer(std::uint32_t socket) const {
  CHECK(is_open(socket));
  return sockets_[socket].peer;
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
  if (tag.kind == Tag::Kind::connect) {
    record.under_way &= static_cast<std::uint8_t>(~bit(Tag::Kind::cancel_connect));
  }
  return conn;
}

bool SocketTable::is_under_way(Tag::Kind kind, std::uint32_t socket) const {
  return is_open(socket) && (sockets_[socket].under_way & bit(kind)) != 0;
}

}  // namespace parley::io
