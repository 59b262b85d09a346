#pragma once

#include <arrow/io/interfaces.h>

#include <functional>
#include <memory>

#include "glaux/base/status.h"

namespace glaux {

/// Work on a file that may crash. It allocates from arrow::system_memory_pool() and starts no threads: it runs in a
/// copy of the process in which nobody holds locks for it but malloc.
/// \param file of which it reads; nothing else is open to it
/// \param out takes what it gives back
using SeparateWork =
    std::function<Status(const std::shared_ptr<arrow::io::RandomAccessFile>& file, arrow::io::OutputStream* out)>;

/// Run `work` in a child process, which its crash ends and not this one. The file is read here, on the caller's thread.
///
/// \return what the work wrote. Its own error, and one that says how it ended if it crashed, took more than 4 GiB, or
///         300 s of a processor: these carry no kind. An error of the file's passes through untouched.
Result<std::shared_ptr<arrow::Buffer>> RunSeparately(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                                     const SeparateWork& work);

}  // namespace glaux
