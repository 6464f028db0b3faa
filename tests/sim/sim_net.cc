#include "tests/sim/sim_net.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::sim {
namespace {

constexpr std::uint16_t port_first = 8'000;

Side other(Side side) {
  return side == Side::client ? Side::server : Side::client;
}

}  // namespace

SimNet::SimNet(const NetLimits& limits, Borrowed borrowed) : limits_(limits), borrowed_(borrowed) {
  CHECK(limits.pipe_bytes_max > 0);
}

SimNet::~SimNet() = default;

void SimNet::listen(WorkerId worker, NetWatcher& watcher) {
  if (listeners_.size() <= worker.value) listeners_.resize(worker.value + 1u);
  CHECK(listeners_[worker.value].watcher == nullptr);
  listeners_[worker.value].watcher = &watcher;
}

void SimNet::stop_listening(WorkerId worker) {
  CHECK(listening(worker));
  Listener& listener = listeners_[worker.value];
  listener.watcher = nullptr;
  for (const LinkId link : std::exchange(listener.backlog, {})) {
    end(link, Side::server).closed = true;
    reset_end(end(link, Side::client), borrowed_.clock.now + latency());
  }
}

bool SimNet::listening(WorkerId worker) const {
  return worker.value < listeners_.size() && listeners_[worker.value].watcher != nullptr;
}

SocketAddress SimNet::address(WorkerId worker) {
  return {.ip = IpAddress::v4(192, 168, 0, 1),
          .port = static_cast<std::uint16_t>(port_first + worker.value)};
}

std::optional<WorkerId> SimNet::listener_at(const SocketAddress& address) const {
  if (address.port < port_first) return std::nullopt;
  const WorkerId worker{static_cast<std::uint16_t>(address.port - port_first)};
  if (address != SimNet::address(worker) || !listening(worker)) return std::nullopt;
  return worker;
}

bool SimNet::backlog_full(WorkerId worker) const {
  return backlog_count(worker) >= limits_.backlog_max;
}

std::optional<LinkId> SimNet::connect(WorkerId worker, const IpAddress& from) {
  if (!listening(worker) || backlog_full(worker)) return std::nullopt;
  Listener& listener = listeners_[worker.value];
  const LinkId link{static_cast<std::uint32_t>(links_.size())};
  links_.push_back(std::make_unique<Link>());
  links_.back()->from = from;
  links_.back()->to = worker;
  links_.back()->visible_at = borrowed_.clock.now + latency();
  listener.backlog.push_back(link);
  listener.watcher->on_backlog(links_.back()->visible_at);
  return link;
}

std::optional<LinkId> SimNet::accept(WorkerId worker) {
  CHECK(listening(worker));
  Listener& listener = listeners_[worker.value];
  if (listener.backlog.empty()) return std::nullopt;
  const LinkId link = listener.backlog.front();
  if (links_[link.value]->visible_at > borrowed_.clock.now) return std::nullopt;
  listener.backlog.pop_front();
  links_[link.value]->accepted = true;
  ++server_links_open_;
  return link;
}

std::uint32_t SimNet::backlog_count(WorkerId worker) const {
  return worker.value < listeners_.size()
             ? static_cast<std::uint32_t>(listeners_[worker.value].backlog.size())
             : 0;
}

void SimNet::watch(LinkId link, Side side, NetWatcher* watcher, std::uint32_t tag) {
  End& watched = end(link, side);
  CHECK(!watched.closed || watcher == nullptr);
  watched.watcher = watcher;
  watched.tag = tag;
  // What has happened before nobody was told of.
  tell(watched, borrowed_.clock.now);
  for (const Segment& segment : watched.incoming.segments) tell(watched, segment.arrival);
  if (watched.incoming.finished) tell(watched, watched.incoming.end_arrival);
  if (watched.reset_at != Instant::never()) tell(watched, watched.reset_at);
}

ReadResult SimNet::read(LinkId link, Side side, MutableBytes out) {
  CHECK(!out.empty());
  End& reader = end(link, side);
  CHECK(!reader.closed);
  Pipe& pipe = reader.incoming;
  std::uint32_t count = 0;
  while (count < out.size() && !pipe.segments.empty() &&
         pipe.segments.front().arrival <= borrowed_.clock.now) {
    Segment& segment = pipe.segments.front();
    const auto left = static_cast<std::uint32_t>(segment.bytes.size()) - segment.read_bytes;
    const auto moved = std::min(left, static_cast<std::uint32_t>(out.size()) - count);
    std::memcpy(out.data() + count, segment.bytes.data() + segment.read_bytes, moved);
    segment.read_bytes += moved;
    count += moved;
    if (moved == left) pipe.segments.pop_front();
  }
  if (count > 0) {
    pipe.bytes -= count;
    tell(end(link, other(side)), borrowed_.clock.now + latency());  // There is room again.
    return {ReadStatus::bytes, count};
  }
  if (is_reset(link, side)) return {ReadStatus::reset, 0};
  return {at_end(link, side) ? ReadStatus::end : ReadStatus::nothing, 0};
}

WriteResult SimNet::write(LinkId link, Side side, Bytes bytes) {
  CHECK(!bytes.empty());
  CHECK(!end(link, side).closed);
  if (is_reset(link, side)) return {WriteStatus::reset, 0};
  End& reader = end(link, other(side));
  Pipe& pipe = reader.incoming;
  CHECK(!pipe.finished);
  const std::uint32_t room = writable_bytes(link, side);
  if (room == 0) return {WriteStatus::full, 0};
  const auto count = std::min(room, static_cast<std::uint32_t>(bytes.size()));
  const Instant arrival = std::max(borrowed_.clock.now + latency(), pipe.arrival_last);
  if (reader.closed) {
    // Nobody is there: the bytes are answered with a reset.
    reset_end(end(link, side), arrival + latency());
    return {WriteStatus::bytes, count};
  }
  pipe.arrival_last = arrival;
  pipe.bytes += count;
  pipe.segments.push_back({arrival, {bytes.begin(), bytes.begin() + count}, 0});
  tell(reader, arrival);
  return {WriteStatus::bytes, count};
}

std::uint32_t SimNet::readable_bytes(LinkId link, Side side) const {
  std::uint32_t count = 0;
  for (const Segment& segment : end(link, side).incoming.segments) {
    if (segment.arrival > borrowed_.clock.now) break;
    count += static_cast<std::uint32_t>(segment.bytes.size()) - segment.read_bytes;
  }
  return count;
}

std::uint32_t SimNet::writable_bytes(LinkId link, Side side) const {
  const std::uint32_t used_bytes = end(link, other(side)).incoming.bytes;
  return limits_.pipe_bytes_max - std::min(limits_.pipe_bytes_max, used_bytes);
}

bool SimNet::is_reset(LinkId link, Side side) const {
  return end(link, side).reset_at <= borrowed_.clock.now;
}

bool SimNet::at_end(LinkId link, Side side) const {
  const Pipe& pipe = end(link, side).incoming;
  return pipe.finished && pipe.segments.empty() && pipe.end_arrival <= borrowed_.clock.now;
}

bool SimNet::established(LinkId link) const {
  CHECK(link.value < links_.size());
  return links_[link.value]->visible_at <= borrowed_.clock.now;
}

bool SimNet::accepted(LinkId link) const {
  CHECK(link.value < links_.size());
  return links_[link.value]->accepted;
}

Instant SimNet::established_at(LinkId link) const {
  CHECK(link.value < links_.size());
  return links_[link.value]->visible_at;
}

IpAddress SimNet::peer(LinkId link, Side side) const {
  CHECK(link.value < links_.size());
  return side == Side::server ? links_[link.value]->from : address(links_[link.value]->to).ip;
}

void SimNet::shutdown(LinkId link, Side side) {
  CHECK(!end(link, side).closed);
  End& reader = end(link, other(side));
  Pipe& pipe = reader.incoming;
  if (pipe.finished || reader.closed) return;
  pipe.finished = true;
  pipe.end_arrival = std::max(borrowed_.clock.now + latency(), pipe.arrival_last);
  tell(reader, pipe.end_arrival);
}

void SimNet::close(LinkId link, Side side) {
  End& closing = end(link, side);
  CHECK(!closing.closed);
  if (closing.incoming.bytes > 0 && !is_reset(link, side)) return reset(link, side);
  shutdown(link, side);
  retire(closing);
  if (side == Side::server) --server_links_open_;
}

void SimNet::reset(LinkId link, Side side) {
  End& closing = end(link, side);
  CHECK(!closing.closed);
  retire(closing);
  if (side == Side::server) --server_links_open_;
  reset_end(end(link, other(side)), borrowed_.clock.now + latency());
}

void SimNet::cut(LinkId link) {
  reset_end(end(link, Side::client), borrowed_.clock.now);
  reset_end(end(link, Side::server), borrowed_.clock.now);
}

bool SimNet::closed(LinkId link, Side side) const {
  return end(link, side).closed;
}

std::uint32_t SimNet::server_links_open() const {
  return server_links_open_;
}

SimNet::End& SimNet::end(LinkId link, Side side) {
  CHECK(link.value < links_.size());
  return links_[link.value]->ends[std::to_underlying(side)];
}

const SimNet::End& SimNet::end(LinkId link, Side side) const {
  CHECK(link.value < links_.size());
  return links_[link.value]->ends[std::to_underlying(side)];
}

Duration SimNet::latency() {
  if (borrowed_.faults.fires(Fault::link_slow, borrowed_.random)) {
    return microseconds(borrowed_.random.between(1'000, 200'000));
  }
  const auto latency_us = static_cast<std::uint32_t>(limits_.latency_max.ns / 1'000);
  return microseconds(borrowed_.random.between(1, latency_us));
}

void SimNet::tell(End& told, Instant at) {
  if (told.watcher != nullptr) told.watcher->on_link(told.tag, at);
}

void SimNet::retire(End& closing) {
  closing.closed = true;
  closing.watcher = nullptr;
  closing.incoming.segments.clear();
  closing.incoming.bytes = 0;
}

// What would arrive behind the reset is lost.
void SimNet::reset_end(End& struck, Instant at) {
  if (struck.closed || struck.reset_at <= at) return;
  struck.reset_at = at;
  std::deque<Segment>& segments = struck.incoming.segments;
  while (!segments.empty() && segments.back().arrival > at) {
    struck.incoming.bytes -=
        static_cast<std::uint32_t>(segments.back().bytes.size()) - segments.back().read_bytes;
    segments.pop_back();
  }
  tell(struck, at);
}

}  // namespace parley::sim
