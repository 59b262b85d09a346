#include "glaux/base/wildcard.h"

namespace glaux {

bool MatchesWildcard(std::string_view pattern, std::string_view name) {
  // Remembers the last star only: what an earlier one could still take, the last one can take as well.
  size_t star = pattern.npos, mark = 0, p = 0, n = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != pattern.npos) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

}  // namespace glaux
