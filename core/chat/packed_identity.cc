#include "core/chat/packed_identity.h"

#include <cstdint>
#include <cstring>

#include "core/base/check.h"

namespace parley::core {

namespace {

enum class Form : std::uint8_t { digits, named_guest, user };

using IdBytes = std::uint16_t;  // In front of id and name.

void append(PayloadBlock& block, const void* bytes, std::size_t count) {
  if (count == 0) return;
  std::memcpy(block.bytes() + block.end, bytes, count);
  block.end += static_cast<std::uint32_t>(count);
}

template <class Number>
Number take(std::string_view& bytes) {
  Number taken;
  CHECK(bytes.size() >= sizeof(taken));
  bytes.copy(reinterpret_cast<char*>(&taken), sizeof(taken));
  bytes.remove_prefix(sizeof(taken));
  return taken;
}

static_assert(sizeof(Form) + sizeof(IdBytes) + id_bytes_max + name_bytes_max ==
              packed_identity_bytes_max);

}  // namespace

PayloadRef pack(PayloadPool& pool, const IdentityView& identity) {
  CHECK(identity.id.size() <= id_bytes_max);
  CHECK(identity.name.size() <= name_bytes_max);
  const std::size_t bytes =
      sizeof(Form) + sizeof(IdBytes) + identity.id.size() + identity.name.size();
  PayloadRef payload = pool.allocate(static_cast<std::uint32_t>(bytes));
  if (is_called_by_digits(identity)) {
    constexpr Form form = Form::digits;
    append(*payload.get(), &form, sizeof(form));
    append(*payload.get(), digits_of(identity).data(), guest_digits);
    return payload;
  }
  const Form form = identity.guest ? Form::named_guest : Form::user;
  const auto id_bytes = static_cast<IdBytes>(identity.id.size());
  append(*payload.get(), &form, sizeof(form));
  append(*payload.get(), &id_bytes, sizeof(id_bytes));
  append(*payload.get(), identity.id.data(), identity.id.size());
  append(*payload.get(), identity.name.data(), identity.name.size());
  return payload;
}

IdentityView unpack(std::string_view packed, IdentitySpelling& spelling) {
  const Form form = take<Form>(packed);
  if (form == Form::digits) return spell(packed, spelling);
  const std::size_t id_bytes = take<IdBytes>(packed);
  CHECK(id_bytes <= packed.size());
  return {.id = packed.substr(0, id_bytes),
          .name = packed.substr(id_bytes),
          .guest = form == Form::named_guest};
}

}  // namespace parley::core
