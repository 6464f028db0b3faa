#include "protocol/http/http_date.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace parley::protocol {

HttpDate http_date(UnixMillis time) {
  constexpr std::int64_t year_10000_ms = 253'402'300'800'000;
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::chrono::sys_time<std::chrono::milliseconds> point{
      std::chrono::milliseconds(std::clamp(time.value, std::int64_t{0}, year_10000_ms - 1))};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(point - day));

  HttpDate text;
  char* out = text.data();
  const auto add = [&out](std::string_view part) { out = std::ranges::copy(part, out).out; };
  const auto add_two_digits = [&out](unsigned number) {
    *out++ = static_cast<char>('0' + number / 10);
    *out++ = static_cast<char>('0' + number % 10);
  };
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  add(days.substr(3 * std::chrono::weekday(day).c_encoding(), 3));
  add(", ");
  add_two_digits(static_cast<unsigned>(date.day()));
  add(" ");
  add(months.substr(3 * (static_cast<unsigned>(date.month()) - 1), 3));
  add(" ");
  add_two_digits(year / 100);
  add_two_digits(year % 100);
  add(" ");
  add_two_digits(static_cast<unsigned>(clock.hours().count()));
  add(":");
  add_two_digits(static_cast<unsigned>(clock.minutes().count()));
  add(":");
  add_two_digits(static_cast<unsigned>(clock.seconds().count()));
  add(" GMT");
  return text;
}

}  // namespace parley::protocol
