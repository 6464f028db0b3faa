// What only a kernel can do to a connect: both ways of making a socket, both families, limits of
// the process, ports that run out, queues that are full.

#include <fcntl.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/listener.h"
#include "io/uring_ring.h"

namespace parley::io {
namespace {

constexpr IpAddress loopback_v4 = IpAddress::v4(127, 0, 0, 1);
constexpr IpAddress loopback_v6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr IpAddress foreign = IpAddress::v4(192, 0, 2, 1);  // TEST-NET-1, RFC 5737: nobody's.

// A listening descriptor that the test accepts from itself, blocking.
class PlainListener {
 public:
  PlainListener(const char* host, std::uint16_t port) {
    const Result<Listener> opened = open_listener({.host = host, .port = port, .backlog = 1'024});
    if (opened) listener_ = *opened;
  }
  PlainListener(const PlainListener&) = delete;
  PlainListener& operator=(const PlainListener&) = delete;
  ~PlainListener() {
    if (listener_.fd >= 0) ::close(listener_.fd);
  }

  [[nodiscard]] bool is_open() const { return listener_.fd >= 0; }
  [[nodiscard]] std::uint16_t port() const { return listener_.port; }
  [[nodiscard]] int accept() const {
    return ::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC);
  }

 private:
  Listener listener_;
};

UringConfig small(RingDirectory& directory, bool chains) {
  UringConfig config{.directory = &directory,
                     .connections_max = 16,
                     .recv_buffer_bytes = 256,
                     .recv_buffers = 1,
                     .submissions = 16,
                     .completions = 32,
                     .features = {}};
  if (chains) config.features = *probe_kernel();
  return config;
}

std::vector<Completion> take(Ring& ring, std::size_t count) {
  std::vector<Completion> taken;
  for (int i = 0; i < 1'000 && taken.size() < count; ++i) {
    const std::span<const Completion> some =
        ring.wait(ring.now() + milliseconds(10), Ring::completion_batch_max);
    taken.insert(taken.end(), some.begin(), some.end());
  }
  EXPECT_GE(taken.size(), count);
  taken.resize(count);
  return taken;
}

// For each way of making a socket, a ring of its own.
class UringConnect : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && !probe_kernel()->connect_chain) GTEST_SKIP() << "Linux 6.11 has it";
    open(small(directory_, GetParam()));
  }

  void open(const UringConfig& config) {
    ring_.reset();
    Result<std::unique_ptr<UringRing>> opened = UringRing::open(config);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    ring_ = std::move(*opened);
  }

  [[nodiscard]] UringRing& ring() { return *ring_; }

  RingDirectory directory_;
  std::unique_ptr<UringRing> ring_;
};

INSTANTIATE_TEST_SUITE_P(Uring, UringConnect, testing::Bool(), [](const auto& chains) {
  return chains.param ? "Chains" : "Descriptors";
});

TEST_P(UringConnect, ReachesBothFamilies) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const PlainListener listener(host, 0);
    if (!listener.is_open()) GTEST_SKIP() << "no " << host << " here";
    const IpAddress ip = std::strcmp(host, "::1") == 0 ? loopback_v6 : loopback_v4;
    for (const IpAddress& from : {IpAddress{}, ip}) {
      ring().connect({1, 1}, {.ip = ip, .port = listener.port()}, from);
      const Completion connected = take(ring(), 1).front();
      ASSERT_GE(connected.result, 0) << host;
      const SocketId socket{static_cast<std::uint32_t>(connected.result)};
      EXPECT_EQ(ring().peer(socket), ip);
      const int fd = listener.accept();
      EXPECT_GE(fd, 0);
      ::close(fd);
    }
  }
  EXPECT_EQ(ring().counters().connects, 4u);
  EXPECT_EQ(ring().counters().connect_errors, 0u);
}

TEST_P(UringConnect, SaysThatASourceAddressIsNotOfThisMachine) {
  const PlainListener listener("127.0.0.1", 0);
  UringConfig config = small(directory_, GetParam());
  config.connections_max = 1;
  open(config);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ring().connect({i, 1}, {.ip = loopback_v4, .port = listener.port()}, foreign);
    const Completion refused = take(ring(), 1).front();
    EXPECT_EQ(refused.conn, (ConnId{i, 1}));
    EXPECT_EQ(refused.op, Op::connect);
    EXPECT_EQ(refused.result, -EADDRNOTAVAIL);
  }
  ring().connect({9, 1}, {.ip = loopback_v4, .port = listener.port()}, IpAddress{});
  EXPECT_EQ(take(ring(), 1).front().result, 0);
  EXPECT_TRUE(ring().wait(ring().now() + milliseconds(5), 16).empty()) << "One for each.";
  EXPECT_EQ(ring().counters().connect_errors, 3u);
}

// A chain that is cut in two would leave a socket half made, or report twice.
TEST_P(UringConnect, SurvivesQueuesThatAreAlwaysFull) {
  constexpr std::uint32_t count = 64;
  const PlainListener listener("127.0.0.1", 0);
  for (const std::uint32_t submissions : {4u, 8u, 16u}) {
    UringConfig config = small(directory_, GetParam());
    config.connections_max = count;
    config.submissions = submissions;
    config.completions = 16;
    open(config);
    for (std::uint32_t i = 0; i < count; ++i) {
      const IpAddress from = i % 3 == 0 ? IpAddress{} : i % 3 == 1 ? loopback_v4 : foreign;
      ring().connect({i, 1}, {.ip = loopback_v4, .port = listener.port()}, from);
      if (i % 5 == 0) ring().wake(WorkerId{0});  // An entry between the chains.
    }
    std::vector<int> results(count, 1);
    std::size_t wakes = 0;
    for (const Completion& completion : take(ring(), count + (count + 4) / 5)) {
      if (completion.op == Op::wake) {
        wakes += 1;
        continue;
      }
      EXPECT_EQ(results[completion.conn.slot], 1) << "Two for one connect.";
      results[completion.conn.slot] = completion.result < 0 ? completion.result : 0;
    }
    EXPECT_EQ(wakes, (count + 4) / 5);
    for (std::uint32_t i = 0; i < count; ++i) {
      EXPECT_EQ(results[i], i % 3 == 2 ? -EADDRNOTAVAIL : 0) << i;
    }
    EXPECT_TRUE(ring().wait(ring().now() + milliseconds(5), 16).empty());
  }
}

// Ten segments, though none but the first could leave under Nagle's algorithm: the other side puts
// off acknowledging.
TEST_P(UringConnect, SendsWithoutNaglesDelay) {
  const PlainListener listener("127.0.0.1", 0);
  ring().connect({0, 1}, {.ip = loopback_v4, .port = listener.port()}, IpAddress{});
  const Completion connected = take(ring(), 1).front();
  ASSERT_GE(connected.result, 0);
  const SocketId socket{static_cast<std::uint32_t>(connected.result)};
  const int fd = listener.accept();
  ASSERT_GE(fd, 0);
  const int off = 0;
  ASSERT_EQ(setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off), 0);
  const std::byte byte{1};
  const Bytes piece(&byte, 1);
  for (int i = 0; i < 10; ++i) {
    ring().send({0, 1}, socket, {&piece, 1});
    EXPECT_EQ(take(ring(), 1).front().result, 1);
  }
  std::byte received[10];
  EXPECT_EQ(::recv(fd, received, sizeof received, MSG_WAITALL), 10);
  tcp_info info{};
  socklen_t bytes = sizeof info;
  ASSERT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes), 0);
  EXPECT_EQ(info.tcpi_data_segs_in, 10u);
  ::close(fd);
}

TEST_P(UringConnect, WorksOnManySmallRingsOfOneProcess) {
  const PlainListener listener("127.0.0.1", 0);
  std::vector<std::unique_ptr<UringRing>> rings;
  for (std::uint16_t i = 1; i <= 60; ++i) {
    UringConfig config = small(directory_, GetParam());
    config.worker = {i};
    Result<std::unique_ptr<UringRing>> opened = UringRing::open(config);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    rings.push_back(std::move(*opened));
    rings.back()->connect({i, 1}, {.ip = loopback_v4, .port = listener.port()}, IpAddress{});
  }
  for (const std::unique_ptr<UringRing>& one : rings) EXPECT_EQ(take(*one, 1).front().result, 0);
}

TEST_P(UringConnect, SaysThatTheProcessIsOutOfDescriptorsWhereItNeedsOne) {
  const PlainListener listener("127.0.0.1", 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  ring().connect({0, 1}, {.ip = loopback_v4, .port = listener.port()}, IpAddress{});
  EXPECT_EQ(take(ring(), 1).front().result, GetParam() ? 0 : -EMFILE);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

// A network of this process alone, in which a source address has ten ports.
bool enter_network_of_ten_ports() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq up{};
  std::strcpy(up.ifr_name, "lo");
  up.ifr_flags = IFF_UP;
  const bool is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &up) == 0;
  ::close(fd);
  std::FILE* const range = std::fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
  if (range == nullptr) return false;
  std::fputs("40000 40009", range);
  return std::fclose(range) == 0 && is_up;
}

// In a process of its own. 77: it may not have a network of its own here.
int connect_more_often_than_there_are_ports(bool chains) {
  if (!enter_network_of_ten_ports()) return 77;
  const PlainListener first("127.0.0.1", 4'001);
  const PlainListener second("127.0.0.1", 4'002);
  RingDirectory directory;
  UringConfig config = small(directory, chains);
  config.connections_max = 64;
  Result<std::unique_ptr<UringRing>> ring = UringRing::open(config);
  if (!ring.has_value() || !second.is_open()) return 1;
  std::uint32_t slot = 0;
  const auto connected = [&](const PlainListener& listener, std::uint8_t source) {
    int successes = 0;
    for (int i = 0; i < 12; ++i) {
      (*ring)->connect({slot++, 1}, {.ip = loopback_v4, .port = listener.port()},
                       IpAddress::v4(127, 0, 0, source));
      const std::int32_t result = take(**ring, 1).front().result;
      if (result >= 0) ++successes;
      if (result < 0 && result != -EADDRNOTAVAIL) return -1;
    }
    return successes;
  };
  // The same ports again from another source, and from the same source to another place.
  const int counts[] = {connected(first, 2), connected(first, 3), connected(second, 2)};
  std::fprintf(stderr, "connected %d %d %d\n", counts[0], counts[1], counts[2]);
  return 0;
}

TEST_P(UringConnect, HasAllPortsForEachPairOfAddresses) {
  const bool chains = GetParam();
  const auto child = [chains] { _exit(connect_more_often_than_there_are_ports(chains)); };
  const auto ended = [](int status) {
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
  };
  EXPECT_EXIT(child(), ended, "connected 10 10 10|^$");
}

using UringConnectDeath = UringConnect;
INSTANTIATE_TEST_SUITE_P(Uring, UringConnectDeath, testing::Bool());

TEST_P(UringConnectDeath, RefusesMisuse) {
  const SocketAddress to{.ip = loopback_v4, .port = 1};
  EXPECT_DEATH(ring().connect({0, 1}, to, loopback_v6), "CHECK failed");
  ring().connect({0, 1}, to, IpAddress{});
  EXPECT_DEATH(ring().connect({0, 2}, to, IpAddress{}), "CHECK failed");
  UringConfig config = small(directory_, GetParam());
  config.listener_fd = open_listener({.host = "127.0.0.1", .backlog = 1})->fd;
  open(config);
  EXPECT_DEATH(ring().connect({0, 1}, to, IpAddress{}), "CHECK failed");
}

}  // namespace
}  // namespace parley::io
