#include "core/chat/gatekeeper.h"

#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/rooms/room_homes.h"
#include "core/rooms/room_name.h"

namespace parley::core {

namespace {

// Users and addresses with a bucket that is not full, per home worker.
constexpr std::uint32_t buckets_max = 1u << 20;
// Looked at per tick, so that buckets nobody asks about any more are forgotten within minutes.
constexpr std::uint32_t sweep_steps_per_tick = 1024;

TableKey secret_of(const HubConfig& config) {
  return std::bit_cast<TableKey>(config.hash_key);
}

TableKey table_key(std::uint64_t key) {
  return {.high = 0, .low = key};
}

bool takes_a_token(const Mail& mail) {
  return mail.behind_gates == MailKind::publish && (mail.flags & RoomMailFlags::signal) == 0;
}

}  // namespace

Gatekeeper::Gatekeeper(const HubConfig& config, WorkerId self, std::uint16_t worker_count,
                       Post& post)
    : config_(config),
      self_(self),
      worker_count_(worker_count),
      post_(post),
      users_(buckets_max, secret_of(config)),
      addresses_(buckets_max, secret_of(config)),
      connections_(secret_of(config)) {}

void Gatekeeper::tick() {
  users_.expire(now_, sweep_steps_per_tick);
  addresses_.expire(now_, sweep_steps_per_tick);
}

std::uint64_t Gatekeeper::user_key(const IdentityView& identity) const {
  if (identity.guest || config_.user_messages.unlimited()) return 0;
  return keyed_hash(identity.id, config_.hash_key) | 1;
}

std::uint64_t Gatekeeper::address_key(const IpAddress& address) const {
  if (config_.address_messages.unlimited()) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(address.octets.data()),
                               address.octets.size());
  return keyed_hash(bytes, config_.hash_key) | 1;
}

WorkerId Gatekeeper::home_of(std::uint64_t key) const {
  return WorkerId{static_cast<std::uint16_t>((key >> 1) % worker_count_)};
}

void Gatekeeper::pass(Mail&& mail, const Gates& gates) {
  CHECK(rank_of(mail.kind) == MailRank::to_home);
  CHECK(mail.number == 0 && mail.number2 == 0);
  mail.behind_gates = mail.kind;
  mail.number = gates.user_key;
  mail.number2 = gates.address_key;
  pass_on(std::move(mail));
}

// To the next stop: number and number2 are the keys of those still to come.
void Gatekeeper::pass_on(Mail&& mail) {
  WorkerId target;
  if (mail.number2 != 0) {
    mail.kind = MailKind::ip_checked;
    target = home_of(mail.number2);
  } else if (mail.number != 0) {
    mail.kind = MailKind::user_checked;
    target = home_of(mail.number);
  } else {
    mail.kind = mail.behind_gates;
    target = core::home_of(mail.room, worker_count_);
  }
  post_.send(target, std::move(mail));
}

void Gatekeeper::ask(MailKind kind, ConnId conn, const IpAddress& address) {
  Mail mail;
  mail.kind = kind;
  mail.conn = conn;
  mail.origin = self_;
  std::memcpy(&mail.number, address.octets.data(), sizeof(mail.number));
  std::memcpy(&mail.number2, address.octets.data() + sizeof(mail.number), sizeof(mail.number2));
  const std::string_view bytes(reinterpret_cast<const char*>(address.octets.data()),
                               address.octets.size());
  post_.send(home_of(keyed_hash(bytes, config_.hash_key)), std::move(mail));
}

IpAddress Gatekeeper::address_in(const Mail& mail) {
  IpAddress address;
  std::memcpy(address.octets.data(), &mail.number, sizeof(mail.number));
  std::memcpy(address.octets.data() + sizeof(mail.number), &mail.number2, sizeof(mail.number2));
  return address;
}

void Gatekeeper::on_mail(Mail&& mail) {
  if (mail.kind == MailKind::ip_admit) return on_admit(mail);
  if (mail.kind == MailKind::ip_release) return connections_.remove(address_in(mail));
  if (mail.kind == MailKind::ip_checked) return pass_address(std::move(mail));
  CHECK(mail.kind == MailKind::user_checked);
  pass_user(std::move(mail));
}

void Gatekeeper::on_admit(const Mail& mail) {
  const bool allowed = connections_.add(address_in(mail), config_.connections_per_address_max);
  Mail verdict;
  verdict.kind = MailKind::ip_verdict;
  verdict.conn = mail.conn;
  verdict.origin = mail.origin;
  verdict.flags = allowed ? 1 : 0;
  verdict.number = mail.number;
  verdict.number2 = mail.number2;
  post_.send(mail.origin, std::move(verdict));
}

void Gatekeeper::pass_address(Mail&& mail) {
  if (takes_a_token(mail)) {
    const Duration wait = addresses_.take(table_key(mail.number2), config_.address_messages, now_);
    if (wait.ns > 0) return refuse(std::move(mail), wait);
  }
  mail.number2 = 0;
  pass_on(std::move(mail));
}

void Gatekeeper::pass_user(Mail&& mail) {
  if (takes_a_token(mail)) {
    const Duration wait = users_.take(table_key(mail.number), config_.user_messages, now_);
    if (wait.ns > 0) return refuse(std::move(mail), wait);
  }
  mail.number = 0;
  pass_on(std::move(mail));
}

void Gatekeeper::refuse(Mail&& mail, Duration wait) {
  limited_ += 1;
  mail.kind = MailKind::limited;
  mail.number = static_cast<std::uint64_t>(wait.ns);
  mail.payload.reset();
  const WorkerId origin = mail.origin;
  post_.send(origin, std::move(mail));
}

}  // namespace parley::core
