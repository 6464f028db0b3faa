#include "core/rooms/workers_of_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace parley::core {
namespace {

std::vector<std::uint16_t> workers_in(const WorkersOfRoom& workers) {
  std::vector<std::uint16_t> found;
  workers.for_each([&found](WorkerId worker) { found.push_back(worker.value); });
  std::ranges::sort(found);
  return found;
}

TEST(WorkersOfRoom, NamesEachWorkerThatHasMembersOnce) {
  WorkersOfRoom workers;
  EXPECT_TRUE(workers_in(workers).empty());
  for (const WorkerId worker : {WorkerId{3}, WorkerId{1}, WorkerId{3}, WorkerId{2}}) {
    workers.add_member(worker);
  }
  EXPECT_EQ(workers_in(workers), (std::vector<std::uint16_t>{1, 2, 3}));
  EXPECT_EQ(workers.members(), 4u);
  workers.remove_member(WorkerId{3});
  EXPECT_EQ(workers_in(workers), (std::vector<std::uint16_t>{1, 2, 3}));
  workers.remove_member(WorkerId{3});  // The one that is stored in it: another takes its place.
  EXPECT_EQ(workers_in(workers), (std::vector<std::uint16_t>{1, 2}));
  workers.remove_member(WorkerId{2});
  workers.remove_member(WorkerId{1});
  EXPECT_TRUE(workers_in(workers).empty());
  EXPECT_EQ(workers.members(), 0u);
}

TEST(WorkersOfRoom, CountsAsAMapDoes) {
  std::mt19937 random(1);
  WorkersOfRoom workers;
  std::map<std::uint16_t, std::uint32_t> expected;
  for (int i = 0; i < 20'000; ++i) {
    const auto worker = static_cast<std::uint16_t>(random() % 6);
    if (random() % 2 == 0) {
      workers.add_member(WorkerId{worker});
      expected[worker] += 1;
    } else if (expected.contains(worker)) {
      workers.remove_member(WorkerId{worker});
      if (--expected[worker] == 0) expected.erase(worker);
    }
    std::vector<std::uint16_t> names;
    std::uint32_t members = 0;
    for (const auto& [name, count] : expected) {
      names.push_back(name);
      members += count;
    }
    ASSERT_EQ(workers_in(workers), names);
    ASSERT_EQ(workers.members(), members);
  }
}

}  // namespace
}  // namespace parley::core
