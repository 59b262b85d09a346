#pragma once

#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::sqlite {

/// Bytes that SQLite compares with memcmp, as against text.
struct Blob {
  std::string_view bytes;
};

class Connection;

/// A prepared statement with its values. Of one connection, used by one thread; must not outlive the connection.
class Statement {
 public:
  /// Set all values, from the first; starts the statement anew.
  template <typename... Args>
  void Bind(const Args&... args) {
    Reset();
    int index = 0;
    (BindOne(++index, args), ...);
  }
  /// Go to the next row. \return false: there is none
  Result<bool> Step();
  /// Run a statement that has no rows.
  Status Run();

  int64_t Int(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  bool IsNull(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
  /// Text or a blob; good until the next Step or Bind.
  std::string_view Bytes(int column) const;

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(Connection* connection, sqlite3_stmt* handle) : connection_(connection), handle_(handle) {}

  void Reset();
  void BindOne(int index, int64_t value);
  void BindOne(int index, Blob value);
  void BindOne(int index, std::string_view value);
  void BindOne(int index, const std::string& value) { BindOne(index, std::string_view(value)); }
  void BindOne(int index, const std::optional<std::string>& value);

  Connection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_code_ = SQLITE_OK;
};

/// One connection to one file. Used by one thread at a time.
class Connection {
 public:
  /// `path` is absolute or ":memory:"; `flags` are sqlite3_open_v2's.
  static Result<std::unique_ptr<Connection>> Open(const std::string& path, int flags,
                                                  std::chrono::milliseconds busy_timeout);

  const std::string& path() const { return path_; }
  std::chrono::milliseconds busy_timeout() const { return busy_timeout_; }

  /// Run statements without values and rows. Waits up to busy_timeout for other processes, also where SQLite itself
  /// does not.
  Status Execute(const char* sql);

  template <typename... Args>
  Result<Statement> Prepare(std::string_view sql, const Args&... args) {
    ARROW_ASSIGN_OR_RAISE(Statement statement, Compile(sql));
    statement.Bind(args...);
    return statement;
  }
  template <typename... Args>
  Status Run(std::string_view sql, const Args&... args) {
    ARROW_ASSIGN_OR_RAISE(Statement statement, Prepare(sql, args...));
    return statement.Run();
  }
  /// The first column of the first row as a number; nothing: no row.
  template <typename... Args>
  Result<std::optional<int64_t>> Number(std::string_view sql, const Args&... args) {
    ARROW_ASSIGN_OR_RAISE(Statement statement, Prepare(sql, args...));
    ARROW_ASSIGN_OR_RAISE(const bool found, statement.Step());
    return found ? std::optional<int64_t>(statement.Int(0)) : std::nullopt;
  }

  int64_t last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  /// SQLite's answer as an error of ours.
  Status Error(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  Connection() = default;
  Result<Statement> Compile(std::string_view sql);

  std::string path_;
  std::chrono::milliseconds busy_timeout_{};
  std::unique_ptr<sqlite3, Close> handle_;
};

/// BEGIN … COMMIT; rolled back unless committed.
class Transaction {
 public:
  enum class Mode { kRead, kWrite };
  static Result<Transaction> Begin(Connection& connection, Mode mode);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ~Transaction();

  /// kCommitUnknown if the disk failed while the commit was written.
  Status Commit();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

/// Connections to one file, for any number of threads: a call takes one and gives it back.
class ConnectionPool {
 public:
  using Opener = std::function<Result<std::unique_ptr<Connection>>()>;
  using Lease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

  ConnectionPool(Opener open, int limit) : open_(std::move(open)), limit_(limit) {}

  /// Wait for a free connection; opens a new one while there are fewer than the limit. The lease must not outlive the
  /// pool.
  Result<Lease> Take();

 private:
  void GiveBack(Connection* connection);

  const Opener open_;
  const int limit_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int open_count_ = 0;
};

}  // namespace glaux::sqlite
