#include "core/chat/packed_identity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/chat/post.h"

namespace parley::core {
namespace {

std::string packed(const Identity& identity) {
  PayloadPool pool(0);
  return std::string(text_of(pack(pool, view_of(identity))));
}

const std::vector<Identity>& identities() {
  static const std::vector<Identity> all{
      new_guest("0123456789xyz"),
      new_guest("0123456789xya"),
      {.id = "guest:0123456789xyz", .name = "guest-9xya", .guest = true},
      {.id = "guest:0123456789xyz", .name = "Zo\u00eb", .guest = true},
      {.id = "guest:0123456789xyz", .name = "guest-9xyz", .guest = false},
      {.id = "user:1", .name = "23", .guest = false},
      {.id = "user:12", .name = "3", .guest = false},
      {.id = "user:123", .name = "", .guest = false},
      {.id = "", .name = "user:123", .guest = false},
      {.id = std::string(128, 'x'), .name = std::string(128, 'y'), .guest = false},
      {.id = std::string(id_bytes_max, 'x'),
       .name = std::string(name_bytes_max, '\xeb'),
       .guest = false},
      {.id = std::string(id_bytes_max, 'x'), .name = "", .guest = true},
  };
  return all;
}

TEST(PackedIdentity, IsWhatWasPacked) {
  for (const Identity& identity : identities()) {
    const std::string bytes = packed(identity);
    IdentitySpelling spelling;
    const IdentityView view = unpack(bytes, spelling);
    EXPECT_EQ(view.id, identity.id);
    EXPECT_EQ(view.name, identity.name);
    EXPECT_EQ(view.guest, identity.guest);
  }
}

TEST(PackedIdentity, HasOneFormForEachIdentity) {
  for (const Identity& one : identities()) {
    for (const Identity& other : identities()) {
      EXPECT_EQ(packed(one) == packed(other), &one == &other) << one.id << ' ' << other.id;
    }
    EXPECT_EQ(packed(one), packed(Identity(one)));
  }
}

TEST(PackedIdentity, OfAGuestCalledByDigitsIsOneByteMoreThanThese) {
  EXPECT_EQ(packed(new_guest("0123456789xyz")).size(), guest_digits + 1);
}

TEST(PackedIdentityDeathTest, IsNotUnpackedWhenItEndsEarly) {
  IdentitySpelling spelling;
  EXPECT_DEATH(static_cast<void>(unpack("", spelling)), "CHECK failed");
  const std::string guest = packed(new_guest("0123456789xyz"));
  EXPECT_DEATH(static_cast<void>(unpack(guest.substr(0, 9), spelling)), "CHECK failed");
  const std::string user = packed({.id = "user:ada", .name = "Ada", .guest = false});
  EXPECT_DEATH(static_cast<void>(unpack(user.substr(0, 2), spelling)), "CHECK failed");
  EXPECT_DEATH(static_cast<void>(unpack(user.substr(0, 9), spelling)), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
