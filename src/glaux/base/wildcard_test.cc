#include "glaux/base/wildcard.h"

#include <gtest/gtest.h>

#include <string>

namespace glaux {
namespace {

TEST(MatchesWildcard, TakesStarsForAnyText) {
  for (const auto& [pattern, name] : {std::pair{"", ""},
                                      {"*", ""},
                                      {"*", "abc"},
                                      {"abc", "abc"},
                                      {"a*", "a"},
                                      {"*c", "abc"},
                                      {"a*c", "ac"},
                                      {"a*c", "abcbc"},
                                      {"*b*", "abc"},
                                      {"**", "x"},
                                      {"a*b*c", "a*b*c"}}) {
    EXPECT_TRUE(MatchesWildcard(pattern, name)) << pattern << " " << name;
  }
  for (const auto& [pattern, name] : {std::pair{"", "a"},
                                      {"a", ""},
                                      {"abc", "ab"},
                                      {"ab", "abc"},
                                      {"a*", "b"},
                                      {"*c", "cb"},
                                      {"a*c", "abcb"},
                                      {"*b*", "ac"},
                                      {"a.c", "abc"},
                                      {"A", "a"}}) {
    EXPECT_FALSE(MatchesWildcard(pattern, name)) << pattern << " " << name;
  }
}

TEST(MatchesWildcard, TakesNoLongerThanTheLengthsAllow) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "a*";
  EXPECT_FALSE(MatchesWildcard(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace glaux
