// What the configuration names outside itself: the data directory and the keys of tokens. Checked
// once at start, before anything listens.
#pragma once

#include <vector>

#include "core/base/result.h"
#include "server/config/config.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

// Makes data_dir when it does not exist (its parent must). Empty: nothing to do.
[[nodiscard]] Result<void> prepare_data_dir(const Config& config);

// The keys for TokenVerifier::open(), which judges them. Empty: no tokens are accepted.
[[nodiscard]] Result<std::vector<services::TokenKey>> load_token_keys(const Config& config);

}  // namespace parley::server
