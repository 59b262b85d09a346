#include <arrow/api.h>
#include <boost/json.hpp>

#include <map>
#include <set>

#include "glaux/engine/duckdb/duckdb_file.h"
#include "glaux/lake/sync_targets_internal.h"
#include "glaux/table/hive/commit_log.h"

namespace glaux {
namespace {

namespace json = boost::json;

/// The stream that holds the ledger: a line of JSON for each source file.
constexpr char kLedgerStream[] = "_glaux/ledger";
/// Streams that hold an upload each, of rows that were set aside. The transaction of the rows makes one, and it goes
/// when the upload is completed: by the run itself, or by the next one if that was cut off.
constexpr std::string_view kAttachedStreams = "_glaux/attached/";

std::string ToLine(const LoadedFile& file) {
  return json::serialize(json::object{
      {"key", file.key}, {"etag", file.etag}, {"size", file.size}, {"modified", FormatTimestamp(file.modified)}});
}

Result<LoadedFile> FromLine(std::string_view line, const std::string& path) {
  const auto corrupt = [&] {
    return MakeError(ErrorKind::kCorrupt, "read the ledger in ", path, ": this line is no record of a file: ", line);
  };
  boost::system::error_code error;
  const auto value = json::parse({line.data(), line.size()}, error);
  if (error || !value.is_object()) return corrupt();
  const auto& object = value.as_object();
  LoadedFile file;
  for (const auto& [name, to] : {std::pair{"key", &file.key}, std::pair{"etag", &file.etag}}) {
    const auto* item = object.if_contains(name);
    if (item == nullptr || !item->is_string()) return corrupt();
    to->assign(item->as_string().data(), item->as_string().size());
  }
  const auto* size = object.if_contains("size");
  const auto* modified = object.if_contains("modified");
  if (size == nullptr || !size->is_int64() || modified == nullptr || !modified->is_string()) return corrupt();
  file.size = size->as_int64();
  ARROW_ASSIGN_OR_RAISE(file.modified, ParseTimestamp({modified->as_string().data(), modified->as_string().size()}));
  return file;
}

struct Ledger {
  std::optional<std::string> text;  ///< as stored
  std::vector<LoadedFile> files;
};

Result<Ledger> ReadLedger(const DuckDBTarget& target) {
  Ledger ledger;
  ARROW_ASSIGN_OR_RAISE(ledger.text, ReadDuckDBState(target, kLedgerStream));
  const std::string_view text = ledger.text.has_value() ? std::string_view(*ledger.text) : std::string_view();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    ARROW_ASSIGN_OR_RAISE(auto file, FromLine(text.substr(begin, end - begin), target.path));
    ledger.files.push_back(std::move(file));
    begin = end + 1;
  }
  return ledger;
}

std::string ToText(const std::vector<LoadedFile>& files) {
  std::string text;
  for (const auto& file : files) text += ToLine(file) + "\n";
  return text;
}

/// Complete an upload that a transaction has left, and forget it.
Status FinishAttached(const DuckDBTarget& target, const LocationResolver& beside, const std::string& stream,
                      const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(const auto attached, ParseAttached(text, target.path + ", state " + stream));
  ARROW_RETURN_NOT_OK(CompleteAttached(beside, attached));
  const Status forgotten = WriteDuckDBState(target, stream, text, std::nullopt);
  // Another run was faster.
  return KindOf(forgotten) == ErrorKind::kPrecondition ? Status::OK() : forgotten;
}

DuckDBWrite ToDuckDB(WriteMode mode) {
  switch (mode) {
    case WriteMode::kReplace:
      return DuckDBWrite::kReplace;
    case WriteMode::kUpsert:
      return DuckDBWrite::kUpsert;
    case WriteMode::kInsertNew:
      return DuckDBWrite::kInsertNew;
    default:
      return DuckDBWrite::kAppend;
  }
}

class DuckDBTargetWrite final : public TargetWrite {
 public:
  DuckDBTargetWrite(DuckDBTarget target, LocationResolver beside, std::unique_ptr<DuckDBFileWriter> writer,
                    bool allow_reload)
      : target_(std::move(target)),
        beside_(std::move(beside)),
        writer_(std::move(writer)),
        allow_reload_(allow_reload) {}

  void Attach(AttachedObject object) override { attached_.push_back(std::move(object)); }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override { return writer_->Write(batch); }

  Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    std::vector<DuckDBFileWriter::State> states;
    for (const auto& change : streams) states.push_back({change.stream, change.expected, change.next});
    if (!sources.empty()) {
      ARROW_ASSIGN_OR_RAISE(auto ledger, ReadLedger(target_));
      ARROW_RETURN_NOT_OK(CheckNew(ledger, sources));
      for (const auto& file : sources) {
        if (std::find(ledger.files.begin(), ledger.files.end(), file) == ledger.files.end())
          ledger.files.push_back(file);
      }
      states.push_back({kLedgerStream, ledger.text, ToText(ledger.files)});
    }
    const size_t first_attached = states.size();
    for (const auto& object : attached_) {
      states.push_back({std::string(kAttachedStreams) + std::string(object.name()), {}, PrintAttached(object)});
    }
    ARROW_ASSIGN_OR_RAISE(const auto done, writer_->Commit(states));
    for (size_t i = first_attached; i < states.size(); ++i) {
      const Status finished = FinishAttached(target_, beside_, states[i].stream, *states[i].next);
      if (finished.ok()) continue;
      auto info = InfoOf(finished);
      info.kind = ErrorKind::kCommitUnknown;
      info.hint = "the rows are committed; the next run into the file makes the rows that were set aside visible";
      return MakeError(info, "write into ", target_.path, ": ", finished.message());
    }
    return TargetSummary{.rows = done.inserted + done.updated,
                         .unchanged = done.unchanged,
                         .created = writer_->table_created(),
                         .differences = writer_->differences()};
  }

 private:
  Status CheckNew(const Ledger& ledger, std::span<const LoadedFile> sources) const {
    if (allow_reload_) return Status::OK();
    for (const auto& file : sources) {
      if (std::find(ledger.files.begin(), ledger.files.end(), file) == ledger.files.end()) continue;
      return MakeError(ErrorKind::kPrecondition, "write into ", target_.path, ": another run has read ", file.key,
                       " meanwhile; nothing was changed");
    }
    return Status::OK();
  }

  const DuckDBTarget target_;
  const LocationResolver beside_;
  const std::unique_ptr<DuckDBFileWriter> writer_;
  std::vector<AttachedObject> attached_;
  const bool allow_reload_;
};

DuckDBWriteOptions ToDuckDB(const TargetWriteOptions& options) {
  return {.mode = ToDuckDB(options.mode),
          .primary_key = options.primary_key,
          .datetime_field = options.datetime_field,
          .sequence_column = options.sequence_column,
          .contract = options.contract};
}

/// The columns of the batches that a write will be given.
Result<std::shared_ptr<arrow::Schema>> SchemaOf(const EvolutionPlan& plan, const TargetWriteOptions& options) {
  const auto& schema = plan.write_schema;
  if (options.sequence_column.empty()) return schema;
  return schema->AddField(schema->num_fields(), arrow::field(options.sequence_column, arrow::int64()));
}

class DuckDBTargetOfSync final : public Target {
 public:
  DuckDBTargetOfSync(DuckDBTarget target, LocationResolver beside)
      : target_(std::move(target)), beside_(std::move(beside)) {}

  std::string name() const override { return target_.path + ", table " + target_.schema + "." + target_.table; }
  /// The writer itself compares the columns, inside its transaction.
  std::shared_ptr<arrow::Schema> schema() const override { return nullptr; }
  bool compares_columns() const override { return true; }
  std::string quarantine_folder() const override { return "file://" + target_.path + ".quarantine/"; }
  LocationResolver attachments() const override { return beside_; }

  Result<std::map<std::string, std::string>> Streams() override {
    std::map<std::string, std::string> streams;
    ARROW_ASSIGN_OR_RAISE(const auto names, ListDuckDBStates(target_));
    for (const auto& name : names) {
      if (name == kLedgerStream) continue;
      ARROW_ASSIGN_OR_RAISE(auto state, ReadDuckDBState(target_, name));
      if (!state.has_value()) continue;
      if (name.starts_with(kAttachedStreams)) {
        // A run was cut off behind its transaction.
        ARROW_RETURN_NOT_OK(FinishAttached(target_, beside_, name, *state));
      } else {
        streams[name] = *std::move(state);
      }
    }
    return streams;
  }

  Status ChangeStream(const StreamChange& change) override {
    return WriteDuckDBState(target_, change.stream, change.expected, change.next);
  }

  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) override {
    ARROW_ASSIGN_OR_RAISE(const auto ledger, ReadLedger(target_));
    std::set<std::pair<std::string, std::string>> known;
    for (const auto& file : ledger.files) known.emplace(file.key, file.etag);
    std::vector<bool> loaded;
    for (const auto& file : files) loaded.push_back(known.contains({file.key, file.etag}));
    return loaded;
  }

  Result<std::vector<LoadedFile>> Loaded() override {
    ARROW_ASSIGN_OR_RAISE(auto ledger, ReadLedger(target_));
    return std::move(ledger.files);
  }

  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>& forget) override {
    ARROW_ASSIGN_OR_RAISE(const auto ledger, ReadLedger(target_));
    std::vector<LoadedFile> kept;
    for (const auto& file : ledger.files) {
      if (!forget(file)) kept.push_back(file);
    }
    const auto next = kept.empty() ? std::nullopt : std::optional<std::string>(ToText(kept));
    ARROW_RETURN_NOT_OK(WriteDuckDBState(target_, kLedgerStream, ledger.text, next));
    return static_cast<int64_t>(ledger.files.size() - kept.size());
  }

  Status Refresh() override { return Status::OK(); }

  Result<TargetPreview> Preview(const EvolutionPlan& plan, const TargetWriteOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOf(plan, options));
    ARROW_ASSIGN_OR_RAISE(auto planned, PlanDuckDBWrite(target_, schema, ToDuckDB(options)));
    return TargetPreview{.created = planned.table_created, .differences = std::move(planned.differences), .table = {}};
  }

  Result<std::unique_ptr<TargetWrite>> Begin(const EvolutionPlan& plan, const TargetWriteOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOf(plan, options));
    ARROW_ASSIGN_OR_RAISE(auto writer, DuckDBFileWriter::Open(target_, schema, ToDuckDB(options)));
    return std::make_unique<DuckDBTargetWrite>(target_, beside_, std::move(writer), options.allow_reload);
  }

 private:
  const DuckDBTarget target_;
  const LocationResolver beside_;
};

}  // namespace

Result<std::unique_ptr<Target>> OpenDuckDBTarget(const DestinationConfig& destination, LocationResolver beside,
                                                 int64_t memory_limit) {
  DuckDBTarget target{.path = destination.path, .memory_limit = memory_limit / 2};
  const std::string& table = destination.duckdb_table;
  const size_t dot = table.find('.');
  if (dot != std::string::npos) target.schema = table.substr(0, dot);
  target.table = dot == std::string::npos ? table : table.substr(dot + 1);
  return std::make_unique<DuckDBTargetOfSync>(std::move(target), std::move(beside));
}

}  // namespace glaux
