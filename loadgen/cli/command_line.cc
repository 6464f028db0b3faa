#include "loadgen/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <map>

#include "loadgen/report/build_facts.h"

namespace parley::loadgen {

namespace {

// The values of plan options that were given, by key.
using Given = std::map<std::string, std::string>;

void add_plan_options(CLI::App& app, Arguments& arguments, Given& given) {
  app.add_option("plan", arguments.plan_file, "A plan in TOML; flags override what it says.");
  for (const PlanOption& option : plan_options()) {
    std::string about(option.description);
    if (!option.standard.empty()) about += " [" + std::string(option.standard) + "]";
    app.add_option_function<std::string>(
           std::string(option.flag),
           [&given, key = std::string(option.key)](const std::string& text) { given[key] = text; },
           about)
        ->option_text(std::string(option.argument))
        ->group("Plan");
  }
}

void add_report_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--json", arguments.json_file, "Write the results there (docs/load-report.md).");
  app.add_option("--html", arguments.html_file, "Write a page with plots there.");
  app.add_flag("--quiet", arguments.quiet, "Show nothing but the table at the end.");
}

void add_pid(CLI::App& app, Arguments& arguments) {
  app.add_option("--pid", arguments.server_pid, "Watch the memory and processor time of a server.")
      ->check(CLI::PositiveNumber);
}

void add_run(CLI::App& app, Arguments& arguments, Given& given) {
  CLI::App* run = app.add_subcommand("run", "Run a plan against a server.");
  add_plan_options(*run, arguments, given);
  add_report_options(*run, arguments);
  add_pid(*run, arguments);
  run->add_option("--agents", arguments.agents, "Load machines, HOST:PORT of each.")
      ->delimiter(',');
  run->callback([&arguments] { arguments.command = Command::run; });
}

void add_plan(CLI::App& app, Arguments& arguments, Given& given) {
  CLI::App* plan = app.add_subcommand("plan", "Check a plan and print all of it.");
  add_plan_options(*plan, arguments, given);
  plan->callback([&arguments] { arguments.command = Command::plan; });
}

void add_capacity(CLI::App& app, Arguments& arguments, Given& given) {
  CLI::App* capacity = app.add_subcommand(
      "capacity", "Find the highest rate, or the most connections, for which the criteria hold.");
  add_plan_options(*capacity, arguments, given);
  add_report_options(*capacity, arguments);
  add_pid(*capacity, arguments);
  capacity->add_option("--vary", arguments.vary, "What to vary.")
      ->check(CLI::IsMember({"rate", "connections"}));
  capacity->add_option("--from", arguments.least, "Where to begin; the plan's value unless given.");
  capacity->add_option("--precision", arguments.precision, "How close to look, as a share.")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 0.5));
  capacity->add_option("--confirm", arguments.confirm, "How often a value must hold.")
      ->capture_default_str()
      ->check(CLI::Range(1, 20));
  capacity->add_option("--server", arguments.server_command,
                       "Shell command that starts the server anew for each try, such as 'exec "
                       "parleyd'; it is ready when it accepts.");
  capacity->callback([&arguments] { arguments.command = Command::capacity; });
}

void add_compare(CLI::App& app, Arguments& arguments, Given& given) {
  CLI::App* compare = app.add_subcommand("compare", "Two servers in turns, and their ratio.");
  add_plan_options(*compare, arguments, given);
  add_report_options(*compare, arguments);
  compare->add_option("--a", arguments.command_a, "Shell command that starts the first.")
      ->required();
  compare->add_option("--b", arguments.command_b, "Shell command that starts the second.")
      ->required();
  compare->add_option("-n", arguments.pairs, "Pairs of runs.")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  compare->callback([&arguments] { arguments.command = Command::compare; });
}

void add_agent(CLI::App& app, Arguments& arguments) {
  CLI::App* agent = app.add_subcommand("agent", "Work for a `run --agents` on another machine.");
  agent->add_option("--listen", arguments.listen, "HOST:PORT to listen on [127.0.0.1:7070].");
  agent->callback([&arguments] { arguments.command = Command::agent; });
}

}  // namespace

std::expected<Arguments, Exit> read_arguments(int argc, const char* const* argv) {
  Arguments arguments;
  Given given;
  CLI::App app("Drives WebSocket servers, and checks what they deliver.", "parley-load");
  app.set_version_flag("--version", "parley-load " + std::string(build_version()) + " (" +
                                        std::string(build_revision()) + ")");
  app.require_subcommand(1);
  add_run(app, arguments, given);
  add_plan(app, arguments, given);
  add_capacity(app, arguments, given);
  add_compare(app, arguments, given);
  add_agent(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help, --version
    std::ostringstream out;
    app.exit(done, out, out);
    return std::unexpected(Exit{.code = 0, .text = out.str()});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Exit{.code = 2,
                                .text = "parley-load: " + std::string(error.what()) +
                                        "\n(parley-load --help says more)\n"});
  }
  for (const auto& [key, text] : given) arguments.texts[key] = text;
  for (int i = 0; i < argc; ++i) arguments.words.emplace_back(argv[i]);
  return arguments;
}

}  // namespace parley::loadgen
