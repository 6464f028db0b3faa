#include "io/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/kernel_ring.h"
#include "io/probe.h"

namespace parley::io {
namespace {

using testing::HasSubstr;

// Closes what the test opened.
class OpenListener {
 public:
  explicit OpenListener(const ListenerOptions& options) : result_(open_listener(options)) {}
  OpenListener(const OpenListener&) = delete;
  OpenListener& operator=(const OpenListener&) = delete;
  ~OpenListener() {
    if (result_) ::close(result_->fd);
  }

  [[nodiscard]] bool ok() const { return result_.has_value(); }
  [[nodiscard]] const Listener& get() const { return *result_; }
  [[nodiscard]] const std::string& error() const { return result_.error().message; }

 private:
  Result<Listener> result_;
};

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t bytes = sizeof value;
  getsockopt(fd, level, name, &value, &bytes);
  return value;
}

int connect_v4(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

TEST(OpenListener, NamesThePortThatTheKernelChose) {
  const OpenListener listener({.host = "localhost", .port = 0, .backlog = 5});
  ASSERT_TRUE(listener.ok());
  EXPECT_NE(listener.get().port, 0);
  const int client = connect_v4(listener.get().port);
  EXPECT_GE(client, 0);
  ::close(client);
}

TEST(OpenListener, HasAcceptedSocketsInheritNoDelay) {
  const OpenListener listener({.host = "127.0.0.1", .backlog = 5});
  ASSERT_TRUE(listener.ok());
  const int client = connect_v4(listener.get().port);
  const int accepted = accept(listener.get().fd, nullptr, nullptr);
  ASSERT_GE(accepted, 0);
  EXPECT_EQ(option(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
  ::close(client);
  ::close(accepted);
}

TEST(OpenListener, IsBlockingAndNotInherited) {
  const OpenListener listener({.host = "127.0.0.1", .backlog = 5});
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(fcntl(listener.get().fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(listener.get().fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(OpenListener, SharesThePortWithTheOtherWorkersOfTheProcess) {
  const OpenListener first({.host = "127.0.0.1", .port = 0, .backlog = 5});
  ASSERT_TRUE(first.ok());
  const OpenListener second(
      {.host = "127.0.0.1", .port = first.get().port, .backlog = 5, .shares_port = true});
  ASSERT_TRUE(second.ok()) << second.error();
  EXPECT_EQ(second.get().port, first.get().port);
}

TEST(OpenListener, SaysWhatToDoWhenThePortIsTaken) {  // S1-25
  const OpenListener first({.host = "127.0.0.1", .port = 0, .backlog = 5});
  ASSERT_TRUE(first.ok());
  // Even one that would share it, as another parleyd of the same user does.
  const OpenListener second({.host = "127.0.0.1", .port = first.get().port, .backlog = 5});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error(), HasSubstr(std::to_string(first.get().port)));
  EXPECT_THAT(second.error(), HasSubstr("in use"));
  EXPECT_THAT(second.error(), HasSubstr("another port"));
}

TEST(OpenListener, ListensOnIpv6AndTakesIpv4AsWell) {
  const OpenListener listener({.host = "::", .port = 0, .backlog = 5});
  if (!listener.ok()) GTEST_SKIP() << listener.error();
  const int client = connect_v4(listener.get().port);
  EXPECT_GE(client, 0);
  ::close(client);
}

TEST(OpenListener, RefusesWhatIsNoAddress) {
  for (const char* host : {"", "example", "300.1.1.1", "127.0.0.1:80", ":::"}) {
    const OpenListener listener({.host = host, .backlog = 5});
    ASSERT_FALSE(listener.ok()) << host;
    EXPECT_THAT(listener.error(), HasSubstr("IPv4 or IPv6"));
  }
}

TEST(OpenListener, SaysThatTheMachineHasNoSuchAddress) {
  const OpenListener listener({.host = "192.0.2.1", .backlog = 5});  // RFC 5737: in no network.
  ASSERT_FALSE(listener.ok());
  EXPECT_THAT(listener.error(), HasSubstr("no interface"));
}

TEST(OpenListener, ReportsTheBacklogThatIsLeft) {
  unsigned limit = 0;
  std::FILE* const file = std::fopen("/proc/sys/net/core/somaxconn", "r");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fscanf(file, "%u", &limit), 1);
  std::fclose(file);
  const OpenListener modest({.host = "127.0.0.1", .backlog = 1});
  EXPECT_EQ(modest.get().backlog, 1u);
  const OpenListener greedy({.host = "127.0.0.1", .backlog = limit + 1});
  EXPECT_EQ(greedy.get().backlog, limit);
}

TEST(ProbeKernel, FindsWhatThisKernelHas) {
  const Result<Features> features = probe_kernel();
  ASSERT_TRUE(features.has_value()) << features.error().message;
}

TEST(ProbeKernel, NamesWhatIsMissingAndTheFix) {
  EXPECT_THAT(explain_no_ring(ENOSYS), HasSubstr("Linux 6.1"));
  EXPECT_THAT(explain_no_ring(EINVAL), HasSubstr("IORING_SETUP_DEFER_TASKRUN"));
  EXPECT_THAT(explain_no_ring(EPERM), HasSubstr("kernel.io_uring_disabled=0"));
  EXPECT_THAT(explain_no_ring(EMFILE), HasSubstr("ulimit -n"));
  EXPECT_THAT(explain_no_ring(ENOMEM), HasSubstr("ulimit -l"));
}

}  // namespace
}  // namespace parley::io
