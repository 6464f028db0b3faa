// RFC 6455 sections 5 to 8 and 10, as far as received bytes show them: a test per rule. What only a
// live server can show is listed in docs/conformance-rfc6455.md.
#include <gtest/gtest.h>

#include "tests/conformance/conformance_row.h"
#include "tests/differential/naive_ws_reader.h"

namespace parley::test {
namespace {

class Rfc6455Reading : public testing::TestWithParam<ReadRow> {};

std::string name_of(const testing::TestParamInfo<ReadRow>& info) {
  return test_name_of(info.param.section, info.param.rule);
}

TEST_P(Rfc6455Reading, Rule) {
  const ReadRow& row = GetParam();
  for (const std::size_t slice_bytes : {row.input.size(), std::size_t{1}, std::size_t{7}}) {
    const auto slices = slices_of(slice_bytes, row.input.size());
    const WsOutcome outcome = read_with_ours(row.role, row_message_bytes_max, row.input, slices);
    EXPECT_EQ(without_offsets(outcome), row.expected)
        << row << "\nin slices of " << slice_bytes << " bytes";
  }
  EXPECT_EQ(without_offsets(read_naively(row.role, row_message_bytes_max, row.input)), row.expected)
      << "the naive reader must keep the rule as well";
}

INSTANTIATE_TEST_SUITE_P(Framing, Rfc6455Reading, testing::ValuesIn(rows_of_framing()), name_of);
INSTANTIATE_TEST_SUITE_P(Fragmentation, Rfc6455Reading, testing::ValuesIn(rows_of_fragmentation()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Control, Rfc6455Reading, testing::ValuesIn(rows_of_control()), name_of);
INSTANTIATE_TEST_SUITE_P(CloseCodes, Rfc6455Reading, testing::ValuesIn(rows_of_close_codes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Validity, Rfc6455Reading, testing::ValuesIn(rows_of_validity()), name_of);

}  // namespace
}  // namespace parley::test
