#include "glaux/sync/single_file_target.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <mutex>

#include "glaux/format/byte_sink.h"

namespace glaux {
namespace {

class SingleFileWrite final : public TargetWrite {
 public:
  static Result<std::unique_ptr<TargetWrite>> Make(const SingleFileOptions& options,
                                                   const std::shared_ptr<arrow::Schema>& schema) {
    auto write = std::make_unique<SingleFileWrite>();
    write->name_ = options.name;
    ARROW_ASSIGN_OR_RAISE(const auto* format, FormatByName(options.format));
    ARROW_ASSIGN_OR_RAISE(write->sink_, options.open());
    auto stream = write->sink_->stream();
    const auto& compression = options.format_options.text.compression;
    if (format->is_text() && compression != "auto" && compression != "none") {
      ARROW_ASSIGN_OR_RAISE(stream, OpenCompressed(stream, options.format_options.text));
      write->compressed_ = stream;
    }
    ARROW_ASSIGN_OR_RAISE(write->writer_, format->OpenWriter(stream, schema, {.format = options.format_options}));
    return write;
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    std::lock_guard lock(mutex_);
    rows_ += batch->num_rows();
    return writer_->Write(batch);
  }

  Result<TargetSummary> Commit(std::span<const LoadedFile>, std::span<const StreamChange>) override {
    ARROW_RETURN_NOT_OK(writer_->Close());
    if (compressed_ != nullptr) ARROW_RETURN_NOT_OK(compressed_->Close());
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, sink_->stream()->Tell());
    ARROW_RETURN_NOT_OK(sink_->Commit());
    return TargetSummary{.rows = rows_, .bytes = bytes, .files = {name_}};
  }

 private:
  // Destroyed from the last to the first: a writer may still write, and the sink then throws it away.
  std::unique_ptr<FileSink> sink_;
  std::shared_ptr<arrow::io::OutputStream> compressed_;
  std::unique_ptr<FileWriter> writer_;
  std::mutex mutex_;
  std::string name_;
  int64_t rows_ = 0;
};

class SingleFileTarget final : public Target {
 public:
  explicit SingleFileTarget(SingleFileOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.name; }
  std::shared_ptr<arrow::Schema> schema() const override { return nullptr; }
  bool keeps_order() const override { return true; }
  bool keeps_columns() const override { return false; }
  bool keeps_types(WriteMode) const override { return true; }
  Result<std::map<std::string, std::string>> Streams() override { return std::map<std::string, std::string>(); }
  Status ChangeStream(const StreamChange&) override {
    return MakeError(ErrorKind::kInvalid, options_.name, " keeps no state of streams");
  }
  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) override {
    return std::vector<bool>(files.size(), false);
  }
  Result<std::vector<LoadedFile>> Loaded() override { return std::vector<LoadedFile>(); }
  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>&) override { return 0; }
  Status Refresh() override { return Status::OK(); }

  Result<std::unique_ptr<TargetWrite>> Begin(const EvolutionPlan& plan, const TargetWriteOptions&) override {
    auto write = SingleFileWrite::Make(options_, plan.write_schema);
    if (!write.ok()) {
      // A stream that cannot be written says so itself.
      const bool said = write.status().message().find(options_.name) != std::string::npos;
      return said ? write.status() : Prefix(write.status(), "write " + options_.name);
    }
    return write;
  }

 private:
  const SingleFileOptions options_;
};

}  // namespace

Result<std::unique_ptr<Target>> MakeSingleFileTarget(SingleFileOptions options) {
  ARROW_RETURN_NOT_OK(FormatByName(options.format).status());
  return std::make_unique<SingleFileTarget>(std::move(options));
}

}  // namespace glaux
