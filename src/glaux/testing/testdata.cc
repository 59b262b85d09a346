#include "glaux/testing/testdata.h"

#include <cstdlib>

namespace glaux::testing {

std::filesystem::path TestData(std::string_view suite) {
  const char* given = std::getenv("GLAUX_TESTDATA");
  const auto root = given != nullptr ? std::filesystem::path(given) : std::filesystem::path(GLAUX_DEFAULT_TESTDATA);
  auto folder = root / suite;
  std::error_code ignored;
  return std::filesystem::is_directory(folder, ignored) ? folder : std::filesystem::path();
}

}  // namespace glaux::testing
