// From what a token claims to who a connection speaks for.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "core/chat/identity.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

// Nobody, when the token names a guest: those ids are the server's to give.
[[nodiscard]] inline std::optional<core::Identity> identity_of(services::TokenClaims claims) {
  if (std::string_view(claims.subject).starts_with(core::guest_id_prefix)) return std::nullopt;
  return core::Identity{
      .id = std::move(claims.subject), .name = std::move(claims.username), .guest = false};
}

}  // namespace parley::server
