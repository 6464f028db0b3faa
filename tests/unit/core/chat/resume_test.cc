// History and coming back: docs/protocol-classic.md, "Sequence numbers and coming back".
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

// A room with a speaker in it, whose home is another worker.
class Resume : public testing::Test {
 protected:
  static HubConfig config() {
    HubConfig config = unlimited();
    config.history_count_max = 250;
    config.history_reply_bytes_max = 200'000;
    return config;
  }

  void start(const HubConfig& config) {
    chat_ = std::make_unique<Chat>(Chat::Setup{.config = config});
    room_ = chat_->room_at(1, "room");
    speaker_ = chat_->connect_guest(2);
    chat_->enter(speaker_, room_);
    client_ = chat_->connect_guest(0);
    chat_->take(client_);
  }
  void speak(int count) { speak(count, 10); }
  void speak(int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) {
      chat_->say(speaker_,
                 {{"type", "message"}, {"room", room_}, {"message", std::string(bytes, 'm')}});
      chat_->settle();
    }
  }
  std::vector<Json> join(const Json& more) {
    Json command{{"type", "joinRoom"}, {"room", room_}};
    command.update(more);
    return ask(command);
  }
  std::vector<Json> ask(const Json& command) {
    chat_->take(client_);
    chat_->say(client_, command);
    chat_->settle();
    return chat_->take(client_);
  }
  std::vector<Json> ask_history(const Json& more) {
    Json command{{"type", "history"}, {"room", room_}};
    command.update(more);
    return ask(command);
  }
  std::string epoch() {
    chat_->close(client_);
    client_ = chat_->connect_guest(0);
    chat_->take(client_);
    const std::string epoch = join(Json::object())[0]["epoch"];
    chat_->say(client_, {{"type", "leaveRoom"}, {"room", room_}});
    chat_->settle();
    return epoch;
  }
  static std::vector<Sequence> numbers(const Json& history) {
    std::vector<Sequence> numbers;
    for (const Json& message : history["messages"]) numbers.push_back(message["seq"]);
    return numbers;
  }
  static std::vector<Sequence> range(Sequence first, Sequence last) {
    std::vector<Sequence> numbers;
    for (Sequence s = first; s <= last; ++s) numbers.push_back(s);
    return numbers;
  }

  std::unique_ptr<Chat> chat_;
  std::string room_;
  ClientIndex speaker_ = 0;
  ClientIndex client_ = 0;
};

TEST_F(Resume, WithoutSinceGivesTheLast20) {
  start(config());
  speak(30);
  const std::vector<Json> heard = join(Json::object());
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0]["seq"], 30);
  EXPECT_EQ(numbers(heard[1]), range(11, 30));
  EXPECT_EQ(heard[1]["more"], false);
}

TEST_F(Resume, GivesExactlyWhatWasMissed) {
  start(config());
  speak(10);
  const std::string known = epoch();
  const std::vector<Json> heard = join({{"since", 7}, {"epoch", known}});
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0]["resumed"], true);
  EXPECT_EQ(heard[0]["epoch"], known);
  EXPECT_EQ(numbers(heard[1]), range(8, 10));
  EXPECT_EQ(heard[1]["messages"][0]["message"], "mmmmmmmmmm");
}

TEST_F(Resume, GivesTheSameBytesAsTheBroadcastWas) {
  start(config());
  chat_->say(speaker_,
             {{"type", "message"}, {"room", room_}, {"message", "\"\\\u00e9"}, {"id", "i"}});
  chat_->settle();
  const Json broadcast = chat_->take_one(speaker_, "message");
  EXPECT_EQ(join({{"since", 0}})[1]["messages"], Json::array({broadcast}));
}

TEST_F(Resume, GivesNothingWhenNothingWasMissed) {
  start(config());
  speak(3);
  const std::vector<Json> heard = join({{"since", 3}, {"epoch", epoch()}});
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0]["resumed"], true);
  EXPECT_TRUE(heard[1]["messages"].empty());
  EXPECT_EQ(heard[1]["more"], false);
}

TEST_F(Resume, ComparesNumbersAloneWithoutAnEpoch) {
  start(config());
  speak(5);
  const std::vector<Json> heard = join({{"since", 4}});
  EXPECT_EQ(heard[0]["resumed"], true);
  EXPECT_EQ(numbers(heard[1]), range(5, 5));
}

TEST_F(Resume, NamesTheRangeThatExpired) {
  start(config());
  speak(300);  // 250 are on record.
  const std::vector<Json> heard = join({{"since", 20}, {"epoch", epoch()}});
  ASSERT_GE(heard.size(), 4u);
  EXPECT_EQ(heard[0]["resumed"], true);
  EXPECT_EQ(
      heard[1],
      (Json{{"type", "gap"}, {"room", room_}, {"from", 21}, {"to", 50}, {"reason", "expired"}}));
  std::vector<Sequence> all;
  for (std::size_t i = 2; i < heard.size(); ++i) {
    ASSERT_EQ(heard[i]["type"], "history");
    EXPECT_EQ(heard[i]["more"], i + 1 < heard.size());
    for (const Sequence s : numbers(heard[i])) all.push_back(s);
  }
  EXPECT_EQ(all, range(51, 300));
}

TEST_F(Resume, NamesTheRangeWhenAllOfItExpired) {
  HubConfig config = Resume::config();
  config.history_count_max = 0;
  start(config);
  speak(5);
  const std::vector<Json> heard = join({{"since", 2}});
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[1]["from"], 3);
  EXPECT_EQ(heard[1]["to"], 5);
  EXPECT_EQ(heard[1]["reason"], "expired");
  EXPECT_TRUE(heard[2]["messages"].empty());
  EXPECT_EQ(heard[2]["more"], false);
}

TEST_F(Resume, BeginsAnewUnderAnotherEpoch) {
  start(config());
  speak(3);
  for (const Json& more :
       {Json{{"since", 2}, {"epoch", "anotherlife"}}, Json{{"since", 2}, {"epoch", "!"}},
        Json{{"since", 99}}, Json{{"since", INT64_MAX}}}) {
    const std::vector<Json> heard = join(more);
    ASSERT_EQ(heard.size(), 3u) << more;
    EXPECT_EQ(heard[0]["resumed"], false);
    EXPECT_EQ(heard[1]["type"], "gap");
    EXPECT_EQ(heard[1]["reason"], "reset");
    EXPECT_EQ(numbers(heard[2]), range(1, 3));
    chat_->say(client_, {{"type", "leaveRoom"}, {"room", room_}});
    chat_->settle();
  }
}

TEST_F(Resume, BeginsAnewWhenTheRoomWasForgottenInBetween) {
  HubConfig config = Resume::config();
  config.history_age_max = seconds(60);
  start(config);
  speak(3);
  const std::string before = epoch();
  chat_->say(speaker_, {{"type", "leaveRoom"}, {"room", room_}});
  chat_->settle();
  chat_->pass_time(seconds(61));
  chat_->tick();
  const std::vector<Json> heard = join({{"since", 3}, {"epoch", before}});
  EXPECT_EQ(heard[0]["seq"], 0);
  EXPECT_NE(heard[0]["epoch"], before);
  EXPECT_EQ(heard[0]["resumed"], false);
  EXPECT_EQ(heard[1]["reason"], "reset");
}

TEST_F(Resume, KeepsTheEpochWhileSomebodyIsInTheRoom) {
  HubConfig config = Resume::config();
  config.history_age_max = seconds(60);
  start(config);
  speak(3);
  const std::string before = epoch();
  chat_->pass_time(seconds(61));
  chat_->tick();
  speak(1);
  const std::vector<Json> heard = join({{"since", 2}, {"epoch", before}});
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0]["resumed"], true);
  EXPECT_EQ(heard[0]["seq"], 4);
  EXPECT_EQ(heard[1]["from"], 3);
  EXPECT_EQ(heard[1]["to"], 3);
  EXPECT_EQ(numbers(heard[2]), range(4, 4));
}

TEST_F(Resume, GoesOnByItselfWhereOneAnswerDoesNotHoldWhatWasMissed) {
  HubConfig config = Resume::config();
  config.history_reply_bytes_max = 20'000;
  start(config);
  speak(50, 1'000);
  const std::vector<Json> heard = join({{"since", 0}});
  std::vector<Sequence> all;
  std::size_t frames = 0;
  for (const Json& message : heard) {
    if (message["type"] != "history") continue;
    frames += 1;
    for (const Sequence s : numbers(message)) all.push_back(s);
    EXPECT_EQ(message["more"], all.size() < 50);
  }
  EXPECT_GE(frames, 3u);
  EXPECT_EQ(all, range(1, 50));
}

TEST_F(Resume, SplitsWhatWasMissedIntoFramesOfBoundedSize) {
  HubConfig config = Resume::config();
  config.history_reply_bytes_max = 1 << 20;
  start(config);
  speak(100, 2'000);
  const std::vector<Json> heard = join({{"since", 0}});
  ASSERT_GE(heard.size(), 4u);
  for (const Json& message : heard) EXPECT_LE(message.dump().size(), 70'000u);
}

TEST_F(Resume, HistoryPagesBackwards) {
  start(config());
  speak(25);
  join(Json::object());
  const auto page = [this](const Json& more) {
    const std::vector<Json> heard = ask_history(more);
    EXPECT_EQ(heard.size(), 1u);
    return heard.at(0);
  };
  const Json newest = page({{"limit", 10}});
  EXPECT_EQ(numbers(newest), range(16, 25));
  EXPECT_EQ(newest["more"], true);
  EXPECT_EQ(numbers(page(Json::object())), range(6, 25));
  const Json middle = page({{"before", 16}, {"limit", 10}});
  EXPECT_EQ(numbers(middle), range(6, 15));
  EXPECT_EQ(middle["more"], true);
  const Json oldest = page({{"before", 6}, {"limit", 10}});
  EXPECT_EQ(numbers(oldest), range(1, 5));
  EXPECT_EQ(oldest["more"], false);
  EXPECT_TRUE(page({{"before", 1}})["messages"].empty());
  EXPECT_TRUE(page({{"before", -5}})["messages"].empty());
  EXPECT_TRUE(page({{"before", 0}})["messages"].empty());
}

TEST_F(Resume, HistoryClampsItsLimit) {
  start(config());
  speak(150);
  join(Json::object());
  const auto count = [this](const Json& limit) {
    return ask_history({{"limit", limit}}).at(0)["messages"].size();
  };
  EXPECT_EQ(count(1'000'000), 100u);
  EXPECT_EQ(count(INT64_MAX), 100u);
  EXPECT_EQ(count(0), 1u);
  EXPECT_EQ(count(-3), 1u);
  EXPECT_EQ(count("many"), 20u);
  EXPECT_EQ(ask_history({{"since", 0}, {"limit", 1'000}}).at(0)["messages"].size(), 100u);
}

TEST_F(Resume, HistorySinceRepairsAGap) {
  start(config());
  speak(30);
  join(Json::object());
  std::vector<Json> heard = ask_history({{"since", 3}, {"limit", 5}});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(numbers(heard[0]), range(4, 8));
  EXPECT_EQ(heard[0]["more"], true);
  heard = ask_history({{"since", 25}, {"limit", 5}});
  EXPECT_EQ(numbers(heard[0]), range(26, 30));
  EXPECT_EQ(heard[0]["more"], false);
  heard = ask_history({{"since", 99}});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0]["messages"].empty());
  EXPECT_EQ(heard[0]["more"], false);
}

TEST_F(Resume, HistorySinceIsOneFrameAndItsMoreTellsTheRest) {
  start(config());
  speak(100, 3'000);  // 20 of them fill a frame.
  join(Json::object());
  std::vector<Sequence> all;
  bool more = true;
  while (more) {
    const std::vector<Json> heard =
        ask_history({{"since", all.empty() ? 0 : all.back()}, {"limit", 100}});
    ASSERT_EQ(heard.size(), 1u);
    const std::vector<Sequence> part = numbers(heard[0]);
    ASSERT_FALSE(part.empty());
    EXPECT_LT(part.size(), 100u);
    all.insert(all.end(), part.begin(), part.end());
    more = heard[0]["more"];
  }
  EXPECT_EQ(all, range(1, 100));
}

TEST_F(Resume, HistorySinceBeforeTheRecordNamesWhatExpired) {
  start(config());
  speak(260);
  join(Json::object());
  const std::vector<Json> heard = ask_history({{"since", 4}, {"limit", 2}});
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0]["from"], 5);
  EXPECT_EQ(heard[0]["to"], 10);
  EXPECT_EQ(numbers(heard[1]), range(11, 12));
}

}  // namespace
}  // namespace parley::core
