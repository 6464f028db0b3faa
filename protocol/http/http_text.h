// RFC 9110 section 5.6: the small words of HTTP. Tokens, lists, letter case, white space.
#pragma once

#include <string_view>

namespace parley::protocol {

[[nodiscard]] bool is_http_token(std::string_view text);

// ASCII letters are equal to their other case; nothing else is folded.
[[nodiscard]] bool equal_without_case(std::string_view left, std::string_view right);

// Without spaces and tabs at either end.
[[nodiscard]] std::string_view without_outer_space(std::string_view text);

// Takes the first element off a comma-separated list, and the comma behind it.
[[nodiscard]] std::string_view take_list_element(std::string_view& list);

// Whether the list holds the element, without case.
[[nodiscard]] bool list_has_element(std::string_view list, std::string_view element);

}  // namespace parley::protocol
