#include "glaux/base/random.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

namespace glaux {
namespace {

TEST(NewId, Is32LowerCaseHexadecimalDigitsAndNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewId();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), id.npos);
    EXPECT_TRUE(ids.insert(id).second);
  }
}

TEST(NewId, DiffersBetweenAProcessAndItsFork) {
  NewId();
  int channel[2];
  ASSERT_EQ(::pipe(channel), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string id = NewId();
    ::_exit(::write(channel[1], id.data(), id.size()) == 32 ? 0 : 1);
  }
  const std::string own = NewId();
  std::string other(32, ' ');
  ASSERT_EQ(::read(channel[0], other.data(), other.size()), 32);
  ::waitpid(child, nullptr, 0);
  ::close(channel[0]);
  ::close(channel[1]);
  // The time in the first digits may be the same or not; chance comes after it.
  EXPECT_NE(own.substr(12), other.substr(12));
}

}  // namespace
}  // namespace glaux
