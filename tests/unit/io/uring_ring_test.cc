// What only a kernel can do to a ring: queues that overflow, limits of the process, threads.

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/listener.h"
#include "io/uring_ring.h"
#include "tests/unit/io/uring_harness.h"

namespace parley::io {
namespace {

using testing::HasSubstr;

// Puts the limit of open files back when the test is over.
class FileLimit {
 public:
  FileLimit() { getrlimit(RLIMIT_NOFILE, &before_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

  void set(rlim_t files) {
    const rlimit limit{.rlim_cur = files, .rlim_max = before_.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

 private:
  rlimit before_{};
};

UringConfig small(RingDirectory& directory) {
  return {.directory = &directory,
          .connections_max = 16,
          .recv_buffer_bytes = 256,
          .recv_buffers = 16,
          .submissions = 16,
          .completions = 32,
          .features = {}};
}

constexpr ConnId accept_conn{0, 1};

TEST(UringRingDeath, SaysWhichLimitATableOfSocketsExceeds) {
  const auto open_too_many = [] {  // In a process of its own: a hard limit cannot be put back.
    const rlimit limit{.rlim_cur = 64, .rlim_max = 64};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(2);
    RingDirectory directory;
    UringConfig config = small(directory);
    config.connections_max = 65;
    const Result<std::unique_ptr<UringRing>> ring = UringRing::open(config);
    if (ring.has_value() || directory.find(WorkerId{0}) != RingDirectory::none) _exit(3);
    std::fputs(ring.error().message.c_str(), stderr);
    _exit(0);
  };
  EXPECT_EXIT(open_too_many(), testing::ExitedWithCode(0), "65 connections.*ulimit -n");
}

TEST(UringRing, RefusesBuffersThatTheKernelCannotHave) {
  RingDirectory directory;
  for (const std::uint32_t buffers : {0u, 3u, 65'536u}) {
    UringConfig config = small(directory);
    config.recv_buffers = buffers;
    const Result<std::unique_ptr<UringRing>> ring = UringRing::open(config);
    ASSERT_FALSE(ring.has_value());
    EXPECT_THAT(ring.error().message, HasSubstr("power of two"));
  }
}

TEST(UringRing, LeavesTheDirectoryWhenItCloses) {
  RingDirectory directory;
  {
    const Result<std::unique_ptr<UringRing>> ring = UringRing::open(small(directory));
    ASSERT_TRUE(ring.has_value());
    EXPECT_NE(directory.find(WorkerId{0}), RingDirectory::none);
  }
  EXPECT_EQ(directory.find(WorkerId{0}), RingDirectory::none);
}

TEST(UringRing, ReleasesItsPortWhenItClosesWhileAccepting) {
  RingDirectory directory;
  const Result<Listener> listener = open_listener({.host = "127.0.0.1", .backlog = 10});
  ASSERT_TRUE(listener.has_value());
  {
    UringConfig config = small(directory);
    config.listener_fd = listener->fd;
    Result<std::unique_ptr<UringRing>> ring = UringRing::open(config);
    ASSERT_TRUE(ring.has_value());
    (*ring)->accept(accept_conn);
    static_cast<void>((*ring)->wait(Instant{0}, 1));
  }
  const Result<Listener> again =
      open_listener({.host = "127.0.0.1", .port = listener->port, .backlog = 10});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ::close(again->fd);
}

TEST(UringRing, WakeOfAWorkerWithoutARingIsNothing) {
  RingDirectory directory;
  Result<std::unique_ptr<UringRing>> ring = UringRing::open(small(directory));
  ASSERT_TRUE(ring.has_value());
  (*ring)->wake(WorkerId{7});
  EXPECT_TRUE((*ring)->wait((*ring)->now() + milliseconds(2), 16).empty());
  EXPECT_EQ((*ring)->counters().wakes_failed, 0u);
}

TEST(UringRing, CountsAWakeThatFindsNoRingBehindTheDescriptor) {
  RingDirectory directory;
  Result<std::unique_ptr<UringRing>> ring = UringRing::open(small(directory));
  ASSERT_TRUE(ring.has_value());
  directory.enter(WorkerId{1}, STDIN_FILENO);  // As if the ring were gone and its number reused.
  (*ring)->wake(WorkerId{1});
  EXPECT_TRUE((*ring)->wait((*ring)->now() + milliseconds(2), 16).empty());
  EXPECT_EQ((*ring)->counters().wakes_failed, 1u);
}

// Rings on one listener's worth of clients, for what the contract test does not look at.
class UringRingHarness : public testing::Test {
 protected:
  void open(const RingHarnessOptions& options, UringHarness::Kernel kernel) {
    harness_.emplace(options, kernel);
  }
  [[nodiscard]] UringRing& ring() { return harness_->uring(WorkerId{0}); }
  [[nodiscard]] ClientId connect() { return harness_->connect(WorkerId{0}); }

  // All completions of some waits, until there are `count` of them.
  [[nodiscard]] std::vector<Completion> take(std::size_t count) {
    std::vector<Completion> taken;
    for (int i = 0; i < 1'000 && taken.size() < count; ++i) {
      const std::span<const Completion> some =
          ring().wait(ring().now() + milliseconds(10), Ring::completion_batch_max);
      taken.insert(taken.end(), some.begin(), some.end());
    }
    EXPECT_GE(taken.size(), count);
    return taken;
  }

  // Closes sockets[0..], one connection each, and accepts until `served` clients had their turn.
  std::size_t serve(std::size_t clients) {
    std::size_t served = 0;
    std::uint32_t generation = 1;
    std::size_t open_sockets = 0;
    ring().accept(accept_conn);
    while (served < clients || open_sockets > 0) {
      const std::vector<Completion> some = take(1);
      if (some.empty()) break;
      for (const Completion& completion : some) {
        if (completion.op == Op::accept && completion.result >= 0) {
          const auto socket = static_cast<std::uint32_t>(completion.result);
          served += 1;
          open_sockets += 1;
          ring().close({socket, ++generation}, {socket});
        }
        if (completion.op == Op::close) open_sockets -= 1;
        if (completion.op == Op::accept && !completion.more && served < clients) {
          ring().accept(accept_conn);
        }
      }
    }
    return served;
  }

  std::optional<UringHarness> harness_;
};

TEST_F(UringRingHarness, ServesManyMoreClientsThanTheTableHoldsAndLosesNone) {
  constexpr std::size_t clients = 600;
  open({.connections_max = 200, .accept_margin = 3},
       {.submissions = 16, .completions = 64, .all_features = true});
  std::vector<ClientId> all;
  for (std::size_t i = 0; i < clients; ++i) all.push_back(connect());
  EXPECT_EQ(serve(clients), clients);
  EXPECT_EQ(ring().counters().accepts, clients);
  EXPECT_EQ(ring().counters().accept_errors, 0u);
  EXPECT_EQ(ring().counters().peers_unknown, 0u);
  for (const ClientId client : all) EXPECT_EQ(harness_->state(client), ClientState::ended);
}

TEST_F(UringRingHarness, FillsATableFromABurstWithoutAcceptingOneTooMany) {
  // Multishot while more than a completion queue is free, then one by one: the burst of 300 finds
  // 100 sockets, 33 of them behind the switch.
  open({.connections_max = 100}, {.submissions = 8, .completions = 32, .all_features = true});
  std::vector<ClientId> all;
  for (int i = 0; i < 300; ++i) all.push_back(connect());
  ring().accept(accept_conn);
  std::size_t accepted = 0;
  bool more = true;
  while (more) {
    for (const Completion& completion : take(1)) {
      ASSERT_GE(completion.result, 0);
      accepted += 1;
      more = completion.more;
    }
  }
  EXPECT_EQ(accepted, 100u);
  static_cast<void>(ring().wait(ring().now() + milliseconds(20), 16));
  for (const ClientId client : all) EXPECT_EQ(harness_->state(client), ClientState::open);
}

TEST_F(UringRingHarness, OverflowOfTheCompletionQueueLosesNothing) {
  constexpr std::uint32_t clients = 40;
  open({.connections_max = 64, .recv_buffers = 64},
       {.submissions = 4, .completions = 4, .all_features = true});
  ring().accept(accept_conn);
  std::vector<ClientId> all;
  for (std::uint32_t i = 0; i < clients; ++i) all.push_back(connect());
  std::vector<SocketId> sockets;
  for (const Completion& completion : take(clients)) {
    ASSERT_EQ(completion.op, Op::accept);
    sockets.push_back({static_cast<std::uint32_t>(completion.result)});
    const auto slot = static_cast<std::uint32_t>(sockets.size() - 1);
    ring().recv({slot, 1}, sockets.back());
  }
  ASSERT_EQ(sockets.size(), clients);
  static_cast<void>(ring().wait(Instant{0}, 1));
  const std::array<std::byte, 8> sent{};
  for (const ClientId client : all) ASSERT_EQ(harness_->send(client, sent), sent.size());
  std::vector<int> heard(clients);
  for (const Completion& completion : take(clients)) {
    ASSERT_EQ(completion.op, Op::recv);
    EXPECT_EQ(completion.result, 8);
    heard[completion.conn.slot] += 1;
  }
  EXPECT_EQ(heard, std::vector<int>(clients, 1));
  EXPECT_GT(ring().counters().cq_overflows, 0u);
  EXPECT_GT(ring().counters().queue_full, 0u);
  EXPECT_EQ(ring().counters().completions_lost, 0u);
}

TEST_F(UringRingHarness, AcceptSaysThatTheProcessIsOutOfDescriptorsAndGoesOnLater) {
  open({}, {.submissions = 16, .completions = 32, .all_features = false});
  const ClientId client = connect();
  {
    FileLimit limit;
    limit.set(3);  // Everything open stays open, nothing more can be.
    ring().accept(accept_conn);
    const std::vector<Completion> refused = take(1);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].result, -EMFILE);
    EXPECT_FALSE(refused[0].more);
    EXPECT_GE(ring().counters().accept_errors, 1u);
  }
  ring().accept(accept_conn);
  const std::vector<Completion> accepted = take(1);
  EXPECT_GE(accepted[0].result, 0);
  EXPECT_EQ(harness_->state(client), ClientState::open);
}

TEST_F(UringRingHarness, NeedsNoDescriptorOfTheProcessWhereTheKernelNamesPeers) {
  open({}, {.submissions = 16, .completions = 32, .all_features = true});
  const ClientId client = connect();
  FileLimit limit;
  limit.set(3);
  ring().accept(accept_conn);
  const std::vector<Completion> accepted = take(1);
  ASSERT_GE(accepted[0].result, 0);
  const SocketId socket{static_cast<std::uint32_t>(accepted[0].result)};
  EXPECT_EQ(ring().peer(socket), harness_->address(client));
}

TEST(UringRing, NamesPeersOfBothFamiliesOnOneListener) {
  for (const bool asks_ring : {true, false}) {
    const Result<Listener> listener = open_listener({.host = "::", .backlog = 10});
    if (!listener) GTEST_SKIP() << listener.error().message;
    RingDirectory directory;
    UringConfig config = small(directory);
    config.listener_fd = listener->fd;
    config.features = asks_ring ? *probe_kernel() : Features{};
    Result<std::unique_ptr<UringRing>> ring = UringRing::open(config);
    ASSERT_TRUE(ring.has_value());
    (*ring)->accept(accept_conn);

    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(listener->port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(listener->port);
    v6.sin6_addr = in6addr_loopback;
    IpAddress loopback_v6;
    loopback_v6.octets.back() = 1;
    const IpAddress loopback_v4 = IpAddress::v4(127, 0, 0, 1);
    const auto expect_peer = [&](const auto& address, const IpAddress& peer) {
      const int client =
          socket(reinterpret_cast<const sockaddr&>(address).sa_family, SOCK_STREAM, 0);
      ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      const auto accepted = (*ring)->wait((*ring)->now() + seconds(10), 1);
      ASSERT_EQ(accepted.size(), 1u);
      EXPECT_EQ((*ring)->peer({static_cast<std::uint32_t>(accepted[0].result)}), peer);
      ::close(client);
    };
    expect_peer(v4, loopback_v4);
    expect_peer(v6, loopback_v6);
    EXPECT_EQ((*ring)->counters().peers_unknown, 0u);
  }
}

TEST_F(UringRingHarness, CountsReceivesThatFoundNoBuffer) {
  open({.recv_buffer_bytes = 16, .recv_buffers = 2},
       {.submissions = 16, .completions = 32, .all_features = true});
  const ClientId client = connect();
  ring().accept(accept_conn);
  const SocketId socket{static_cast<std::uint32_t>(take(1)[0].result)};
  ring().recv({0, 1}, socket);
  ASSERT_EQ(harness_->send(client, pattern(100)), 100u);
  EXPECT_EQ(take(3).back().result, -ENOBUFS);
  EXPECT_EQ(ring().counters().recv_no_buffers, 1u);
}

TEST_F(UringRingHarness, GathersMorePiecesThanItKeepsListsFor) {
  // 100 sends of 64 pieces: more than the 4,096 pieces between two submissions.
  constexpr std::uint32_t clients = 100;
  open({.connections_max = 128}, {.submissions = 256, .completions = 256, .all_features = true});
  ring().accept(accept_conn);
  std::vector<ClientId> all;
  for (std::uint32_t i = 0; i < clients; ++i) all.push_back(connect());
  std::vector<SocketId> sockets;
  for (const Completion& completion : take(clients)) {
    sockets.push_back({static_cast<std::uint32_t>(completion.result)});
  }
  const std::vector<std::byte> sent = pattern(640);
  std::vector<Bytes> pieces;
  for (std::uint32_t i = 0; i < 64; ++i) pieces.push_back(Bytes(sent).subspan(i * 10, 10));
  for (std::uint32_t i = 0; i < clients; ++i) ring().send({i, 1}, sockets[i], pieces);
  for (const Completion& completion : take(clients)) EXPECT_EQ(completion.result, 640);
  for (const ClientId client : all) EXPECT_EQ(harness_->receive(client, 1'000), sent);
}

TEST(UringRingDeath, RefusesASecondReceiveOnOneSocket) {
  UringHarness harness({}, {.submissions = 16, .completions = 32, .all_features = true});
  static_cast<void>(harness.connect(WorkerId{0}));
  Ring& ring = harness.ring(WorkerId{0});
  ring.accept(accept_conn);
  const auto accepted = ring.wait(ring.now() + seconds(5), 1);
  ASSERT_EQ(accepted.size(), 1u);
  const SocketId socket{static_cast<std::uint32_t>(accepted[0].result)};
  ring.recv({0, 1}, socket);
  EXPECT_DEATH(ring.recv({0, 1}, socket), "CHECK failed");
  EXPECT_DEATH(ring.close({0, 1}, socket), "CHECK failed");
  EXPECT_DEATH(ring.recv({0, 1}, SocketId{63}), "CHECK failed");
}

}  // namespace
}  // namespace parley::io
