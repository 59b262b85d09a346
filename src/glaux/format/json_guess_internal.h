#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/format/json_cursor_internal.h"

namespace glaux {

/// The narrowest type that holds every value that was seen under a key, without loss: nothing < bool | integer < double
/// | date < timestamp | timestamp in UTC | string; objects are structs, arrays are lists, both all the way down. All
/// else is JSON text in a string column: values of several kinds, numbers that neither decimal(38,0) nor double holds
/// as written, integers beyond 2^53 beside fractions, objects without any key, and objects with more than kMostKeys
/// different keys, which are maps in disguise.
class JsonGuess {
 public:
  static constexpr size_t kMostKeys = 1000;

  JsonGuess();
  ~JsonGuess();
  JsonGuess(JsonGuess&&) noexcept;
  JsonGuess& operator=(JsonGuess&&) noexcept;

  /// Step over a value and learn from it. False: the cursor says what is wrong with it.
  bool Observe(JsonCursor& in);
  /// Learn that there is an object that has these members; it may have any number of keys.
  bool ObserveRecord(JsonCursor& in);

  /// null() where no value was seen.
  /// \param integer_widths as InferOptions::integer_widths: of the value itself, not of what is inside it
  std::shared_ptr<arrow::DataType> type(bool integer_widths = false) const;
  /// The members that were seen, in order of their first appearance.
  arrow::FieldVector fields(bool integer_widths = false) const;
  /// Append why keys have the types they have, where that is not plain. `path` is what this value is called.
  void Explain(const std::string& path, std::vector<std::string>* notes) const;
  /// Member by name, made if there is none.
  JsonGuess& Member(std::string_view name);

 private:
  enum class Kind : uint8_t {
    kNothing,
    kBoolean,
    kTinyInteger,
    kSmallInteger,
    kShortInteger,  // within int32
    kInteger,
    kLargeInteger,  // beyond 2^53
    kHugeInteger,   // beyond int64
    kDouble,
    kDate,
    kTimestamp,
    kUtcTimestamp,
    kString,
    kObject,
    kArray,
    kText
  };
  struct Members;

  static Kind KindOfNumber(std::string_view number);
  static Kind KindOfString(std::string_view string);
  static std::string_view Word(Kind kind);
  void Join(Kind kind);
  void BecomeText(std::string why);
  bool ObserveMembers(JsonCursor& in);

  Kind kind_ = Kind::kNothing;
  std::unique_ptr<Members> members_;
  std::unique_ptr<JsonGuess> element_;
  std::string why_text_;
};

}  // namespace glaux
