#pragma once

#include <filesystem>
#include <string_view>

namespace glaux::testing {

/// The folder of one suite of outside test material: $GLAUX_TESTDATA/<suite>, else ../shared/testdata/<suite> beside
/// the source tree. Empty where there is none; then skip with GLAUX_TESTDATA_OR_SKIP.
std::filesystem::path TestData(std::string_view suite);

inline constexpr char kNoTestData[] =
    "outside test material is not here: set GLAUX_TESTDATA to its folder to run this test";

}  // namespace glaux::testing

/// In a test: bind `var` to the suite's folder, or skip.
#define GLAUX_TESTDATA_OR_SKIP(var, suite)                             \
  const std::filesystem::path var = ::glaux::testing::TestData(suite); \
  if (var.empty()) GTEST_SKIP() << ::glaux::testing::kNoTestData
