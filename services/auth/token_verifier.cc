#include "services/auth/token_verifier.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <jwt.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/base/check.h"
#include "core/base/text.h"

namespace parley::services {

namespace {

constexpr std::size_t token_bytes_max = 8'192;
constexpr std::size_t secret_bytes_min = 32;  // RFC 7518 3.2: as long as the hash.
constexpr std::size_t secret_bytes_max = 4'096;
constexpr int rsa_bits_min = 2'048;  // RFC 7518 3.3
constexpr std::size_t subject_bytes_max = 128;
constexpr std::size_t username_bytes_max = 64;
constexpr std::int64_t leeway_ms = 60'000;

struct JwtFree {
  void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, JwtFree>;

struct CFree {
  void operator()(char* text) const { std::free(text); }
};
using CString = std::unique_ptr<char, CFree>;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct PkeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// An encrypted key must fail, not ask for its pass phrase on the terminal.
int refuse_pass_phrase(char*, int, int, void*) {
  return -1;
}

Result<void> check_public_key(const std::string& pem) {
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CHECK(bio != nullptr);
  const std::unique_ptr<EVP_PKEY, PkeyFree> key(
      PEM_read_bio_PUBKEY(bio.get(), nullptr, refuse_pass_phrase, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    return failure(
        "the RS256 key is not a public key in PEM (it begins with -----BEGIN PUBLIC KEY-----; "
        "openssl pkey -in private.pem -pubout makes one)");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return failure("the RS256 key is not an RSA key");
  }
  if (EVP_PKEY_get_bits(key.get()) < rsa_bits_min) {
    return failure("the RS256 key has fewer than 2048 bits");
  }
  return {};
}

Result<void> check_secret(const std::string& secret) {
  if (secret.size() < secret_bytes_min) {
    return failure("the HS256 secret is shorter than 32 bytes");
  }
  if (secret.size() > secret_bytes_max) {
    return failure("the HS256 secret is longer than 4096 bytes");
  }
  return {};
}

// The 6 bits of a base64url character, or -1.
constexpr int base64url_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

// RFC 7515 2: base64url without padding. Unused bits of the last character must be 0, so that one
// signature has one spelling.
bool is_base64url(std::string_view text) {
  for (const char c : text) {
    if (base64url_value(c) < 0) return false;
  }
  const std::size_t rest = text.size() % 4;
  if (text.empty() || rest == 1) return false;
  const int last = base64url_value(text.back());
  return rest == 0 || (rest == 2 ? last % 16 == 0 : last % 4 == 0);
}

// libjwt skips what it does not understand; we do not: exactly header.payload.signature.
bool is_compact_form(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return false;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  return is_base64url(token.substr(0, first)) &&
         is_base64url(token.substr(first + 1, second - first - 1)) &&
         is_base64url(token.substr(second + 1));
}

// The first bytes of valid UTF-8, cut where a character begins, and not behind a space.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t bytes = bytes_max;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return without_trailing_spaces(text.substr(0, bytes));
}

Result<void> check_subject(std::string_view subject) {
  if (subject.empty() || subject.size() > subject_bytes_max) {
    return failure("the token's sub is not 1 to 128 bytes");
  }
  if (!valid_user_name(subject)) {
    return failure("the token's sub begins or ends with a space, or holds what cannot be seen");
  }
  return {};
}

enum class TimeClaim : std::uint8_t { absent, present, malformed };

// A NumericDate (RFC 7519 2) may have a fraction. One beyond the range of our clock is capped.
TimeClaim time_claim(jwt_t* jwt, const char* name, UnixMillis& time) {
  const CString json(jwt_get_grants_json(jwt, name));
  if (json == nullptr) return TimeClaim::absent;
  const char first = json.get()[0];
  if (first != '-' && (first < '0' || first > '9')) return TimeClaim::malformed;
  const double seconds = std::strtod(json.get(), nullptr);
  if (!std::isfinite(seconds)) return TimeClaim::malformed;
  constexpr double seconds_max = 9e12;  // The year 285,000.
  time.value = static_cast<std::int64_t>(std::fmin(std::fmax(seconds, 0), seconds_max) * 1'000);
  return TimeClaim::present;
}

Result<void> check_times(jwt_t* jwt, UnixMillis now, UnixMillis& expires) {
  expires = UnixMillis{INT64_MAX};
  UnixMillis time;
  switch (time_claim(jwt, "exp", time)) {
    case TimeClaim::malformed:
      return failure("the token's exp is not a number");
    case TimeClaim::present:
      // RFC 7519 4.1.4: not accepted on or after exp.
      if (now.value >= time.value + leeway_ms) return failure("the token has expired");
      expires = time;
      break;
    case TimeClaim::absent:
      break;
  }
  switch (time_claim(jwt, "nbf", time)) {
    case TimeClaim::malformed:
      return failure("the token's nbf is not a number");
    case TimeClaim::present:
      if (now.value < time.value - leeway_ms) return failure("the token is not valid yet");
      break;
    case TimeClaim::absent:
      break;
  }
  return {};
}

Result<TokenClaims> claims_of(jwt_t* jwt, UnixMillis now) {
  TokenClaims claims;
  const Result<void> times = check_times(jwt, now, claims.expires);
  if (!times) return std::unexpected(times.error());

  const char* subject = jwt_get_grant(jwt, "sub");
  if (subject == nullptr) return failure("the token has no sub, or one that is not a string");
  const Result<void> subject_ok = check_subject(subject);
  if (!subject_ok) return std::unexpected(subject_ok.error());
  claims.subject = subject;

  const char* username = jwt_get_grant(jwt, "username");
  if (username == nullptr || *username == '\0') username = jwt_get_grant(jwt, "name");
  if (username == nullptr || !valid_user_name(username)) username = subject;
  claims.username = cut(username, username_bytes_max);
  return claims;
}

const char* algorithm_name(TokenAlgorithm algorithm) {
  switch (algorithm) {
    case TokenAlgorithm::hs256:
      return "HS256";
    case TokenAlgorithm::rs256:
      return "RS256";
  }
  std::unreachable();
}

// Null unless the token is signed with that key, by the algorithm the key is for.
Jwt signed_token(const std::string& token, const TokenKey& key) {
  jwt_t* decoded = nullptr;
  const int error =
      jwt_decode(&decoded, token.c_str(), reinterpret_cast<const unsigned char*>(key.key.data()),
                 static_cast<int>(key.key.size()));
  Jwt jwt(decoded);
  ERR_clear_error();
  if (error != 0 || jwt == nullptr) return nullptr;
  // libjwt compares without case and obeys the token. RFC 8725 3.1: we obey the key; otherwise the
  // public key would serve as the secret of an HS256 token (2.1).
  const char* algorithm = jwt_get_header(jwt.get(), "alg");
  if (algorithm == nullptr || std::strcmp(algorithm, algorithm_name(key.algorithm)) != 0) {
    return nullptr;
  }
  return jwt;
}

}  // namespace

struct TokenVerifier::State {
  std::vector<TokenKey> keys;
};

TokenVerifier::TokenVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenVerifier::~TokenVerifier() = default;

Result<std::unique_ptr<TokenVerifier>> TokenVerifier::open(std::span<const TokenKey> keys) {
  auto state = std::make_unique<State>();
  for (const TokenKey& key : keys) {
    const Result<void> usable =
        key.algorithm == TokenAlgorithm::hs256 ? check_secret(key.key) : check_public_key(key.key);
    if (!usable) return std::unexpected(usable.error());
    state->keys.push_back(key);
  }
  return std::unique_ptr<TokenVerifier>(new TokenVerifier(std::move(state)));
}

Result<TokenClaims> TokenVerifier::verify(std::string_view token, UnixMillis now) const {
  if (state_->keys.empty()) return failure("no key to verify tokens with is configured");
  if (token.size() > token_bytes_max) return failure("the token is longer than 8192 bytes");
  if (!is_compact_form(token)) return failure("the token is not three parts of base64url");

  const std::string terminated(token);
  for (const TokenKey& key : state_->keys) {
    const Jwt jwt = signed_token(terminated, key);
    if (jwt == nullptr) continue;
    // RFC 7515 4.1.11: an extension that we do not understand but must.
    const CString critical(jwt_get_headers_json(jwt.get(), "crit"));
    if (critical != nullptr) return failure("the token demands an extension (crit)");
    return claims_of(jwt.get(), now);
  }
  return failure("the token is not signed with a configured key and its algorithm");
}

Result<std::string> mint_token(const TokenKey& key, const TokenClaims& claims, UnixMillis issued) {
  CHECK(key.algorithm == TokenAlgorithm::hs256);
  const Result<void> secret_ok = check_secret(key.key);
  if (!secret_ok) return std::unexpected(secret_ok.error());
  const Result<void> subject_ok = check_subject(claims.subject);
  if (!subject_ok) return std::unexpected(subject_ok.error());
  const bool named = !claims.username.empty();
  if (claims.username.size() > username_bytes_max || (named && !valid_user_name(claims.username))) {
    return failure(
        "the user name is longer than 64 bytes, begins or ends with a space, or holds what cannot "
        "be seen");
  }

  jwt_t* made = nullptr;
  CHECK(jwt_new(&made) == 0);
  const Jwt jwt(made);
  int error =
      jwt_set_alg(made, JWT_ALG_HS256, reinterpret_cast<const unsigned char*>(key.key.data()),
                  static_cast<int>(key.key.size()));
  error |= jwt_add_grant(made, "sub", claims.subject.c_str());
  if (named) {
    error |= jwt_add_grant(made, "username", claims.username.c_str());
  }
  error |= jwt_add_grant_int(made, "iat", static_cast<long>(issued.value / 1'000));
  if (claims.expires.value != INT64_MAX) {
    error |= jwt_add_grant_int(made, "exp", static_cast<long>(claims.expires.value / 1'000));
  }
  const CString text(error == 0 ? jwt_encode_str(made) : nullptr);
  if (text == nullptr) return failure("the user's id or name is not valid UTF-8");
  return std::string(text.get());
}

}  // namespace parley::services
