// The main() of every microbenchmark: Google Benchmark's own one ends with 0 whatever happened,
// this one fails when a benchmark failed or none ran, and knows which allocator it measured.
//
// JSON comes from --benchmark_out=FILE; --benchmark_format has no say, since the reporter is ours.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view chosen = PARLEY_ALLOCATOR;

class CountingReporter final : public benchmark::ConsoleReporter {
 public:
  CountingReporter() : ConsoleReporter(isatty(STDOUT_FILENO) != 0 ? OO_Color : OO_None) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) failures_ += run.error_occurred ? 1 : 0;
    ConsoleReporter::ReportRuns(runs);
  }

  [[nodiscard]] int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

// The library that malloc() comes from: what was linked need not be what answers.
std::string_view library_of_malloc() {
  Dl_info info{};
  void* found = dlsym(RTLD_DEFAULT, "malloc");
  if (found == nullptr || dladdr(found, &info) == 0) return "unknown";
  const std::string_view path(info.dli_fname);
  return path.substr(path.rfind('/') + 1);
}

// The system's allocator goes by several names: a sanitizer's is one of them.
bool is_chosen(std::string_view library) {
  for (const std::string_view other : {"mimalloc", "jemalloc"}) {
    if (library.contains(other) != (chosen == other)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view library = library_of_malloc();
  if (!is_chosen(library)) {
    std::fprintf(stderr, "built for the allocator %s, but malloc() is in %s\n", PARLEY_ALLOCATOR,
                 std::string(library).c_str());
    return 1;
  }
  benchmark::AddCustomContext("allocator", PARLEY_ALLOCATOR);
  benchmark::AddCustomContext("malloc", std::string(library));

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  CountingReporter reporter;
  const std::size_t count = benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  if (count == 0) std::fprintf(stderr, "no benchmark ran\n");
  if (reporter.failures() > 0) std::fprintf(stderr, "%d runs failed\n", reporter.failures());
  return count == 0 || reporter.failures() > 0 ? 1 : 0;
}
