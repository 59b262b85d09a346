#pragma once

#include <arrow/io/type_fwd.h>

#include <memory>

#include "glaux/sync/environment.h"

namespace glaux {

/// Rows to a stream, as they come. It remembers nothing: every run begins anew.
Result<std::unique_ptr<Target>> MakeStdoutTarget(const DestinationConfig& config,
                                                 std::shared_ptr<arrow::io::OutputStream> out);

}  // namespace glaux
