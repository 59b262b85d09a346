#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <numeric>

#include "glaux/format/byte_source.h"
#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

/// A column of the file that is read, and where it goes.
struct ProjectedColumn {
  int file_field = 0;
  int output_field = 0;
};

/// What every row group of a file is read with. Shared by tasks on any thread.
struct ParquetPlan {
  InputFile input;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::shared_ptr<arrow::Schema> schema;
  /// In the file's order.
  std::vector<ProjectedColumn> columns;
  std::vector<int> leaves;
  int64_t batch_rows = 0;
  bool dictionary_strings = false;
  decltype(ReadOptions::may_hold) may_hold;

  std::string Where(int row_group) const { return "read " + input.name + ", row group " + std::to_string(row_group); }
};

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

/// Whether nobody wants the rows of a row group, by the statistics of its columns.
bool IsLeftOut(const ParquetPlan& plan, const parquet::RowGroupMetaData& row_group) {
  if (!plan.may_hold || plan.leaves.size() != plan.columns.size()) return false;  // nested columns have no statistics
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const auto chunk = row_group.ColumnChunk(plan.leaves[i]);
    if (!chunk->is_stats_set()) continue;
    const auto statistics = chunk->statistics();
    if (statistics == nullptr || !statistics->HasMinMax()) continue;
    std::shared_ptr<arrow::Scalar> least, greatest;
    // What has no scalar says nothing.
    if (!parquet::arrow::StatisticsAsScalars(*statistics, &least, &greatest).ok()) continue;
    if (!plan.may_hold(plan.schema->field(plan.columns[i].output_field)->name(), least, greatest)) return true;
  }
  return false;
}

bool IsPlainString(const parquet::arrow::SchemaField& field) {
  return field.is_leaf() && field.field->type()->id() == arrow::Type::STRING;
}

/// A reader of its own for one row group (`metadata` known) or to look at the footer (null). \return OK or not mapped
Status OpenFileReader(const InputFile& input, std::shared_ptr<parquet::FileMetaData> metadata, int64_t batch_rows,
                      const std::vector<int>& dictionary_leaves, std::unique_ptr<parquet::arrow::FileReader>* out) {
  auto file = parquet::ParquetFileReader::Open(input.file, parquet::default_reader_properties(), std::move(metadata));
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_batch_size(batch_rows);
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  for (const int leaf : dictionary_leaves) properties.set_read_dictionary(leaf, true);
  ARROW_ASSIGN_OR_RAISE(*out,
                        parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(file), properties));
  return Status::OK();
}

std::vector<int> DictionaryLeaves(const parquet::arrow::SchemaManifest& manifest) {
  std::vector<int> leaves;
  for (const auto& field : manifest.schema_fields) {
    if (IsPlainString(field)) leaves.push_back(field.column_index);
  }
  return leaves;
}

/// Reads the batches of one row group in order. The library decodes a row group from front to back, so tasks of one row
/// group take turns; batches that a later task had to decode on its way wait for theirs.
class RowGroupCursor {
 public:
  RowGroupCursor(std::shared_ptr<const ParquetPlan> plan, int row_group, std::vector<int> dictionary_leaves)
      : plan_(std::move(plan)), row_group_(row_group), dictionary_leaves_(std::move(dictionary_leaves)) {
    rows_left_ = plan_->metadata->RowGroup(row_group)->num_rows();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Batch(int64_t index) {
    const std::lock_guard lock(mutex_);
    while (failed_.ok() && next_ <= index) {
      auto batch = Decode();
      failed_ = batch.status();
      if (batch.ok()) waiting_.emplace(next_++, *std::move(batch));
      // Nothing of the file is held longer than it must be.
      if (!failed_.ok() || rows_left_ == 0) Release();
    }
    ARROW_RETURN_NOT_OK(failed_);
    auto found = waiting_.extract(index);
    return std::move(found.mapped());
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Decode() {
    const int64_t wanted = std::min(rows_left_, plan_->batch_rows);
    rows_left_ -= wanted;
    if (plan_->columns.empty()) return arrow::RecordBatch::Make(plan_->schema, wanted, arrow::ArrayVector{});
    arrow::RecordBatchVector pieces;
    const auto where = plan_->Where(row_group_);
    const auto status = GuardParquet(where, [&] { return ReadRows(wanted, &pieces); });
    // Reading again finds the column of a damaged page; a file that is gone or changed has none.
    if (!status.ok()) return KindOf(status) == ErrorKind::kCorrupt ? NameColumn(status) : status;
    std::shared_ptr<arrow::RecordBatch> batch = pieces[0];
    if (pieces.size() > 1) {
      ARROW_ASSIGN_OR_RAISE(batch, arrow::ConcatenateRecordBatches(pieces));
    }
    return Convert(*batch);
  }

  /// Exactly `wanted` rows, in one piece or more.
  Status ReadRows(int64_t wanted, arrow::RecordBatchVector* pieces) {
    if (reader_ == nullptr) {
      ARROW_RETURN_NOT_OK(OpenFileReader(plan_->input, plan_->metadata, plan_->batch_rows, dictionary_leaves_, &file_));
      ARROW_ASSIGN_OR_RAISE(reader_, file_->GetRecordBatchReader({row_group_}, plan_->leaves));
    }
    for (int64_t rows = 0; rows < wanted;) {
      if (rest_ == nullptr) ARROW_RETURN_NOT_OK(reader_->ReadNext(&rest_));
      if (rest_ == nullptr) {
        return Status::Invalid("the row group says ", plan_->metadata->RowGroup(row_group_)->num_rows(),
                               " rows and its pages hold ", rows_given_ + rows);
      }
      if (rest_->num_columns() != static_cast<int>(plan_->columns.size())) {
        return Status::Invalid("columns are missing");
      }
      ARROW_RETURN_NOT_OK(rest_->Validate());
      const int64_t take = std::min(rest_->num_rows(), wanted - rows);
      pieces->push_back(rest_->Slice(0, take));
      rows += take;
      rest_ = take == rest_->num_rows() ? nullptr : rest_->Slice(take);
    }
    rows_given_ += wanted;
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Convert(const arrow::RecordBatch& batch) const {
    arrow::ArrayVector arrays(plan_->columns.size());
    for (size_t i = 0; i < plan_->columns.size(); ++i) {
      const int output = plan_->columns[i].output_field;
      const auto& field = *plan_->schema->field(output);
      ARROW_ASSIGN_OR_RAISE(arrays[static_cast<size_t>(output)],
                            ConvertExactly(batch.column(static_cast<int>(i)), field.type(),
                                           plan_->Where(row_group_) + ", column " + field.name()));
    }
    return arrow::RecordBatch::Make(plan_->schema, batch.num_rows(), std::move(arrays));
  }

  /// The error again with the column in it, found by reading one column after the other.
  Status NameColumn(const Status& error) const {
    for (const auto& column : plan_->columns) {
      std::unique_ptr<parquet::arrow::FileReader> file;
      std::shared_ptr<arrow::ChunkedArray> values;
      const auto where = plan_->Where(row_group_) + ", column " + plan_->schema->field(column.output_field)->name();
      const auto status = GuardParquet(where, [&]() -> Status {
        ARROW_RETURN_NOT_OK(OpenFileReader(plan_->input, plan_->metadata, plan_->batch_rows, {}, &file));
        std::shared_ptr<arrow::ChunkedArray> read;
        ARROW_RETURN_NOT_OK(file->RowGroup(row_group_)->Column(column.file_field)->Read(&read));
        if (read->length() != plan_->metadata->RowGroup(row_group_)->num_rows()) {
          return Status::Invalid("the row group says ", plan_->metadata->RowGroup(row_group_)->num_rows(),
                                 " rows and the column holds ", read->length());
        }
        return Status::OK();
      });
      if (!status.ok()) return status;
    }
    return error;
  }

  void Release() {
    rest_.reset();
    reader_.reset();
    file_.reset();
  }

  const std::shared_ptr<const ParquetPlan> plan_;
  const int row_group_;
  const std::vector<int> dictionary_leaves_;
  std::mutex mutex_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  std::shared_ptr<arrow::RecordBatch> rest_;
  std::map<int64_t, std::shared_ptr<arrow::RecordBatch>> waiting_;
  int64_t next_ = 0;
  int64_t rows_left_ = 0;
  int64_t rows_given_ = 0;
  Status failed_;
};

class ParquetReader final : public FileReader {
 public:
  ParquetReader(std::shared_ptr<const ParquetPlan> plan, std::vector<int> dictionary_leaves)
      : plan_(std::move(plan)), dictionary_leaves_(std::move(dictionary_leaves)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::optional<DecodeTask>> Next() override {
    std::optional<DecodeTask> task;
    ARROW_RETURN_NOT_OK(GuardParquet(plan_->Where(row_group_), [&] {
      while (rows_left_ == 0 && row_group_ + 1 < plan_->metadata->num_row_groups()) BeginRowGroup(row_group_ + 1);
      if (rows_left_ == 0) return Status::OK();
      rows_left_ -= std::min(rows_left_, plan_->batch_rows);
      task = [cursor = cursor_, index = batch_++] { return cursor->Batch(index); };
      return Status::OK();
    }));
    return task;
  }

  int64_t bytes_read() const override { return bytes_read_; }
  int64_t rows_left_out() const override { return rows_left_out_; }

 private:
  void BeginRowGroup(int row_group) {
    row_group_ = row_group;
    const auto metadata = plan_->metadata->RowGroup(row_group);
    if (IsLeftOut(*plan_, *metadata)) {
      rows_left_out_ += metadata->num_rows();
      return;
    }
    rows_left_ = metadata->num_rows();
    batch_ = 0;
    for (const int leaf : plan_->leaves) bytes_read_ += metadata->ColumnChunk(leaf)->total_compressed_size();
    cursor_ = std::make_shared<RowGroupCursor>(plan_, row_group, dictionary_leaves_);
  }

  std::shared_ptr<const ParquetPlan> plan_;
  std::vector<int> dictionary_leaves_;
  std::shared_ptr<RowGroupCursor> cursor_;
  int row_group_ = -1;
  int64_t rows_left_ = 0;
  int64_t batch_ = 0;
  int64_t bytes_read_ = 0;
  int64_t rows_left_out_ = 0;
};

Status CheckRows(const parquet::FileMetaData& metadata) {
  int64_t rows = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const int64_t here = metadata.RowGroup(i)->num_rows();
    if (here < 0 || __builtin_add_overflow(rows, here, &rows)) {
      return Status::Invalid("row group ", i, " says ", here, " rows");
    }
  }
  if (rows != metadata.num_rows()) {
    return Status::Invalid("the footer says ", metadata.num_rows(), " rows and its row groups ", rows);
  }
  return Status::OK();
}

/// Choose the file's columns for `wanted` (null: all) and what the batches will have.
Status Project(const parquet::arrow::SchemaManifest& manifest, const arrow::Schema& file_schema,
               const std::shared_ptr<arrow::Schema>& wanted, ParquetPlan* plan) {
  plan->schema = wanted != nullptr ? wanted : file_schema.RemoveMetadata();
  for (int i = 0; i < plan->schema->num_fields(); ++i) {
    const auto& name = plan->schema->field(i)->name();
    int at = i;
    if (wanted != nullptr) {
      const auto found = file_schema.GetAllFieldIndices(name);
      if (found.size() != 1) {
        return MakeError(ErrorKind::kInvalid, "read ", plan->input.name, ": ", found.empty() ? "no" : "more than one",
                         " column ", name, " in the file, which has ", file_schema.num_fields(), " columns");
      }
      at = found[0];
    }
    plan->columns.push_back({.file_field = at, .output_field = i});
  }
  std::stable_sort(plan->columns.begin(), plan->columns.end(),
                   [](const auto& a, const auto& b) { return a.file_field < b.file_field; });
  for (size_t i = 1; i < plan->columns.size(); ++i) {
    if (plan->columns[i].file_field == plan->columns[i - 1].file_field) {
      return MakeError(ErrorKind::kInvalid, "read ", plan->input.name, ": column ",
                       file_schema.field(plan->columns[i].file_field)->name(), " is asked for twice");
    }
  }
  for (const auto& column : plan->columns) {
    AddLeaves(manifest.schema_fields[static_cast<size_t>(column.file_field)], &plan->leaves);
  }
  return Status::OK();
}

std::shared_ptr<arrow::Schema> WithDictionaries(const arrow::Schema& schema) {
  arrow::FieldVector fields = schema.fields();
  for (auto& field : fields) {
    if (field->type()->id() == arrow::Type::STRING)
      field = field->WithType(arrow::dictionary(arrow::int32(), arrow::utf8()));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Status ParquetError(const Status& status, std::string_view where) {
  if (status.detail() != nullptr) return Prefix(status, where);
  if (status.IsNotImplemented()) return MakeError(ErrorKind::kNotImplemented, where, ": ", status.message());
  return MakeError(ErrorKind::kCorrupt, where, ": ", status.message());
}

Result<InferredSchema> InferParquet(InputFile input, const InferOptions& options) {
  InferredSchema inferred{.complete = true};
  ARROW_ASSIGN_OR_RAISE(input.file, OpenRandomAccess(input, options.format.text));
  ARROW_RETURN_NOT_OK(GuardParquet("read " + input.name, [&]() -> Status {
    std::unique_ptr<parquet::arrow::FileReader> file;
    ARROW_RETURN_NOT_OK(OpenFileReader(input, nullptr, 1024, {}, &file));
    const auto metadata = file->parquet_reader()->metadata();
    ARROW_RETURN_NOT_OK(CheckRows(*metadata));
    ARROW_RETURN_NOT_OK(file->GetSchema(&inferred.schema));
    inferred.schema = inferred.schema->RemoveMetadata();
    inferred.rows_seen = metadata->num_rows();
    return Status::OK();
  }));
  return inferred;
}

Result<std::unique_ptr<FileReader>> OpenParquetReader(const InputFile& input, const ReadOptions& options) {
  auto plan = std::make_shared<ParquetPlan>();
  plan->input = input;
  ARROW_ASSIGN_OR_RAISE(plan->input.file, OpenRandomAccess(input, options.format.text));
  plan->batch_rows = std::max<int64_t>(options.batch_rows, 1);
  plan->may_hold = options.may_hold;
  std::vector<int> dictionary_leaves;
  ARROW_RETURN_NOT_OK(GuardParquet("read " + input.name, [&]() -> Status {
    std::unique_ptr<parquet::arrow::FileReader> file;
    ARROW_RETURN_NOT_OK(OpenFileReader(plan->input, nullptr, plan->batch_rows, {}, &file));
    plan->metadata = file->parquet_reader()->metadata();
    ARROW_RETURN_NOT_OK(CheckRows(*plan->metadata));
    std::shared_ptr<arrow::Schema> file_schema;
    ARROW_RETURN_NOT_OK(file->GetSchema(&file_schema));
    if (options.dictionary_strings) dictionary_leaves = DictionaryLeaves(file->manifest());
    return Project(file->manifest(), *file_schema, options.schema, plan.get());
  }));
  if (options.dictionary_strings) plan->schema = WithDictionaries(*plan->schema);
  return std::make_unique<ParquetReader>(std::move(plan), std::move(dictionary_leaves));
}

}  // namespace glaux
