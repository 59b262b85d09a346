#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>

#include <mutex>

#include "glaux/format/byte_source.h"
#include "glaux/format/formats_internal.h"
#include "glaux/format/parquet_internal.h"
#include "glaux/format/projection_internal.h"

// Arrow's own formats: files, whose footer says where batches are, and streams, which are read from the front.

namespace glaux {
namespace {

constexpr std::string_view kFileMagic = "ARROW1";
constexpr std::string_view kFeatherMagic = "FEA1";

/// What was read behind the last batch is a message of length 0; before version 0.15 its mark of four bytes was
/// missing.
bool IsStreamEnd(std::string_view bytes) {
  using namespace std::string_view_literals;
  return bytes == "\0\0\0\0"sv || bytes.ends_with("\xff\xff\xff\xff\0\0\0\0"sv);
}

/// The library returns Invalid, IOError, OutOfMemory and more for bytes that make no sense.
template <typename Call>
Status GuardIpc(const std::string& where, Call&& call) {
  const Status status = GuardParquet(where, std::forward<Call>(call));
  return status.IsOutOfMemory() ? MakeError(ErrorKind::kCorrupt, where, ": a size in it is larger than memory")
                                : status;
}

arrow::ipc::IpcReadOptions Options(const std::vector<int>& columns) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.included_fields = columns;
  // Tasks run side by side already.
  options.use_threads = false;
  return options;
}

/// What batches are made with. Shared by tasks on any thread.
struct IpcPlan {
  std::string name;
  Projection projection;
  /// Where each column of the projection is in what the library reads, which is in the file's order.
  std::vector<int> read_columns;
};

Result<std::shared_ptr<arrow::RecordBatch>> ToBatch(const IpcPlan& plan, const arrow::RecordBatch& read,
                                                    int64_t index) {
  const auto where = "read " + plan.name + ", batch " + std::to_string(index);
  // Offsets and indices come from the file, and nothing has looked at them.
  ARROW_RETURN_NOT_OK(GuardIpc(where, [&] { return read.ValidateFull(); }));
  arrow::ArrayVector columns;
  for (const int column : plan.read_columns) columns.push_back(read.column(column));
  return plan.projection.Apply(columns, read.num_rows(), where);
}

/// A file or a stream.
class IpcBatches {
 public:
  virtual ~IpcBatches() = default;
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  /// The task of the next batch, for which `plan` stays alive. Nothing at the end.
  virtual Result<std::optional<DecodeTask>> Next(std::shared_ptr<const IpcPlan> plan) = 0;
  virtual int64_t bytes_read() const = 0;
};

class IpcFile final : public IpcBatches, public std::enable_shared_from_this<IpcFile> {
 public:
  Status Open(const InputFile& input, const std::vector<int>& columns) {
    name_ = input.name;
    ARROW_ASSIGN_OR_RAISE(size_, input.file->GetSize());
    ARROW_ASSIGN_OR_RAISE(file_, arrow::ipc::RecordBatchFileReader::Open(input.file, Options(columns)));
    batches_ = file_->num_record_batches();
    return Status::OK();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }

  Result<std::optional<DecodeTask>> Next(std::shared_ptr<const IpcPlan> plan) override {
    if (next_ == batches_) return std::nullopt;
    return DecodeTask(
        [self = shared_from_this(), plan = std::move(plan), index = next_++] { return self->Decode(*plan, index); });
  }

  int64_t bytes_read() const override { return batches_ == 0 ? size_ : size_ * next_ / batches_; }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Decode(const IpcPlan& plan, int index) {
    std::shared_ptr<arrow::RecordBatch> batch;
    {
      // The first to come reads the dictionaries for all.
      const std::lock_guard lock(mutex_);
      const auto where = "read " + name_ + ", batch " + std::to_string(index);
      ARROW_RETURN_NOT_OK(GuardIpc(where, [&]() -> Status {
        ARROW_ASSIGN_OR_RAISE(batch, file_->ReadRecordBatch(index));
        return Status::OK();
      }));
    }
    return ToBatch(plan, *batch, index);
  }

  std::string name_;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int64_t size_ = 0;
  int batches_ = 0;
  int next_ = 0;
  std::mutex mutex_;
};

class IpcStream final : public IpcBatches {
 public:
  Status Open(const InputFile& input, const std::vector<int>& columns) {
    name_ = input.name;
    ARROW_ASSIGN_OR_RAISE(size_, input.file->GetSize());
    file_ = input.file;
    ARROW_ASSIGN_OR_RAISE(bytes_, arrow::io::RandomAccessFile::GetStream(file_, 0, size_));
    ARROW_ASSIGN_OR_RAISE(stream_, arrow::ipc::RecordBatchStreamReader::Open(bytes_, Options(columns)));
    return Status::OK();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return stream_->schema(); }

  Result<std::optional<DecodeTask>> Next(std::shared_ptr<const IpcPlan> plan) override {
    if (ended_) return std::nullopt;
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(GuardIpc("read " + name_ + ", batch " + std::to_string(next_), [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const int64_t before, bytes_->Tell());
      ARROW_RETURN_NOT_OK(stream_->ReadNext(&batch));
      ARROW_ASSIGN_OR_RAISE(position_, bytes_->Tell());
      if (batch != nullptr) return Status::OK();
      ended_ = true;
      // The library takes the file's end for the stream's; a stream says itself where it ends.
      ARROW_ASSIGN_OR_RAISE(const auto last, file_->ReadAt(before, position_ - before));
      if (!IsStreamEnd(last->ToString())) return Status::Invalid("the stream ends early at byte ", position_);
      if (position_ < size_) return Status::Invalid("something follows the end of the stream, at byte ", position_);
      return Status::OK();
    }));
    if (batch == nullptr) return std::nullopt;
    return DecodeTask([plan = std::move(plan), batch, index = next_++] { return ToBatch(*plan, *batch, index); });
  }

  int64_t bytes_read() const override { return position_; }

 private:
  std::string name_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<arrow::io::InputStream> bytes_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> stream_;
  int64_t size_ = 0;
  int64_t position_ = 0;
  int64_t next_ = 0;
  bool ended_ = false;
};

class IpcReader final : public FileReader {
 public:
  IpcReader(std::shared_ptr<const IpcPlan> plan, std::shared_ptr<IpcBatches> batches)
      : plan_(std::move(plan)), batches_(std::move(batches)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->projection.schema(); }
  Result<std::optional<DecodeTask>> Next() override { return batches_->Next(plan_); }
  int64_t bytes_read() const override { return batches_->bytes_read(); }

 private:
  std::shared_ptr<const IpcPlan> plan_;
  std::shared_ptr<IpcBatches> batches_;
};

/// \param columns of the file that are wanted; empty: all
Result<std::shared_ptr<IpcBatches>> OpenBatches(const InputFile& input, const std::vector<int>& columns) {
  std::shared_ptr<IpcBatches> batches;
  const auto where = "read " + input.name;
  ARROW_RETURN_NOT_OK(GuardIpc(where, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto start, input.file->ReadAt(0, static_cast<int64_t>(kFileMagic.size())));
    const std::string_view magic(reinterpret_cast<const char*>(start->data()), static_cast<size_t>(start->size()));
    if (magic.empty()) return Status::Invalid("the file is empty, expected an Arrow file or stream");
    if (magic.starts_with(kFeatherMagic)) return Status::NotImplemented("Feather files of version 1 are not read");
    const auto open = [&](auto opened) -> Status {
      ARROW_RETURN_NOT_OK(opened->Open(input, columns));
      batches = std::move(opened);
      return Status::OK();
    };
    return magic == kFileMagic ? open(std::make_shared<IpcFile>()) : open(std::make_shared<IpcStream>());
  }));
  return batches;
}

class IpcWriter final : public FileWriter {
 public:
  static Result<std::unique_ptr<FileWriter>> Open(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  const arrow::Schema& schema) {
    auto writer = std::make_unique<IpcWriter>();
    writer->schema_ = PlainSchema(schema);
    ARROW_ASSIGN_OR_RAISE(writer->sink_start_, sink->Tell());
    ARROW_ASSIGN_OR_RAISE(writer->file_, arrow::ipc::MakeFileWriter(sink, writer->schema_));
    writer->sink_ = std::move(sink);
    return writer;
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    if (batch->num_columns() != schema_->num_fields()) {
      return MakeError(ErrorKind::kInvalid, "write arrow: expected a batch of ", schema_->num_fields(),
                       " columns, found ", batch->num_columns());
    }
    arrow::ArrayVector columns;
    for (int i = 0; i < batch->num_columns(); ++i) {
      const auto& field = *schema_->field(i);
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                            WithoutDictionary(batch->column(i), field.type(), "write arrow, column " + field.name()));
    }
    return file_->WriteRecordBatch(*arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns)));
  }

  Status Flush() override { return Status::OK(); }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override { return file_->Close(); }

 private:
  std::shared_ptr<arrow::io::OutputStream> sink_;
  int64_t sink_start_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> file_;
};

class Ipc final : public Format {
 public:
  std::string_view name() const override { return "arrow"; }
  bool carries_schema() const override { return true; }
  std::vector<std::string_view> extensions() const override { return {"arrow", "ipc", "arrows", "feather"}; }

  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    InputFile plain = input;
    ARROW_ASSIGN_OR_RAISE(plain.file, OpenRandomAccess(input, options.format.text));
    ARROW_ASSIGN_OR_RAISE(const auto batches, OpenBatches(plain, {}));
    return InferredSchema{.schema = PlainSchema(*batches->schema()), .complete = true};
  }

  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    InputFile plain = input;
    ARROW_ASSIGN_OR_RAISE(plain.file, OpenRandomAccess(input, options.format.text));
    ARROW_ASSIGN_OR_RAISE(auto batches, OpenBatches(plain, {}));
    ARROW_ASSIGN_OR_RAISE(auto projection, Projection::Make(input.name, *batches->schema(), options));
    auto wanted = projection.file_columns();
    auto read_columns = wanted;
    // Asked for no column, the library reads all; rows are counted then by one that is there.
    if (!wanted.empty() && wanted.size() < static_cast<size_t>(batches->schema()->num_fields())) {
      std::sort(wanted.begin(), wanted.end());
      for (auto& column : read_columns) {
        column = static_cast<int>(std::lower_bound(wanted.begin(), wanted.end(), column) - wanted.begin());
      }
      ARROW_ASSIGN_OR_RAISE(batches, OpenBatches(plain, wanted));
    }
    auto plan = std::make_shared<IpcPlan>(
        IpcPlan{.name = input.name, .projection = std::move(projection), .read_columns = std::move(read_columns)});
    return std::make_unique<IpcReader>(std::move(plan), std::move(batches));
  }

  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions&) const override {
    return IpcWriter::Open(std::move(sink), *schema);
  }
};

}  // namespace

const Format& IpcFormat() {
  static const Ipc format;
  return format;
}

}  // namespace glaux
