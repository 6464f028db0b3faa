// A WebSocket server in a simulation, as small as a relay can be: what a member sends reaches all
// who connected with the same path, itself included. A script says what it does wrong.
//
// Speaks  ws-raw, and as much of docs/protocol-classic.md as a generator needs: joinRoom is
// answered
//         with roomJoined, everything else is relayed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "tests/sim/sim_net.h"

namespace parley::loadgen {

struct Script {
  // Of which request (counted from 1), the status that refuses it; 0: it is accepted.
  std::function<int(std::uint32_t)> refuse = [](std::uint32_t) { return 0; };
  bool answers = true;        // False: it accepts connections and says nothing.
  bool answers_close = true;  // False: it lets goodbyes wait.
  // Called for every delivery, counted from 1; may change the text. How often it is sent.
  std::function<int(std::uint32_t, std::string&)> copies = [](std::uint32_t, std::string&) {
    return 1;
  };
  bool swaps = false;  // Each tenth delivery behind the one that follows it, of the same member.
  std::uint32_t leaks_one_in = 0;   // Messages that reach a member of another room, too.
  std::uint32_t closes_one_in = 0;  // Messages whose sender is told 1013 instead.
  std::uint32_t pings_one_in = 0;   // Messages whose sender is pinged.
};

struct Deeds {
  std::uint32_t requests = 0;
  std::uint32_t refused = 0;
  std::uint32_t opened = 0;
  std::uint32_t messages = 0;
  std::uint32_t deliveries = 0;
  std::uint32_t swapped = 0;
  std::uint32_t leaked = 0;
  std::uint32_t closed = 0;
  std::uint32_t pinged = 0;
  std::uint32_t ponged = 0;
  std::uint32_t goodbyes = 0;
  std::uint32_t parting_most = 0;  // Peers that had said goodbye and were still there, at a time.
  std::map<std::array<std::uint8_t, 16>, std::uint32_t> sources;  // Connections from each.
};

class SimServer final : public sim::NetWatcher {
 public:
  SimServer(const Script& script, sim::SimClock& clock, sim::SimNet& net);
  ~SimServer() override;

  void on_link(std::uint32_t tag, Instant at) override;
  void on_backlog(Instant at) override;

  // When it has something to do, and doing it.
  [[nodiscard]] Instant next_at() const;
  void run();

  [[nodiscard]] const Deeds& deeds() const { return deeds_; }
  [[nodiscard]] std::size_t peers() const { return peers_.size(); }

 private:
  struct Peer {
    std::string input;
    std::string output;
    std::string path;
    std::string held;  // A delivery that the next one overtakes.
    bool open = false;
    bool closing = false;
    bool said_goodbye = false;
  };
  using Peers = std::map<sim::LinkId, Peer>;

  [[nodiscard]] bool serve(sim::LinkId link, Peer& peer);
  void read_request(Peer& peer);
  void read_frames(Peer& peer);
  void on_goodbye(Peer& peer);
  void on_message(Peer& peer, const std::string& text);
  void relay(Peer& peer, const std::string& text);
  void deliver(Peer& peer, std::string text);
  [[nodiscard]] bool flush(sim::LinkId link, Peer& peer);

  Script script_;
  Deeds deeds_;
  Peers peers_;
  std::set<Instant> alarms_;
  sim::SimClock& clock_;
  sim::SimNet& net_;
};

}  // namespace parley::loadgen
