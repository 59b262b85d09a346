#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/json_block_internal.h"
#include "glaux/format/json_cursor_internal.h"

namespace glaux {

/// A record that does not parse or that its taker refused.
struct JsonBadRecord {
  int64_t line = 0;
  std::string path;
  std::string reason;        ///< "expected an int64, found: x"
  std::string_view content;  ///< as the file has it
  Status status;             ///< the whole story, with file and line
};

/// Takes the records of a block, one after the other.
class JsonRecordTaker {
 public:
  virtual ~JsonRecordTaker() = default;
  /// Step over one value. False: the cursor says why.
  virtual bool Take(JsonCursor& in) = 0;
  /// The value that was taken is a record, in this line.
  virtual void Keep(JsonCursor& in, int64_t line) = 0;
  /// What was taken since the last record is none. An error ends the walk.
  virtual Status Refuse(const JsonBadRecord& bad) = 0;
  /// Lines without anything in them stand between the records. Where lines are records.
  virtual void PassOver(int64_t lines) {}
};

/// Walk over the records of a block. Lines that are no JSON, and records that do not convert, are refused; what is no
/// JSON in other layouts is the walk's error, for nobody knows where the next record begins.
Status ForEachJsonRecord(const std::string& name, const JsonBlock& block, int max_depth, JsonRecordTaker& taker);

}  // namespace glaux
