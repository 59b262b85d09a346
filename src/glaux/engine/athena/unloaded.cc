#include "glaux/engine/athena/unloaded_internal.h"

#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/sql/literal.h"
#include "glaux/store/object_input.h"

namespace glaux::athena {
namespace {

/// What stands before the first word of a statement: blanks, comments, parentheses.
std::string_view FirstWordOf(std::string_view sql) {
  for (;;) {
    const size_t begin = sql.find_first_not_of(" \t\r\n(");
    if (begin == sql.npos) return {};
    sql.remove_prefix(begin);
    size_t end = 0;
    if (sql.starts_with("--")) {
      end = std::min(sql.find('\n'), sql.size());
    } else if (sql.starts_with("/*")) {
      end = sql.find("*/");
      end = end == sql.npos ? sql.size() : end + 2;
    } else {
      break;
    }
    sql.remove_prefix(end);
  }
  const auto end =
      std::find_if_not(sql.begin(), sql.end(), [](char c) { return std::isalpha(static_cast<unsigned char>(c)); });
  return sql.substr(0, static_cast<size_t>(end - sql.begin()));
}

bool IsWord(std::string_view text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

Result<Location> LocationOf(const ResultSource& source, const std::string& uri) {
  auto place = source.resolve(uri);
  return place.ok() ? place : Prefix(place.status(), uri);
}

/// The files by name: an UNLOAD says their order by it.
Result<std::vector<Location>> FindFiles(const ResultSource& source, const std::string& manifest,
                                        const std::string& folder) {
  std::vector<Location> files;
  if (!manifest.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto place, LocationOf(source, manifest));
    auto list = GetString(*place.store, place.key);
    if (list.ok()) {
      std::istringstream lines(*list);
      for (std::string line; std::getline(lines, line);) {
        while (!line.empty() && (line.back() == '\r' || line.back() == '"')) line.pop_back();
        if (line.starts_with('"')) line.erase(0, 1);
        if (line.empty()) continue;
        ARROW_ASSIGN_OR_RAISE(auto file, LocationOf(source, line));
        files.push_back(std::move(file));
      }
      return files;
    }
    if (KindOf(list.status()) != ErrorKind::kNotFound) return Prefix(list.status(), "read the list of files");
  }
  ARROW_ASSIGN_OR_RAISE(const auto place, LocationOf(source, folder));
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(*place.store, place.key));
  for (const auto& object : objects) {
    const std::string_view name = std::string_view(object.key).substr(place.key.size());
    const bool hidden = name.starts_with('_') || name.starts_with('.') || name.find("/_") != name.npos;
    if (object.size > 0 && !hidden) files.push_back({.store = place.store, .key = object.key});
  }
  return files;
}

/// Delete all that is in the folder of one UNLOAD of ours.
Status DropFolder(const Location& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(*folder.store, folder.key));
  std::vector<std::string> keys;
  for (const auto& object : objects) keys.push_back(object.key);
  if (keys.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto failed, folder.store->Delete(keys));
  return failed.empty() ? Status::OK() : Prefix(failed.front().error, failed.front().key);
}

/// The files of an UNLOAD; they go with this.
class Unloaded {
 public:
  Unloaded(Location folder, std::vector<Location> files, std::function<void(std::string_view)> note)
      : folder_(std::move(folder)), files_(std::move(files)), note_(std::move(note)) {}
  ~Unloaded() {
    const Status dropped = DropFolder(folder_);
    if (!dropped.ok()) note_("files of an UNLOAD stay in " + folder_.store->name() + ": " + dropped.message());
  }
  const std::vector<Location>& files() const { return files_; }

 private:
  const Location folder_;
  const std::vector<Location> files_;
  const std::function<void(std::string_view)> note_;
};

/// The rows of Parquet files one after the other.
class UnloadedRows final : public arrow::RecordBatchReader {
 public:
  UnloadedRows(std::shared_ptr<Unloaded> unloaded, const Format& format, std::string subject)
      : unloaded_(std::move(unloaded)), format_(format), subject_(std::move(subject)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status Begin() {
    ARROW_RETURN_NOT_OK(OpenNext());
    schema_ = rows_->schema();
    return Status::OK();
  }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (rows_ != nullptr) {
      const Status read = rows_->ReadNext(batch);
      if (!read.ok()) return Prefix(read, "read the result of " + subject_);
      if (*batch != nullptr) return Status::OK();
      rows_.reset();
      if (next_ < unloaded_->files().size()) ARROW_RETURN_NOT_OK(OpenNext());
    }
    unloaded_.reset();
    return Status::OK();
  }

 private:
  Status OpenNext() {
    const auto& file = unloaded_->files()[next_++];
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInput(file.store, {.key = file.key}));
    ReadOptions options;
    options.schema = schema_;
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          format_.OpenReader({.name = file.store->name() + "/" + file.key, .file = input}, options));
    rows_ = ToBatchReader(std::move(reader));
    return Status::OK();
  }

  std::shared_ptr<Unloaded> unloaded_;
  const Format& format_;
  const std::string subject_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
};

}  // namespace

std::optional<std::string> UnloadOf(std::string_view sql, std::string_view folder) {
  const std::string_view word = FirstWordOf(sql);
  if (!IsWord(word, "SELECT") && !IsWord(word, "WITH") && !IsWord(word, "VALUES") && !IsWord(word, "TABLE")) {
    return std::nullopt;
  }
  const size_t end = sql.find_last_not_of(" \t\r\n;");
  sql = sql.substr(0, end == sql.npos ? 0 : end + 1);
  // The line end ends a comment at the end of the query.
  return "UNLOAD (" + std::string(sql) + "\n) TO " + sql::Doubled(folder, '\'') +
         " WITH (format = 'PARQUET', compression = 'SNAPPY')";
}

void DropUnloaded(const ResultSource& source, const std::string& folder) {
  const auto place = source.resolve(folder);
  const Status dropped = place.ok() ? DropFolder(*place) : place.status();
  if (!dropped.ok()) source.note("files of an UNLOAD may stay in " + folder + ": " + dropped.message());
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadUnloaded(const ResultSource& source, const std::string& manifest,
                                                               const std::string& folder, const std::string& subject) {
  auto files = FindFiles(source, manifest, folder);
  if (!files.ok()) return Prefix(files.status(), "read the result of " + subject);
  if (files->empty()) {
    // Of no rows there is no file, and so no schema.
    DropUnloaded(source, folder);
    ARROW_ASSIGN_OR_RAISE(const auto columns, source.explain());
    ARROW_ASSIGN_OR_RAISE(auto schema, SchemaOf(columns));
    return arrow::RecordBatchReader::Make({}, schema);
  }
  ARROW_ASSIGN_OR_RAISE(const auto* parquet, FormatByName("parquet"));
  ARROW_ASSIGN_OR_RAISE(auto place, LocationOf(source, folder));
  auto rows = std::make_shared<UnloadedRows>(
      std::make_shared<Unloaded>(std::move(place), *std::move(files), source.note), *parquet, subject);
  ARROW_RETURN_NOT_OK(rows->Begin());
  return rows;
}

}  // namespace glaux::athena
