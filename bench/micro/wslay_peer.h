// wslay in the place of our framer and our reader: the same bytes, handed over a receive at a time.
//
// Neither of its layers takes a buffer: both ask a callback to copy into their own, of 4 KiB. Who
// feeds ours copies each receive, too, since it unmasks in place, so each side pays for one copy.
#pragma once

#include <wslay/wslay.h>

#include <cstddef>
#include <cstdint>

#include "core/base/types.h"

namespace parley::bench {

// What came of a stream. `payload` borrows, until the function returns.
class PayloadSink {
 public:
  PayloadSink() = default;
  PayloadSink(const PayloadSink&) = delete;
  PayloadSink& operator=(const PayloadSink&) = delete;
  virtual ~PayloadSink() = default;
  virtual void on_payload(Bytes payload) = 0;
};

// Its lower layer: frames, cut where its buffer ends, as WsFramer gives them.
class WslayFramer {
 public:
  WslayFramer();
  WslayFramer(const WslayFramer&) = delete;
  WslayFramer& operator=(const WslayFramer&) = delete;
  ~WslayFramer();

  // REQUIRES: whole frames.
  void read(Bytes stream, PayloadSink& sink);

 private:
  static ssize_t on_recv(std::uint8_t* buffer, std::size_t size, int flags, void* self);

  wslay_frame_context_ptr context_ = nullptr;
  Bytes stream_;  // Borrowed from the caller of read().
};

// Its upper layer: messages, texts checked for UTF-8, as WsReader gives them.
class WslayReader {
 public:
  explicit WslayReader(std::uint32_t message_bytes_max);
  WslayReader(const WslayReader&) = delete;
  WslayReader& operator=(const WslayReader&) = delete;
  ~WslayReader();

  // REQUIRES: whole messages.
  void read(Bytes stream, PayloadSink& sink);

 private:
  static ssize_t on_recv(wslay_event_context_ptr context, std::uint8_t* buffer, std::size_t size,
                         int flags, void* self);
  static void on_message(wslay_event_context_ptr context, const wslay_event_on_msg_recv_arg* arg,
                         void* self);

  wslay_event_context_ptr context_ = nullptr;
  Bytes stream_;  // Borrowed from the caller of read(), as is the next.
  PayloadSink* sink_ = nullptr;
};

}  // namespace parley::bench
