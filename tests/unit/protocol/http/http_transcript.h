// What an HttpParser made of a stream, as text that can be compared: for the unit tests and for the
// fuzzer, which both ask whether the way a stream is cut changes the answers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/types.h"
#include "protocol/http/http_parser.h"

namespace parley::protocol {

inline std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// All that a request says, so that two equal texts are two equal requests. Reads every byte.
inline std::string text_of(const HttpRequest& request) {
  std::string text;
  for (const std::string_view part :
       {request.method, request.target, request.path, request.query}) {
    text.append(part).append("|");
  }
  for (const HttpHeader& header : request.headers) {
    text.append(header.name).append("=").append(header.value).append(";");
  }
  text.append("|").append(text_of(request.body));
  text.append(request.keep_alive ? "|keep" : "|close");
  text.append(request.upgrade ? "|upgrade" : "");
  return text;
}

// How many bytes the next piece of the stream has; 0 means all that are left.
using PieceSize = std::function<std::size_t()>;
using OnRequest = std::function<void(const HttpRequest&)>;

// Feeds the stream in pieces, each in a heap block of exactly its size that dies before the next
// one lives, so that ASan sees every byte read that is not there.
inline std::string transcript(std::string_view stream, const HttpLimits& limits,
                              const PieceSize& piece_size, const OnRequest& on_request) {
  HttpParser parser(limits);
  std::string text;
  while (!stream.empty()) {
    std::size_t bytes = piece_size();
    if (bytes == 0 || bytes > stream.size()) bytes = stream.size();
    const auto block = std::make_unique<std::byte[]>(bytes);
    std::memcpy(block.get(), stream.data(), bytes);
    stream.remove_prefix(bytes);
    parser.feed({block.get(), bytes});
    HttpStatus status{};
    while ((status = parser.next()) == HttpStatus::request) {
      on_request(parser.request());
      text += text_of(parser.request()) + "\n";
      if (!parser.request().upgrade) continue;
      return text + "rest:" + text_of(parser.rest()).append(stream);
    }
    if (status == HttpStatus::error) {
      return text + "error:" + std::to_string(parser.error_status());
    }
  }
  return text + (parser.in_request() ? "more" : "end");
}

inline std::string transcript(std::string_view stream, const HttpLimits& limits) {
  return transcript(stream, limits, [] { return std::size_t{0}; }, [](const HttpRequest&) {});
}

}  // namespace parley::protocol
