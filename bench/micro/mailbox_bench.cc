// Mail between workers: to oneself, to another on the same thread, to one that sleeps, and there
// and back between two threads.
#include <thread>
#include <utility>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/mail/post_office.h"

namespace {

using namespace parley;
using core::Mail;
using core::Mailbox;
using core::MailKind;

constexpr WorkerId here{0};
constexpr WorkerId there{1};
constexpr std::uint32_t queue_capacity = 1024;

Mail letter(std::uint64_t number) {
  Mail mail;
  mail.kind = MailKind::deliver;
  mail.number = number;
  return mail;
}

// Posts and receives as many letters as range(0) says per round, a turn of each worker.
void one_thread(benchmark::State& state, WorkerId target, bool target_sleeps) {
  core::PostOffice office(2, queue_capacity);
  Mailbox sender(office, here);
  Mailbox other(office, there);
  Mailbox& receiver = target == here ? sender : other;
  std::uint64_t posted = 0;
  std::uint64_t received = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    if (target_sleeps) CHECK(receiver.try_sleep());
    for (std::int64_t i = 0; i < state.range(0); ++i) sender.post(target, letter(++posted));
    CHECK(sender.flush().size() == (target_sleeps ? 1 : 0));
    if (target_sleeps) receiver.woke();
    for (Mail mail; receiver.receive(mail); ++received) sum += mail.number;
  }
  CHECK(received == posted);
  CHECK(sum == posted * (posted + 1) / 2);
  bench::report(state, state.range(0));
}
BENCHMARK_CAPTURE(one_thread, to_oneself, here, false)->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(one_thread, to_another, there, false)->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(one_thread, to_a_sleeper, there, true)->Arg(1)->Arg(64);

// Both poll: what a wake-up costs is the kernel's affair.
Mail wait_for_mail(Mailbox& mailbox) {
  Mail mail;
  while (!mailbox.receive(mail)) std::this_thread::yield();
  return mail;
}

void post_and_flush(Mailbox& mailbox, WorkerId target, std::uint64_t number) {
  mailbox.post(target, letter(number));
  CHECK(mailbox.flush().empty());
}

void ping_pong(benchmark::State& state) {
  constexpr std::uint64_t last = UINT64_MAX;
  core::PostOffice office(2, queue_capacity);
  std::thread echo([&] {
    Mailbox mailbox(office, there);
    std::uint64_t number = 0;
    do {
      number = wait_for_mail(mailbox).number;
      post_and_flush(mailbox, here, number);
    } while (number != last);
  });
  Mailbox mailbox(office, here);
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    post_and_flush(mailbox, there, ++number);
    sum += wait_for_mail(mailbox).number;
  }
  post_and_flush(mailbox, there, last);
  CHECK(wait_for_mail(mailbox).number == last);
  echo.join();
  CHECK(sum == number * (number + 1) / 2);
  bench::report(state, 1);
}

[[maybe_unused]] const bool listed = [] {
  if (bench::has_two_cores()) {
    benchmark::RegisterBenchmark("ping_pong", ping_pong)->UseRealTime();
  }
  return true;
}();

}  // namespace
