#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/secret.h"
#include "glaux/base/status.h"

namespace glaux::serve {

/// Who may use a server: the pair that clients sign with.
struct AccessKey {
  std::string id;
  Secret secret;
};

/// "ID:SECRET,ID:SECRET". kInvalid names the place, never the text.
Result<std::vector<AccessKey>> ParseAccessKeys(std::string_view text);
/// A new pair: 20 capitals and digits, and a secret of 40 random characters.
AccessKey MakeAccessKey();

struct KeptAccessKeys {
  std::vector<AccessKey> keys;
  bool made = false;
};
/// Read the pairs in a file, one a line; where there is no such file, make it with a new pair, for its owner's eyes
/// only.
Result<KeptAccessKeys> KeepAccessKeys(const std::string& path);

}  // namespace glaux::serve
