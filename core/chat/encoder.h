// How an event becomes the bytes of one wire form. Implemented in server/ with the codecs of
// protocol/; the chat domain calls it and never sees the format.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/payload/payload.h"

namespace parley::core {

enum class Stamped : std::uint8_t { no, yes };

class Encoder {
 public:
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder() = default;

  // Starts an event; the writer stands inside its object. Valid until finish().
  // With Stamped::yes the room's home adds the sequence number and the time later.
  [[nodiscard]] virtual ValueWriter& begin(std::string_view event, Stamped stamped) = 0;

  // Ends the event begun last: one frame, ready to send unless a stamp is still missing.
  [[nodiscard]] virtual PayloadRef finish() = 0;

  // Completes a frame that was begun with Stamped::yes. REQUIRES: once; not yet sent to anybody.
  virtual void stamp(PayloadBlock& payload, Sequence sequence, UnixMillis time) = 0;

  // Starts a value that will be part of later events (ValueWriter::encoded()), not a frame. ASCII
  // letters and digits, '-' and ':' in a string stand in it as they are.
  [[nodiscard]] virtual ValueWriter& begin_value() = 0;
  // Ends it. The view is valid until the next begin().
  [[nodiscard]] virtual std::string_view finish_value() = 0;

  // An event's object as a value for another event.
  [[nodiscard]] virtual std::string_view as_value(PayloadBlock& frame) = 0;
};

}  // namespace parley::core
