#include "glaux/engine/duckdb/query_state_internal.h"

#include <algorithm>
#include <functional>

#include "glaux/engine/duckdb/relation_scan_internal.h"

namespace glaux::duckdb_engine {

namespace {

constexpr char kStateKey[] = "glaux_query";
constexpr char kLocalAccessHint[] =
    "SQL sees the lake and nothing else; set `allow_local_access: true` in glaux.yaml to let it use local files, "
    "settings "
    "and extensions";

ErrorKind KindOfException(const duckdb::ErrorData& error) {
  using duckdb::ExceptionType;
  switch (error.Type()) {
    case ExceptionType::PERMISSION:
    case ExceptionType::MISSING_EXTENSION:
    case ExceptionType::AUTOLOAD:
    case ExceptionType::INVALID_CONFIGURATION:
      return ErrorKind::kDenied;
    case ExceptionType::NOT_IMPLEMENTED:
      return ErrorKind::kNotImplemented;
    case ExceptionType::INTERRUPT:
      return ErrorKind::kCancelled;
    case ExceptionType::OUT_OF_MEMORY:
    case ExceptionType::IO:
    case ExceptionType::HTTP:
    case ExceptionType::NETWORK:
      return ErrorKind::kUnavailable;
    case ExceptionType::TRANSACTION:
      return ErrorKind::kPrecondition;
    case ExceptionType::SERIALIZATION:
      return ErrorKind::kCorrupt;
    case ExceptionType::CATALOG: {
      const auto& extra = error.ExtraInfo();
      const auto type = extra.find("type");
      const bool is_table = type == extra.end() || type->second == "Table" || type->second == "Schema";
      return is_table && error.RawMessage().find("does not exist") != std::string::npos ? ErrorKind::kNotFound
                                                                                        : ErrorKind::kInvalid;
    }
    case ExceptionType::INTERNAL:
    case ExceptionType::FATAL:
    case ExceptionType::UNKNOWN_TYPE:
      return ErrorKind::kOther;
    default:
      return ErrorKind::kInvalid;
  }
}

}  // namespace

QueryContext::QueryContext(arrow::StopToken stop)
    : stop_(std::move(stop)), relations_(std::make_unique<QueryRelations>()) {}

QueryContext::~QueryContext() = default;

duckdb::shared_ptr<QueryContext> QueryContext::Of(duckdb::ClientContext& context) {
  return context.registered_state->Get<QueryContext>(kStateKey);
}

void QueryContext::AttachTo(duckdb::ClientContext& context, duckdb::shared_ptr<QueryContext> self) {
  context.registered_state->Insert(kStateKey, std::move(self));
}

int64_t QueryContext::files_opened() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(files_.size());
}

std::shared_ptr<OpenedFile> QueryContext::Share(const std::string& uri,
                                                const std::function<std::shared_ptr<OpenedFile>()>& make) {
  {
    std::lock_guard lock(mutex_);
    const auto found = files_.find(uri);
    if (found != files_.end()) {
      if (auto file = found->second.lock()) return file;
    }
  }
  auto file = make();  // may ask the store, so not under the lock
  std::lock_guard lock(mutex_);
  auto& shared = files_[uri];
  // Of two openers at once both go on with the file of the first, and its footer is read once.
  if (auto first = shared.lock()) return first;
  shared = file;
  return file;
}

void QueryContext::AddNote(std::string note) {
  std::lock_guard lock(mutex_);
  constexpr size_t kMost = 20;
  if (notes_.size() < kMost && std::find(notes_.begin(), notes_.end(), note) == notes_.end()) {
    notes_.push_back(std::move(note));
  }
}

std::vector<std::string> QueryContext::notes() const {
  std::lock_guard lock(mutex_);
  return notes_;
}

void QueryContext::Remember(const Status& error) {
  std::lock_guard lock(mutex_);
  errors_.push_back(error);
}

Status QueryContext::Recall(const std::string& message) const {
  std::lock_guard lock(mutex_);
  for (const auto& error : errors_) {
    if (!error.message().empty() && message.find(error.message()) != std::string::npos) return error;
  }
  return Status::OK();
}

void Throw(QueryContext* query, const Status& error) {
  if (query) query->Remember(error);
  if (KindOf(error) == ErrorKind::kDenied) throw duckdb::PermissionException(error.message());
  throw duckdb::IOException(error.message());
}

void Throw(duckdb::ClientContext& context, const Status& error) { Throw(QueryContext::Of(context).get(), error); }

Status ToStatus(const duckdb::ErrorData& error, const QueryContext* query) {
  if (query) {
    if (auto own = query->Recall(error.RawMessage()); !own.ok()) return own;
  }
  ErrorInfo info{.kind = KindOfException(error), .service = "duckdb"};
  // A locked setting is reported as invalid input.
  if (error.RawMessage().find("configuration has been locked") != std::string::npos) info.kind = ErrorKind::kDenied;
  if (info.kind == ErrorKind::kDenied) info.hint = kLocalAccessHint;
  if (error.Type() == duckdb::ExceptionType::OUT_OF_MEMORY) {
    info.hint = "raise memory_limit, or free space where the query spills (temp_directory)";
  }
  return MakeError(std::move(info), error.Message());
}

}  // namespace glaux::duckdb_engine
