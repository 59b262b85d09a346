#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/avro_schema_internal.h"

namespace glaux {

/// Reads the binary encoding of Avro from memory. After a failed read nothing more is read, and error() says why.
class AvroCursor {
 public:
  explicit AvroCursor(std::string_view bytes)
      : at_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        budget_(kFreeWork + 64 * static_cast<int64_t>(bytes.size())) {}

  int64_t left() const { return end_ - at_; }
  const std::string& error() const { return error_; }
  bool Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
    return false;
  }

  bool ReadLong(int64_t* value);
  bool ReadInt(int32_t* value);
  bool ReadBoolean(bool* value);
  bool Take(int64_t size, std::string_view* bytes);
  /// A length, and so many bytes.
  bool TakeSized(std::string_view* bytes);
  template <typename Number>
  bool ReadFixed(Number* value) {
    std::string_view bytes;
    if (!Take(sizeof(Number), &bytes)) return false;
    std::memcpy(value, bytes.data(), sizeof(Number));
    return true;
  }
  /// The count of the next block of an array or map, 0 at its end. `bytes`, if the block says it: its size.
  bool ReadCount(int64_t least_bytes, int64_t* count, int64_t* bytes = nullptr);
  /// Pay for work or memory that no byte of the data stands for: nulls of a wide record, items of no bytes.
  bool Spend(int64_t work) { return (budget_ -= work) >= 0 || Fail("more values than its bytes can mean"); }

 private:
  static constexpr int64_t kFreeWork = 64 << 20;

  const char* at_;
  const char* const end_;
  int64_t budget_;
  std::string error_;
};

/// Pass over one value.
bool SkipAvro(const AvroType& type, AvroCursor* cursor);

/// Makes an array of values of one type.
class AvroDecoder {
 public:
  virtual ~AvroDecoder() = default;
  /// Read one value; false leaves the reason in the cursor.
  virtual bool Decode(AvroCursor* cursor) = 0;
  virtual bool AppendNull(AvroCursor* cursor) = 0;
  virtual Result<std::shared_ptr<arrow::ArrayData>> Finish() = 0;

  /// `arrow_type` is ArrowTypeOf(type).
  static std::unique_ptr<AvroDecoder> Make(const AvroType& type, const std::shared_ptr<arrow::DataType>& arrow_type);
};

}  // namespace glaux
