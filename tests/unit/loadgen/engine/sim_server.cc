#include "tests/unit/loadgen/engine/sim_server.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "protocol/websocket/ws_handshake.h"

namespace parley::loadgen {

namespace {

constexpr WorkerId self{0};
constexpr char text_frame = '\x81';
constexpr char close_frame = '\x88';
constexpr char ping_frame = '\x89';

// A frame that is not masked, below 64 KiB.
std::string frame_of(char first, std::string_view payload) {
  std::string frame(1, first);
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    frame += '\x7e';
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xff);
  }
  return frame.append(payload);
}

// Takes a masked frame off `input`; false: it is not there yet.
bool take_frame(std::string& input, int& opcode, std::string& payload) {
  if (input.size() < 6) return false;
  const auto byte = [&input](std::size_t at) { return static_cast<unsigned char>(input[at]); };
  std::size_t size = byte(1) & 0x7f;
  std::size_t at = 2;
  if (size == 126) {
    size = std::size_t{byte(2)} << 8 | byte(3);
    at = 4;
  }
  if (input.size() < at + 4 + size) return false;
  opcode = byte(0) & 0x0f;
  payload = input.substr(at + 4, size);
  for (std::size_t i = 0; i < size; ++i) {
    payload[i] = static_cast<char>(payload[i] ^ input[at + i % 4]);
  }
  input.erase(0, at + 4 + size);
  return true;
}

std::string between(std::string_view text, std::string_view before, std::string_view behind) {
  const std::size_t begin = text.find(before) + before.size();
  return std::string(text.substr(begin, text.find(behind, begin) - begin));
}

}  // namespace

SimServer::SimServer(const Script& script, sim::SimClock& clock, sim::SimNet& net)
    : script_(script), clock_(clock), net_(net) {
  net_.listen(self, *this);
}

SimServer::~SimServer() {
  for (const auto& [link, peer] : peers_) net_.close(link, sim::Side::server);
  net_.stop_listening(self);
}

void SimServer::on_link(std::uint32_t, Instant at) {
  alarms_.insert(at);
}

void SimServer::on_backlog(Instant at) {
  alarms_.insert(at);
}

Instant SimServer::next_at() const {
  return alarms_.empty() ? Instant::never() : *alarms_.begin();
}

void SimServer::run() {
  if (next_at() > clock_.now) return;
  alarms_.erase(alarms_.begin(), alarms_.upper_bound(clock_.now));
  while (const std::optional<sim::LinkId> link = net_.accept(self)) {
    peers_[*link] = {};
    deeds_.sources[net_.peer(*link, sim::Side::server).octets] += 1;
    net_.watch(*link, sim::Side::server, this, link->value);
  }
  std::vector<sim::LinkId> gone;
  for (auto& [link, peer] : peers_) {
    if (!serve(link, peer)) gone.push_back(link);
  }
  for (const sim::LinkId link : gone) {
    net_.close(link, sim::Side::server);
    peers_.erase(link);
  }
  for (auto& [link, peer] : peers_) static_cast<void>(flush(link, peer));
}

// False: the connection is over.
bool SimServer::serve(sim::LinkId link, Peer& peer) {
  std::array<std::byte, 4'096> bytes;
  while (true) {
    const sim::ReadResult read = net_.read(link, sim::Side::server, bytes);
    if (read.status == sim::ReadStatus::nothing) break;
    if (read.status != sim::ReadStatus::bytes) return false;
    peer.input.append(reinterpret_cast<const char*>(bytes.data()), read.bytes);
  }
  if (!script_.answers) return true;
  if (!peer.open) read_request(peer);
  if (peer.open) read_frames(peer);
  return flush(link, peer);
}

void SimServer::read_request(Peer& peer) {
  const std::size_t end = peer.input.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string head = peer.input.substr(0, end + 2);
  peer.input.erase(0, end + 4);
  deeds_.requests += 1;
  if (const int status = script_.refuse(deeds_.requests); status != 0) {
    deeds_.refused += 1;
    peer.output += "HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n";
    peer.closing = true;
    return;
  }
  peer.path = between(head, "GET ", " ");
  const auto accept = protocol::ws_accept_of(between(head, "Sec-WebSocket-Key: ", "\r\n"));
  peer.output +=
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
  peer.output.append(accept.data(), accept.size()).append("\r\n\r\n");
  peer.open = true;
  deeds_.opened += 1;
}

void SimServer::on_goodbye(Peer& peer) {
  peer.said_goodbye = true;
  deeds_.goodbyes += 1;
  const auto parting =
      std::ranges::count_if(peers_, [](const auto& each) { return each.second.said_goodbye; });
  deeds_.parting_most = std::max(deeds_.parting_most, static_cast<std::uint32_t>(parting));
}

void SimServer::read_frames(Peer& peer) {
  int opcode = 0;
  std::string payload;
  while (!peer.closing && take_frame(peer.input, opcode, payload)) {
    if (opcode == 1 || opcode == 2) on_message(peer, payload);
    if (opcode == 8 && script_.answers_close) {
      peer.output += frame_of(close_frame, payload);
      peer.closing = true;
    }
    if (opcode == 8) peer.open = false;
    if (opcode == 8) on_goodbye(peer);
    deeds_.ponged += opcode == 10 ? 1 : 0;
  }
}

void SimServer::on_message(Peer& peer, const std::string& text) {
  if (text.starts_with(R"({"type":"joinRoom")")) {
    peer.output += frame_of(text_frame, R"({"type":"roomJoined","room":"r"})");
    return;
  }
  const auto nth = [](std::uint32_t count, std::uint32_t one_in) {
    return one_in != 0 && count % one_in == 0;
  };
  deeds_.messages += 1;
  if (nth(deeds_.messages, script_.pings_one_in)) {
    deeds_.pinged += 1;
    peer.output += frame_of(ping_frame, "are you there");
  }
  relay(peer, text);
  if (nth(deeds_.messages, script_.leaks_one_in)) {
    const auto other = std::find_if(peers_.begin(), peers_.end(), [&peer](const auto& entry) {
      return entry.second.open && entry.second.path != peer.path;
    });
    if (other != peers_.end()) {
      deeds_.leaked += 1;
      other->second.output += frame_of(text_frame, text);
    }
  }
  if (nth(deeds_.messages, script_.closes_one_in)) {
    deeds_.closed += 1;
    peer.output += frame_of(close_frame,
                            "\x03\xf5"
                            "busy");
    peer.closing = true;
  }
}

void SimServer::relay(Peer& peer, const std::string& text) {
  for (auto& [link, other] : peers_) {
    if (other.open && !other.closing && other.path == peer.path) deliver(other, text);
  }
}

void SimServer::deliver(Peer& peer, std::string text) {
  deeds_.deliveries += 1;
  const int copies = script_.copies(deeds_.deliveries, text);
  const std::string frame = copies == 0 ? "" : frame_of(text_frame, text);
  if (script_.swaps && peer.held.empty() && deeds_.deliveries % 10 == 0) {
    peer.held = frame;
    return;
  }
  for (int i = 0; i < copies; ++i) peer.output += frame;
  if (peer.held.empty()) return;
  deeds_.swapped += 1;
  peer.output += std::exchange(peer.held, {});
}

// False: all has been said to who is to go, or nobody listens.
bool SimServer::flush(sim::LinkId link, Peer& peer) {
  while (!peer.output.empty()) {
    const sim::WriteResult written =
        net_.write(link, sim::Side::server, std::as_bytes(std::span(peer.output)));
    if (written.status == sim::WriteStatus::reset) return false;
    if (written.status == sim::WriteStatus::full) return true;
    peer.output.erase(0, written.bytes);
  }
  return !peer.closing;
}

}  // namespace parley::loadgen
