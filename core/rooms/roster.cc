#include "core/rooms/roster.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>

#include "core/base/check.h"

namespace parley::core {

namespace {

struct Head {
  ConnId conn;
  WorkerId worker;
  std::uint16_t user_bytes : 15;
  std::uint16_t first : 1;  // Of the entries with this user: the one that lists it.
};
static_assert(sizeof(Head) == 12);
static_assert(std::is_trivially_copyable_v<Head>);

}  // namespace

struct Roster::Entry {
  std::size_t offset;
  Head head;
  std::string_view user;

  [[nodiscard]] std::size_t end() const { return offset + sizeof(Head) + user.size(); }
  [[nodiscard]] RoomMember member() const { return {.conn = head.conn, .worker = head.worker}; }
};

Roster::Entry Roster::entry_at(std::size_t offset) const {
  Entry entry{.offset = offset, .head = {}, .user = {}};
  std::memcpy(&entry.head, entries_.data() + offset, sizeof(Head));
  entry.user = {reinterpret_cast<const char*>(entries_.data()) + offset + sizeof(Head),
                entry.head.user_bytes};
  return entry;
}

bool Roster::has(RoomMember member) const {
  for (std::size_t at = 0; at < entries_.size();) {
    const Entry entry = entry_at(at);
    if (entry.member() == member) return true;
    at = entry.end();
  }
  return false;
}

bool Roster::has_user(std::string_view user) const {
  for (std::size_t at = 0; at < entries_.size();) {
    const Entry entry = entry_at(at);
    if (entry.user == user) return true;
    at = entry.end();
  }
  return false;
}

void Roster::add(RoomMember member, std::string_view user) {
  CHECK(user.size() <= user_bytes_max);
  const Head head{.conn = member.conn,
                  .worker = member.worker,
                  .user_bytes = static_cast<std::uint16_t>(user.size() & user_bytes_max),
                  .first = has_user(user) ? std::uint16_t{0} : std::uint16_t{1}};
  const std::size_t offset = entries_.size();
  const std::size_t bytes = offset + sizeof(head) + user.size();
  // A vector left to itself would double: rosters are most of what a room's home keeps.
  if (bytes > entries_.capacity()) entries_.reserve(bytes + bytes / 8);
  entries_.resize(bytes);
  std::memcpy(entries_.data() + offset, &head, sizeof(head));
  std::ranges::copy(std::as_bytes(std::span(user)), entries_.data() + offset + sizeof(head));
  size_ += 1;
}

std::string Roster::take(RoomMember member) {
  std::size_t at = 0;
  while (at < entries_.size() && entry_at(at).member() != member) at = entry_at(at).end();
  if (at == entries_.size()) return {};
  const Entry entry = entry_at(at);
  std::string user(entry.user);
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(at);
  entries_.erase(begin, begin + static_cast<std::ptrdiff_t>(entry.end() - at));
  size_ -= 1;
  if (entry.head.first) list_at_next(at, user);
  if (entries_.size() < entries_.capacity() / 2) give_back();
  return user;
}

// The entry that listed this user is gone: the next one with it, from `at` on, does from now on.
void Roster::list_at_next(std::size_t at, std::string_view user) {
  while (at < entries_.size() && entry_at(at).user != user) at = entry_at(at).end();
  if (at == entries_.size()) return;
  Head head = entry_at(at).head;
  head.first = 1;
  std::memcpy(entries_.data() + at, &head, sizeof(head));
}

void Roster::give_back() {
  std::vector<std::byte> kept;
  kept.reserve(entries_.size() + entries_.size() / 8);
  kept.assign(entries_.begin(), entries_.end());
  entries_.swap(kept);
}

void Roster::list(std::vector<std::string_view>& users) const {
  for (std::size_t at = 0; at < entries_.size();) {
    const Entry entry = entry_at(at);
    if (entry.head.first) users.push_back(entry.user);
    at = entry.end();
  }
}

}  // namespace parley::core
