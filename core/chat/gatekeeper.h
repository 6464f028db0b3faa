// Limits that hold across workers: of a user, whatever connections it has, and of an address. Each
// user and each address has a home worker that keeps its one bucket or count.
//
// What a session does in a room passes address, user and room in turn, skipping what is not
// limited; each stop is mail of a higher rank than the one before. Only a publication takes a token
// there. Joins, leaves and signals go the same way so that everything arrives in the order in which
// the session did it.
#pragma once

#include <cstdint>

#include "core/base/ip_address.h"
#include "core/base/time.h"
#include "core/base/types.h"
#include "core/chat/hub_config.h"
#include "core/chat/identity.h"
#include "core/chat/post.h"
#include "core/limits/address_counts.h"
#include "core/limits/keyed_limits.h"

namespace parley::core {

// The limits that a session shares with others, by their keys; 0: it does not.
struct Gates {
  std::uint64_t user_key{};
  std::uint64_t address_key{};
};

class Gatekeeper {
 public:
  // `post` is borrowed and outlives this.
  Gatekeeper(const HubConfig& config, WorkerId self, std::uint16_t worker_count, Post& post);

  void begin_turn(Instant now) { now_ = now; }
  void tick();

  // 0 for a guest: its one connection carries its limit.
  [[nodiscard]] std::uint64_t user_key(const IdentityView& identity) const;
  [[nodiscard]] std::uint64_t address_key(const IpAddress& address) const;

  // Sends what a session does in a room on its way: a join, member, publish or leave.
  void pass(Mail&& mail, const Gates& gates);

  // ip_admit or ip_release, to the address's home.
  void ask(MailKind kind, ConnId conn, const IpAddress& address);
  [[nodiscard]] static IpAddress address_in(const Mail& mail);

  // Mail of ranks check_ip and check_user.
  void on_mail(Mail&& mail);

  [[nodiscard]] std::uint64_t limited() const { return limited_; }

 private:
  [[nodiscard]] WorkerId home_of(std::uint64_t key) const;
  void pass_address(Mail&& mail);
  void pass_user(Mail&& mail);
  void pass_on(Mail&& mail);
  void on_admit(const Mail& mail);
  void refuse(Mail&& mail, Duration wait);

  const HubConfig config_;
  const WorkerId self_;
  const std::uint16_t worker_count_;
  Post& post_;
  Instant now_;
  KeyedLimits users_;
  KeyedLimits addresses_;
  AddressCounts connections_;
  std::uint64_t limited_ = 0;
};

}  // namespace parley::core
