// The floor of an echo: what a connection sends comes back, and nothing else is done.
#include <CLI/CLI.hpp>

#include "bench/macro/servers/floors/relay.h"

int main(int argc, char** argv) {
  parley::bench::RelayOptions options{.alone = true};
  CLI::App app("Sends messages of one size back to their sender: a floor");
  app.add_option("--port", options.port)->required();
  app.add_option("--connections-max", options.connections_max);
  CLI11_PARSE(app, argc, argv);
  parley::bench::Relay(options).run();
}
