// Many connections read by one thread that never asks to be woken: it sweeps, at most once per
// sweep interval, over the sockets that have something. So a server that sends pays no wake-up for
// its reader, and what is measured is the server.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/macro/fanout/frames.h"
#include "bench/macro/fanout/host.h"

namespace parley::bench {

struct Traffic {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t receives = 0;
};

class Crowd {
 public:
  Crowd() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(buffer_bytes, '\0') {
    if (epoll_ < 0) fail_errno("epoll_create1");
  }

  // Takes over a connected socket, with bytes that were already read from it.
  std::uint32_t add(int socket, std::string_view read_ahead) {
    const auto index = static_cast<std::uint32_t>(members_.size());
    members_.push_back({socket, std::string(read_ahead)});
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) fail_errno("epoll_ctl");
    return index;
  }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(members_.size()); }
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }

  void send(std::uint32_t member, std::string_view bytes) {
    const ssize_t sent =
        ::send(members_[member].socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != static_cast<ssize_t>(bytes.size())) fail_errno("send of a message");
  }

  // Reads once from every socket that has something; on_frame(member, frame) for each whole frame.
  template <class OnFrame>
  void sweep(OnFrame&& on_frame) {
    const int ready = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
    if (ready < 0 && errno != EINTR) fail_errno("epoll_wait");
    for (int i = 0; i < ready; ++i) {
      receive(events_[static_cast<std::size_t>(i)].data.u32, on_frame);
    }
  }

 private:
  struct Member {
    int socket;
    std::string part;  // The beginning of a frame whose rest has not arrived.
  };

  template <class OnFrame>
  void receive(std::uint32_t index, OnFrame&& on_frame) {
    Member& member = members_[index];
    const std::size_t kept_bytes = member.part.size();
    member.part.copy(buffer_.data(), kept_bytes);
    const ssize_t received =
        recv(member.socket, buffer_.data() + kept_bytes, buffer_bytes - kept_bytes, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received < 0) fail_errno("recv");
    if (received == 0) fail("the server closed a connection");
    traffic_.bytes += static_cast<std::uint64_t>(received);
    ++traffic_.receives;

    std::string_view bytes(buffer_.data(), kept_bytes + static_cast<std::size_t>(received));
    Frame frame;
    while (const std::size_t frame_bytes = read_frame(bytes, frame)) {
      ++traffic_.frames;
      on_frame(index, frame);
      bytes.remove_prefix(frame_bytes);
    }
    member.part.assign(bytes);
  }

  static constexpr std::size_t buffer_bytes = 256 << 10;

  const int epoll_;
  std::vector<Member> members_;
  Traffic traffic_;
  std::string buffer_;  // What one receive yields, behind what was left of the last.
  std::array<epoll_event, 1024> events_;
};

}  // namespace parley::bench
