#pragma once

#include <string>

#include "glaux/base/status.h"
#include "terminal.h"

namespace glaux::cli {

/// An error as people read it, with a line feed at the end:
///
///   glaux: error: get s3://lake/a.parquet: no such key
///     service: s3 GetObject, code NoSuchKey, HTTP status 404, request id 4442587FB7D0A2F9
///   hint: glaux tables lists what there is
std::string DescribeError(const Status& status, const Terminal& terminal);

/// "glaux: warning: …".
std::string DescribeWarning(std::string_view message, const Terminal& terminal);

}  // namespace glaux::cli
