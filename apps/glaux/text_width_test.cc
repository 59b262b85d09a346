#include "text_width.h"

#include "glaux/testing/matchers.h"
#include "terminal.h"

namespace glaux::cli {
namespace {

TEST(DisplayWidth, CountsCellsAndNotBytes) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("Größe"), 5);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);  // e and a combining accent
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("🦉"), 2);
  EXPECT_EQ(DisplayWidth("👩‍👩‍👧"), 2);  // three people joined to one family
  EXPECT_EQ(DisplayWidth("🇩🇪"), 2);                  // two letters, one flag
  EXPECT_EQ(DisplayWidth("❤️"), 2);              // a text sign in emoji style
}

TEST(Printable, SpellsOutWhatWouldMoveTheCursorOrReorderTheLine) {
  EXPECT_EQ(Printable("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(Printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(Printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(Printable("\u202egpj.exe"), "\\u202egpj.exe");
  EXPECT_EQ(Printable("\u0085"), "\\x85");
  EXPECT_EQ(Printable("caf\xe9!"), "caf\\xe9!");  // Latin-1
  EXPECT_EQ(Printable("日本🦉"), "日本🦉");
}

TEST(Shorten, NeverCutsACharacterInTwo) {
  EXPECT_EQ(Shorten("abc", 3, "…"), "abc");
  EXPECT_EQ(Shorten("abcd", 3, "…"), "ab…");
  EXPECT_EQ(Shorten("日本語", 4, "…"), "日…");
  EXPECT_EQ(Shorten("日本語", 5, "…"), "日本…");
  EXPECT_EQ(Shorten("👩‍👩‍👧👩‍👩‍👧", 3, "…"), "👩‍👩‍👧…");
  EXPECT_EQ(Shorten("abcdef", 2, "..."), "..");
  EXPECT_EQ(Shorten("abc", 0, "…"), "");
}

TEST(Pad, FillsToTheWidthThatIsSeen) {
  EXPECT_EQ(Pad("日", 4), "日  ");
  EXPECT_EQ(Pad("12", 4, true), "  12");
  EXPECT_EQ(Pad("long", 2), "long");
}

EnvironmentLookup With(std::map<std::string, std::string, std::less<>> values) {
  return [values](std::string_view name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

TEST(Terminal, HasAWidthOnlyIfItIsOne) {
  EXPECT_EQ(DescribeTerminal(false, 0, ColorMode::kAuto, With({{"COLUMNS", "40"}})).width, std::nullopt);
  EXPECT_EQ(DescribeTerminal(true, 120, ColorMode::kAuto, With({})).width, 120);
  EXPECT_EQ(DescribeTerminal(true, 120, ColorMode::kAuto, With({{"COLUMNS", "40"}})).width, 40);
  EXPECT_EQ(DescribeTerminal(true, 0, ColorMode::kAuto, With({{"COLUMNS", "wide"}})).width, 80);
}

TEST(Terminal, ColoursFollowTheModeThenTheEnvironment) {
  EXPECT_TRUE(DescribeTerminal(true, 80, ColorMode::kAuto, With({})).colors);
  EXPECT_FALSE(DescribeTerminal(false, 0, ColorMode::kAuto, With({})).colors);
  EXPECT_FALSE(DescribeTerminal(true, 80, ColorMode::kAuto, With({{"NO_COLOR", "1"}})).colors);
  EXPECT_FALSE(DescribeTerminal(true, 80, ColorMode::kAuto, With({{"TERM", "dumb"}})).colors);
  EXPECT_TRUE(DescribeTerminal(false, 0, ColorMode::kAlways, With({{"NO_COLOR", "1"}})).colors);
  EXPECT_FALSE(DescribeTerminal(true, 80, ColorMode::kNever, With({})).colors);
}

TEST(Terminal, TheFirstLocaleVariableThatIsSetDecides) {
  EXPECT_TRUE(DescribeTerminal(false, 0, ColorMode::kAuto, With({{"LANG", "de_DE.UTF-8"}})).utf8);
  EXPECT_TRUE(DescribeTerminal(false, 0, ColorMode::kAuto, With({{"LC_ALL", "C.utf8"}, {"LANG", "C"}})).utf8);
  EXPECT_FALSE(DescribeTerminal(false, 0, ColorMode::kAuto, With({{"LC_ALL", "C"}, {"LANG", "C.UTF-8"}})).utf8);
  EXPECT_FALSE(DescribeTerminal(false, 0, ColorMode::kAuto, With({})).utf8);
}

}  // namespace
}  // namespace glaux::cli
