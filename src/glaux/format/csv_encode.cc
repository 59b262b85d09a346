#include "glaux/format/csv_encode_internal.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>

#include "glaux/format/value_text_internal.h"

namespace glaux {
namespace {

constexpr int64_t kTileRows = 256;

/// Text of one value. Sixteen bytes from its begin can be read, however short it is.
struct Cell {
  const char* data;
  size_t size;
};
constexpr size_t kReadable = 16;

/// What the columns of one batch are written with.
struct Words {
  const CsvText& text;
  const CsvRules& rules;
  std::string null;  // readable beyond its end
  Cell null_cell;

  Words(const CsvText& csv_text, const CsvRules& csv_rules) : text(csv_text), rules(csv_rules) {
    text.AppendNull(&null);
    const size_t size = null.size();
    null.append(kReadable, '\0');
    null_cell = {null.data(), size};
  }
};

/// One column of a batch as text.
class ColumnText {
 public:
  ColumnText(const arrow::Array& array, const Words& words)
      : array_(array), words_(words), nulls_(array.null_count() > 0 || array.type_id() == arrow::Type::NA) {}
  virtual ~ColumnText() = default;
  /// Make the text of rows [first, first + count), the i-th to cells[i * stride]. It holds until the next call.
  virtual Status Fill(int64_t first, int64_t count, Cell* cells, size_t stride) = 0;

 protected:
  bool IsNull(int64_t row) const { return nulls_ && array_.IsNull(row); }

  const arrow::Array& array_;
  const Words& words_;
  const bool nulls_;
};

/// Values of which the text is short and is never quoted. Write: `char* operator()(int64_t row, char* out)`.
template <typename Write>
class ShortText final : public ColumnText {
 public:
  ShortText(const arrow::Array& array, const Words& words, Write write)
      : ColumnText(array, words), write_(std::move(write)), slots_(kTileRows * kMostValueText + kReadable) {}

  Status Fill(int64_t first, int64_t count, Cell* cells, size_t stride) override {
    char* slot = slots_.data();
    for (int64_t row = first; row < first + count; ++row, slot += kMostValueText, cells += stride) {
      *cells = IsNull(row) ? words_.null_cell : Cell{slot, static_cast<size_t>(write_(row, slot) - slot)};
    }
    return Status::OK();
  }

 private:
  Write write_;
  std::vector<char> slots_;
};

template <typename Write>
std::unique_ptr<ColumnText> MakeShort(const arrow::Array& array, const Words& words, Write write) {
  return std::make_unique<ShortText<Write>>(array, words, std::move(write));
}

/// Values that grow a string, each by itself. Append: `Status operator()(int64_t row, std::string* out)`.
template <typename Append>
class LongText final : public ColumnText {
 public:
  LongText(const arrow::Array& array, const Words& words, Append append)
      : ColumnText(array, words), append_(std::move(append)) {}

  Status Fill(int64_t first, int64_t count, Cell* cells, size_t stride) override {
    out_.clear();
    ends_.clear();
    for (int64_t row = first; row < first + count; ++row) {
      if (!IsNull(row)) ARROW_RETURN_NOT_OK(append_(row, &out_));
      ends_.push_back(out_.size());
    }
    out_.append(kReadable, '\0');
    size_t begin = 0;
    for (int64_t i = 0; i < count; ++i, cells += stride) {
      const size_t end = ends_[static_cast<size_t>(i)];
      *cells = IsNull(first + i) ? words_.null_cell : Cell{out_.data() + begin, end - begin};
      begin = end;
    }
    return Status::OK();
  }

 private:
  Append append_;
  std::string out_;
  std::vector<size_t> ends_;
};

template <typename Append>
std::unique_ptr<ColumnText> MakeLong(const arrow::Array& array, const Words& words, Append append) {
  return std::make_unique<LongText<Append>>(array, words, std::move(append));
}

/// Strings, which stay where they are unless they must be quoted.
template <typename Array>
class StringText final : public ColumnText {
 public:
  StringText(const Array& array, const Words& words) : ColumnText(array, words), strings_(array) {
    if (array.value_data() != nullptr) {
      const auto& data = *array.value_data();
      readable_ = reinterpret_cast<const char*>(data.data()) + data.size() - kReadable;
      short_ = data.size() < static_cast<int64_t>(kReadable);
    }
  }

  Status Fill(int64_t first, int64_t count, Cell* cells, size_t stride) override {
    const std::string_view all =
        strings_.raw_data() == nullptr
            ? std::string_view()
            : std::string_view(
                  reinterpret_cast<const char*>(strings_.raw_data()) + strings_.value_offset(first),
                  static_cast<size_t>(strings_.value_offset(first + count) - strings_.value_offset(first)));
    const bool special = words_.text.HasSpecial(all);
    copies_.clear();
    copied_.clear();
    for (int64_t i = 0; i < count; ++i) {
      Cell& cell = cells[static_cast<size_t>(i) * stride];
      if (IsNull(first + i)) {
        cell = words_.null_cell;
        continue;
      }
      const std::string_view value = strings_.GetView(first + i);
      const bool quote = words_.text.MustQuote(value, special);
      if (!quote && !short_ && value.data() <= readable_) {
        cell = {value.data(), value.size()};
        continue;
      }
      const size_t begin = copies_.size();
      if (quote) {
        words_.text.AppendQuoted(value, &copies_);
      } else {
        copies_ += value;
      }
      cell.size = copies_.size() - begin;
      copied_.emplace_back(i, begin);
    }
    copies_.append(kReadable, '\0');
    for (const auto& [i, begin] : copied_) cells[static_cast<size_t>(i) * stride].data = copies_.data() + begin;
    return Status::OK();
  }

 private:
  const Array& strings_;
  const char* readable_ = nullptr;  // the last byte from which kReadable bytes are there
  bool short_ = true;
  std::string copies_;
  std::vector<std::pair<int64_t, size_t>> copied_;
};

/// Values of a dictionary, each made text once.
class DictionaryText final : public ColumnText {
 public:
  DictionaryText(const arrow::DictionaryArray& array, const Words& words)
      : ColumnText(array, words), dictionary_(array) {}

  Status Prepare() {
    const auto& values = *dictionary_.dictionary();
    std::vector<size_t> ends;
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.IsNull(i)) {
        words_.text.AppendNull(&out_);
      } else {
        ARROW_RETURN_NOT_OK(words_.text.AppendValue(values, i, &out_));
      }
      ends.push_back(out_.size());
    }
    out_.append(kReadable, '\0');
    size_t begin = 0;
    for (const size_t end : ends) {
      entries_.push_back({out_.data() + begin, end - begin});
      begin = end;
    }
    return Status::OK();
  }

  Status Fill(int64_t first, int64_t count, Cell* cells, size_t stride) override {
    for (int64_t row = first; row < first + count; ++row, cells += stride) {
      *cells = IsNull(row) ? words_.null_cell : entries_[static_cast<size_t>(dictionary_.GetValueIndex(row))];
    }
    return Status::OK();
  }

 private:
  const arrow::DictionaryArray& dictionary_;
  std::string out_;
  std::vector<Cell> entries_;
};

template <typename Array>
const Array& As(const arrow::Array& array) {
  return static_cast<const Array&>(array);
}

template <typename Array>
std::unique_ptr<ColumnText> MakeInteger(const arrow::Array& array, const Words& words) {
  return MakeShort(array, words, [values = As<Array>(array).raw_values()](int64_t row, char* out) {
    return WriteInteger(values[row], out);
  });
}

template <typename Array>
std::unique_ptr<ColumnText> MakeReal(const arrow::Array& array, const Words& words) {
  const char separator = words.rules.decimal_separator;
  return MakeShort(array, words, [values = As<Array>(array).raw_values(), separator](int64_t row, char* out) {
    char* const end = WriteReal(values[row], out);
    if (separator != '.') std::replace(out, end, '.', separator);
    return end;
  });
}

/// Values in the first of the options' formats that fits the column. `second`: value to seconds and nanoseconds.
template <typename Split>
std::unique_ptr<ColumnText> MakeFormatted(const arrow::Array& array, const Words& words, const std::string& name,
                                          size_t index, const std::vector<TimeFormat>& formats,
                                          const std::vector<std::string>& spelled, Split split) {
  return MakeLong(array, words,
                  [&words, &array, &format = formats[index], &text = spelled[index], &name, split,
                   scratch = std::string()](int64_t row, std::string* out) mutable -> Status {
                    scratch.clear();
                    const auto [seconds, nanoseconds] = split(row);
                    if (!format.Append(seconds, nanoseconds, &scratch)) {
                      std::string value;
                      ARROW_RETURN_NOT_OK(AppendPlain(array, row, &value));
                      return MakeError(ErrorKind::kInvalid, "write csv, column ", name,
                                       ": expected a time that the format ", text, " can hold whole, found: ", value);
                    }
                    words.text.AppendString(scratch, out);
                    return Status::OK();
                  });
}

/// Which format timestamps of a column are written in, if any.
std::optional<size_t> FormatFor(const std::vector<TimeFormat>& formats, bool zoned) {
  for (size_t i = 0; i < formats.size(); ++i) {
    if (formats[i].has_zone() == zoned) return i;
  }
  return std::nullopt;
}

struct Instant {
  int64_t seconds;
  int32_t nanoseconds;
};

Instant Split(int64_t value, arrow::TimeUnit::type unit) {
  const int64_t per_second = UnitsPerSecond(unit);
  int64_t seconds = value / per_second;
  int64_t rest = value % per_second;
  if (rest < 0) {
    rest += per_second;
    --seconds;
  }
  return {seconds, static_cast<int32_t>(rest * (1'000'000'000 / per_second))};
}

std::unique_ptr<ColumnText> MakeTimestamp(const arrow::Array& array, const Words& words, const std::string& name,
                                          const CsvOptions& options) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  const bool zoned = !type.timezone().empty();
  const int64_t* const values = As<arrow::TimestampArray>(array).raw_values();
  if (const auto index = FormatFor(words.rules.timestamps, zoned)) {
    return MakeFormatted(array, words, name, *index, words.rules.timestamps, options.timestamp_formats,
                         [values, unit = type.unit()](int64_t row) { return Split(values[row], unit); });
  }
  return MakeShort(array, words, [values, text = TimestampText(type.unit(), zoned)](int64_t row, char* out) mutable {
    return text.Write(values[row], out);
  });
}

/// `days`: row to days since 1970-01-01.
template <typename Days>
std::unique_ptr<ColumnText> MakeDate(const arrow::Array& array, const Words& words, const std::string& name,
                                     const CsvOptions& options, Days days) {
  if (const auto index = FormatFor(words.rules.dates, false)) {
    return MakeFormatted(array, words, name, *index, words.rules.dates, options.date_formats, [days](int64_t row) {
      return Instant{days(row) * 86400, 0};
    });
  }
  return MakeShort(array, words, [days](int64_t row, char* out) { return WriteDate(days(row), out); });
}

/// Decimals of which the digits fit 64 bits, or nothing if the scale is unusual.
std::unique_ptr<ColumnText> MakeDecimal(const arrow::Array& array, const Words& words) {
  constexpr int kMostScale = 18;
  const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
  const int scale = type.scale();
  if (scale < 0 || scale > kMostScale || type.precision() > kMostScale) return nullptr;
  uint64_t power = 1;
  for (int i = 0; i < scale; ++i) power *= 10;
  return MakeShort(array, words,
                   [values = &As<arrow::Decimal128Array>(array), scale, power,
                    separator = words.rules.decimal_separator](int64_t row, char* out) {
                     const auto value = static_cast<int64_t>(arrow::Decimal128(values->GetValue(row)).low_bits());
                     if (value < 0) *out++ = '-';
                     const uint64_t digits =
                         value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
                     out = WriteUnsigned(digits / power, out);
                     if (scale == 0) return out;
                     *out++ = separator;
                     uint64_t fraction = digits % power;
                     for (int i = scale - 1; i >= 0; --i, fraction /= 10)
                       out[i] = static_cast<char>('0' + fraction % 10);
                     return out + scale;
                   });
}

/// Numbers, booleans and times, if none of their text can need quotes; else nothing.
std::unique_ptr<ColumnText> MakePlain(const arrow::Array& array, const Words& words) {
  if (!words.text.numbers_are_plain()) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return MakeShort(array, words, [values = &As<arrow::BooleanArray>(array)](int64_t row, char* out) {
        const bool value = values->Value(row);
        std::memcpy(out, value ? "true\0" : "false", 5);
        return out + (value ? 4 : 5);
      });
    case arrow::Type::INT8:
      return MakeInteger<arrow::Int8Array>(array, words);
    case arrow::Type::INT16:
      return MakeInteger<arrow::Int16Array>(array, words);
    case arrow::Type::INT32:
      return MakeInteger<arrow::Int32Array>(array, words);
    case arrow::Type::INT64:
      return MakeInteger<arrow::Int64Array>(array, words);
    case arrow::Type::UINT8:
      return MakeInteger<arrow::UInt8Array>(array, words);
    case arrow::Type::UINT16:
      return MakeInteger<arrow::UInt16Array>(array, words);
    case arrow::Type::UINT32:
      return MakeInteger<arrow::UInt32Array>(array, words);
    case arrow::Type::UINT64:
      return MakeShort(array, words, [values = As<arrow::UInt64Array>(array).raw_values()](int64_t row, char* out) {
        return WriteUnsigned(values[row], out);
      });
    case arrow::Type::FLOAT:
      return MakeReal<arrow::FloatArray>(array, words);
    case arrow::Type::DOUBLE:
      return MakeReal<arrow::DoubleArray>(array, words);
    case arrow::Type::DECIMAL128:
      return MakeDecimal(array, words);
    default:
      return nullptr;
  }
}

Result<std::unique_ptr<ColumnText>> MakeColumnText(const arrow::Array& array, const Words& words,
                                                   const std::string& name, const CsvOptions& options) {
  if (auto plain = MakePlain(array, words)) return plain;
  const bool iso = words.text.numbers_are_plain();
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return std::make_unique<StringText<arrow::BinaryArray>>(As<arrow::BinaryArray>(array), words);
    case arrow::Type::LARGE_STRING:
      return std::make_unique<StringText<arrow::LargeBinaryArray>>(As<arrow::LargeBinaryArray>(array), words);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = As<arrow::DictionaryArray>(array);
      // A slice may have a dictionary of much more than its rows.
      if (dictionary.dictionary()->length() > 2 * array.length() + kTileRows) break;
      auto text = std::make_unique<DictionaryText>(dictionary, words);
      ARROW_RETURN_NOT_OK(text->Prepare());
      return text;
    }
    case arrow::Type::DATE32:
      if (!iso && words.rules.dates.empty()) break;
      return MakeDate(array, words, name, options, [values = As<arrow::Date32Array>(array).raw_values()](int64_t row) {
        return int64_t{values[row]};
      });
    case arrow::Type::DATE64:
      if (!iso && words.rules.dates.empty()) break;
      return MakeDate(array, words, name, options, [values = As<arrow::Date64Array>(array).raw_values()](int64_t row) {
        return Split(values[row], arrow::TimeUnit::MILLI).seconds / 86400;
      });
    case arrow::Type::TIMESTAMP:
      if (!iso && words.rules.timestamps.empty()) break;
      return MakeTimestamp(array, words, name, options);
    default:
      break;
  }
  return MakeLong(array, words,
                  [&array, &words](int64_t row, std::string* out) { return words.text.AppendValue(array, row, out); });
}

/// Text that grows, with room to write beyond its end.
class Output {
 public:
  Status Reserve(size_t more) {
    const auto wanted = static_cast<int64_t>(size_ + more + kReadable);
    if (buffer_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(wanted));
    } else if (wanted > buffer_->size()) {
      ARROW_RETURN_NOT_OK(buffer_->Resize(std::max(wanted, buffer_->size() * 2), false));
    }
    return Status::OK();
  }
  char* end() { return reinterpret_cast<char*>(buffer_->mutable_data()) + size_; }
  void SetEnd(const char* end) { size_ = static_cast<size_t>(end - reinterpret_cast<const char*>(buffer_->data())); }
  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    ARROW_RETURN_NOT_OK(Reserve(0));
    ARROW_RETURN_NOT_OK(buffer_->Resize(static_cast<int64_t>(size_), false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
  }

 private:
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  size_t size_ = 0;
};

/// Put cells, row by row, behind each other.
Status AppendRows(const std::vector<Cell>& cells, size_t columns, size_t rows, char delimiter, Output* out) {
  size_t bytes = 0;
  for (size_t i = 0; i < rows * columns; ++i) bytes += cells[i].size + 1;
  ARROW_RETURN_NOT_OK(out->Reserve(bytes));
  char* at = out->end();
  const Cell* cell = cells.data();
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column, ++cell) {
      // A fixed size is two instructions; a call would cost more than the bytes.
      std::memcpy(at, cell->data, kReadable);
      if (cell->size > kReadable) std::memcpy(at + kReadable, cell->data + kReadable, cell->size - kReadable);
      at += cell->size;
      *at++ = delimiter;
    }
    at[-1] = '\n';
  }
  out->SetEnd(at);
  return Status::OK();
}

}  // namespace

Result<CsvEncoder> CsvEncoder::Make(std::shared_ptr<arrow::Schema> schema, const CsvOptions& options) {
  CsvEncoder encoder;
  encoder.schema_ = std::move(schema);
  encoder.options_ = options;
  ARROW_ASSIGN_OR_RAISE(auto text, CsvText::Make(options));
  ARROW_ASSIGN_OR_RAISE(auto rules, CsvRules::Make(options));
  encoder.text_ = std::make_shared<const CsvText>(std::move(text));
  encoder.rules_ = std::make_shared<const CsvRules>(std::move(rules));
  return encoder;
}

std::string CsvEncoder::Header() const {
  std::string header;
  for (const auto& field : schema_->fields()) {
    text_->AppendString(field->name(), &header);
    header += text_->delimiter();
  }
  if (!header.empty()) header.back() = '\n';
  return header;
}

Result<std::shared_ptr<arrow::Buffer>> CsvEncoder::Encode(const arrow::RecordBatch& batch) const {
  if (!batch.schema()->Equals(*schema_)) {
    return MakeError(ErrorKind::kInvalid, "write csv: expected a batch of ", schema_->ToString(), ", found ",
                     batch.schema()->ToString());
  }
  const Words words(*text_, *rules_);
  std::vector<std::unique_ptr<ColumnText>> columns;
  const auto width = static_cast<size_t>(batch.num_columns());
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                          MakeColumnText(*batch.column(i), words, schema_->field(i)->name(), options_));
  }
  std::vector<Cell> cells(static_cast<size_t>(kTileRows) * width);
  Output out;
  for (int64_t first = 0; width > 0 && first < batch.num_rows(); first += kTileRows) {
    const int64_t rows = std::min(kTileRows, batch.num_rows() - first);
    for (size_t i = 0; i < width; ++i) ARROW_RETURN_NOT_OK(columns[i]->Fill(first, rows, cells.data() + i, width));
    ARROW_RETURN_NOT_OK(AppendRows(cells, width, static_cast<size_t>(rows), text_->delimiter(), &out));
  }
  return out.Finish();
}

}  // namespace glaux
