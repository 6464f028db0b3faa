#include "tests/unit/services/auth/signing.h"

#include <array>
#include <cstddef>
#include <memory>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/base/check.h"

namespace parley::services::testing {

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free>;
using Bio = std::unique_ptr<BIO, Free>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(bytes));
}

std::string public_pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_PUBKEY(bio.get(), key) == 1);
  return text_of(bio.get());
}

}  // namespace

RsaKeyPair make_rsa_key_pair(unsigned bits) {
  const Pkey key(EVP_RSA_gen(bits));
  CHECK(key != nullptr);
  const Bio bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {.private_pem = text_of(bio.get()), .public_pem = public_pem_of(key.get())};
}

std::string make_ec_public_pem() {
  const Pkey key(EVP_EC_gen("P-256"));
  CHECK(key != nullptr);
  return public_pem_of(key.get());
}

std::string base64url(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  unsigned bit_count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    bit_count += 8;
    while (bit_count >= 6) {
      bit_count -= 6;
      text.push_back(alphabet[(bits >> bit_count) & 63]);
    }
  }
  if (bit_count > 0) text.push_back(alphabet[(bits << (6 - bit_count)) & 63]);
  return text;
}

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_bytes = 0;
  const unsigned char* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                   reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                   digest.data(), &digest_bytes);
  CHECK(done != nullptr);
  return std::string(reinterpret_cast<const char*>(digest.data()), digest_bytes);
}

std::string rsa_sha256(const std::string& private_pem, std::string_view text) {
  const Bio bio(BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size())));
  const Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  CHECK(key != nullptr);
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t bytes = 0;
  CHECK(EVP_DigestSign(context.get(), nullptr, &bytes, data, text.size()) == 1);
  std::string signature(bytes, '\0');
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &bytes,
                       data, text.size()) == 1);
  signature.resize(bytes);
  return signature;
}

std::string hs256_token_with_header(std::string_view secret, std::string_view header,
                                    std::string_view payload) {
  const std::string text = base64url(header) + "." + base64url(payload);
  return text + "." + base64url(hmac_sha256(secret, text));
}

std::string hs256_token(std::string_view secret, std::string_view payload) {
  return hs256_token_with_header(secret, R"({"alg":"HS256","typ":"JWT"})", payload);
}

std::string rs256_token(const std::string& private_pem, std::string_view payload) {
  const std::string text = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(payload);
  return text + "." + base64url(rsa_sha256(private_pem, text));
}

}  // namespace parley::services::testing
