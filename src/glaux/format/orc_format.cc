#include <arrow/adapters/orc/adapter.h>
#include <arrow/api.h>

#include <algorithm>
#include <mutex>

#include "glaux/format/byte_source.h"
#include "glaux/format/formats_internal.h"
#include "glaux/format/parquet_internal.h"
#include "glaux/format/projection_internal.h"

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

Status OpenFile(const InputFile& input, std::unique_ptr<ORCFileReader>* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, input.file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto start, input.file->ReadAt(0, static_cast<int64_t>(kMagic.size())));
  if (start->ToString() != kMagic) return Status::Invalid("the file does not begin as ORC files do");
  if (size < 16) return Status::Invalid("the file ends early, at byte ", size);
  ARROW_ASSIGN_OR_RAISE(*out, ORCFileReader::Open(input.file, arrow::default_memory_pool()));
  return Status::OK();
}

/// The stripes of a file, which must agree with its footer and lie within it.
Status ReadStripes(const InputFile& input, ORCFileReader& file, std::vector<Stripe>* stripes) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, input.file->GetSize());
  int64_t rows = 0;
  for (int64_t i = 0; i < file.NumberOfStripes(); ++i) {
    const auto info = file.GetStripeInformation(i);
    if (info.offset < 0 || info.length < 0 || info.length > size || info.offset > size - info.length) {
      return Status::Invalid("stripe ", i, " of ", info.length, " bytes at byte ", info.offset, " is not in the file");
    }
    if (info.num_rows < 0 || info.first_row_id != rows || __builtin_add_overflow(rows, info.num_rows, &rows)) {
      return Status::Invalid("stripe ", i, " says ", info.num_rows, " rows");
    }
    stripes->push_back({.rows = info.num_rows, .bytes = info.length});
  }
  if (rows != file.NumberOfRows()) {
    return Status::Invalid("the footer says ", file.NumberOfRows(), " rows and its stripes ", rows);
  }
  return Status::OK();
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
      std::unique_ptr<ORCFileReader> file;
      ARROW_RETURN_NOT_OK(OpenFile(plan_->input, &file));
      ARROW_ASSIGN_OR_RAISE(const auto batch, file->ReadStripe(index_, plan_->file_columns));
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
    ARROW_RETURN_NOT_OK(GuardParquet("read " + input.name, [&]() -> Status {
      std::unique_ptr<ORCFileReader> file;
      std::vector<Stripe> stripes;
      ARROW_RETURN_NOT_OK(OpenFile(plain, &file));
      ARROW_RETURN_NOT_OK(ReadStripes(plain, *file, &stripes));
      ARROW_ASSIGN_OR_RAISE(const auto schema, file->ReadSchema());
      inferred.schema = PlainSchema(*schema);
      inferred.rows_seen = file->NumberOfRows();
      return Status::OK();
    }));
    return inferred;
  }

  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    InputFile plain = input;
    ARROW_ASSIGN_OR_RAISE(plain.file, OpenRandomAccess(input, options.format.text));
    std::shared_ptr<arrow::Schema> file_schema;
    std::vector<Stripe> stripes;
    ARROW_RETURN_NOT_OK(GuardParquet("read " + input.name, [&]() -> Status {
      std::unique_ptr<ORCFileReader> file;
      ARROW_RETURN_NOT_OK(OpenFile(plain, &file));
      ARROW_RETURN_NOT_OK(ReadStripes(plain, *file, &stripes));
      ARROW_ASSIGN_OR_RAISE(file_schema, file->ReadSchema());
      return Status::OK();
    }));
    ARROW_ASSIGN_OR_RAISE(auto projection, Projection::Make(input.name, *file_schema, options));
    auto plan = std::make_shared<OrcPlan>(OrcPlan{.input = std::move(plain),
                                                  .projection = std::move(projection),
                                                  .batch_rows = std::max<int64_t>(options.batch_rows, 1)});
    plan->file_columns = plan->projection.file_columns();
    std::sort(plan->file_columns.begin(), plan->file_columns.end());
    for (const int column : plan->projection.file_columns()) {
      const auto at = std::lower_bound(plan->file_columns.begin(), plan->file_columns.end(), column);
      plan->read_columns.push_back(static_cast<int>(at - plan->file_columns.begin()));
    }
    return std::make_unique<OrcReader>(std::move(plan), std::move(stripes));
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
