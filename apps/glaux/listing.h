#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "glaux/base/status.h"
#include "result_writer.h"
#include "session.h"

namespace CLI {
class App;
}

namespace glaux::cli {

/// Rows about the lake that a command prints, in any format that a query has.
class Listing {
 public:
  using Value = std::variant<std::monostate, std::string, int64_t>;

  /// Columns are text, but for those named in `numbers`.
  Listing(std::vector<std::string> columns, std::vector<std::string> numbers = {});
  void Add(std::vector<Value> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  /// \param format a name of --format; empty: table
  Status Print(Session& session, const std::string& format) const;
  Result<std::shared_ptr<arrow::RecordBatch>> ToBatch() const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::string> numbers_;
  std::vector<std::vector<Value>> rows_;
};

/// A text, or null where there is none.
Listing::Value OptionalText(const std::string& text);

/// The option --format of a command that prints a listing.
void AddListingFormat(CLI::App* command, std::string* format);

}  // namespace glaux::cli
