#pragma once

#include <string>
#include <string_view>

#include "glaux/table/hive/commit_log.h"

namespace glaux {

// The objects of a commit log as JSON. Reading is strict: what is missing or has another type is kCorrupt and names
// `key` and the field, because a field that silently reads as empty would lose the ledger or a stream.

std::string PrintState(const CommitLog::State& state);
Result<CommitLog::State> ParseState(std::string_view text, std::string_view key);

std::string PrintRecord(const CommitRecord& record);
Result<CommitRecord> ParseRecord(std::string_view text, std::string_view key);

/// One line of a segment of the ledger, without its end.
std::string PrintLoaded(const LoadedFile& file);
Result<LoadedFile> ParseLoaded(std::string_view text, std::string_view key);

}  // namespace glaux
