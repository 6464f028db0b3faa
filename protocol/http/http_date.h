// RFC 9110 section 5.6.7: the date format that HTTP writes, IMF-fixdate.
#pragma once

#include <array>

#include "core/base/time.h"

namespace parley::protocol {

using HttpDate = std::array<char, 29>;  // Sun, 06 Nov 1994 08:49:37 GMT

// What lies outside of the years 1970 to 9999 is brought to the nearest time that does not.
[[nodiscard]] HttpDate http_date(UnixMillis time);

}  // namespace parley::protocol
