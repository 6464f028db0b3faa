// JSON Web Tokens (RFC 7519) signed with HS256 or RS256, on libjwt: who a token names, if its
// signature, algorithm and times hold.
//
// Threading  One per worker; no shared state.
// Security   The algorithm comes from the configured key, never from the token (RFC 8725 3.1): a
//            token with another `alg`, `none` included, is refused. exp and nbf with 60 s leeway.
// Bounds     A token of more than 8 KiB is refused unread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"

namespace parley::services {

enum class TokenAlgorithm : std::uint8_t { hs256, rs256 };

struct TokenKey {
  TokenAlgorithm algorithm{};
  std::string key;  // HS256: the secret, at least 32 bytes. RS256: the public key, PEM.
};

struct TokenClaims {
  std::string subject;   // `sub`, required: 1-128 bytes, valid_user_name() (core/base/text.h).
  std::string username;  // `username`, else `name`, if valid; else `sub`. Cut to 64 bytes.
  UnixMillis expires;    // INT64_MAX when the token has no `exp`.
};

class TokenVerifier {
 public:
  // Fails when a key is too short or not PEM. No keys: verify() refuses everything.
  [[nodiscard]] static Result<std::unique_ptr<TokenVerifier>> open(std::span<const TokenKey> keys);
  ~TokenVerifier();

  // The error is for the operator's metrics and log, not for the client.
  [[nodiscard]] Result<TokenClaims> verify(std::string_view token, UnixMillis now) const;

 private:
  struct State;
  explicit TokenVerifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A signed development token (parleyctl token). REQUIRES: key.algorithm == hs256.
[[nodiscard]] Result<std::string> mint_token(const TokenKey& key, const TokenClaims& claims,
                                             UnixMillis issued);

}  // namespace parley::services
