#include "tests/differential/ws_frames.h"

namespace parley::test {
namespace {

LengthForm minimal_form(std::uint64_t bytes) {
  if (bytes < 126) return LengthForm::seven_bits;
  return bytes < 65536 ? LengthForm::sixteen_bits : LengthForm::sixty_four_bits;
}

void append_length(ByteString& stream, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    stream.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

int digit_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit - 'a' + 10;
}

}  // namespace

void append_header(ByteString& stream, const FrameSpec& spec, std::uint64_t declared_bytes) {
  const auto first = (spec.fin ? 0x80 : 0) | spec.rsv << 4 | spec.opcode;
  stream.push_back(static_cast<std::uint8_t>(first));
  const LengthForm form =
      spec.length_form == LengthForm::minimal ? minimal_form(declared_bytes) : spec.length_form;
  const int mask_bit = spec.masked ? 0x80 : 0;
  switch (form) {
    case LengthForm::minimal:
    case LengthForm::seven_bits:
      stream.push_back(static_cast<std::uint8_t>(mask_bit | static_cast<int>(declared_bytes)));
      break;
    case LengthForm::sixteen_bits:
      stream.push_back(static_cast<std::uint8_t>(mask_bit | 126));
      append_length(stream, declared_bytes, 2);
      break;
    case LengthForm::sixty_four_bits:
      stream.push_back(static_cast<std::uint8_t>(mask_bit | 127));
      append_length(stream, declared_bytes, 8);
      break;
  }
  if (spec.masked) append_length(stream, spec.key, 4);
}

void append_frame(ByteString& stream, const FrameSpec& spec,
                  std::span<const std::uint8_t> payload) {
  append_header(stream, spec, payload.size());
  for (std::size_t index = 0; index < payload.size(); ++index) {
    const std::uint32_t key = spec.masked ? spec.key >> (24 - 8 * (index % 4)) : 0;
    stream.push_back(static_cast<std::uint8_t>(payload[index] ^ (key & 0xff)));
  }
}

ByteString bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

ByteString from_hex(std::string_view text) {
  ByteString bytes;
  for (std::size_t index = 0; index + 1 < text.size();) {
    if (text[index] == ' ') {
      ++index;
      continue;
    }
    const int value = 16 * digit_of(text[index]) + digit_of(text[index + 1]);
    bytes.push_back(static_cast<std::uint8_t>(value));
    index += 2;
  }
  return bytes;
}

ByteString join(std::initializer_list<ByteString> parts) {
  ByteString whole;
  for (const ByteString& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

ByteString client_frame(FrameSpec spec, std::string_view payload) {
  ByteString frame;
  append_frame(frame, spec, bytes_of(payload));
  return frame;
}

ByteString server_frame(FrameSpec spec, std::string_view payload) {
  spec.masked = false;
  return client_frame(spec, payload);
}

}  // namespace parley::test
