#include <arrow/adapters/orc/adapter.h>
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>

#include <algorithm>
#include <mutex>

#include "glaux/format/byte_source.h"
#include "glaux/format/formats_internal.h"
#include "glaux/format/parquet_internal.h"
#include "glaux/format/projection_internal.h"
#include "glaux/format/separate_process_internal.h"

// Apache ORC's library believes much of what files say and dies where they lie, so it runs in processes of its own.
// What it reads comes back as an Arrow stream.

namespace glaux {
namespace {

using arrow::adapters::orc::ORCFileReader;

constexpr std::string_view kMagic = "ORC";

/// What every stripe of a file is read with. Shared by tasks on any thread.
struct OrcPlan {
  InputFile input;
  Projection projection;
  /// Columns of the file that are read, in its order.
  std::vector<int> file_columns;
  /// Where each column of the projection is among them.
  std::vector<int> read_columns;
  int64_t batch_rows = 0;
};

struct Stripe {
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// What is known of a file before its rows are read.
struct OrcFooter {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<Stripe> stripes;
  int64_t rows = 0;
};

// How a footer's stripes come from the other process: in the metadata of its schema.
constexpr char kStripeRows[] = "stripe rows";
constexpr char kStripeBytes[] = "stripe bytes";

Result<std::unique_ptr<ORCFileReader>> OpenFile(const std::shared_ptr<arrow::io::RandomAccessFile>& file) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto start, file->ReadAt(0, static_cast<int64_t>(kMagic.size())));
  if (start->ToString() != kMagic) return Status::Invalid("the file does not begin as ORC files do");
  if (size < 16) return Status::Invalid("the file ends early, at byte ", size);
  return ORCFileReader::Open(file, arrow::system_memory_pool());
}

/// The stripes of a file, which must agree with its footer and lie within it.
Result<std::vector<Stripe>> ReadStripes(int64_t size, ORCFileReader& file) {
  std::vector<Stripe> stripes;
  int64_t rows = 0;
  for (int64_t i = 0; i < file.NumberOfStripes(); ++i) {
    const auto info = file.GetStripeInformation(i);
    if (info.offset < 0 || info.length < 0 || info.length > size || info.offset > size - info.length) {
      return Status::Invalid("stripe ", i, " of ", info.length, " bytes at byte ", info.offset, " is not in the file");
    }
    if (info.num_rows < 0 || info.first_row_id != rows || __builtin_add_overflow(rows, info.num_rows, &rows)) {
      return Status::Invalid("stripe ", i, " says ", info.num_rows, " rows");
    }
    stripes.push_back({.rows = info.num_rows, .bytes = info.length});
  }
  if (rows != file.NumberOfRows()) {
    return Status::Invalid("the footer says ", file.NumberOfRows(), " rows and its stripes ", rows);
  }
  return stripes;
}

arrow::ipc::IpcWriteOptions WriterOptions() {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = arrow::system_memory_pool();
  options.use_threads = false;
  return options;
}

/// In the other process: the footer as a stream without rows.
Status SendFooter(const std::shared_ptr<arrow::io::RandomAccessFile>& file, arrow::io::OutputStream* out) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenFile(file));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto stripes, ReadStripes(size, *reader));
  ARROW_ASSIGN_OR_RAISE(const auto schema, reader->ReadSchema());
  const auto metadata = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto& stripe : stripes) {
    metadata->Append(kStripeRows, std::to_string(stripe.rows));
    metadata->Append(kStripeBytes, std::to_string(stripe.bytes));
  }
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        arrow::ipc::MakeStreamWriter(out, schema->WithMetadata(metadata), WriterOptions()));
  return writer->Close();
}

/// In the other process: one stripe's columns.
Status SendStripe(const std::shared_ptr<arrow::io::RandomAccessFile>& file, int64_t stripe,
                  const std::vector<int>& columns, arrow::io::OutputStream* out) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenFile(file));
  ARROW_ASSIGN_OR_RAISE(const auto batch, reader->ReadStripe(stripe, columns));
  ARROW_RETURN_NOT_OK(batch->Validate());
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(out, batch->schema(), WriterOptions()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  return writer->Close();
}

Result<OrcFooter> ReadFooter(const InputFile& input) {
  OrcFooter footer;
  ARROW_RETURN_NOT_OK(GuardParquet("read " + input.name, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto sent, RunSeparately(input.file, SendFooter));
    ARROW_ASSIGN_OR_RAISE(const auto stream,
                          arrow::ipc::RecordBatchStreamReader::Open(std::make_shared<arrow::io::BufferReader>(sent)));
    const auto metadata = stream->schema()->metadata();
    for (int64_t i = 0; metadata != nullptr && i + 1 < metadata->size(); i += 2) {
      const Stripe stripe{.rows = std::stoll(metadata->value(i)), .bytes = std::stoll(metadata->value(i + 1))};
      if (stripe.rows < 0 || __builtin_add_overflow(footer.rows, stripe.rows, &footer.rows)) {
        return Status::Invalid("a stripe says ", stripe.rows, " rows");
      }
      footer.stripes.push_back(stripe);
    }
    footer.schema = stream->schema()->RemoveMetadata();
    return Status::OK();
  }));
  return footer;
}

/// One stripe, which the first of its tasks to run decodes for all of them.
///
/// The library can also decode a stripe in smaller pieces, but seeks by the file's row index then, without a look at
/// what that says: a flipped bit in it ends the process.
class StripeCursor {
 public:
  StripeCursor(std::shared_ptr<const OrcPlan> plan, Stripe stripe, size_t index)
      : plan_(std::move(plan)),
        stripe_(stripe),
        index_(static_cast<int64_t>(index)),
        where_("read " + plan_->input.name + ", stripe " + std::to_string(index)) {}

  /// Rows [first, first + rows) of the stripe.
  Result<std::shared_ptr<arrow::RecordBatch>> Batch(int64_t first, int64_t rows) {
    std::shared_ptr<arrow::RecordBatch> stripe;
    if (!plan_->file_columns.empty()) {
      const std::lock_guard lock(mutex_);
      if (stripe_batch_ == nullptr && failed_.ok()) failed_ = Decode();
      ARROW_RETURN_NOT_OK(failed_);
      stripe = stripe_batch_;
    }
    arrow::ArrayVector columns;
    for (const int column : plan_->read_columns) columns.push_back(stripe->column(column)->Slice(first, rows));
    return plan_->projection.Apply(columns, rows, where_);
  }

 private:
  Status Decode() {
    return GuardParquet(where_, [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto sent, RunSeparately(plan_->input.file, [this](const auto& file, auto* out) {
                              return SendStripe(file, index_, plan_->file_columns, out);
                            }));
      ARROW_ASSIGN_OR_RAISE(const auto stream,
                            arrow::ipc::RecordBatchStreamReader::Open(std::make_shared<arrow::io::BufferReader>(sent)));
      ARROW_ASSIGN_OR_RAISE(const auto batch, stream->Next());
      if (batch == nullptr) return Status::Invalid("the stripe is missing");
      if (batch->num_rows() != stripe_.rows) {
        return Status::Invalid("the stripe says ", stripe_.rows, " rows and holds ", batch->num_rows());
      }
      if (batch->num_columns() != static_cast<int>(plan_->file_columns.size())) {
        return Status::Invalid("columns are missing");
      }
      ARROW_RETURN_NOT_OK(batch->ValidateFull());
      stripe_batch_ = batch;
      return Status::OK();
    });
  }

  const std::shared_ptr<const OrcPlan> plan_;
  const Stripe stripe_;
  const int64_t index_;
  const std::string where_;
  std::mutex mutex_;
  std::shared_ptr<arrow::RecordBatch> stripe_batch_;
  Status failed_;
};

class OrcReader final : public FileReader {
 public:
  OrcReader(std::shared_ptr<const OrcPlan> plan, std::vector<Stripe> stripes)
      : plan_(std::move(plan)), stripes_(std::move(stripes)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->projection.schema(); }

  Result<std::optional<DecodeTask>> Next() override {
    while (rows_left_ == 0) {
      if (next_stripe_ == stripes_.size()) return std::nullopt;
      const auto& stripe = stripes_[next_stripe_];
      cursor_ = std::make_shared<StripeCursor>(plan_, stripe, next_stripe_++);
      rows_left_ = stripe.rows;
      bytes_read_ += stripe.bytes;
      next_row_ = 0;
    }
    const int64_t rows = std::min(rows_left_, plan_->batch_rows);
    rows_left_ -= rows;
    const int64_t first = std::exchange(next_row_, next_row_ + rows);
    return DecodeTask([cursor = cursor_, first, rows] { return cursor->Batch(first, rows); });
  }

  int64_t bytes_read() const override { return bytes_read_; }

 private:
  std::shared_ptr<const OrcPlan> plan_;
  std::vector<Stripe> stripes_;
  std::shared_ptr<StripeCursor> cursor_;
  size_t next_stripe_ = 0;
  int64_t rows_left_ = 0;
  int64_t next_row_ = 0;
  int64_t bytes_read_ = 0;
};

/// Call the file's columns as the options say. Those behind the last name are nobody's.
void Rename(const OrcOptions& options, OrcFooter* footer) {
  if (!options.column_names) return;
  const auto& names = *options.column_names;
  auto fields = footer->schema->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = fields[i]->WithName(i < names.size() ? names[i] : "#" + std::to_string(i));
  }
  footer->schema = arrow::schema(std::move(fields), footer->schema->metadata());
}

class Orc final : public Format {
 public:
  std::string_view name() const override { return "orc"; }
  bool carries_schema() const override { return true; }
  bool can_write() const override { return false; }
  std::vector<std::string_view> extensions() const override { return {"orc"}; }

  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    InputFile plain = input;
    ARROW_ASSIGN_OR_RAISE(plain.file, OpenRandomAccess(input, options.format.text));
    InferredSchema inferred{.complete = true};
    ARROW_ASSIGN_OR_RAISE(auto footer, ReadFooter(plain));
    Rename(options.format.orc, &footer);
    inferred.schema = PlainSchema(*footer.schema);
    inferred.rows_seen = footer.rows;
    return inferred;
  }

  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    InputFile plain = input;
    ARROW_ASSIGN_OR_RAISE(plain.file, OpenRandomAccess(input, options.format.text));
    ARROW_ASSIGN_OR_RAISE(auto footer, ReadFooter(plain));
    Rename(options.format.orc, &footer);
    ARROW_ASSIGN_OR_RAISE(auto projection, Projection::Make(input.name, *footer.schema, options));
    auto plan = std::make_shared<OrcPlan>(OrcPlan{.input = std::move(plain),
                                                  .projection = std::move(projection),
                                                  .batch_rows = std::max<int64_t>(options.batch_rows, 1)});
    plan->file_columns = plan->projection.file_columns();
    std::sort(plan->file_columns.begin(), plan->file_columns.end());
    for (const int column : plan->projection.file_columns()) {
      const auto at = std::lower_bound(plan->file_columns.begin(), plan->file_columns.end(), column);
      plan->read_columns.push_back(static_cast<int>(at - plan->file_columns.begin()));
    }
    return std::make_unique<OrcReader>(std::move(plan), std::move(footer.stripes));
  }

  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream>,
                                                 std::shared_ptr<arrow::Schema>, const WriteOptions&) const override {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "write parquet"},
                     "orc files are read, not written; parquet, arrow, csv and txt are written");
  }
};

}  // namespace

const Format& OrcFormat() {
  static const Orc format;
  return format;
}

}  // namespace glaux
