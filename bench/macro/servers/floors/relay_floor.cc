// The floor of a relay: what a member of a room sends goes to all its members, and nothing else is
// done. A room is the path of the URL. No server that relays messages through this kernel, one at a
// time to each member, can be faster.
#include <CLI/CLI.hpp>

#include "bench/macro/servers/floors/relay.h"

int main(int argc, char** argv) {
  parley::bench::RelayOptions options;
  CLI::App app("Relays messages of one size between the members of a room: a floor");
  app.add_option("--port", options.port)->required();
  app.add_option("--frame-bytes", options.frame_bytes,
                 "Of each frame sent, header included: padded in front; 0: as received");
  app.add_option("--connections-max", options.connections_max);
  CLI11_PARSE(app, argc, argv);
  parley::bench::Relay(options).run();
}
