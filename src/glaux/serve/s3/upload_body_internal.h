#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glaux/serve/s3/call_internal.h"

namespace glaux::serve::s3 {

/// The body of a request as the object is to have it: taken out of its chunks, with every signature and digest that the
/// client sent checked on the way. What does not fit is an error of Read instead of its end, so that nothing is stored.
class UploadBody : public ByteReader {
 public:
  static Result<std::unique_ptr<UploadBody>> Open(Call& call);

  /// After the end: "x-amz-checksum-crc32" and its value, for each that was checked.
  virtual const http::Headers& checked() const = 0;
};

}  // namespace glaux::serve::s3
