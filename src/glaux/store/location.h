#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "glaux/store/object_store.h"

namespace glaux {

/// A URI taken apart: a store and a key in it.
struct Location {
  std::shared_ptr<ObjectStore> store;
  std::string key;
};

/// Finds the store behind a URI ("s3://bucket/key"; the key is taken as it stands, nothing is percent-decoded).
/// kDenied outside the lake, kInvalid for what is no URI.
using LocationResolver = std::function<Result<Location>(std::string_view uri)>;

}  // namespace glaux
