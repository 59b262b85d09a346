// Patterns over keys. The first line of the input is the pattern, the rest a key.
#include <algorithm>

#include "fuzz.h"
#include "glaux/sync/glob.h"

std::vector<std::string> FuzzSeeds() {
  return {"a/**/*.csv\na/b/c/x.csv",
          "{a,b{c,d}}/x[!0-9]?.{csv,json}\nbd/xyz.json",
          "**/year=*/[a-c]*\nx/year=1/b",
          "a\\*[]x]**\na*]bc/d",
          "x/y.csv\nx/y.csv",
          "**/**/**/*a*a*\nq/w/e/aaaa"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(text.find('\n'), text.size());
  const auto pattern = text.substr(0, line);
  const auto key = text.substr(std::min(line + 1, text.size()));
  const auto glob = Glob::Parse(pattern);
  if (!glob.ok()) {
    Require(KindOf(glob.status()) == ErrorKind::kInvalid, "a pattern that is none is kInvalid",
            glob.status().ToString());
    return 0;
  }
  // Listings begin at the prefix and go into folders that may match: neither may lose a key.
  if (glob->Matches(key)) {
    Require(key.starts_with(glob->literal_prefix()), "keys that match begin with the prefix", text);
    Require(!glob->is_literal() || key == glob->literal_prefix(), "a literal pattern matches itself only", text);
    for (size_t at = key.find('/'); at != std::string::npos && at + 1 < key.size(); at = key.find('/', at + 1)) {
      Require(glob->MayMatchBelow(key.substr(0, at + 1)), "a key that matches is in folders that may match", text);
    }
  }
  if (glob->is_literal()) Require(glob->Matches(glob->literal_prefix()), "a literal pattern matches itself", text);
  return 0;
}
