// WebSocket on a worker: opening, closing both ways, time-outs, slow readers, drain.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "tests/unit/server/worker/worker_harness.h"

namespace parley::server {
namespace {

using Link = WorkerHarness::Link;
using Frames = std::vector<sim::NaiveFrame>;

Config with_echo() {
  Config config;
  config.echo_path = "/echo";
  config.rate_connection = {};
  config.rate_user = {};
  return config;
}

std::string join(std::string_view room) {
  return R"({"type":"joinRoom","room":")" + std::string(room) + "\"}";
}

std::string say(std::string_view room, std::size_t bytes) {
  return R"({"type":"message","room":")" + std::string(room) + R"(","message":")" +
         std::string(bytes, 'm') + "\"}";
}

TEST(WorkerWebSocket, GivesEachGuestAnIdOfItsOwn) {
  WorkerHarness server(with_echo());
  std::set<std::string> ids;
  for (std::size_t i = 0; i < 200; ++i) {
    const Link link = server.connect();
    const std::string answer = server.ask(link, "GET /ws" + std::string(upgrade_headers));
    const std::size_t at = answer.find("guest:");
    ASSERT_NE(at, std::string::npos) << answer;
    const std::string id = answer.substr(at, answer.find('"', at) - at);
    EXPECT_EQ(id.size(), 6u + 13u);
    EXPECT_TRUE(ids.insert(id).second) << id;
    server.leave(link);
  }
}

TEST(WorkerWebSocket, ReadsFramesThatCameWithTheUpgrade) {
  WorkerHarness server(with_echo());
  const Link link = server.connect();
  const std::string frame =
      sim::naive_client_frame({.opcode = 1, .fin = true, .payload = "early"}, 0x0a0b0c0d);
  const std::string answer = server.ask(link, "GET /echo" + std::string(upgrade_headers) + frame);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_TRUE(
      answer.ends_with("\r\n\r\n\x81\x05"
                       "early"))
      << answer;
}

TEST(WorkerWebSocket, ReadsAFrameWhoseHeadCameWithTheUpgrade) {
  WorkerHarness server(with_echo());
  const std::string frame =
      sim::naive_client_frame({.opcode = 2, .fin = true, .payload = "half"}, 0x0a0b0c0d);
  for (std::size_t cut = 1; cut < frame.size(); ++cut) {
    const Link link = server.connect();
    server.ask(link, "GET /echo" + std::string(upgrade_headers) + frame.substr(0, cut));
    EXPECT_EQ(server.ask(link, frame.substr(cut)), "\x82\x04half") << cut;
    server.leave(link);
  }
}

// What is known of a message lives until its last byte, whatever comes between.
TEST(WorkerWebSocket, ReadsFragmentsWithPingsBetweenThemCutAnywhere) {  // RFC 6455 5.4
  WorkerHarness server(with_echo());
  constexpr std::string_view text = "Zo\u00eb and Bj\u00f6rn";
  std::string stream;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < text.size(); ++i) {  // Code points are cut, too.
      stream += sim::naive_client_frame({.opcode = static_cast<std::uint8_t>(i == 0 ? 1 : 0),
                                         .fin = i + 1 == text.size(),
                                         .payload = std::string(text.substr(i, 1))},
                                        0x0a0b0c0d);
      if (i % 5 == 2) {
        stream +=
            sim::naive_client_frame({.opcode = 9, .fin = true, .payload = "ping"}, 0x1a1b1c1d);
      }
    }
  }
  for (const std::size_t bytes : {1u, 2u, 3u, 7u, 8u, 11u, 64u, 1'000u}) {
    const Link link = server.upgrade("/echo");
    for (std::size_t at = 0; at < stream.size(); at += bytes) {
      server.write(link, std::string_view(stream).substr(at, bytes));
      server.settle();
    }
    std::size_t pongs = 0;
    std::size_t texts = 0;
    for (const sim::NaiveFrame& frame : server.frames(link)) {
      (frame.opcode == 10 ? pongs : texts) += 1;
      EXPECT_EQ(frame.payload, frame.opcode == 10 ? "ping" : text) << bytes;
    }
    EXPECT_EQ(pongs, 6u) << bytes;
    EXPECT_EQ(texts, 2u) << bytes;
    server.leave(link);
  }
}

TEST(WorkerWebSocket, AnswersAPingWithItsBytes) {  // RFC 6455 5.5.2, 5.5.3
  WorkerHarness server(with_echo());
  const Link link = server.upgrade("/echo");
  server.send_frame(link, 9, "are you there");
  const Frames heard = server.frames(link);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].opcode, 10);
  EXPECT_EQ(heard[0].payload, "are you there");
}

TEST(WorkerWebSocket, AnswersAClosingHandshakeAndEndsFirst) {  // RFC 6455 5.5.1, 7.1.1
  WorkerHarness server(with_echo());
  const Link link = server.upgrade("/ws");
  server.send_text(link, join("general"));
  server.frames(link);
  server.send_frame(link, 8,
                    "\x03\xe8"
                    "bye");
  const Frames heard = server.frames(link);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(close_code(heard[0]), 1000);
  EXPECT_TRUE(server.ended(link));
  EXPECT_EQ(server.worker().hub().counts().sessions, 0u);
  server.leave(link);
  EXPECT_EQ(server.worker().connections(), 0u);
}

TEST(WorkerWebSocket, AnswersACloseWithoutACodeWithoutOne) {
  WorkerHarness server(with_echo());
  const Link link = server.upgrade("/echo");
  server.send_frame(link, 8, "");
  const Frames heard = server.frames(link);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].opcode, 8);
  EXPECT_EQ(heard[0].payload, "");
}

TEST(WorkerWebSocket, DoesNotWaitLongForThePeersEnd) {
  WorkerHarness server(with_echo());
  const Link link = server.upgrade("/echo");
  server.send_frame(link, 8, "\x03\xe8");
  server.run_for(seconds(1));
  EXPECT_EQ(server.worker().connections(), 1u);
  server.run_for(seconds(2));
  EXPECT_EQ(server.worker().connections(), 0u);
}

TEST(WorkerWebSocket, IgnoresWhatFollowsAClose) {  // RFC 6455 5.5.1
  WorkerHarness server(with_echo());
  const Link link = server.upgrade("/echo");
  server.write(link, sim::naive_client_frame({.opcode = 8, .fin = true, .payload = "\x03\xe8"}, 1) +
                         sim::naive_client_frame({.opcode = 1, .fin = true, .payload = "x"}, 1));
  server.settle();
  server.send_text(link, "and more");
  EXPECT_EQ(server.frames(link).size(), 1u);
}

TEST(WorkerWebSocket, ClosesForAPeersFaultWithItsCode) {
  WorkerHarness server(with_echo());
  const auto code_for = [&server](std::string_view path, std::string_view bytes) {
    const Link link = server.upgrade(path);
    server.write(link, bytes);
    server.settle();
    const Frames heard = server.frames(link);
    server.leave(link);
    return heard.empty() ? 0 : int{close_code(heard.back())};
  };
  EXPECT_EQ(code_for("/echo", "\x81\x02hi"), 1002);                        // 5.1: not masked.
  EXPECT_EQ(code_for("/echo", std::string("\xc1\x80\0\0\0\0", 6)), 1002);  // 5.2: RSV1.
  EXPECT_EQ(code_for("/echo", std::string("\x81\x81\0\0\0\0\xff", 7)), 1007);
  EXPECT_EQ(code_for("/echo", std::string("\x82\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0", 14)), 1009);
  EXPECT_EQ(code_for("/ws", std::string("\x82\x81\0\0\0\0x", 7)), 1003);
}

TEST(WorkerWebSocket, PingsASilentPeerAndCutsItWhenNothingComes) {
  Config config = with_echo();
  config.ping_interval_ms = 25'000;
  config.ping_timeout_ms = 20'000;
  WorkerHarness server(config);
  const Link link = server.upgrade("/echo");
  server.run_for(seconds(24));
  EXPECT_TRUE(server.frames(link).empty());
  server.run_for(seconds(2));
  const Frames heard = server.frames(link);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].opcode, 9);
  server.run_for(seconds(18));
  EXPECT_EQ(server.worker().connections(), 1u);
  server.run_for(seconds(3));
  EXPECT_EQ(server.worker().connections(), 0u);
}

TEST(WorkerWebSocket, KeepsAPeerThatAnswersPings) {
  Config config = with_echo();
  config.idle_timeout_ms = 60'000;
  WorkerHarness server(config);
  const Link link = server.upgrade("/echo");
  std::size_t pings = 0;
  for (int i = 0; i < 300; ++i) {
    server.run_for(seconds(1));
    for (const sim::NaiveFrame& frame : server.frames(link)) {
      EXPECT_EQ(frame.opcode, 9);
      pings += 1;
      server.send_frame(link, 10, frame.payload);
    }
  }
  EXPECT_GE(pings, 10u);
  EXPECT_EQ(server.worker().connections(), 1u);
}

TEST(WorkerWebSocket, ClosesAnIdlePeerWith1001) {
  Config config = with_echo();
  config.ping_interval_ms = 0;
  config.idle_timeout_ms = 30'000;
  WorkerHarness server(config);
  const Link link = server.upgrade("/echo");
  server.run_for(seconds(29));
  EXPECT_TRUE(server.frames(link).empty());
  server.run_for(seconds(2));
  const Frames heard = server.frames(link);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(close_code(heard[0]), 1001);
  EXPECT_EQ(heard[0].payload.substr(2), "idle timeout");
}

// When a peer was heard is kept in 32 bits of milliseconds, which wrap after 49 days.
TEST(WorkerWebSocket, KeepsAPeerThatAnswersPingsWhenItsMillisecondsWrap) {
  Config config = with_echo();
  config.ping_interval_ms = 10'000;
  config.ping_timeout_ms = 5'000;
  config.idle_timeout_ms = 30'000;
  WorkerHarness server(config);
  server.sleep_for(milliseconds(UINT32_MAX) - seconds(60));
  const Link link = server.upgrade("/echo");
  std::size_t pings = 0;
  for (int i = 0; i < 120; ++i) {
    server.run_for(seconds(1));
    for (const sim::NaiveFrame& frame : server.frames(link)) {
      EXPECT_EQ(frame.opcode, 9) << i;
      pings += 1;
      server.send_frame(link, 10, frame.payload);
    }
  }
  EXPECT_GE(pings, 10u);
  EXPECT_LE(pings, 20u);
  EXPECT_EQ(server.worker().connections(), 1u);
}

TEST(WorkerWebSocket, ClosesAnIdlePeerOnTimeWhenItsMillisecondsWrap) {
  Config config = with_echo();
  config.ping_interval_ms = 0;
  config.idle_timeout_ms = 30'000;
  for (const std::int64_t before_s : {1, 15, 29, 31}) {
    WorkerHarness server(config);
    server.sleep_for(milliseconds(UINT32_MAX) - seconds(before_s));
    const Link link = server.upgrade("/echo");
    server.run_for(seconds(29));
    EXPECT_TRUE(server.frames(link).empty()) << before_s;
    server.run_for(seconds(2));
    const Frames heard = server.frames(link);
    ASSERT_EQ(heard.size(), 1u) << before_s;
    EXPECT_EQ(close_code(heard[0]), 1001);
  }
}

TEST(WorkerWebSocket, EndsTheSessionOfAPeerThatIsGone) {
  WorkerHarness server(with_echo());
  const Link ended = server.upgrade("/ws");
  const Link reset = server.upgrade("/ws");
  for (const Link link : {ended, reset}) server.send_text(link, join("general"));
  EXPECT_EQ(server.worker().hub().counts().memberships, 2u);
  server.half_close(ended);
  server.reset(reset);
  server.run_for(seconds(1));
  EXPECT_EQ(server.worker().hub().counts().sessions, 0u);
  EXPECT_EQ(server.worker().connections(), 0u);
}

// A room with somebody who reads and somebody who does not, flooded by a third.
class SlowReader : public testing::Test {
 protected:
  void flood(Config config) {
    config.ping_interval_ms = 0;  // Much virtual time passes.
    config.idle_timeout_ms = 0;
    config.close_timeout_ms = 3'600'000;
    config.outbox_bytes_max = 200'000;
    server_ = std::make_unique<WorkerHarness>(config);
    slow_ = server_->upgrade("/ws");
    const Link reader = server_->upgrade("/ws");
    const Link speaker = server_->upgrade("/ws");
    for (const Link link : {slow_, reader, speaker}) server_->send_text(link, join("flood"));
    for (const Link link : {slow_, reader, speaker}) server_->frames(link);
    std::size_t heard = 0;
    for (std::size_t i = 0; i < messages; ++i) {
      server_->send_text(speaker, say("flood", 1'000));
      for (const sim::NaiveFrame& frame : server_->frames(reader)) {
        heard += frame.payload.starts_with(R"({"type":"message")") ? 1 : 0;
      }
      server_->frames(speaker);
    }
    EXPECT_EQ(heard, messages);  // The others see no loss.
  }

  static constexpr std::size_t messages = 600;

  std::unique_ptr<WorkerHarness> server_;
  Link slow_;
};

TEST_F(SlowReader, IsDisconnectedWith1013) {
  flood(with_echo());
  const Frames heard = server_->frames(slow_);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(close_code(heard.back()), 1013);
  EXPECT_EQ(heard.back().payload.substr(2), "slow reader");
  EXPECT_EQ(server_->worker().transport().counters().slow_reader_disconnects, 1u);
  EXPECT_EQ(server_->worker().hub().counts().memberships, 2u);
}

TEST_F(SlowReader, IsToldExactlyWhatWasDropped) {
  Config config = with_echo();
  config.slow_reader = SlowReaderPolicy::drop_oldest;
  flood(config);
  std::uint64_t expected = 1;
  std::uint64_t dropped = 0;
  const auto number = [](const std::string& text, std::string_view key) {
    const std::size_t at = text.find(key);
    EXPECT_NE(at, std::string::npos) << text;
    return std::stoull(text.substr(at + key.size()));
  };
  for (const sim::NaiveFrame& frame : server_->frames(slow_)) {
    if (frame.payload.starts_with(R"({"type":"message")")) {
      EXPECT_EQ(number(frame.payload, "\"seq\":"), expected);
      expected += 1;
    } else if (frame.payload.starts_with(R"({"type":"gap")")) {
      EXPECT_EQ(number(frame.payload, "\"from\":"), expected);
      const std::uint64_t to = number(frame.payload, "\"to\":");
      dropped += to + 1 - expected;
      expected = to + 1;
    }
  }
  EXPECT_EQ(expected, messages + 1);
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(server_->worker().transport().counters().slow_reader_dropped, dropped);
  EXPECT_EQ(server_->worker().hub().counts().memberships, 3u);
}

TEST(WorkerDrain, SaysGoodbyeWith1001AndRefusesNewcomers) {
  WorkerHarness server(with_echo());
  const Link chat = server.upgrade("/ws");
  const Link echo = server.upgrade("/echo");
  server.frames(chat);
  server.worker().start_draining();
  server.settle();
  EXPECT_FALSE(server.listening());
  EXPECT_FALSE(server.worker().drained());
  for (const Link link : {chat, echo}) {
    const Frames heard = server.frames(link);
    ASSERT_EQ(heard.size(), link == chat ? 2u : 1u);  // The chat is told in its own words, too.
    if (link == chat) {
      EXPECT_EQ(heard[0].payload, R"({"type":"system","message":"Server shutting down"})");
    }
    EXPECT_EQ(close_code(heard.back()), 1001);
    EXPECT_EQ(heard.back().payload.substr(2), "Server shutting down");
    server.leave(link);
  }
  EXPECT_TRUE(server.worker().drained());
  EXPECT_EQ(server.worker().cut_off(), 0u);
}

// Two clients ask for the same, one reads: what the other has queued can be told from that.
TEST(WorkerDrain, SaysGoodbyeWith1001ToWhomItsAnnouncementDoesNotFit) {
  Config config = with_echo();
  config.rate_connection = {};
  config.outbox_bytes_max = 200'000;
  WorkerHarness server(config);
  const Link slow = server.upgrade("/ws");
  const Link reader = server.upgrade("/ws");
  const auto sent_bytes = [&] { return server.worker().transport().counters().sent_bytes; };
  const std::uint64_t sent_before = sent_bytes();
  std::uint64_t answered_bytes = 0;  // To each of the two.
  const auto ask_for_an_error = [&](const std::string& id) {
    for (const Link link : {slow, reader}) {
      server.send_text(link, R"({"type":"no such","id":")" + id + R"("})");
    }
    const Frames heard = server.frames(reader);
    ASSERT_EQ(heard.size(), 1u);
    answered_bytes += 2 + heard[0].payload.size();
  };
  const auto free_bytes = [&] {
    return config.outbox_bytes_max - (2 * answered_bytes - (sent_bytes() - sent_before));
  };
  ask_for_an_error("x");
  const std::uint64_t error_bytes = answered_bytes;
  while (free_bytes() > 2 * error_bytes) ask_for_an_error("x");
  const std::uint64_t rest_bytes = free_bytes() - error_bytes;
  ask_for_an_error(std::string(1 + std::min<std::uint64_t>(rest_bytes, 40), 'x'));
  ASSERT_LT(free_bytes(), 50u);  // The announcement takes 52.
  server.worker().start_draining();
  const Frames heard = server.frames(slow);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(close_code(heard.back()), 1001);
  EXPECT_EQ(server.worker().transport().counters().slow_reader_disconnects, 0u);
}

TEST(WorkerDrain, FlushesWhatIsQueuedBeforeTheGoodbye) {
  WorkerHarness server(with_echo());
  const Link link = server.upgrade("/echo");
  const std::string large(60'000, 'x');
  for (int i = 0; i < 8; ++i) server.send_text(link, large);  // More than the pipe holds.
  server.worker().start_draining();
  const Frames heard = server.frames(link);
  ASSERT_EQ(heard.size(), 9u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(heard[static_cast<std::size_t>(i)].payload, large);
  EXPECT_EQ(close_code(heard.back()), 1001);
}

TEST(WorkerDrain, CutsOffWhoDoesNotReadInTime) {
  Config config = with_echo();
  config.shutdown_timeout_ms = 8'000;
  config.close_timeout_ms = 60'000;
  WorkerHarness server(config);
  const Link link = server.upgrade("/echo");
  const std::string large(60'000, 'x');
  for (int i = 0; i < 8; ++i) server.send_text(link, large);
  server.worker().start_draining();
  server.run_for(seconds(7));
  EXPECT_FALSE(server.worker().drained());
  server.run_for(seconds(2));
  EXPECT_TRUE(server.worker().drained());
  EXPECT_EQ(server.worker().cut_off(), 1u);
}

}  // namespace
}  // namespace parley::server
