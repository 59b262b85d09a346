#pragma once

#include <arrow/filesystem/filesystem.h>

#include <memory>

#include "glaux/store/object_store.h"

namespace glaux {

/// A store as a file system of Arrow, for its readers and writers. Paths are keys; "" is the store.
///
/// A folder is there while there is an object below it: making one does nothing. A stream for writing makes its object
/// visible in Close(); Abort() and destroying it leave nothing. Moving copies and then deletes, and is not atomic.
/// Appending is kNotImplemented. Errors carry kinds as everywhere.
std::shared_ptr<arrow::fs::FileSystem> MakeArrowFileSystem(std::shared_ptr<ObjectStore> store);

}  // namespace glaux
