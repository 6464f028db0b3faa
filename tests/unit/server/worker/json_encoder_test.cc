#include "server/chat/json_encoder.h"

#include <gtest/gtest.h>

#include <string>

#include "core/payload/payload_pool.h"

namespace parley::server {
namespace {

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A numbered event whose body has `body_bytes` once it is stamped with 1 and 0.
core::PayloadRef stamped_event(JsonEncoder& encoder, std::size_t body_bytes) {
  const std::string around = R"({"type":"m","seq":1,"timestamp":0,"t":""})";
  ValueWriter& w = encoder.begin("m", core::Stamped::yes);
  w.key("t");
  w.string(std::string(body_bytes - around.size(), 'x'));
  core::PayloadRef frame = encoder.finish();
  encoder.stamp(*frame.get(), 1, UnixMillis{0});
  return frame;
}

TEST(JsonEncoder, PutsTheStampBehindTheType) {
  core::PayloadPool pool(0);
  JsonEncoder encoder(pool);
  ValueWriter& w = encoder.begin("message", core::Stamped::yes);
  w.key("room");
  w.string("general");
  core::PayloadRef frame = encoder.finish();
  EXPECT_NE(frame->stamp, 0u);
  encoder.stamp(*frame.get(), 42, UnixMillis{1'700'000'000'123});
  const std::string body =
      R"({"type":"message","seq":42,"timestamp":1700000000123,"room":"general"})";
  EXPECT_EQ(text_of(frame->body_bytes()), body);
  EXPECT_EQ(encoder.as_value(*frame.get()), body);
  EXPECT_EQ(text_of(frame->frame()),
            "\x81" + std::string(1, static_cast<char>(body.size())) + body);
  EXPECT_EQ(frame->stamp, 0u);
}

TEST(JsonEncoder, StampsTheLargestNumbers) {
  core::PayloadPool pool(0);
  JsonEncoder encoder(pool);
  static_cast<void>(encoder.begin("m", core::Stamped::yes));
  core::PayloadRef frame = encoder.finish();
  encoder.stamp(*frame.get(), UINT64_MAX, UnixMillis{INT64_MIN});
  EXPECT_EQ(text_of(frame->body_bytes()),
            R"({"type":"m","seq":18446744073709551615,"timestamp":-9223372036854775808})");
}

TEST(JsonEncoder, WritesTheShortestHeaderForTheStampedLength) {  // RFC 6455 5.2
  core::PayloadPool pool(0);
  JsonEncoder encoder(pool);
  const auto header_of = [&encoder](std::size_t bytes) {
    const core::PayloadRef frame = stamped_event(encoder, bytes);
    EXPECT_EQ(frame->body_bytes().size(), bytes);
    EXPECT_TRUE(text_of(frame->body_bytes()).ends_with("x\"}"));
    return text_of(frame->frame()).substr(0, frame->body - frame->begin);
  };
  EXPECT_EQ(header_of(125), "\x81\x7d");
  EXPECT_EQ(header_of(126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(header_of(65'535), "\x81\x7e\xff\xff");
  EXPECT_EQ(header_of(65'536), std::string("\x81\x7f\0\0\0\0\0\x01\0\0", 10));
}

TEST(JsonEncoder, WritesFramesWithoutAStampAtOnce) {
  core::PayloadPool pool(0);
  JsonEncoder encoder(pool);
  ValueWriter& w = encoder.begin("pong", core::Stamped::no);
  w.key("n");
  w.integer(-7);
  const core::PayloadRef frame = encoder.finish();
  EXPECT_EQ(text_of(frame->frame()), "\x81\x16{\"type\":\"pong\",\"n\":-7}");
}

TEST(JsonEncoderDeathTest, StampsOnce) {
  core::PayloadPool pool(0);
  JsonEncoder encoder(pool);
  core::PayloadRef frame = stamped_event(encoder, 100);
  EXPECT_DEATH(encoder.stamp(*frame.get(), 2, UnixMillis{0}), "CHECK failed");
}

TEST(WsFrame, HoldsItsPayloadBehindTheHeader) {
  core::PayloadPool pool(0);
  const std::string payload(200, 'p');
  const core::PayloadRef frame =
      make_ws_frame(pool, protocol::WsOpcode::binary, std::as_bytes(std::span(payload)));
  EXPECT_EQ(text_of(frame->frame()), std::string("\x82\x7e\x00\xc8", 4) + payload);
  EXPECT_EQ(text_of(make_ws_frame(pool, protocol::WsOpcode::pong, {})->frame()),
            std::string("\x8a\x00", 2));
}

}  // namespace
}  // namespace parley::server
