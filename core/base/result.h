// Result of a step of the set-up: a value, or one line for the operator that names the fix.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace parley {

struct Error {
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(std::string message) {
  return std::unexpected<Error>(Error{std::move(message)});
}

}  // namespace parley
