#include "tests/differential/ws_stream_maker.h"

#include <algorithm>

namespace parley::test {
namespace {

void append_code_point(ByteString& text, std::uint32_t number) {
  const auto put = [&text](std::uint32_t byte) { text.push_back(static_cast<std::uint8_t>(byte)); };
  if (number < 0x80) {
    put(number);
  } else if (number < 0x800) {
    put(0xc0 | number >> 6);
    put(0x80 | (number & 0x3f));
  } else if (number < 0x10000) {
    put(0xe0 | number >> 12);
    put(0x80 | (number >> 6 & 0x3f));
    put(0x80 | (number & 0x3f));
  } else {
    put(0xf0 | number >> 18);
    put(0x80 | (number >> 12 & 0x3f));
    put(0x80 | (number >> 6 & 0x3f));
    put(0x80 | (number & 0x3f));
  }
}

std::uint32_t make_code_point(Random& random) {
  constexpr std::uint32_t edges[] = {0,      0x7f,   0x80,   0x7ff,   0x800,   0xd7ff,
                                     0xe000, 0xfffd, 0xffff, 0x10000, 0xfffff, 0x10ffff};
  switch (random.below(4)) {
    case 0:
      return random.pick(edges);
    case 1:
      return 0xa0 + random.below(0x3000);
    default:
      return 0x20 + random.below(0x5f);
  }
}

// Now and then what no encoder writes: surrogates, overlong forms, numbers too large, half a code.
void append_bad_text(Random& random, ByteString& text) {
  constexpr const char* bad[] = {"ed a0 80",    "c0 80", "e0 80 80", "f0 80 80 80",
                                 "f4 90 80 80", "f8",    "ff",       "80",
                                 "e2 82",       "c3",    "f0 9f",    "f0 9f 98"};
  const ByteString bytes = from_hex(random.pick(bad));
  text.insert(text.end(), bytes.begin(), bytes.end());
}

std::uint32_t make_size(Random& random) {
  constexpr std::uint32_t edges[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100};
  constexpr std::uint32_t big[] = {124, 125, 126, 127, 128, 200, 300, 1000};
  constexpr std::uint32_t huge[] = {65535, 65536, 65537, 4096, 5000};
  if (random.one_in(2000)) return random.pick(huge);
  if (random.one_in(20)) return random.pick(big);
  return random.one_in(2) ? random.pick(edges) : random.below(24);
}

ByteString make_text(Random& random) {
  const std::uint32_t size = make_size(random);
  ByteString text;
  while (text.size() < size) {
    if (random.one_in(1000)) append_bad_text(random, text);
    append_code_point(text, make_code_point(random));
  }
  if (random.one_in(60)) append_bad_text(random, text);
  return text;
}

ByteString make_binary(Random& random) {
  ByteString bytes(make_size(random));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  return bytes;
}

ByteString make_close_payload(Random& random) {
  constexpr std::uint16_t codes[] = {0,    999,  1000, 1001, 1002, 1003, 1004, 1005, 1006,
                                     1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015,
                                     1016, 2999, 3000, 3999, 4000, 4999, 5000, 65535};
  if (random.one_in(8)) return {};
  if (random.one_in(20)) return {0x03};
  const std::uint16_t code = random.one_in(2) ? random.pick(codes) : std::uint16_t{1000};
  ByteString payload{static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  ByteString reason = make_text(random);
  // Cut without regard for code points, so that some reasons end inside one.
  if (reason.size() > 123) reason.resize(123);
  payload.insert(payload.end(), reason.begin(), reason.end());
  return payload;
}

struct Maker {
  Random& random;
  bool masked;
  ByteString& stream;

  FrameSpec spec(std::uint8_t opcode, bool fin) {
    return {.opcode = opcode,
            .fin = fin,
            .masked = masked,
            .key = static_cast<std::uint32_t>(random.next())};
  }

  void control() {
    if (random.one_in(6)) {
      append_frame(stream, spec(8, true), make_close_payload(random));
      return;
    }
    ByteString payload = make_binary(random);
    if (payload.size() > 125) payload.resize(125);
    append_frame(stream, spec(random.one_in(2) ? 9 : 10, true), payload);
  }

  // One message, in up to six fragments cut anywhere, controls in between.
  void message() {
    const bool text = random.one_in(2);
    const ByteString payload = text ? make_text(random) : make_binary(random);
    const std::uint32_t fragments = random.one_in(2) ? 1 : 1 + random.below(6);
    std::size_t offset = 0;
    for (std::uint32_t i = 0; i < fragments; ++i) {
      const bool last = i + 1 == fragments;
      const auto left = static_cast<std::uint32_t>(payload.size() - offset);
      const std::size_t size = last ? left : random.below(left + 1);
      const std::uint8_t opcode = i > 0 ? 0 : text ? 1 : 2;
      append_frame(stream, spec(opcode, last), std::span(payload).subspan(offset, size));
      offset += size;
      if (!last && random.one_in(4)) control();
    }
  }

  // A frame with a header that breaks a rule, or that may.
  void odd_frame() {
    FrameSpec odd = spec(static_cast<std::uint8_t>(random.below(16)), !random.one_in(3));
    if (random.one_in(3)) odd.rsv = static_cast<std::uint8_t>(random.below(8));
    if (random.one_in(4)) odd.masked = !odd.masked;
    if (random.one_in(3)) odd.length_form = LengthForm::sixteen_bits;
    if (random.one_in(3)) odd.length_form = LengthForm::sixty_four_bits;
    ByteString payload = make_binary(random);
    if (odd.length_form == LengthForm::minimal && random.one_in(4)) {
      append_header(stream, odd, random.next() >> random.below(64));
      return;
    }
    append_frame(stream, odd, payload);
  }
};

void mutate(Random& random, ByteString& stream) {
  const auto index = [&] {
    return static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint32_t>(stream.size())));
  };
  for (std::uint32_t count = 1 + random.below(3); count > 0 && !stream.empty(); --count) {
    const auto place = stream.begin() + index();
    switch (random.below(5)) {
      case 0:
        *place = static_cast<std::uint8_t>(*place ^ 1 << random.below(8));
        break;
      case 1:
        *place = static_cast<std::uint8_t>(random.next());
        break;
      case 2:
        stream.erase(place);
        break;
      case 3:
        stream.insert(place, static_cast<std::uint8_t>(random.next()));
        break;
      case 4: {  // A stretch twice.
        const auto end = std::min<std::size_t>(
            stream.size(), static_cast<std::size_t>(place - stream.begin()) + random.below(16));
        const ByteString copy(place, stream.begin() + static_cast<std::ptrdiff_t>(end));
        stream.insert(place, copy.begin(), copy.end());
        break;
      }
    }
  }
}

}  // namespace

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

MadeStream make_stream(std::uint64_t seed) {
  constexpr std::uint32_t limits[] = {125, 126, 200, 1000, 70000, 1 << 20};
  Random random(seed);
  MadeStream made;
  made.role = random.one_in(3) ? protocol::WsRole::client : protocol::WsRole::server;
  made.message_bytes_max = random.pick(limits);
  made.corruption = static_cast<Corruption>(random.below(corruption_count));

  Maker maker{
      .random = random, .masked = made.role == protocol::WsRole::server, .stream = made.bytes};
  for (std::uint32_t parts = 1 + random.below(4); parts > 0; --parts) {
    if (random.one_in(4)) {
      maker.control();
    } else {
      maker.message();
    }
    if (made.corruption == Corruption::corrupted && random.one_in(2)) maker.odd_frame();
  }
  switch (made.corruption) {
    case Corruption::none:
    case Corruption::corrupted:
      break;
    case Corruption::cut:
      made.bytes.resize(random.below(static_cast<std::uint32_t>(made.bytes.size()) + 1));
      break;
    case Corruption::mutated:
      mutate(random, made.bytes);
      break;
    case Corruption::noise:
      made.bytes.resize(random.below(64));
      for (std::uint8_t& byte : made.bytes) byte = static_cast<std::uint8_t>(random.next());
      break;
  }
  return made;
}

std::vector<std::size_t> make_slices(Random& random, std::size_t stream_bytes) {
  const std::uint32_t slice_bytes_max = random.one_in(3) ? 3 : random.one_in(2) ? 16 : 200;
  std::vector<std::size_t> ends;
  std::size_t end = 0;
  while (end < stream_bytes) {
    end = std::min<std::size_t>(stream_bytes, end + 1 + random.below(slice_bytes_max));
    ends.push_back(end);
  }
  if (ends.empty()) ends.push_back(0);
  return ends;
}

}  // namespace parley::test
