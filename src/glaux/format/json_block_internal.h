#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/format.h"

namespace glaux {

/// What stands between the records of a block.
enum class JsonLayout : uint8_t {
  kLines,   ///< line ends: a record a line
  kArray,   ///< commas: the elements of an array, without its brackets
  kValues,  ///< nothing: values one after the other, of which each begins a line or all are objects
};

/// Whole records of a JSON file. kJsonPadding bytes behind the text can be read. The first of them is white space, or
/// brackets are balanced in the text and its strings are closed: no token behind the text is taken for one of it.
struct JsonBlock {
  std::shared_ptr<arrow::Buffer> buffer;
  std::string_view text;
  JsonLayout layout = JsonLayout::kLines;
  /// Line of the file in which the text begins, from 1.
  int64_t first_line = 1;
  /// Bytes of that line before the text.
  int64_t first_byte = 0;
  /// Objects and arrays of the document that are open around the text.
  int depth = 0;
  /// kValues: what stands before the text in its line is an object.
  bool behind_object = false;
};

inline constexpr int64_t kJsonPadding = 64;

/// Line ends (LF) in `text`; kJsonPadding bytes behind it can be read.
int64_t CountLineEnds(std::string_view text);

/// Text of a file that is held: what was read and is not dropped yet.
class JsonWindow {
 public:
  JsonWindow(std::string name, std::unique_ptr<ByteSource> source, int64_t piece_bytes);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  /// Nothing follows the text.
  bool ended() const { return ended_; }
  /// A block over the first `size` bytes, which shares the memory.
  JsonBlock Share(size_t size, JsonLayout layout) const;
  /// Forget the first `size` bytes.
  void Drop(size_t size);
  /// Read more behind the text. Views of the text from before do not hold; blocks do.
  Status Fill();

  /// Line and bytes before it in that line of the byte at `offset`.
  struct Place {
    int64_t line = 1;
    int64_t byte = 0;
  };
  Place PlaceOf(size_t offset) const;
  int64_t stored_bytes_read() const { return source_->stored_bytes_read(); }

 private:
  std::string name_;
  std::unique_ptr<ByteSource> source_;
  int64_t piece_bytes_;
  std::shared_ptr<arrow::Buffer> buffer_;
  std::string_view text_;
  Place start_;
  bool at_start_ = true;
  bool ended_ = false;
};

/// Cuts a file into blocks of whole records, in bounded memory.
class JsonSplitter {
 public:
  virtual ~JsonSplitter() = default;
  /// The next block, or nothing at the end. Finds only what keeps it from cutting: what is in a record is not looked
  /// at.
  virtual Result<std::optional<JsonBlock>> Next() = 0;
  virtual int64_t stored_bytes_read() const = 0;

  /// A record a line; the lines of text that is no JSON, too.
  /// \param skip_lines at the start of the file that are no records
  static Result<std::unique_ptr<JsonSplitter>> OpenLines(const InputFile& input, const TextOptions& options,
                                                         int64_t max_record_bytes, int64_t skip_lines,
                                                         int64_t block_bytes);
  /// A document: an array of records, one record, or several one after the other; or the value at options.json.records.
  static Result<std::unique_ptr<JsonSplitter>> OpenDocument(const InputFile& input, const FormatOptions& options,
                                                            int64_t block_bytes);
};

/// kInvalid: a record goes on beyond `max_record_bytes`.
Status JsonRecordTooLong(const std::string& name, int64_t line, int64_t max_record_bytes);

}  // namespace glaux
