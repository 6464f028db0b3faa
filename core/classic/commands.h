// The messages of clients of the classic vocabulary: what each of them does.
#pragma once

#include "core/base/value.h"
#include "core/chat/vocabulary.h"

namespace parley::core {

// Does what the message says, or answers with an error.
void run_command(EdgeSession& session, const Value& message);

}  // namespace parley::core
