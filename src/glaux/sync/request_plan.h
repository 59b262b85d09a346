#pragma once

#include <vector>

#include "glaux/store/request_counts.h"
#include "glaux/sync/shape.h"
#include "glaux/table/table.h"

namespace glaux {

/// What reading whole files takes: of text a request for each piece of it that inference has not left in memory; of
/// formats whose columns are read apart about one for each MiB.
RequestCounts RequestsToRead(const std::vector<SourceFile>& files);

/// What the files will become, by what inference has seen of them: exact rows where it has seen them all, else a guess
/// by the size.
/// \param sample_bytes that inference looked at of each file; 0: all
ExpectedWrite ExpectedOf(const std::vector<SourceFile>& files, const InferredFiles& inferred, int64_t sample_bytes);

/// What of a write into a table is known only when its rows are: for the notes of a dry run.
std::vector<std::string> WhatIsNotKnown(const Table& table, bool merges);

}  // namespace glaux
