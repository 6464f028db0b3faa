#include "core/chat/compact_identity.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace parley::core {
namespace {

void expect_kept(const Identity& identity) {
  const CompactIdentity kept(view_of(identity));
  IdentitySpelling spelling;
  const IdentityView view = kept.view(spelling);
  EXPECT_EQ(view.id, identity.id);
  EXPECT_EQ(view.name, identity.name);
  EXPECT_EQ(view.guest, identity.guest);
  EXPECT_EQ(kept.guest(), identity.guest);
}

TEST(CompactIdentity, KeepsAGuestWhoIsCalledByItsDigits) {
  const Identity guest = new_guest("0123456789xyz");
  EXPECT_EQ(guest.id, "guest:0123456789xyz");
  EXPECT_EQ(guest.name, "guest-9xyz");
  EXPECT_TRUE(guest.guest);
  expect_kept(guest);
}

TEST(CompactIdentity, KeepsAGuestWhoChoseAName) {
  expect_kept({.id = "guest:0123456789xyz", .name = "Zo\u00eb", .guest = true});
  expect_kept({.id = "guest:0123456789xyz", .name = "guest-9xyy", .guest = true});
  expect_kept({.id = "guest:0123456789xyz", .name = "guest-", .guest = true});
}

TEST(CompactIdentity, KeepsAUserEvenOneNamedAsIfAGuest) {
  expect_kept({.id = "user:7", .name = "Ada", .guest = false});
  expect_kept({.id = "guest:0123456789xyz", .name = "guest-9xyz", .guest = false});
}

TEST(CompactIdentity, KeepsIdsOfEveryLength) {
  for (std::size_t bytes = 0; bytes <= 300; ++bytes) {
    expect_kept({.id = "guest:" + std::string(bytes, 'x'), .name = "guest-xxxx", .guest = true});
    expect_kept({.id = std::string(bytes, 'x'), .name = std::string(300 - bytes, 'y')});
  }
  expect_kept({.id = std::string(id_bytes_max, 'x'), .name = std::string(name_bytes_max, 'y')});
}

TEST(CompactIdentity, MovesWithWhatItOwns) {
  const Identity ada{.id = "user:ada", .name = "Ada", .guest = false};
  CompactIdentity from(view_of(ada));
  CompactIdentity to(view_of(new_guest("0123456789xyz")));
  to = std::move(from);
  IdentitySpelling spelling;
  EXPECT_EQ(to.view(spelling).id, "user:ada");
  const CompactIdentity last(std::move(to));
  EXPECT_EQ(last.view(spelling).name, "Ada");
}

TEST(CompactIdentity, MayBecomeWhatItsOwnViewSays) {
  CompactIdentity identity(view_of(new_guest("0123456789xyz")));
  IdentitySpelling spelling;
  identity = CompactIdentity({.id = identity.view(spelling).id, .name = "Ada", .guest = true});
  EXPECT_EQ(identity.view(spelling).id, "guest:0123456789xyz");
  EXPECT_EQ(identity.view(spelling).name, "Ada");
  identity = CompactIdentity({.id = identity.view(spelling).id, .name = "Bo", .guest = true});
  EXPECT_EQ(identity.view(spelling).id, "guest:0123456789xyz");
  EXPECT_EQ(identity.view(spelling).name, "Bo");
}

TEST(NewGuestDeathTest, IsCalledByLettersAndDigitsAlone) {
  EXPECT_DEATH(static_cast<void>(new_guest("0123456789xy")), "CHECK failed");
  EXPECT_DEATH(static_cast<void>(new_guest("0123456789x\"z")), "CHECK failed");
}

TEST(CompactIdentityDeathTest, OfNobodyHasNoView) {
  const CompactIdentity nobody;
  IdentitySpelling spelling;
  EXPECT_DEATH(static_cast<void>(nobody.view(spelling)), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
