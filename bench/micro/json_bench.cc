// A chat message read from JSON, and written as the frame that a room's members get.
#include <string>
#include <string_view>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/payload/payload_pool.h"
#include "protocol/json/json_reader.h"
#include "protocol/json/json_writer.h"
#include "server/chat/json_encoder.h"

namespace {

using namespace parley;

constexpr std::uint32_t values_max = 1000;
constexpr UnixMillis time{1'732'150'000'000};

using MakeText = std::string (*)(std::size_t bytes);

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// range(0) of both: bytes of the message's text.
void read_message(benchmark::State& state, MakeText make_text) {
  const std::string text = make_text(static_cast<std::size_t>(state.range(0)));
  const std::string json =
      R"({"type":"message","room":"general","message":")" + text + R"(","id":"42"})";
  protocol::JsonReader reader(values_max);
  const Value* value = nullptr;
  for (auto _ : state) {
    CHECK(reader.read(json, value) == protocol::JsonStatus::ok);
    benchmark::DoNotOptimize(value->string_or_empty("message").data());
  }
  CHECK(value->string_or_empty("message") == text);
  CHECK(value->string_or_empty("id") == "42");
  bench::report(state, 1, json.size());
}
BENCHMARK_CAPTURE(read_message, ascii, bench::ascii_text)->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK_CAPTURE(read_message, mixed, bench::utf8_text)->Arg(64)->Arg(1024)->Arg(16384);

void write_fields(ValueWriter& writer, std::string_view text) {
  writer.key("room");
  writer.string("general");
  writer.key("user");
  writer.string("alice");
  writer.key("userId");
  writer.string("user-1");
  writer.key("message");
  writer.string(text);
}

// The text alone: JSON without a frame around it.
void write_json(benchmark::State& state, MakeText make_text) {
  const std::string text = make_text(static_cast<std::size_t>(state.range(0)));
  protocol::JsonWriter writer;
  for (auto _ : state) {
    writer.clear();
    writer.begin_object();
    write_fields(writer, text);
    writer.end_object();
    benchmark::DoNotOptimize(writer.text().data());
  }
  CHECK(writer.text() ==
        R"({"room":"general","user":"alice","userId":"user-1","message":")" + text + R"("})");
  bench::report(state, 1, writer.text().size());
}
BENCHMARK_CAPTURE(write_json, ascii, bench::ascii_text)->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK_CAPTURE(write_json, mixed, bench::utf8_text)->Arg(64)->Arg(1024)->Arg(16384);

void write_frame(benchmark::State& state) {
  const std::string text = bench::ascii_text(static_cast<std::size_t>(state.range(0)));
  core::PayloadPool pool(1 << 20);
  server::JsonEncoder encoder(pool);
  Sequence sequence = 0;
  core::PayloadRef frame;
  for (auto _ : state) {
    write_fields(encoder.begin("message", core::Stamped::yes), text);
    frame = encoder.finish();
    encoder.stamp(*frame.get(), ++sequence, time);
    benchmark::DoNotOptimize(frame->frame().data());
  }
  protocol::JsonReader reader(values_max);
  const Value* value = nullptr;
  CHECK(reader.read(text_of(frame->body_bytes()), value) == protocol::JsonStatus::ok);
  CHECK(value->string_or_empty("message") == text);
  CHECK(value->find("seq")->integer == state.iterations());
  bench::report(state, 1, frame->frame().size());
}
BENCHMARK(write_frame)->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
