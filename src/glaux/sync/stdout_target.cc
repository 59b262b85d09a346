#include "glaux/sync/stdout_target.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <atomic>
#include <mutex>

#include "glaux/format/byte_sink.h"

namespace glaux {
namespace {

class StdoutWrite final : public TargetWrite {
 public:
  StdoutWrite(std::shared_ptr<arrow::io::OutputStream> sink, std::unique_ptr<FileWriter> writer, bool compressed)
      : sink_(std::move(sink)), writer_(std::move(writer)), compressed_(compressed) {}

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    std::lock_guard lock(mutex_);
    rows_ += batch->num_rows();
    return writer_->Write(batch);
  }

  Result<TargetSummary> Commit(std::span<const LoadedFile>, std::span<const StreamChange>) override {
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_RETURN_NOT_OK(compressed_ ? sink_->Close() : sink_->Flush());
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, writer_->bytes_written());
    return TargetSummary{.rows = rows_, .bytes = bytes};
  }

 private:
  std::mutex mutex_;
  const std::shared_ptr<arrow::io::OutputStream> sink_;
  const std::unique_ptr<FileWriter> writer_;
  const bool compressed_;
  int64_t rows_ = 0;
};

class StdoutTarget final : public Target {
 public:
  StdoutTarget(const DestinationConfig& config, const Format* format, std::shared_ptr<arrow::io::OutputStream> out)
      : config_(config), format_(format), out_(std::move(out)) {}

  std::string name() const override { return "stdout"; }
  std::shared_ptr<arrow::Schema> schema() const override { return nullptr; }
  bool keeps_order() const override { return true; }
  bool keeps_columns() const override { return false; }
  bool keeps_types(WriteMode) const override { return true; }
  Result<std::map<std::string, std::string>> Streams() override { return std::map<std::string, std::string>(); }
  Status ChangeStream(const StreamChange&) override {
    return MakeError(ErrorKind::kInvalid, "stdout keeps no state of streams");
  }
  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) override {
    return std::vector<bool>(files.size(), false);
  }
  Result<std::vector<LoadedFile>> Loaded() override { return std::vector<LoadedFile>(); }
  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>&) override { return 0; }
  Status Refresh() override { return Status::OK(); }

  Result<std::unique_ptr<TargetWrite>> Begin(const EvolutionPlan& plan, const TargetWriteOptions&) override {
    const auto& compression = config_.format_options.text.compression;
    const bool compressed = compression != "auto" && compression != "none";
    auto sink = out_;
    if (compressed) {
      ARROW_ASSIGN_OR_RAISE(sink, OpenCompressed(out_, config_.format_options.text));
    }
    ARROW_ASSIGN_OR_RAISE(auto writer,
                          format_->OpenWriter(sink, plan.write_schema, {.format = config_.format_options}));
    return std::make_unique<StdoutWrite>(std::move(sink), std::move(writer), compressed);
  }

 private:
  const DestinationConfig config_;
  const Format* const format_;
  const std::shared_ptr<arrow::io::OutputStream> out_;
};

}  // namespace

Result<std::unique_ptr<Target>> MakeStdoutTarget(const DestinationConfig& config,
                                                 std::shared_ptr<arrow::io::OutputStream> out) {
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatByName(config.format.value_or("csv")));
  return std::make_unique<StdoutTarget>(config, format, std::move(out));
}

}  // namespace glaux
