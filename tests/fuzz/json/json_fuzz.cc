// JsonReader against nlohmann::json on any text, then JsonWriter and JsonReader round the same
// value.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/check.h"
#include "protocol/json/json_reader.h"
#include "tests/unit/protocol/json/json_values.h"

namespace parley::protocol {
namespace {

constexpr std::uint32_t values_max = 200;

std::uint32_t count(const Value& value) {
  std::uint32_t values = 1;
  for (const Value& item : value.items) values += count(item);
  for (const Member& member : value.members) values += count(member.value);
  return values;
}

// nlohmann::json skips a byte order mark, which RFC 8259 8.1 allows but does not ask for, and takes
// a zero byte for the end of the text.
bool is_more_than_json_to_nlohmann(std::string_view text) {
  return text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos;
}

void run(std::string_view text) {
  // Reused from run to run, as in a server: what a text leaves behind must not matter.
  static JsonReader reader(values_max);
  const Value* value = nullptr;
  const JsonStatus status = reader.read(text, value);
  if (status == JsonStatus::too_complex) return;
  const nlohmann::json expected = nlohmann::json::parse(text, nullptr, false);
  if (status == JsonStatus::invalid) {
    CHECK(expected.is_discarded() || is_more_than_json_to_nlohmann(text));
    return;
  }
  CHECK(!expected.is_discarded());
  CHECK(count(*value) <= values_max);
  if (!has_name_twice(*value)) CHECK(to_nlohmann(*value) == expected);

  JsonWriter writer;
  write(*value, writer);
  JsonReader second_reader(values_max);
  const Value* again = nullptr;
  CHECK(second_reader.read(writer.text(), again) == JsonStatus::ok);
  CHECK(equal(*value, *again));
}

}  // namespace
}  // namespace parley::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly the size, so that ASan sees every byte read beyond it.
  const auto block = std::make_unique<char[]>(size);
  std::copy(data, data + size, block.get());
  parley::protocol::run({block.get(), size});
  return 0;
}
