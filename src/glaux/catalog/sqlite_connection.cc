#include "glaux/catalog/sqlite_connection_internal.h"

#include "glaux/base/clock.h"

namespace glaux::sqlite {
namespace {

int PrimaryCode(int code) { return code & 0xff; }

/// SQLite's busy handler is not asked everywhere (changing the journal mode, recovery): ask again until the time is
/// over.
template <typename Call>
int RetryWhileBusy(std::chrono::milliseconds timeout, Call&& call) {
  Clock& clock = Clock::System();
  const auto deadline = clock.Now() + timeout;
  while (true) {
    const int code = call();
    if (PrimaryCode(code) != SQLITE_BUSY || clock.Now() >= deadline) return code;
    clock.SleepFor(std::chrono::milliseconds(5));
  }
}

}  // namespace

Result<bool> Statement::Step() {
  if (bind_code_ != SQLITE_OK) return connection_->Error(bind_code_);
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->Error(code);
}

Status Statement::Run() { return Step().status(); }

std::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

void Statement::Reset() {
  sqlite3_reset(handle_.get());
  bind_code_ = SQLITE_OK;
}

void Statement::BindOne(int index, int64_t value) {
  const int code = sqlite3_bind_int64(handle_.get(), index, value);
  if (code != SQLITE_OK) bind_code_ = code;
}

void Statement::BindOne(int index, Blob value) {
  // A null pointer would bind NULL, which an empty string_view may hold.
  const char* bytes = value.bytes.empty() ? "" : value.bytes.data();
  const int code = sqlite3_bind_blob64(handle_.get(), index, bytes, value.bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_code_ = code;
}

void Statement::BindOne(int index, std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  const int code = sqlite3_bind_text64(handle_.get(), index, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_code_ = code;
}

void Statement::BindOne(int index, const std::optional<std::string>& value) {
  if (value) return BindOne(index, std::string_view(*value));
  const int code = sqlite3_bind_null(handle_.get(), index);
  if (code != SQLITE_OK) bind_code_ = code;
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path, int flags,
                                                     std::chrono::milliseconds busy_timeout) {
  std::unique_ptr<Connection> connection(new Connection());
  connection->path_ = path;
  connection->busy_timeout_ = busy_timeout;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection->handle_.reset(handle);
  if (code != SQLITE_OK) return connection->Error(code);
  sqlite3_busy_timeout(handle, static_cast<int>(busy_timeout.count()));
  return connection;
}

Status Connection::Execute(const char* sql) {
  const int code =
      RetryWhileBusy(busy_timeout_, [&] { return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); });
  return code == SQLITE_OK ? Status::OK() : Error(code);
}

Result<Statement> Connection::Compile(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  // Compiling reads the schema, so this too meets the locks of other processes.
  const int code = RetryWhileBusy(busy_timeout_, [&] {
    return sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  });
  if (code != SQLITE_OK) return Error(code);
  return Statement(this, handle);
}

Status Connection::Error(int code) const {
  ErrorInfo info{.service = "sqlite", .code = std::to_string(code)};
  std::string text = sqlite3_errstr(code);
  // The connection's own words say more, where they are about this error.
  if (handle_ != nullptr && PrimaryCode(sqlite3_extended_errcode(handle_.get())) == PrimaryCode(code)) {
    text = sqlite3_errmsg(handle_.get());
  }
  const int system_error = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_.get());
  switch (PrimaryCode(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      info.kind = ErrorKind::kTimeout;
      info.hint = "another process holds the catalog: try again when it is done, or raise busy_timeout";
      text += " for " + std::to_string(busy_timeout_.count()) + " ms";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      info.kind = ErrorKind::kCorrupt;
      info.hint = "put back a copy of the file, with its -wal file if there is one, or name another file";
      break;
    case SQLITE_FULL:
      info.kind = ErrorKind::kUnavailable;
      info.hint = "free some space and run the same command again: nothing was committed";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      info.kind = ErrorKind::kDenied;
      info.hint = "the catalog's file and its folder must be writable";
      break;
    case SQLITE_CANTOPEN:
      info.kind = system_error == 0 ? ErrorKind::kDenied : KindOf(ErrnoError(system_error, ""));
      info.hint = "the catalog's file and its folder must be there and writable";
      break;
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
      info.kind = ErrorKind::kUnavailable;
      break;
    case SQLITE_TOOBIG:
      info.kind = ErrorKind::kInvalid;
      break;
    default:
      info.kind = ErrorKind::kOther;
  }
  return MakeError(std::move(info), "catalog ", path_, ": ", text);
}

Result<Transaction> Transaction::Begin(Connection& connection, Mode mode) {
  // A write takes its lock at once: a transaction that reads first and then wants to write cannot wait for another
  // writer, because what it read is old by then.
  ARROW_RETURN_NOT_OK(connection.Execute(mode == Mode::kWrite ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(&connection);
}

Transaction::~Transaction() {
  // An error may have rolled back already. What fails here is rolled back by whoever opens the file next.
  if (connection_ != nullptr && connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  const Status status = connection_->Execute("COMMIT");
  if (status.ok()) {
    connection_ = nullptr;
    return status;
  }
  auto info = InfoOf(status);
  if (info.kind != ErrorKind::kUnavailable || info.code == std::to_string(SQLITE_FULL)) return status;
  // The commit may be on the disk although the call that made sure of it failed.
  info.kind = ErrorKind::kCommitUnknown;
  return MakeErrorMessage(std::move(info), status.message());
}

Result<ConnectionPool::Lease> ConnectionPool::Take() {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !idle_.empty() || open_count_ < limit_; });
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    } else {
      ++open_count_;
    }
  }
  if (connection == nullptr) {
    auto opened = open_();
    if (!opened.ok()) {
      const std::scoped_lock lock(mutex_);
      --open_count_;
      freed_.notify_one();
      return opened.status();
    }
    connection = std::move(*opened);
  }
  return Lease(connection.release(), [this](Connection* c) { GiveBack(c); });
}

void ConnectionPool::GiveBack(Connection* connection) {
  const std::scoped_lock lock(mutex_);
  idle_.emplace_back(connection);
  freed_.notify_one();
}

}  // namespace glaux::sqlite
