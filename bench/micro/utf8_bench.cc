// Is a text UTF-8? Our validator, which takes it in slices, beside simdjson's, which wants all of
// it: with its widest vectors, and with none.
#include <simdjson.h>

#include <algorithm>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "protocol/websocket/utf8_validator.h"

namespace {

using namespace parley;

constexpr std::size_t slice_bytes = 1448;  // A TCP segment on Ethernet.

bool streaming(std::string_view text, std::size_t slice_bytes_max) {
  protocol::Utf8Validator validator;
  Bytes bytes = std::as_bytes(std::span(text));
  while (!bytes.empty()) {
    const Bytes slice = bytes.first(std::min(bytes.size(), slice_bytes_max));
    if (!validator.feed(slice)) return false;
    bytes = bytes.subspan(slice.size());
  }
  return validator.at_code_point_end();
}

bool ours(std::string_view text) {
  return streaming(text, text.size());
}
bool ours_in_slices(std::string_view text) {
  return streaming(text, slice_bytes);
}
bool simdjson_widest(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}
bool simdjson_scalar(std::string_view text) {
  static const simdjson::implementation* const fallback =
      simdjson::get_available_implementations()["fallback"];
  CHECK(fallback != nullptr);
  return fallback->validate_utf8(text.data(), text.size());
}

using IsUtf8 = bool (*)(std::string_view text);
using MakeText = std::string (*)(std::size_t bytes);

void validate(benchmark::State& state, IsUtf8 is_utf8, MakeText make_text) {
  std::string text = make_text(static_cast<std::size_t>(state.range(0)));
  std::int64_t valid = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(text.data());
    benchmark::ClobberMemory();
    if (is_utf8(text)) ++valid;
  }
  CHECK(valid == state.iterations());
  text[text.size() / 2] = '\xff';  // It did look at the text.
  CHECK(!is_utf8(text));
  bench::report(state, 1, text.size());
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t bytes : {64, 256, 1024, 16384}) benchmark->Arg(bytes);
}
BENCHMARK_CAPTURE(validate, ascii_ours, ours, bench::ascii_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, ascii_ours_in_slices, ours_in_slices, bench::ascii_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, ascii_simdjson, simdjson_widest, bench::ascii_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, ascii_scalar, simdjson_scalar, bench::ascii_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, mixed_ours, ours, bench::utf8_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, mixed_ours_in_slices, ours_in_slices, bench::utf8_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, mixed_simdjson, simdjson_widest, bench::utf8_text)->Apply(sizes);
BENCHMARK_CAPTURE(validate, mixed_scalar, simdjson_scalar, bench::utf8_text)->Apply(sizes);

}  // namespace
