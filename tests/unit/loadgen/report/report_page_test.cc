#include "loadgen/report/report_page.h"

#include <gtest/gtest.h>

#include <string>

#include "loadgen/report/report_template.h"

namespace parley::loadgen {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) {
    count += 1;
  }
  return count;
}

// What the browser takes for the data: from the element's start tag to the first "</script".
std::string_view data_of(std::string_view page) {
  constexpr std::string_view start = R"(<script type="application/json" id="data">)";
  const std::size_t from = page.find(start) + start.size();
  return page.substr(from, page.find("</script", from) - from);
}

TEST(ReportPage, TemplateHasOnePlaceForTheData) {
  EXPECT_EQ(count_of(report_template(), report_placeholder), 1u);
  EXPECT_EQ(data_of(report_template()), report_placeholder);
}

TEST(ReportPage, IsAWholePageThatNamesNoOtherFile) {
  const std::string page = report_page("{}");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_EQ(count_of(page, " src="), 0u);
  EXPECT_EQ(count_of(page, "<link"), 0u);
  EXPECT_EQ(count_of(page, "@import"), 0u);
}

TEST(ReportPage, HoldsTheDataAsItWasGiven) {
  const std::string json = R"({"kind":"run","title":"p99 > 5 & \"more\""})";
  EXPECT_EQ(data_of(report_page(json)), json);
}

TEST(ReportPage, NoTextEndsTheElementOfTheData) {
  const std::string page = report_page(R"({"title":"</script><!-- <SCRIPT> </ScRiPt"})");
  EXPECT_EQ(data_of(page), R"({"title":"\u003c/script>\u003c!-- \u003cSCRIPT> \u003c/ScRiPt"})");
  EXPECT_EQ(count_of(page, "<"), count_of(report_template(), "<"));
}

TEST(ReportPage, APlaceholderInATextIsAText) {
  const std::string json = R"({"title":"@REPORT_JSON@"})";
  EXPECT_EQ(data_of(report_page(json)), json);
}

TEST(ReportPage, KeepsTheLicenceOfWhatIsBundled) {
  EXPECT_NE(report_template().find("uPlot"), std::string_view::npos);
  EXPECT_NE(report_template().find("The above copyright notice and this permission notice"),
            std::string_view::npos);
}

}  // namespace
}  // namespace parley::loadgen
