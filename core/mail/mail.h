// What workers send each other: one cache line, by value, through bounded queues.
//
// Ranks  Handling mail of one rank sends only mail of a higher rank. Exceptions, each one letter
//        for one: a `joined` or `ip_verdict` for a connection that has gone is answered with
//        `leave` or `ip_release`, and a `reply` may let a session's next request go. Deliveries are
//        always drained, so no two workers can wait for each other, whatever is full.
// Gates  What a limited session does in a room goes to the room's home by way of the homes of its
//        address and its user, which hold the limits: first as `ip_checked`, then as
//        `user_checked`, `behind_gates` says as what it arrives (core/chat/gatekeeper.h).
#pragma once

#include <cstdint>

#include "core/base/types.h"
#include "core/payload/payload.h"

namespace parley::core {

enum class MailRank : std::uint8_t { check_ip, check_user, to_home, to_edge };
inline constexpr std::uint32_t mail_ranks = 4;

enum class MailKind : std::uint8_t {
  // check_ip: to the home of an address.
  ip_admit,
  ip_release,
  ip_checked,
  // check_user: to the home of a user.
  user_checked,
  // to_home: to the home of a room.
  join,
  leave,
  publish,
  ask_history,
  member,
  ask_presence,
  // to_edge: to a worker that has connections.
  ip_verdict,
  joined,
  join_refused,
  deliver,
  ask_members,
  reply,
  limited,
  presence_total,
};

struct Mail {
  MailKind kind{};
  std::uint8_t flags{};
  WorkerId from;  // Filled in by the mailbox.
  ConnId conn;    // A connection of the worker `origin`.
  WorkerId origin;
  MailKind behind_gates{};  // ip_checked, user_checked: the kind it has at the room's home.
  RoomId room;
  PayloadRef payload;
  PayloadRef subject;      // A second payload: the client's id of it, or a JoinRequest.
  std::uint64_t number{};  // A sequence number, a limit, a key: `kind` says.
  std::uint64_t number2{};
};
static_assert(sizeof(Mail) <= cache_line_bytes);

[[nodiscard]] constexpr MailRank rank_of(MailKind kind) {
  if (kind <= MailKind::ip_checked) return MailRank::check_ip;
  if (kind <= MailKind::user_checked) return MailRank::check_user;
  if (kind <= MailKind::ask_presence) return MailRank::to_home;
  return MailRank::to_edge;
}

}  // namespace parley::core
