// HTTP on a worker: routes, keeping and closing connections, and clients that are slow or greedy.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/server/worker/worker_harness.h"

namespace parley::server {
namespace {

using Link = WorkerHarness::Link;

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    found += 1;
  }
  return found;
}

TEST(WorkerHttp, AnswersEachRouteWithItsStatus) {
  WorkerHarness server{Config{}};
  const auto status = [&server](const std::string& request) {
    const Link link = server.connect();
    const std::string answer = server.ask(link, request);
    server.leave(link);
    return answer.substr(0, 12);
  };
  EXPECT_EQ(status(get("/health")), "HTTP/1.1 200");
  EXPECT_EQ(status(get("/ready")), "HTTP/1.1 200");
  EXPECT_EQ(status(get("/metrics")), "HTTP/1.1 200");
  EXPECT_EQ(status(get("/")), "HTTP/1.1 200");
  EXPECT_EQ(status(get("/nothing")), "HTTP/1.1 404");
  EXPECT_EQ(status("DELETE /health HTTP/1.1\r\nHost: h\r\n\r\n"), "HTTP/1.1 405");
  EXPECT_EQ(status("HEAD /health HTTP/1.1\r\nHost: h\r\n\r\n"), "HTTP/1.1 200");
  EXPECT_EQ(status(get("/ws")), "HTTP/1.1 400");
  EXPECT_EQ(status("POST /ws" + std::string(upgrade_headers)), "HTTP/1.1 405");
  EXPECT_EQ(status("GET /elsewhere" + std::string(upgrade_headers)), "HTTP/1.1 404");
  EXPECT_EQ(status("GET /echo" + std::string(upgrade_headers)), "HTTP/1.1 404");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET /ws?token=x" + std::string(upgrade_headers)), "HTTP/1.1 401");
}

TEST(WorkerHttp, DatesWhatItAnswers) {  // RFC 9110 6.6.1
  WorkerHarness server{Config{}};
  const auto date = [&server](const std::string& request) {
    const Link link = server.connect();
    const std::string answer = server.ask(link, request);
    server.leave(link);
    const std::size_t at = answer.find("\r\nDate: ");
    return at == std::string::npos ? answer : answer.substr(at + 8, 29);
  };
  const std::string first = date(get("/health"));
  for (const std::string& request :
       {get("/nothing"), std::string("nonsense\r\n\r\n"), get("/ws")}) {
    const std::string text = date(request);
    EXPECT_TRUE(text.starts_with("Tue, 14 Nov 2023 22:") && text.ends_with(" GMT")) << text;
  }
  server.run_for(seconds(1));
  EXPECT_NE(date(get("/health")), first);
}

TEST(WorkerHttp, SaysWhichMethodsAPathAllows) {  // RFC 9110 15.5.6
  WorkerHarness server{Config{}};
  const auto answer = [&server](const std::string& request) {
    const Link link = server.connect();
    const std::string text = server.ask(link, request);
    server.leave(link);
    return text;
  };
  EXPECT_NE(answer("POST /ws" + std::string(upgrade_headers)).find("\r\nAllow: GET\r\n"),
            std::string::npos);
  EXPECT_NE(answer("DELETE /health HTTP/1.1\r\nHost: h\r\n\r\n").find("\r\nAllow: GET, HEAD\r\n"),
            std::string::npos);
}

TEST(WorkerHttp, TellsTheVersionItWants) {  // RFC 6455 4.4
  WorkerHarness server{Config{}};
  const Link link = server.connect();
  const std::string answer =
      server.ask(link,
                 "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426")) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST(WorkerHttp, RefusesGuestsWhereTheyAreNotAllowed) {
  Config config;
  config.guests = GuestPolicy::refuse;
  WorkerHarness server(config);
  const Link link = server.connect();
  EXPECT_TRUE(
      server.ask(link, "GET /ws" + std::string(upgrade_headers)).starts_with("HTTP/1.1 401"));
}

TEST(WorkerHttp, RefusesOriginsThatAreNotAllowed) {
  Config config;
  config.allowed_origins = {"https://chat.example"};
  WorkerHarness server(config);
  const auto status_from = [&server](const std::string& origin) {
    std::string request = "GET /ws" + std::string(upgrade_headers);
    request.insert(request.find("\r\n") + 2, "Origin: " + origin + "\r\n");
    return server.ask(server.connect(), request).substr(0, 12);
  };
  EXPECT_EQ(status_from("https://evil.example"), "HTTP/1.1 403");
  EXPECT_EQ(status_from("https://chat.example"), "HTTP/1.1 101");
}

TEST(WorkerHttp, AnswersPipelinedRequestsInOrder) {
  WorkerHarness server{Config{}};
  const Link link = server.connect();
  const std::string answer = server.ask(link, get("/health") + get("/nothing") + get("/ready"));
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 3u);
  EXPECT_LT(answer.find("chat-service"), answer.find("404"));
  EXPECT_LT(answer.find("404"), answer.find("\"ready\""));
  EXPECT_FALSE(server.ended(link));
}

TEST(WorkerHttp, SendsTheWholeAnswerToAClientThatEndedItsSide) {
  WorkerHarness server{Config{}};
  const Link link = server.connect();
  const std::string whole = server.ask(link, get("/"));
  const Link other = server.connect();
  server.write(other, get("/"));
  server.half_close(other);
  server.settle();
  EXPECT_EQ(server.read(other), whole);
  server.run_for(seconds(1));
  EXPECT_TRUE(server.ended(other));
}

TEST(WorkerHttp, ClosesAfterConnectionClose) {
  WorkerHarness server{Config{}};
  const Link link = server.connect();
  const std::string answer = server.ask(
      link, "GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get("/ready"));
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 1u);
  EXPECT_TRUE(server.ended(link));
}

TEST(WorkerHttp, GivesHalfARequestTenSeconds) {
  WorkerHarness server{Config{}};
  const Link link = server.connect();
  const std::string request = get("/health");
  for (int i = 0; i < 9; ++i) {  // A byte a second does not help.
    server.write(link, request.substr(static_cast<std::size_t>(i), 1));
    server.run_for(seconds(1));
  }
  EXPECT_FALSE(server.ended(link));
  server.run_for(seconds(2));
  EXPECT_TRUE(server.read(link).starts_with("HTTP/1.1 408"));
  server.run_for(seconds(3));
  EXPECT_EQ(server.worker().connections(), 0u);
}

TEST(WorkerHttp, GivesASilentConnectionTenSeconds) {
  WorkerHarness server{Config{}};
  const Link link = server.connect();
  server.run_for(seconds(9));
  EXPECT_EQ(server.worker().connections(), 1u);
  server.run_for(seconds(4));
  EXPECT_EQ(server.worker().connections(), 0u);
  EXPECT_EQ(server.read(link), "");
}

TEST(WorkerHttp, DisconnectsWhoAsksForeverAndReadsNothing) {
  Config config;
  config.outbox_bytes_max = 200'000;
  WorkerHarness server(config);
  const Link link = server.connect();
  const std::string request = get("/metrics");
  for (int i = 0; i < 2'000 && server.worker().connections() > 0; ++i) server.write(link, request);
  server.run_for(seconds(5));
  EXPECT_EQ(server.worker().connections(), 0u);
  EXPECT_EQ(server.worker().transport().counters().timeouts, 1u);
  EXPECT_EQ(server.worker().transport().outboxes().nodes_in_use(), 0u);
}

TEST(WorkerHttp, RefusesWhatIsAboveTheLimitOfAnAddress) {
  Config config;
  config.connections_per_address_max = 2;
  WorkerHarness server(config);
  const IpAddress home = IpAddress::v4(192, 0, 2, 1);
  const Link first = server.connect_from(home);
  const Link second = server.connect_from(home);
  const Link third = server.connect_from(home);
  server.settle();
  EXPECT_TRUE(server.read(third).starts_with("HTTP/1.1 429"));
  EXPECT_TRUE(server.ask(second, get("/health")).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(server.ask(server.connect(), get("/health")).starts_with("HTTP/1.1 200"));
  server.leave(first);
  server.run_for(seconds(1));
  const Link fourth = server.connect_from(home);
  EXPECT_TRUE(server.ask(fourth, get("/health")).starts_with("HTTP/1.1 200"));
}

}  // namespace
}  // namespace parley::server
