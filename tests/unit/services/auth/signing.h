// Makes tokens with OpenSSL alone, so that the verifier is judged by code it does not share.
#pragma once

#include <string>
#include <string_view>

namespace parley::services::testing {

struct RsaKeyPair {
  std::string private_pem;
  std::string public_pem;
};

[[nodiscard]] RsaKeyPair make_rsa_key_pair(unsigned bits);
[[nodiscard]] std::string make_ec_public_pem();

[[nodiscard]] std::string base64url(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256(std::string_view secret, std::string_view text);
[[nodiscard]] std::string rsa_sha256(const std::string& private_pem, std::string_view text);

// header.payload.signature, with the header and payload as they are given.
[[nodiscard]] std::string hs256_token(std::string_view secret, std::string_view payload);
[[nodiscard]] std::string hs256_token_with_header(std::string_view secret, std::string_view header,
                                                  std::string_view payload);
[[nodiscard]] std::string rs256_token(const std::string& private_pem, std::string_view payload);

}  // namespace parley::services::testing
