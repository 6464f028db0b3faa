// What several messages of the classic vocabulary have in common: errors, and how a user is named.
#pragma once

#include <string_view>

#include "core/chat/vocabulary.h"

namespace parley::core {

struct Complaint {
  std::string_view code;
  std::string_view text;
  std::string_view room;  // Of the request; empty: it named none, or not a valid one.
  std::string_view tag;   // Its `id`; empty: it had none.
  Duration retry_after;   // 0: it would not help.
};

void complain(EdgeSession& session, const Complaint& complaint);

void write_user(ValueWriter& w, const IdentityView& identity);

}  // namespace parley::core
