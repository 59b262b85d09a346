#pragma once

#include <duckdb.hpp>

#include <memory>

namespace glaux::duckdb_engine {

/// The error that a query of one connection failed with, kept from where DuckDB loses it.
///
/// A thread that fails sets the connection's interrupt flag so that the others stop. The thread that fetches rows looks
/// at that flag before it looks for an error (SimpleBufferedData::ExecuteTaskInternal), reports an interrupt that
/// nobody asked for, and then drops the executor with the error in it. What DuckDB lets us see last before that is the
/// end of the progress display, so a silent display asks the executor there.
class FirstError {
 public:
  /// Watch the next queries of a connection.
  void Watch(duckdb::Connection& connection);

  /// The error in place of `reported`, if that is an interrupt and there was one behind it; else `reported`.
  duckdb::ErrorData Behind(const duckdb::ErrorData& reported) const;

 private:
  const std::shared_ptr<duckdb::ErrorData> kept_ = std::make_shared<duckdb::ErrorData>();
};

}  // namespace glaux::duckdb_engine
