#include "loadgen/run/clock.h"

#include <time.h>

#include <cerrno>

namespace parley::loadgen {

namespace {

std::int64_t read_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Instant monotonic_now() {
  return {read_ns(CLOCK_MONOTONIC)};
}

UnixMillis wall_now() {
  return {read_ns(CLOCK_REALTIME) / 1'000'000};
}

Duration thread_cpu() {
  return {read_ns(CLOCK_THREAD_CPUTIME_ID)};
}

Duration process_cpu() {
  return {read_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

void sleep_for(Duration duration) {
  timespec left{.tv_sec = duration.ns / 1'000'000'000, .tv_nsec = duration.ns % 1'000'000'000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

}  // namespace parley::loadgen
