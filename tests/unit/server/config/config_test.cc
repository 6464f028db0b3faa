// load_options(): precedence, origins, and the one line an operator gets for a mistake.
#include <gmock/gmock.h>

#include "tests/unit/server/config/config_fixture.h"

namespace parley::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string secret_32 = "0123456789abcdef0123456789abcdef";

TEST_F(ConfigTest, WithoutAnythingSetDefaultsStand) {
  const Options options = loaded({}, {});
  EXPECT_EQ(options.config.listen_host, "127.0.0.1");
  EXPECT_EQ(options.config.listen_port, 8080);
  EXPECT_EQ(options.config.history_bytes_max, 1ull << 30);
  EXPECT_FALSE(options.check_config);
  EXPECT_EQ(entry(options, "listen.port"), "8080 # default");
  EXPECT_EQ(entry(options, "limits.rate_address"), "off # default");
  EXPECT_EQ(entry(options, "data_dir"), "\"\" # default");
}

TEST_F(ConfigTest, EachLayerOverridesTheOneBefore) {
  std::vector<std::string> environment{"JWT_SECRET=" + secret_32};
  std::vector<std::string> arguments{"--profile", "roflfaucet"};
  EXPECT_EQ(entry(loaded(arguments, environment), "listen.port"), "3001 # profile roflfaucet");

  write("x.toml", "workers = 2\n[listen]\nport = 3002\n");
  arguments.insert(arguments.end(), {"--config", "x.toml"});
  EXPECT_EQ(entry(loaded(arguments, environment), "listen.port"), "3002 # file x.toml:3");

  write(".env", "# ours\nPARLEY_LISTEN_PORT=3003\n");
  EXPECT_EQ(entry(loaded(arguments, environment), "listen.port"),
            "3003 # env PARLEY_LISTEN_PORT (.env:2)");

  environment.push_back("PORT=3004");
  EXPECT_EQ(entry(loaded(arguments, environment), "listen.port"), "3004 # env PORT");

  arguments.push_back("--listen-port=3005");
  EXPECT_EQ(entry(loaded(arguments, environment), "listen.port"), "3005 # flag --listen-port");
  EXPECT_EQ(config(arguments, environment).listen_port, 3005);
}

TEST_F(ConfigTest, TheProfileMayComeFromAnyLayer) {
  write("x.toml", "profile = \"conformance\"\n");
  EXPECT_EQ(config({"--config", "x.toml"}, {}).echo_path, "/echo");
  EXPECT_EQ(config({}, {"PARLEY_PROFILE=conformance"}).echo_path, "/echo");
  EXPECT_EQ(config({"--profile", "bench", "--config", "x.toml"}, {}).echo_path, "");
  EXPECT_THAT(refusal({"--profile", "nobody"}, {}),
              StartsWith("2 parleyd: profile = nobody (flag --profile) must be default, "
                         "roflfaucet, conformance or bench"));
  EXPECT_THAT(refusal({}, {"PARLEY_PROFILE=nobody"}), StartsWith("1 parleyd: profile = nobody"));
}

TEST_F(ConfigTest, ProfilesAreWhatTheyPromise) {
  const Config s0 = config({"--profile", "roflfaucet"}, {"JWT_SECRET=" + secret_32});
  EXPECT_EQ(s0.listen_port, 3001);     // S0-01
  EXPECT_EQ(s0.classic_path, "/ws");   // S0-01
  EXPECT_EQ(s0.rate_user.count, 10u);  // S0-10
  EXPECT_EQ(s0.rate_user.window_ms, 30'000u);
  EXPECT_EQ(s0.guests, GuestPolicy::refuse);
  const Config conformance = config({"--profile", "conformance"}, {});
  EXPECT_GE(conformance.message_bytes_max, 16u << 20);
  EXPECT_EQ(conformance.rate_connection.count, 0u);
  EXPECT_EQ(conformance.rate_join.count, 0u);
  EXPECT_EQ(conformance.rate_user.count, 0u);
  const Config bench = config({"--profile", "bench"}, {});
  EXPECT_EQ(bench.rate_connection.count, 0u);
  EXPECT_EQ(bench.rate_join.count, 0u);
  EXPECT_EQ(bench.rate_user.count, 0u);
  EXPECT_EQ(bench.message_bytes_max, Config{}.message_bytes_max);
}

TEST_F(ConfigTest, ExactNamesWinOverShortOnesInOneLayer) {
  const std::vector<std::string> environment{"PARLEY_LISTEN_PORT=1", "PARLEY_LISTEN=0.0.0.0:2",
                                             "PORT=3"};
  const Config from_environment = config({}, environment);
  EXPECT_EQ(from_environment.listen_port, 1);
  EXPECT_EQ(from_environment.listen_host, "0.0.0.0");
  EXPECT_EQ(config({"--listen-port", "4", "--listen", "0.0.0.0:5"}, {}).listen_port, 4);
}

TEST_F(ConfigTest, ListenTakesHostAndPort) {
  EXPECT_EQ(config({"--listen", "localhost:0"}, {}).listen_host, "127.0.0.1");
  EXPECT_EQ(config({"--listen", "[::1]:9"}, {}).listen_host, "::1");
  EXPECT_EQ(config({"--listen", "[::1]:9"}, {}).listen_port, 9);
  for (const char* wrong : {"8080", ":8080", "127.0.0.1", "127.0.0.1:", "::1:9", ""}) {
    EXPECT_THAT(refusal({"--listen", wrong}, {}), StartsWith("2 parleyd: flag --listen")) << wrong;
  }
  EXPECT_THAT(refusal({"--listen", "chat.example:80"}, {}),
              StartsWith("2 parleyd: listen.host = chat.example (flag --listen) must be an IP "
                         "address"));
  EXPECT_THAT(refusal({"--listen", "0.0.0.0:65536"}, {}), HasSubstr("must be 0 to 65535"));
  EXPECT_THAT(refusal({}, {"PARLEY_LISTEN=x"}),
              StartsWith("1 parleyd: env PARLEY_LISTEN must be HOST:PORT"));
}

TEST_F(ConfigTest, ReadsEveryTypeFromTheFile) {
  write("x.toml", R"(
pin_workers = true
[endpoints]
page_path = ""
allowed_origins = ["https://a.example", "http://b.example:8080"]
[auth]
guests = "allow"
[limits]
rate_user = "600/1m"
slow_reader = "drop_oldest"
slow_reader_close_code = 1008
[history]
bytes_max = 5_000_000_000
[log]
level = "warn"
format = "json"
)");
  const Config read = config({"--config", "x.toml"}, {});
  EXPECT_TRUE(read.pin_workers);
  EXPECT_EQ(read.page_path, "");
  EXPECT_THAT(read.allowed_origins, ElementsAre("https://a.example", "http://b.example:8080"));
  EXPECT_EQ(read.guests, GuestPolicy::allow);
  EXPECT_EQ(read.rate_user.count, 600u);
  EXPECT_EQ(read.rate_user.window_ms, 60'000u);
  EXPECT_EQ(read.slow_reader, SlowReaderPolicy::drop_oldest);
  EXPECT_EQ(read.slow_reader_close_code, 1008);
  EXPECT_EQ(read.history_bytes_max, 5'000'000'000u);
  EXPECT_EQ(read.log_level, LogLevel::warn);
  EXPECT_EQ(read.log_format, "json");
}

TEST_F(ConfigTest, TheSameFromTheEnvironmentAndFlags) {
  const std::vector<std::string> environment{
      "PARLEY_PIN_WORKERS=true",
      "PARLEY_PAGE_PATH=", "PARLEY_ALLOWED_ORIGINS=https://a.example,http://b.example:8080",
      "PARLEY_RATE_USER=20/500ms"};
  const Config read = config({"--rate-connection", "off", "--guests=allow"}, environment);
  EXPECT_TRUE(read.pin_workers);
  EXPECT_EQ(read.page_path, "");
  EXPECT_EQ(read.allowed_origins.size(), 2u);
  EXPECT_EQ(read.rate_user.window_ms, 500u);
  EXPECT_EQ(read.rate_connection.count, 0u);
  EXPECT_EQ(read.guests, GuestPolicy::allow);
}

TEST_F(ConfigTest, UnknownTomlKeysAreRefusedWithTheNearestOne) {
  EXPECT_EQ(refused_file("\n[limits]\nmesage_bytes_max = 5\n"),
            "1 parleyd: file x.toml:3: limits.mesage_bytes_max is not an option (did you mean "
            "limits.message_bytes_max?)\n");
  EXPECT_THAT(refused_file("message_bytes_max = 500"),
              HasSubstr("did you mean limits.message_bytes_max?"));
  EXPECT_THAT(refused_file("[server]\nport = 500"), HasSubstr("server is not an option"));
  EXPECT_THAT(refused_file("[nonsense]\n"), HasSubstr("x.toml:1: nonsense is not an option\n"));
  EXPECT_THAT(refused_file("listen = \"0.0.0.0:80\""), HasSubstr("listen is not an option"));
  EXPECT_THAT(refused_file("[log.level]\nx = 1"), HasSubstr("log.level must be a string"));
}

TEST_F(ConfigTest, TheFirstMistakeOfAFileIsReported) {
  EXPECT_THAT(refused_file("zzz = 1\naaa = 2\n"), HasSubstr("x.toml:1: zzz"));
}

TEST_F(ConfigTest, WrongTypesInTomlAreRefused) {
  EXPECT_EQ(refused_file("workers = \"4\""),
            "1 parleyd: file x.toml:1: workers must be a number, without quotes\n");
  EXPECT_THAT(refused_file("workers = 1.5"), HasSubstr("must be a number"));
  EXPECT_THAT(refused_file("pin_workers = 1"), HasSubstr("must be true or false"));
  EXPECT_THAT(refused_file("data_dir = 1"), HasSubstr("must be a string, in quotes"));
  EXPECT_THAT(refused_file("[endpoints]\nallowed_origins = \"x\""),
              HasSubstr("must be an array of strings"));
  EXPECT_THAT(refused_file("[endpoints]\nallowed_origins = [1]"),
              HasSubstr("must be an array of strings"));
}

TEST_F(ConfigTest, AFileThatCannotBeReadOrParsedIsNamed) {
  EXPECT_EQ(refusal({"--config", "absent.toml"}, {}),
            "1 parleyd: cannot read the configuration file absent.toml: No such file or "
            "directory\n");
  EXPECT_EQ(refusal({"--config", "."}, {}),
            "1 parleyd: cannot read the configuration file .: Is a directory\n");
  EXPECT_THAT(refused_file("workers = \n"), StartsWith("1 parleyd: file x.toml:1: "));
  EXPECT_THAT(refused_file("workers = 1\nworkers = 2\n"), StartsWith("1 parleyd: file x.toml:2: "));
  EXPECT_EQ(refused_file(""), "accepted");
  write("y.toml", "[listen]\nport = 77\n");
  EXPECT_EQ(config({}, {"PARLEY_CONFIG=y.toml"}).listen_port, 77);
}

TEST_F(ConfigTest, ValuesOutOfRangeAreRefusedWithTheirOrigin) {
  EXPECT_EQ(refused_file("workers = 513"),
            "1 parleyd: workers = 513 (file x.toml:1) must be 0 to 512\n");
  EXPECT_EQ(refused_file("workers = -1"),
            "1 parleyd: workers = -1 (file x.toml:1) must be 0 to 512\n");
  EXPECT_EQ(refusal({"--workers", "513"}, {}),
            "2 parleyd: workers = 513 (flag --workers) must be 0 to 512; see parleyd --help\n");
  EXPECT_EQ(refusal({"--workers", "-1"}, {}),
            "2 parleyd: workers = -1 (flag --workers) must be 0 to 512; see parleyd --help\n");
  for (const char* wrong : {"", " 1", "1 ", "+1", "0x1", "1e3", "99999999999999999999"}) {
    EXPECT_THAT(refusal({}, {std::string("PARLEY_WORKERS=") + wrong}),
                HasSubstr("(env PARLEY_WORKERS) must be 0 to 512"));
  }
  EXPECT_THAT(refusal({"--recv-buffers", "1000"}, {}), HasSubstr("must be a power of two, 8 to"));
  EXPECT_THAT(refusal({"--mailbox-capacity", "0"}, {}), HasSubstr("must be a power of two"));
  EXPECT_THAT(refusal({"--slow-reader-close-code", "1000"}, {}), HasSubstr("1008 or 1013"));
  EXPECT_THAT(refusal({"--log-level", "loud"}, {}),
              HasSubstr("must be trace, debug, info, warn, error or off"));
  EXPECT_THAT(refusal({"--classic-path", "ws"}, {}),
              HasSubstr("must be a path that begins with /"));
  EXPECT_THAT(refusal({"--classic-path", ""}, {}), HasSubstr("must be a path that begins with /"));
  EXPECT_THAT(refusal({"--service-name", "a b"}, {}), HasSubstr("printable ASCII"));
  EXPECT_THAT(refusal({"--pin-workers=1"}, {}), HasSubstr("must be true or false"));
}

TEST_F(ConfigTest, MalformedRatesAndOriginsAreRefused) {
  for (const char* wrong : {"", "10", "10/", "/30s", "10/30", "10/30d", "10/0s", "0/30s", "-1/30s",
                            "1000001/1s", "1/25h", "1/99999999999999999999s", "on"}) {
    EXPECT_THAT(refusal({"--rate-user", wrong}, {}), HasSubstr("must be COUNT/WINDOW")) << wrong;
  }
  for (const char* wrong : {"example.org", "https://", "://x", "https://a/", "https://a,",
                            ",https://a", "https://a,,https://b", "https://a b"}) {
    EXPECT_THAT(refusal({"--allowed-origins", wrong}, {}), HasSubstr("must be origins")) << wrong;
  }
}

TEST_F(ConfigTest, UnknownFlagsAndArgumentsAreUsageErrors) {
  EXPECT_EQ(refusal({"--worker", "5"}, {}),
            "2 parleyd: unknown flag --worker (did you mean --workers?); see parleyd --help\n");
  EXPECT_EQ(refusal({"--frobnicate"}, {}),
            "2 parleyd: unknown flag --frobnicate; see parleyd --help\n");
  EXPECT_EQ(refusal({"start"}, {}), "2 parleyd: unexpected argument start; see parleyd --help\n");
  EXPECT_THAT(refusal({"--workers"}, {}), StartsWith("2 parleyd: --workers"));
  EXPECT_THAT(refusal({"--workers", "1", "--workers", "2"}, {}), StartsWith("2 parleyd: "));
  EXPECT_THAT(refusal({"--config="}, {}), StartsWith("2 parleyd: flag --config must name a file"));
}

TEST_F(ConfigTest, EmptyFlagValuesAreValues) {
  EXPECT_EQ(config({"--page-path=", "--workers", "3"}, {}).page_path, "");
  EXPECT_EQ(config({"--page-path", "", "--workers", "3"}, {}).workers, 3);
}

TEST_F(ConfigTest, ABooleanFlagNeedsNoValue) {
  EXPECT_TRUE(config({"--pin-workers"}, {}).pin_workers);
  EXPECT_TRUE(config({"--pin-workers", "--workers", "3"}, {}).pin_workers);
  EXPECT_FALSE(config({"--pin-workers=false"}, {"PARLEY_PIN_WORKERS=true"}).pin_workers);
}

TEST_F(ConfigTest, UnknownParleyVariablesAreRefusedOthersAreNotOurs) {
  EXPECT_EQ(refusal({}, {"PARLEY_WORKER=5"}),
            "1 parleyd: env PARLEY_WORKER: no option has this name (did you mean "
            "PARLEY_WORKERS?)\n");
  EXPECT_EQ(refusal({}, {"HOME=/root", "DB_HOST=x", "=", "ODD"}), "accepted");
  EXPECT_EQ(refusal({}, {"PORT=", "JWT_SECRET="}), "accepted");
  EXPECT_THAT(refusal({}, {"PORT=http"}), HasSubstr("listen.port = http (env PORT) must be 0 to"));
}

TEST_F(ConfigTest, ReadsTheEnvFile) {
  write("other.env",
        "\n# comment\r\nexport PARLEY_SERVICE_NAME='my#chat' # why\n"
        "PARLEY_ECHO_PATH = \"/echo\"\nPARLEY_LOG_LEVEL=warn # less\nDB_HOST=x\n"
        "PARLEY_DATA_DIR=#nothing\nPORT=81");
  const Config read = config({}, {"PARLEY_ENV_FILE=other.env"});
  EXPECT_EQ(read.service_name, "my#chat");
  EXPECT_EQ(read.echo_path, "/echo");
  EXPECT_EQ(read.log_level, LogLevel::warn);
  EXPECT_EQ(read.data_dir, "");
  EXPECT_EQ(read.listen_port, 81);
  EXPECT_EQ(refusal({}, {"PARLEY_ENV_FILE=absent"}),
            "1 parleyd: cannot read the environment file absent: No such file or directory\n");
  for (const char* wrong : {"nonsense", "=5", "A B=5", "A='5", "A=\"5\" 6"}) {
    write(".env", std::string("PORT=1\n") + wrong + "\n");
    EXPECT_THAT(refusal({}, {}), StartsWith("1 parleyd: .env:2: must be NAME=VALUE")) << wrong;
  }
  write(".env", "PARLEY_WORKER=1\n");
  EXPECT_THAT(refusal({}, {}), HasSubstr("env PARLEY_WORKER (.env:1): no option has this name"));
}

TEST_F(ConfigTest, RoomsAreNamedOnceEach) {
  EXPECT_THAT(config({}, {}).rooms_initial, ElementsAre("general", "help"));
  EXPECT_THAT(config({"--rooms-initial", "lobby,a b"}, {}).rooms_initial,
              ElementsAre("lobby", "a b"));
  EXPECT_THAT(config({}, {"PARLEY_ROOMS_INITIAL="}).rooms_initial, ElementsAre());
  const std::string long_name(65, 'x');
  for (const std::string& wrong : {std::string("a,a"), std::string(",a"), long_name}) {
    EXPECT_THAT(refusal({"--rooms-initial", wrong}, {}), HasSubstr("must be names of 1 to 64"));
  }
  EXPECT_THAT(refused_file("[rooms]\ninitial = [\"a,b\"]"), HasSubstr("must not hold commas"));
  EXPECT_THAT(refusal({"--rooms-max", "1"}, {}),
              HasSubstr("must not be more rooms than limits.rooms_max, which is 1"));
}

TEST_F(ConfigTest, WhoComesBackMustGetIntoAllItsRooms) {
  EXPECT_THAT(refusal({"--rate-join", "63/1m"}, {}),
              HasSubstr("limits.rate_join = 63/60s (flag --rate-join) must be off or at least "
                        "limits.rooms_per_connection_max at once, which is 64"));
  EXPECT_THAT(refusal({"--rooms-per-connection-max", "101"}, {}),
              HasSubstr("limits.rate_join = 100/60s (default) must be off or at least"));
  EXPECT_EQ(refusal({"--rate-join", "64/1m"}, {}), "accepted");
  EXPECT_EQ(refusal({"--rate-join", "off", "--rooms-per-connection-max", "101"}, {}), "accepted");
}

TEST_F(ConfigTest, OptionsMustFitTogether) {
  EXPECT_EQ(refusal({"--message-bytes-max", "2000000"}, {}),
            "1 parleyd: limits.outbox_bytes_max = 1048576 (default) must be at least 4026624, "
            "which is twice limits.message_bytes_max and the people of a room\n");
  EXPECT_EQ(refusal({"--message-bytes-max", "2000000", "--outbox-bytes-max", "4026624"}, {}),
            "accepted");
  EXPECT_THAT(refusal({"--history-bytes-max", "1000"}, {}),
              HasSubstr("history.room_bytes_max = 1048576 (default) must not be more than"));
  EXPECT_THAT(refusal({"--history-on-join", "20", "--history-count-max", "19"}, {}),
              HasSubstr("history.on_join = 20"));
  EXPECT_EQ(refusal({"--history-count-max", "0"}, {}), "accepted");
  EXPECT_THAT(refusal({"--ping-interval-ms", "99"}, {}), HasSubstr("must be 0 (no pings) or"));
  EXPECT_EQ(refusal({"--ping-interval-ms", "0"}, {}), "accepted");
  EXPECT_THAT(refusal({"--close-timeout-ms", "9000"}, {}),
              HasSubstr("must not be more than times.shutdown_timeout_ms"));
  EXPECT_THAT(refusal({"--echo-path", "/ws"}, {}),
              HasSubstr("endpoints.echo_path = /ws (flag --echo-path) must not be the path of "
                        "endpoints.classic_path"));
  EXPECT_THAT(refusal({"--page-path", "/metrics"}, {}), HasSubstr("must not be the path of"));
}

TEST_F(ConfigTest, RefusingGuestsTakesAKey) {
  EXPECT_THAT(refusal({"--guests", "refuse"}, {}), HasSubstr("nobody could log in"));
  EXPECT_EQ(refusal({"--guests", "refuse"}, {"JWT_SECRET=" + secret_32}), "accepted");
  EXPECT_EQ(refusal({"--guests", "refuse", "--jwt-public-key-file", "k.pem"}, {}), "accepted");
}

TEST_F(ConfigTest, SecretsAreAtLeast32BytesAndNeverShown) {
  const std::string short_secret = secret_32.substr(1);
  const std::string refused = refusal({}, {"JWT_SECRET=" + short_secret});
  EXPECT_THAT(refused, StartsWith("1 parleyd: auth.jwt_secret = (set) (env JWT_SECRET) must be at "
                                  "least 32 bytes"));
  EXPECT_THAT(refused, Not(HasSubstr(short_secret)));
  const std::string long_secret(5'000, 's');
  EXPECT_THAT(refusal({}, {"JWT_SECRET=" + long_secret}), Not(HasSubstr("sss")));
  const Options options = loaded({}, {"PARLEY_JWT_SECRET=" + secret_32});
  EXPECT_EQ(options.config.jwt_secret, secret_32);
  EXPECT_EQ(entry(options, "auth.jwt_secret"), "(set) # env PARLEY_JWT_SECRET");
  EXPECT_THAT(entries_text(options.entries), Not(HasSubstr(secret_32)));
  EXPECT_EQ(entry(loaded({}, {}), "auth.jwt_secret"), "(none) # default");
}

TEST_F(ConfigTest, ALogFileIsRelativeToTheDataDirectory) {
  EXPECT_EQ(config({"--log-file", "a.log"}, {}).log_file, "a.log");
  EXPECT_EQ(config({"--log-file", "a.log", "--data-dir", "/d"}, {}).log_file, "/d/a.log");
  EXPECT_EQ(config({"--log-file", "/x/a.log", "--data-dir", "/d"}, {}).log_file, "/x/a.log");
}

TEST_F(ConfigTest, CheckConfigPrintsOneLinePerOption) {
  const Options options = loaded({"--check-config", "--workers=2"}, {});
  EXPECT_TRUE(options.check_config);
  const std::string text = entries_text(options.entries);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), options.entries.size());
  EXPECT_THAT(text, HasSubstr("\nworkers = 2  # flag --workers\n"));
  EXPECT_THAT(text, HasSubstr("\nlimits.rate_connection = 100/2s  # default\n"));
}

TEST_F(ConfigTest, HelpAndVersionExitWith0BeforeAnythingIsRead) {
  const std::expected<Options, Exit> help = load({"--help", "--config", "absent"}, {"PORT=x"});
  ASSERT_FALSE(help.has_value());
  EXPECT_EQ(help.error().code, 0);
  EXPECT_THAT(help.error().text, StartsWith("Usage: parleyd [FLAGS]\n"));
  EXPECT_EQ(refusal({"-h"}, {}), "0 " + help.error().text);
  EXPECT_THAT(refusal({"--version"}, {}), ::testing::MatchesRegex("0 parleyd [0-9.]+\n"));
}

}  // namespace
}  // namespace parley::server
