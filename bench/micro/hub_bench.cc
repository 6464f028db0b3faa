// The chat domain alone: messages to a room in, deliveries to its members out, as many per turn as
// arrive together.
#include <array>
#include <string>
#include <utility>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/chat/hub.h"
#include "core/classic/classic.h"
#include "core/payload/payload_pool.h"
#include "server/chat/json_encoder.h"

namespace {

using namespace parley;

constexpr std::size_t text_bytes = 64;

class CountingSink final : public core::EdgeSink {
 public:
  void send(ConnId /*conn*/, core::PayloadRef /*frame*/) override { sent += 1; }
  void deliver(std::span<const std::uint32_t> slots, const core::PayloadRef& frame) override {
    delivered += slots.size() * (frame->last_sequence - frame->first_sequence + 1);
  }
  bool has_room(ConnId /*conn*/) override { return true; }
  void close(ConnId /*conn*/, core::CloseCode /*code*/, std::string_view /*reason*/) override {
    CHECK(false);
  }
  bool admitted(ConnId /*conn*/, bool /*allowed*/) override { return true; }
  void post(WorkerId /*target*/, core::Mail&& /*mail*/) override { CHECK(false); }

  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
};

core::HubConfig config(std::uint32_t members) {
  core::HubConfig config;
  config.connections_max = members + 1;
  config.rooms_max = 16;
  config.connection_commands = {};
  config.user_messages = {};
  return config;
}

Member member(std::string_view name, std::string_view string) {
  Value value{};
  value.kind = Value::Kind::string;
  value.string = string;
  return {name, value};
}

Value object(std::span<const Member> fields) {
  Value value{};
  value.kind = Value::Kind::object;
  value.members = fields;
  return value;
}

ConnId conn(std::uint32_t slot) {
  return {.slot = slot, .generation = 1};
}

// range(0): members of the room; range(1): messages per turn.
void publish(benchmark::State& state) {
  const auto members = static_cast<std::uint32_t>(state.range(0));
  const std::string text = bench::ascii_text(text_bytes);
  core::PayloadPool pool(64 << 20);
  server::JsonEncoder encoder(pool);
  core::ClassicVocabulary vocabulary;
  CountingSink sink;
  core::Hub hub(config(members), WorkerId{0}, 1,
                {.pool = pool,
                 .encoder = encoder,
                 .sink = sink,
                 .vocabulary = vocabulary,
                 .tokens = nullptr});
  const std::array join{member("type", "joinRoom"), member("room", "general")};
  const std::array say{member("type", "message"), member("room", "general"),
                       member("message", text)};
  Instant now{1'000'000'000};
  hub.begin_turn(now, UnixMillis{1'732'150'000'000});
  for (std::uint32_t slot = 0; slot < members; ++slot) {
    const std::string id = "user-" + std::to_string(slot);
    hub.on_open(conn(slot), {.id = id, .name = id, .guest = false}, IpAddress::v4(127, 0, 0, 1));
    hub.on_message(conn(slot), object(join));
  }
  hub.end_turn();

  std::uint32_t publisher = 0;
  sink.delivered = 0;
  for (auto _ : state) {
    now = now + microseconds(100);
    hub.begin_turn(now, UnixMillis{1'732'150'000'000 + now.ns / 1'000'000});
    for (std::int64_t i = 0; i < state.range(1); ++i) {
      hub.on_message(conn(publisher), object(say));
      publisher = (publisher + 1) % members;
    }
    hub.end_turn();
  }
  CHECK(sink.delivered ==
        static_cast<std::uint64_t>(state.iterations() * state.range(1)) * members);
  bench::report(state, state.range(1));
  for (std::uint32_t slot = 0; slot < members; ++slot) hub.on_closed(conn(slot));
  hub.end_turn();
}
BENCHMARK(publish)->ArgsProduct({{10, 100, 1000}, {1, 16}});

}  // namespace
