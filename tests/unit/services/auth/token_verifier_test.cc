// The verifier against tokens that OpenSSL signed: RFC 7515, 7518, 7519 and the attacks of RFC
// 8725.
#include "services/auth/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "tests/unit/services/auth/signing.h"

namespace parley::services {
namespace {

using testing::base64url;
using ::testing::HasSubstr;
using testing::hs256_token;
using testing::hs256_token_with_header;
using testing::make_rsa_key_pair;
using testing::rs256_token;
using testing::RsaKeyPair;

constexpr UnixMillis now{1'700'000'000'000};
const std::string secret = "a secret of the tests, 32 bytes+";

const RsaKeyPair& rsa() {
  static const RsaKeyPair pair = make_rsa_key_pair(2048);
  return pair;
}

std::unique_ptr<TokenVerifier> verifier_of(const std::vector<TokenKey>& keys) {
  Result<std::unique_ptr<TokenVerifier>> opened = TokenVerifier::open(keys);
  EXPECT_TRUE(opened.has_value()) << opened.error().message;
  return std::move(*opened);
}

std::unique_ptr<TokenVerifier> hs256_verifier() {
  return verifier_of({{.algorithm = TokenAlgorithm::hs256, .key = secret}});
}

std::unique_ptr<TokenVerifier> rs256_verifier() {
  return verifier_of({{.algorithm = TokenAlgorithm::rs256, .key = rsa().public_pem}});
}

// From a heap block of exactly the token's size, so that ASan sees an over-read.
Result<TokenClaims> verify(const TokenVerifier& verifier, const std::string& token) {
  const std::unique_ptr<char[]> block(new char[token.size()]);
  std::memcpy(block.get(), token.data(), token.size());
  return verifier.verify(std::string_view(block.get(), token.size()), now);
}

std::string refusal(const TokenVerifier& verifier, const std::string& token) {
  const Result<TokenClaims> claims = verify(verifier, token);
  return claims ? "accepted" : claims.error().message;
}

std::string refused_payload(const std::string& payload) {
  return refusal(*hs256_verifier(), hs256_token(secret, payload));
}

TokenClaims accepted_payload(const std::string& payload) {
  const Result<TokenClaims> claims = verify(*hs256_verifier(), hs256_token(secret, payload));
  EXPECT_TRUE(claims.has_value()) << claims.error().message;
  return claims.value_or(TokenClaims{});
}

constexpr const char* unsigned_refusal =
    "the token is not signed with a configured key and its algorithm";
constexpr const char* form_refusal = "the token is not three parts of base64url";

TEST(TokenVerifier, ReadsTheClaimsOfAnHs256Token) {
  const TokenClaims claims =
      accepted_payload(R"({"sub":"u1","username":"Alice","name":"no","exp":1700000100})");
  EXPECT_EQ(claims.subject, "u1");
  EXPECT_EQ(claims.username, "Alice");
  EXPECT_EQ(claims.expires.value, 1'700'000'100'000);
}

TEST(TokenVerifier, ReadsTheClaimsOfAnRs256Token) {  // S4-27
  const Result<TokenClaims> claims =
      verify(*rs256_verifier(), rs256_token(rsa().private_pem, R"({"sub":"u1"})"));
  ASSERT_TRUE(claims.has_value()) << claims.error().message;
  EXPECT_EQ(claims->subject, "u1");
  EXPECT_EQ(claims->expires.value, INT64_MAX);
}

TEST(TokenVerifier, NameStandsInForUsernameAndSubjectForBoth) {
  EXPECT_EQ(accepted_payload(R"({"sub":"u1","name":"Bob"})").username, "Bob");
  EXPECT_EQ(accepted_payload(R"({"sub":"u1","username":"","name":"Bob"})").username, "Bob");
  EXPECT_EQ(accepted_payload(R"({"sub":"u1","username":7})").username, "u1");
}

TEST(TokenVerifier, CutsALongUsernameWhereACharacterBegins) {
  const std::string sixty_three(63, 'x');
  EXPECT_EQ(accepted_payload(R"({"sub":"u","username":")" + sixty_three + "\u00e9\"}").username,
            sixty_three);
  EXPECT_EQ(accepted_payload(R"({"sub":")" + std::string(128, 's') + "\"}").username,
            std::string(64, 's'));
  EXPECT_EQ(accepted_payload(R"({"sub":"u","username":")" + sixty_three + " y\"}").username,
            sixty_three);  // Not behind a space.
}

TEST(TokenVerifier, KnowsTheSignatureOfRfc7515AppendixA1) {
  const std::array<unsigned char, 64> key{
      3,   35,  53, 75,  43,  15, 165, 188, 131, 126, 6,   101, 119, 123, 166, 143,
      90,  179, 40, 230, 240, 84, 201, 40,  169, 15,  132, 178, 210, 80,  46,  191,
      211, 251, 90, 146, 210, 6,  71,  239, 150, 138, 180, 195, 119, 98,  61,  34,
      61,  46,  33, 114, 5,   46, 79,  8,   192, 205, 154, 245, 103, 208, 128, 163};
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const auto verifier = verifier_of(
      {{.algorithm = TokenAlgorithm::hs256, .key = std::string(key.begin(), key.end())}});
  EXPECT_EQ(refusal(*verifier, token), "the token has expired");
  const Result<TokenClaims> in_time = verifier->verify(token, UnixMillis{1'300'819'370'000});
  ASSERT_FALSE(in_time.has_value());
  EXPECT_THAT(in_time.error().message, HasSubstr("no sub"));
}

TEST(TokenVerifier, RefusesAlgNone) {  // RFC 8725 2.1
  for (const char* none : {"none", "None", "NONE", "nOnE"}) {
    const std::string text = base64url(std::string(R"({"alg":")") + none + "\"}") + "." +
                             base64url(R"({"sub":"admin"})");
    EXPECT_EQ(refusal(*hs256_verifier(), text + "."), form_refusal);
    EXPECT_EQ(refusal(*hs256_verifier(), text + ".AAAA"), unsigned_refusal);
    EXPECT_EQ(refusal(*rs256_verifier(), text + ".AAAA"), unsigned_refusal);
  }
  const std::string signed_none =
      hs256_token_with_header(secret, R"({"alg":"none"})", R"({"sub":"admin"})");
  EXPECT_EQ(refusal(*hs256_verifier(), signed_none), unsigned_refusal);
}

TEST(TokenVerifier, RefusesThePublicKeyAsASecret) {  // RFC 8725 2.1: key confusion
  const std::string token = hs256_token(rsa().public_pem, R"({"sub":"admin"})");
  EXPECT_EQ(refusal(*rs256_verifier(), token), unsigned_refusal);
  const auto both = verifier_of({{.algorithm = TokenAlgorithm::rs256, .key = rsa().public_pem},
                                 {.algorithm = TokenAlgorithm::hs256, .key = secret}});
  EXPECT_EQ(refusal(*both, token), unsigned_refusal);
}

TEST(TokenVerifier, RefusesOtherAlgorithmsOfTheSameKey) {
  for (const char* header :
       {R"({"alg":"HS384"})", R"({"alg":"HS512"})", R"({"alg":"hs256"})", R"({"alg":"RS256"})",
        R"({"alg":5})", R"({"typ":"JWT"})", "{}", "[]"}) {
    EXPECT_EQ(refusal(*hs256_verifier(), hs256_token_with_header(secret, header, R"({"sub":"u"})")),
              unsigned_refusal)
        << header;
  }
}

TEST(TokenVerifier, RefusesCriticalExtensions) {  // RFC 7515 4.1.11
  const std::string token =
      hs256_token_with_header(secret, R"({"alg":"HS256","crit":["exp"]})", R"({"sub":"u"})");
  EXPECT_EQ(refusal(*hs256_verifier(), token), "the token demands an extension (crit)");
}

TEST(TokenVerifier, RefusesAnotherSecretAndAChangedByteAnywhere) {
  EXPECT_EQ(refusal(*hs256_verifier(), hs256_token(std::string(32, 'k'), R"({"sub":"u"})")),
            unsigned_refusal);
  const std::string token = hs256_token(secret, R"({"sub":"u1"})");
  const auto verifier = hs256_verifier();
  ASSERT_EQ(refusal(*verifier, token), "accepted");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'E' : 'A';
    EXPECT_NE(refusal(*verifier, changed), "accepted") << i;
  }
}

TEST(TokenVerifier, RefusesAChangedRsaSignatureAndAnotherRsaKey) {
  std::string token = rs256_token(rsa().private_pem, R"({"sub":"u1"})");
  const RsaKeyPair other = make_rsa_key_pair(2048);
  EXPECT_EQ(refusal(*rs256_verifier(), rs256_token(other.private_pem, R"({"sub":"u1"})")),
            unsigned_refusal);
  char& byte = token[token.size() - 10];
  byte = byte == 'A' ? 'E' : 'A';
  EXPECT_EQ(refusal(*rs256_verifier(), token), unsigned_refusal);
}

TEST(TokenVerifier, RefusesWhateverIsNotExactlyThreePartsOfBase64Url) {  // RFC 7515 2, 7.1
  const auto verifier = hs256_verifier();
  const std::string token = hs256_token(secret, R"({"sub":"u1"})");
  for (std::size_t bytes = 0; bytes < token.size(); ++bytes) {
    EXPECT_NE(refusal(*verifier, token.substr(0, bytes)), "accepted") << bytes;
  }
  for (const char* tail : {"=", ".", ".AAAA", " ", "\n", "%", "AAAA", "\xff"}) {
    EXPECT_NE(refusal(*verifier, token + tail), "accepted") << tail;
  }
  EXPECT_EQ(refusal(*verifier, token + std::string(1, '\0')), form_refusal);
  const std::vector<std::string> texts{
      "", ".", "..", "...", "a.b.c", " " + token, "Bearer " + token};
  for (const std::string& text : texts) {
    EXPECT_EQ(refusal(*verifier, text), form_refusal) << text;
  }
}

TEST(TokenVerifier, RefusesASecondSpellingOfTheSameSignature) {
  std::string token = hs256_token(secret, R"({"sub":"u1"})");
  const char last = token.back();  // 32 bytes leave two unused bits in the last character.
  token.back() = static_cast<char>(last + 1);
  EXPECT_EQ(refusal(*hs256_verifier(), token), form_refusal);
}

TEST(TokenVerifier, RefusesATokenOver8KiBAndTakesOneBelow) {
  EXPECT_EQ(accepted_payload(R"({"sub":"u","x":")" + std::string(5'900, 'x') + "\"}").subject, "u");
  EXPECT_EQ(refused_payload(R"({"sub":"u","x":")" + std::string(6'200, 'x') + "\"}"),
            "the token is longer than 8192 bytes");
}

TEST(TokenVerifier, RefusesAPayloadThatIsNotAJsonObject) {
  for (const char* payload : {"[]", "5", "\"sub\"", "{", "{\"sub\":\"u\"", "nonsense"}) {
    EXPECT_NE(refused_payload(payload), "accepted") << payload;
  }
}

TEST(TokenVerifier, RequiresASubjectOf1To128Bytes) {
  EXPECT_THAT(refused_payload("{}"), HasSubstr("no sub"));
  EXPECT_THAT(refused_payload(R"({"sub":42})"), HasSubstr("no sub"));
  EXPECT_THAT(refused_payload(R"({"sub":""})"), HasSubstr("1 to 128 bytes"));
  EXPECT_EQ(accepted_payload(R"({"sub":")" + std::string(128, 's') + "\"}").subject.size(), 128u);
  EXPECT_THAT(refused_payload(R"({"sub":")" + std::string(129, 's') + "\"}"),
              HasSubstr("1 to 128 bytes"));
}

// The rule that guests' names obey, too; tests/unit/core/base/text_test.cc has all of it.
TEST(TokenVerifier, RefusesASubjectThatNobodyCouldBeShown) {
  for (const char* subject :
       {"a\\n", "a\\u0001", "a\\u007f", "a\\u0080b", "u\\u200b1", "al\\u202eice", "\\u3164",
        "\\udb40\\udc41x", " a", "a ", "\\u00a0a", "a\\u2003", "\\u3000"}) {
    EXPECT_EQ(refused_payload(std::string(R"({"sub":")") + subject + R"(","username":"b"})"),
              "the token's sub begins or ends with a space, or holds what cannot be seen")
        << subject;
  }
  EXPECT_NE(refused_payload("{\"sub\":\"a\\u0000b\"}"), "accepted");
  EXPECT_EQ(accepted_payload(R"({"sub":"\u00e9\u00a0\ud83d\ude00"})").subject,
            "\u00e9\u00a0\U0001f600");
}

TEST(TokenVerifier, ShowsTheSubjectInsteadOfAUsernameThatNobodyCouldBeShown) {
  for (const char* name :
       {"b\\n", "al\\u202eice", "\\u200b", " alice ", "   ", "\\u3164", "x\\u00ad", "\\u2003x"}) {
    EXPECT_EQ(accepted_payload(std::string(R"({"sub":"u1","username":")") + name + "\"}").username,
              "u1")
        << name;
  }
}

TEST(TokenVerifier, RefusesInvalidUtf8) {
  for (const char* bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"}) {
    EXPECT_NE(refused_payload(std::string("{\"sub\":\"") + bytes + "\"}"), "accepted");
  }
  EXPECT_NE(refused_payload(R"({"sub":"\ud800"})"), "accepted");
}

TEST(TokenVerifier, ExpIsHonouredWith60SecondsOfLeeway) {  // RFC 7519 4.1.4
  EXPECT_EQ(refused_payload(R"({"sub":"u","exp":1699999941})"), "accepted");
  EXPECT_EQ(refused_payload(R"({"sub":"u","exp":1699999940})"), "the token has expired");
  EXPECT_EQ(refused_payload(R"({"sub":"u","exp":0})"), "the token has expired");
  EXPECT_EQ(refused_payload(R"({"sub":"u","exp":-5})"), "the token has expired");
  EXPECT_EQ(accepted_payload(R"({"sub":"u","exp":1700000000.5})").expires.value, 1'700'000'000'500);
  EXPECT_EQ(refused_payload(R"({"sub":"u","exp":1e300})"), "accepted");
}

TEST(TokenVerifier, NbfIsHonouredWith60SecondsOfLeeway) {  // RFC 7519 4.1.5
  EXPECT_EQ(refused_payload(R"({"sub":"u","nbf":1700000060})"), "accepted");
  EXPECT_EQ(refused_payload(R"({"sub":"u","nbf":1700000061})"), "the token is not valid yet");
}

TEST(TokenVerifier, RefusesTimesThatAreNotNumbers) {
  for (const char* value : {"\"1700000100\"", "null", "true", "[]", "{}"}) {
    EXPECT_EQ(refused_payload(std::string(R"({"sub":"u","exp":)") + value + "}"),
              "the token's exp is not a number");
    EXPECT_EQ(refused_payload(std::string(R"({"sub":"u","nbf":)") + value + "}"),
              "the token's nbf is not a number");
  }
}

TEST(TokenVerifier, TriesSeveralKeysInOrder) {  // a key being rotated
  const std::string next_secret = "the next secret of the tests, 32 bytes";
  const auto verifier = verifier_of({{.algorithm = TokenAlgorithm::hs256, .key = secret},
                                     {.algorithm = TokenAlgorithm::rs256, .key = rsa().public_pem},
                                     {.algorithm = TokenAlgorithm::hs256, .key = next_secret}});
  for (const std::string& token :
       {hs256_token(secret, R"({"sub":"u1"})"), rs256_token(rsa().private_pem, R"({"sub":"u1"})"),
        hs256_token(next_secret, R"({"sub":"u1"})")}) {
    EXPECT_EQ(refusal(*verifier, token), "accepted");
  }
}

TEST(TokenVerifier, WithoutKeysRefusesEverything) {
  EXPECT_EQ(refusal(*verifier_of({}), hs256_token("", R"({"sub":"u"})")),
            "no key to verify tokens with is configured");
}

TEST(TokenVerifier, DoesNotOpenWithUnusableKeys) {
  const auto refused_key = [](TokenAlgorithm algorithm, const std::string& key) {
    const std::vector<TokenKey> keys{{.algorithm = algorithm, .key = key}};
    const Result<std::unique_ptr<TokenVerifier>> opened = TokenVerifier::open(keys);
    return opened ? std::string("opened") : opened.error().message;
  };
  EXPECT_THAT(refused_key(TokenAlgorithm::hs256, std::string(31, 'k')),
              HasSubstr("shorter than 32 bytes"));
  EXPECT_EQ(refused_key(TokenAlgorithm::hs256, std::string(32, 'k')), "opened");
  EXPECT_THAT(refused_key(TokenAlgorithm::hs256, std::string(4'097, 'k')), HasSubstr("longer"));
  EXPECT_THAT(refused_key(TokenAlgorithm::rs256, secret), HasSubstr("not a public key in PEM"));
  EXPECT_THAT(refused_key(TokenAlgorithm::rs256, ""), HasSubstr("not a public key in PEM"));
  EXPECT_THAT(refused_key(TokenAlgorithm::rs256, rsa().private_pem),
              HasSubstr("not a public key in PEM"));
  EXPECT_THAT(refused_key(TokenAlgorithm::rs256, testing::make_ec_public_pem()),
              HasSubstr("not an RSA key"));
  EXPECT_THAT(refused_key(TokenAlgorithm::rs256, make_rsa_key_pair(1024).public_pem),
              HasSubstr("fewer than 2048 bits"));
}

TEST(MintToken, MakesWhatTheVerifierReads) {
  const TokenClaims claims{.subject = "u1", .username = "Alice", .expires = {1'700'003'600'000}};
  const TokenKey key{.algorithm = TokenAlgorithm::hs256, .key = secret};
  const Result<std::string> token = mint_token(key, claims, now);
  ASSERT_TRUE(token.has_value()) << token.error().message;
  const Result<TokenClaims> read = verify(*hs256_verifier(), *token);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->subject, "u1");
  EXPECT_EQ(read->username, "Alice");
  EXPECT_EQ(read->expires.value, 1'700'003'600'000);
}

TEST(MintToken, SignsAsOpenSslDoes) {
  const TokenClaims claims{.subject = "u1", .username = "", .expires = {INT64_MAX}};
  const TokenKey key{.algorithm = TokenAlgorithm::hs256, .key = secret};
  const Result<std::string> token = mint_token(key, claims, now);
  ASSERT_TRUE(token.has_value()) << token.error().message;
  const std::size_t dot = token->rfind('.');
  EXPECT_EQ(token->substr(dot + 1), base64url(testing::hmac_sha256(secret, token->substr(0, dot))));
  EXPECT_THAT(*token, HasSubstr(base64url(R"({"iat":1700000000,"sub":"u1"})")));
}

TEST(MintToken, RefusesWhatTheVerifierWouldRefuse) {
  const TokenKey key{.algorithm = TokenAlgorithm::hs256, .key = secret};
  const auto minted = [](const TokenKey& with, const std::string& subject,
                         const std::string& username) {
    return mint_token(with, {.subject = subject, .username = username, .expires = {}}, now)
        .has_value();
  };
  EXPECT_TRUE(minted(key, "u", "n"));
  EXPECT_FALSE(minted({.algorithm = TokenAlgorithm::hs256, .key = "short"}, "u", "n"));
  EXPECT_FALSE(minted(key, "", "n"));
  EXPECT_FALSE(minted(key, std::string(129, 's'), "n"));
  EXPECT_FALSE(minted(key, std::string("a\0b", 3), "n"));
  EXPECT_FALSE(minted(key, "u", std::string(65, 'n')));
  EXPECT_FALSE(minted(key, "u", "\n"));
  EXPECT_FALSE(minted(key, "u", " n"));
  EXPECT_FALSE(minted(key, "u", "n\u200b"));
  EXPECT_FALSE(minted(key, "u ", "n"));
  EXPECT_FALSE(minted(key, "u\u202e", "n"));
  EXPECT_FALSE(minted(key, "\xff", "n"));
  EXPECT_FALSE(minted(key, "u", "\xff"));
}

}  // namespace
}  // namespace parley::services
