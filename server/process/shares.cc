#include "server/process/shares.h"

#include <algorithm>
#include <cmath>

#include "server/connection/transport.h"

namespace parley::server {

namespace {

core::RateLimit limit_of(const Rate& rate) {
  return {.burst = rate.count, .window = milliseconds(rate.window_ms)};
}

struct ShareRule {
  std::uint16_t workers_in_full{};  // So many get all of it.
  std::uint32_t count_min{};
};

// Of what each worker has a power of two.
std::uint32_t share_out(std::uint32_t count, std::uint16_t workers, const ShareRule& rule) {
  for (std::uint32_t held = rule.workers_in_full; held < workers && count > rule.count_min;
       held *= 2) {
    count /= 2;
  }
  return count;
}

// Rooms fall to homes by chance, some more than others: a worker that may be home of its share
// alone would turn rooms away long before the process has rooms_max. At least those that always
// exist, which may all have one home.
std::uint32_t rooms_per_home(const Config& config, std::uint16_t workers) {
  if (workers == 1) return config.rooms_max;
  const double share = static_cast<double>(config.rooms_max) / workers;
  constexpr double deviations = 5;  // Of a binomial distribution: one worker in millions has more.
  const double most = std::ceil(share + deviations * std::sqrt(share) + 1);
  const auto initial = static_cast<std::uint32_t>(config.rooms_initial.size());
  return std::max(std::min(static_cast<std::uint32_t>(most), config.rooms_max), initial);
}

}  // namespace

std::uint32_t connections_per_worker(const Config& config, std::uint16_t workers,
                                     std::uint64_t descriptors) {
  const std::uint64_t table_max =
      std::min<std::uint64_t>(descriptors, ConnId::slots_max - io::Ring::completion_batch_max);
  if (config.connections_max == 0) return static_cast<std::uint32_t>(table_max);
  const std::uint64_t share = (config.connections_max + workers - 1ull) / workers;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(share, 1, table_max));
}

std::uint32_t mailbox_capacity(const Config& config, std::uint16_t workers) {
  return share_out(config.mailbox_capacity, workers, {.workers_in_full = 16, .count_min = 64});
}

std::uint32_t recv_buffers_per_worker(const Config& config, std::uint16_t workers) {
  return share_out(config.recv_buffers, workers, {.workers_in_full = 8, .count_min = 128});
}

core::HubConfig hub_config_of(const Config& config, const WorkerShare& share,
                              const std::array<std::uint8_t, 16>& hash_key, std::uint64_t seed) {
  core::HubConfig hub;
  hub.hash_key = hash_key;
  hub.epoch_seed = seed;
  hub.rooms_initial = config.rooms_initial;
  hub.connections_max = Transport::slots_for(share.connections);
  hub.rooms_max = config.rooms_max;
  hub.rooms_homed_max = rooms_per_home(config, share.workers);
  hub.rooms_per_connection_max = config.rooms_per_connection_max;
  hub.members_per_room_max = config.members_per_room_max;
  hub.presence_members_max = config.presence_members_max;
  // Of the process: when very many rooms change at once, their sizes must not crowd out messages.
  constexpr std::uint32_t sizes_told_per_second_max = 200'000;
  hub.sizes_told_per_second_max = std::max(sizes_told_per_second_max / share.workers, 1'000u);
  hub.history_count_max = config.history_count_max;
  hub.history_room_bytes_max = config.history_room_bytes_max;
  hub.history_bytes_max = config.history_bytes_max / share.workers;
  hub.history_age_max = seconds(config.history_age_max_s);
  hub.history_on_join = config.history_on_join;
  hub.history_reply_bytes_max = config.outbox_bytes_max / 2;
  hub.connection_commands = limit_of(config.rate_connection);
  hub.joins = limit_of(config.rate_join);
  hub.user_messages = limit_of(config.rate_user);
  hub.address_messages = limit_of(config.rate_address);
  hub.connections_per_address_max = config.connections_per_address_max;
  hub.message_bytes_max = config.message_bytes_max;
  hub.guests_may_choose_names = config.guests == GuestPolicy::may_choose_name;
  return hub;
}

}  // namespace parley::server
