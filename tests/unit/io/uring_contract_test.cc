// The contract test over the kernel.

#include <string>

#include "tests/unit/io/uring_harness.h"

namespace parley::io {
namespace {

struct Named {
  const char* name;
  RingHarnessFactory factory;
};

std::string name_of(const testing::TestParamInfo<RingHarnessFactory>& info) {
  for (const Named& named : {Named{"Full", &make_uring_harness},
                             {"TinyQueues", &make_uring_harness_tiny},
                             {"OldKernel", &make_uring_harness_old},
                             {"OldKernelTinyQueues", &make_uring_harness_old_tiny}}) {
    if (named.factory == info.param) return named.name;
  }
  return "Unnamed";
}

INSTANTIATE_TEST_SUITE_P(Uring, RingContract,
                         testing::Values(&make_uring_harness, &make_uring_harness_tiny,
                                         &make_uring_harness_old, &make_uring_harness_old_tiny),
                         name_of);

}  // namespace

}  // namespace parley::io
