#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "glaux/store/object_store.h"

namespace glaux {

/// Read an object as a file. Opening costs nothing if `object` holds its ETag, else one Head.
///
/// Every read is one Get of its range, for just this version of the object: once it was replaced, reads fail with
/// kPrecondition. ReadAt and ReadAsync may be called from several threads at once. There is no read-ahead.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(std::shared_ptr<ObjectStore> store,
                                                               const ObjectInfo& object);

}  // namespace glaux
