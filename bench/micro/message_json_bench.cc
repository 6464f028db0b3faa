// A chat message read from JSON, and written as the frame that a room's members get.
#include <benchmark/benchmark.h>

#include <string_view>

#include "core/base/check.h"
#include "core/payload/payload_pool.h"
#include "protocol/json/json_reader.h"
#include "server/chat/json_encoder.h"

namespace {

using namespace parley;

constexpr std::string_view text =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr std::string_view incoming =
    R"({"type":"message","room":"general","message":")"
    R"(0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","id":"42"})";
constexpr std::uint32_t values_max = 1000;

void read_message(benchmark::State& state) {
  protocol::JsonReader reader(values_max);
  const Value* value = nullptr;
  for (auto _ : state) {
    CHECK(reader.read(incoming, value) == protocol::JsonStatus::ok);
    benchmark::DoNotOptimize(value->string_or_empty("message"));
  }
}
BENCHMARK(read_message);

void write_message(benchmark::State& state) {
  core::PayloadPool pool(1 << 20);
  server::JsonEncoder encoder(pool);
  Sequence sequence = 0;
  for (auto _ : state) {
    ValueWriter& writer = encoder.begin("message", core::Stamped::yes);
    writer.key("room");
    writer.string("general");
    writer.key("user");
    writer.string("alice");
    writer.key("userId");
    writer.string("user-1");
    writer.key("message");
    writer.string(text);
    core::PayloadRef frame = encoder.finish();
    encoder.stamp(*frame.get(), ++sequence, UnixMillis{1'732'150'000'000});
    benchmark::DoNotOptimize(frame->frame().data());
  }
}
BENCHMARK(write_message);

}  // namespace
