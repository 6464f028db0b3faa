// Runs the real binary, as an operator does.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "services/auth/token_verifier.h"

namespace parley::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string secret = "0123456789abcdef0123456789abcdef";

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

class Parleyctl : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "parleyctl_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string read(const std::string& name) const {
    std::ifstream file(directory_ / name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
  }

  // In a working directory of its own, with nothing but `environment`; `command` goes to a shell.
  Outcome run(const std::string& command, const std::string& environment) const {
    const std::string line = "cd " + directory_.string() + " && env -i " + environment + " " +
                             PARLEYCTL + " " + command + " >out 2>err";
    const int status = std::system(line.c_str());
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .out = read("out"),
            .err = read("err")};
  }

  std::filesystem::path directory_;
};

// Accepts one connection, answers it with `reply` and closes it.
class OneReplyServer {
 public:
  explicit OneReplyServer(std::string reply) : reply_(std::move(reply)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  OneReplyServer(const OneReplyServer&) = delete;
  OneReplyServer& operator=(const OneReplyServer&) = delete;
  ~OneReplyServer() { finish(); }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // What it was asked. No more questions after this.
  const std::string& finish() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) {
      thread_.join();
      close(listener_);
    }
    return request_;
  }

 private:
  void serve() {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    std::array<char, 1'024> block{};
    while (!request_.ends_with("\r\n\r\n")) {
      const ssize_t bytes = recv(fd, block.data(), block.size(), 0);
      if (bytes <= 0) break;
      request_.append(block.data(), static_cast<std::size_t>(bytes));
    }
    EXPECT_EQ(send(fd, reply_.data(), reply_.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(reply_.size()));
    close(fd);
  }

  std::string reply_;
  std::string request_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

services::TokenClaims claims_of(const std::string& token_line, const std::string& key) {
  const std::vector<services::TokenKey> keys{
      {.algorithm = services::TokenAlgorithm::hs256, .key = key}};
  const auto verifier = services::TokenVerifier::open(keys);
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const UnixMillis now{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
  const Result<services::TokenClaims> claims =
      (*verifier)->verify(token_line.substr(0, token_line.find('\n')), now);
  EXPECT_TRUE(claims.has_value()) << token_line << claims.error().message;
  return claims.value_or(services::TokenClaims{});
}

TEST_F(Parleyctl, WithoutACommandSaysWhatThereIs) {
  const Outcome outcome = run("", "");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, StartsWith("Usage: parleyctl COMMAND"));
  EXPECT_EQ(run("--help", "").out, outcome.err);
  EXPECT_EQ(run("--help", "").code, 0);
  EXPECT_EQ(run("frobnicate", "").code, 2);
  EXPECT_THAT(run("--version", "").out, StartsWith("parleyctl "));
}

TEST_F(Parleyctl, MintsATokenThatTheServerTakes) {
  const Outcome outcome = run("token --user u1 --name Alice --ttl 90s --secret " + secret, "");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const services::TokenClaims claims = claims_of(outcome.out, secret);
  EXPECT_EQ(claims.subject, "u1");
  EXPECT_EQ(claims.username, "Alice");
  EXPECT_EQ(claims_of(run("token --user u1 --secret " + secret, "").out, secret).username, "u1");
}

TEST_F(Parleyctl, TheTimeToLiveIsWhatWasAsked) {
  const auto minutes_left = [&](const std::string& ttl) {
    const std::string token = run("token --user u --ttl " + ttl + " --secret " + secret, "").out;
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
    return (claims_of(token, secret).expires.value / 1'000 - now_s + 59) / 60;
  };
  EXPECT_EQ(minutes_left("600s"), 10);
  EXPECT_EQ(minutes_left("10m"), 10);
  EXPECT_EQ(minutes_left("12h"), 720);
  EXPECT_EQ(minutes_left("7d"), 10'080);
  for (const std::string ttl :
       {"0s", "-1h", "12", "h", "12w", "1h2m", "99999999999999999999s", "4000d"}) {
    const Outcome outcome = run("token --user u --ttl=" + ttl + " --secret " + secret, "");
    EXPECT_EQ(outcome.code, 1) << ttl;
    EXPECT_THAT(outcome.err, StartsWith("parleyctl: --ttl " + ttl + " must be a number and"))
        << ttl;
  }
}

TEST_F(Parleyctl, TakesTheSecretFromWhereTheServerHasIt) {
  EXPECT_EQ(claims_of(run("token --user u", "JWT_SECRET=" + secret).out, secret).subject, "u");
  EXPECT_EQ(claims_of(run("token --user u", "PARLEY_JWT_SECRET=" + secret).out, secret).subject,
            "u");
  write("x.toml", "[auth]\njwt_secret = \"" + secret + "\"\n");
  EXPECT_EQ(claims_of(run("token --user u --config x.toml", "").out, secret).subject, "u");
  const std::string other(32, 'o');
  write(".env", "JWT_SECRET=" + other + "\n");
  EXPECT_EQ(claims_of(run("token --user u", "").out, other).subject, "u");
}

TEST_F(Parleyctl, WithoutASecretSaysHowToSetOne) {
  const Outcome outcome = run("token --user alice", "");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("parleyctl: no secret to sign with: set JWT_SECRET"));
}

TEST_F(Parleyctl, RefusesWhatItCannotSign) {
  EXPECT_EQ(run("token", "").code, 2);
  EXPECT_EQ(run("token --user u extra", "").code, 2);
  EXPECT_EQ(run("token --help", "").code, 0);
  const Outcome weak = run("token --user u --secret short", "");
  EXPECT_EQ(weak.code, 1);
  EXPECT_EQ(weak.err, "parleyctl: the HS256 secret is shorter than 32 bytes\n");
  EXPECT_EQ(run("token --user '' --secret " + secret, "").code, 1);
  EXPECT_EQ(run("token --user a\u202eb --secret " + secret, "").code, 1);
  EXPECT_EQ(run("token --user u --name a\u00adb --secret " + secret, "").code, 1);
  const Outcome absent = run("token --user u --config absent.toml", "");
  EXPECT_EQ(absent.code, 1);
  EXPECT_EQ(absent.err,
            "parleyctl: cannot read the configuration file absent.toml: No such file or "
            "directory\n");
}

TEST_F(Parleyctl, ChecksAConfiguration) {
  write("x.toml", "workers = 4\ndata_dir = \"data\"\n");
  const Outcome good = run("check-config --config x.toml --log-level warn", "PORT=9000");
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("\nworkers = 4  # file x.toml:1\n"));
  EXPECT_THAT(good.out, HasSubstr("\nlog.level = warn  # flag --log-level\n"));
  EXPECT_THAT(good.out, HasSubstr("\nlisten.port = 9000  # env PORT\n"));
  EXPECT_EQ(run("check-config --workers 1000", "").code, 2);
  EXPECT_EQ(run("check-config", "PARLEY_WORKERS=1000").code, 1);
  EXPECT_EQ(run("check-config --help", "").code, 0);
}

TEST_F(Parleyctl, ChecksWhatTheConfigurationNames) {
  const Outcome absent = run("check-config --jwt-public-key-file absent.pem", "");
  EXPECT_EQ(absent.code, 1);
  EXPECT_THAT(absent.err, StartsWith("parleyctl: auth.jwt_public_key_file = absent.pem cannot be"));
  write("bad.pem", "not a key");
  const Outcome bad = run("check-config --jwt-public-key-file bad.pem", "");
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("not a public key in PEM"));
  EXPECT_EQ(run("check-config --data-dir bad.pem", "").code, 1);
}

TEST_F(Parleyctl, PrintsTheOptionTables) {
  const Outcome outcome = run("options", "");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("| TOML key | flag |"));
  EXPECT_EQ(run("options extra", "").code, 2);
}

TEST_F(Parleyctl, HealthIs0WhenTheServerSays200) {
  OneReplyServer server("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}");
  const Outcome outcome = run("health --url " + server.url() + "/", "");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "{\"status\":\"ok\"}\n");
  const std::string request = server.finish();
  EXPECT_THAT(request, StartsWith("GET /health HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(request, EndsWith("\r\nConnection: close\r\n\r\n"));
}

TEST_F(Parleyctl, HealthIs1WhenTheServerSaysAnythingElse) {
  for (const std::string reply :
       {"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", ""}) {
    OneReplyServer server(reply);
    const Outcome outcome = run("health --url " + server.url(), "");
    EXPECT_EQ(outcome.code, 1) << reply;
    EXPECT_THAT(outcome.err, StartsWith("parleyctl: ")) << reply;
  }
}

TEST_F(Parleyctl, HealthIs1WhenNobodyListens) {
  std::string url;
  {
    OneReplyServer server("");
    url = server.url();
  }
  const Outcome outcome = run("health --url " + url, "");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("Connection refused"));
}

TEST_F(Parleyctl, HealthRefusesOtherUrls) {
  for (const std::string url :
       {"https://127.0.0.1", "127.0.0.1:8080", "http://", "http://:80", "http://a:", "http://a:b",
        "http://a/b", "http://[::1", "http://[::1]x:1", "http://[]:1"}) {
    const Outcome outcome = run("health --url '" + url + "'", "");
    EXPECT_EQ(outcome.code, 2) << url;
    EXPECT_THAT(outcome.err, HasSubstr("must be http://HOST:PORT")) << url;
  }
}

}  // namespace
}  // namespace parley::server
