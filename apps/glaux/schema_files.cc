#include "schema_files.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "address.h"
#include "arguments.h"
#include "glaux/schema/json_schema.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sql/ddl.h"
#include "glaux/table/hive/hive_entry.h"
#include "human_text.h"
#include "input_files.h"
#include "listing.h"
#include "schema_text.h"

namespace glaux::cli {
namespace {

/// As a load samples.
constexpr int64_t kSampleBudget = 16 << 20;
constexpr int64_t kLeastSample = 64 << 10;
constexpr int64_t kMostSample = 1 << 20;
/// Rows that are looked at to count nulls, unless everything is.
constexpr int64_t kRowsForNulls = 10'000;
/// Names of files in one note.
constexpr size_t kMostNames = 3;

std::string TypeName(const arrow::DataType& type) {
  if (type.id() == arrow::Type::NA) return "unknown";
  const auto name = ToGlueType(type);
  return name.ok() ? *name : type.ToString();
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < kMostNames; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMostNames) text += fmt::format(" and {} more", names.size() - kMostNames);
  return text;
}

/// What there is to say of one column.
struct ColumnStory {
  std::vector<std::string> source_names;                  ///< where they differ from the column's
  std::map<std::string, std::vector<std::string>> types;  ///< of files whose type differs from the column's
  std::vector<std::string> absent;                        ///< files without it
  bool given = false;
  bool declared_null = false, declared_not_null = false;  ///< by files that carry their schema
  int64_t nulls = 0;
};

/// Files and what was inferred of them.
class FilesReport {
 public:
  FilesReport(std::vector<SourceFile> files, InferredFiles inferred, DataShape shape,
              const std::map<std::string, std::string>& types)
      : files_(std::move(files)), inferred_(std::move(inferred)), shape_(std::move(shape)) {
    for (size_t i = 0; i < files_.size(); ++i) AddFile(i, types);
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return shape_.schema; }

  /// Count nulls in the rows that were seen.
  Status CountNulls(int64_t most_rows, int64_t sample_bytes, const FormatOptions& format,
                    const arrow::StopToken& stop) {
    arrow::FieldVector fields;
    for (const auto& field : shape_.schema->fields()) {
      if (field->type()->id() != arrow::Type::NA) fields.push_back(field);
    }
    if (fields.empty()) return Status::OK();
    const auto schema = arrow::schema(std::move(fields));
    // Every file has a share, so that the last one is seen too.
    const auto files = static_cast<int64_t>(files_.size());
    const int64_t share = most_rows < 0 ? INT64_MAX : std::max<int64_t>(1, most_rows / files);
    for (size_t i = 0; i < files_.size(); ++i) {
      InferredFiles one;
      one.schemas = {inferred_.schemas[i]};
      DataShape shape = shape_;
      shape.file_schemas = {shape_.file_schemas[i]};
      shape.column_names = {shape_.column_names[i]};
      // Of a sample only what was in it: the rest may not have its types.
      int64_t left = one.schemas.front().complete ? share : std::min(share, one.schemas.front().rows_seen);
      if (left == 0) continue;
      const auto count = [&](size_t, const arrow::RecordBatch& decoded) -> Result<bool> {
        const auto batch = decoded.Slice(0, std::min(left, decoded.num_rows()));
        rows_ += batch->num_rows();
        left -= batch->num_rows();
        for (int c = 0; c < batch->num_columns(); ++c) {
          stories_[schema->field(c)->name()].nulls += batch->column(c)->null_count();
        }
        return left > 0;
      };
      const int64_t block = sample_bytes == 0 ? kMostSample : std::min(kMostSample, sample_bytes);
      const Status status = ReadRowsInOrder({files_[i]}, one, shape, schema, format, block, stop, count);
      // A block that reaches beyond the sample may end the counting, and does not change what the sample says.
      const bool beyond = !status.ok() && InfoOf(status).code == kTypeConflict && !one.schemas.front().complete;
      if (!beyond) ARROW_RETURN_NOT_OK(status);
    }
    return Status::OK();
  }

  Status Print(Session& session, const std::string& format) const {
    Listing listing({"column", "type", "nulls", "type from", "notes"});
    for (const auto& field : shape_.schema->fields()) {
      const auto& story = stories_.at(field->name());
      listing.Add({field->name(), TypeName(*field->type()), Nulls(*field, story), TypeFrom(*field, story),
                   OptionalText(Notes(*field, story))});
    }
    return listing.Print(session, format);
  }

  std::string Summary() const {
    int64_t bytes = 0;
    std::set<std::string_view> formats;
    for (const auto& file : files_) {
      bytes += file.ledger.size;
      formats.insert(file.format->name());
    }
    std::string names;
    for (const auto name : formats) names.append(names.empty() ? "" : ", ").append(name);
    std::string text = fmt::format("{} ({}, {}), {}", FormatCount(static_cast<int64_t>(files_.size()), "file", "files"),
                                   names, FormatBytes(static_cast<double>(bytes)),
                                   FormatCount(shape_.schema->num_fields(), "column", "columns"));
    text += inferred_.complete
                ? "\n"
                : fmt::format("; types from a sample of {}\n", FormatCount(inferred_.rows_seen, "row", "rows"));
    std::map<std::string, std::vector<std::string>> notes;
    for (size_t i = 0; i < files_.size(); ++i) {
      for (const auto& note : inferred_.schemas[i].notes) notes[note].push_back(files_[i].name);
    }
    for (const auto& [note, names_of_files] : notes) {
      text += "note: " + note + (files_.size() > 1 ? " (" + Joined(names_of_files) + ")" : "") + "\n";
    }
    return text;
  }

 private:
  void AddFile(size_t i, const std::map<std::string, std::string>& types) {
    const auto& names = shape_.column_names[i];
    const auto& inferred = *inferred_.schemas[i].schema;
    std::set<std::string> here;
    int alone = 0;  // columns of this file's own schema are those that are wanted
    for (int c = 0; c < static_cast<int>(names.size()); ++c) {
      if (names[c].empty()) continue;
      here.insert(names[c]);
      auto& story = stories_[names[c]];
      const auto& field = *inferred.field(c);
      if (field.name() != names[c]) AddOnce(field.name(), &story.source_names);
      story.given |= types.contains(field.name()) || types.contains(names[c]);
      if (files_[i].format->carries_schema()) (field.nullable() ? story.declared_null : story.declared_not_null) = true;
      const auto& own = *shape_.file_schemas[i]->field(alone++)->type();
      const auto& column = *shape_.schema->GetFieldByName(names[c])->type();
      if (!own.Equals(column)) story.types[TypeName(own)].push_back(files_[i].name);
    }
    for (const auto& field : shape_.schema->fields()) {
      if (!here.contains(field->name())) stories_[field->name()].absent.push_back(files_[i].name);
    }
  }

  static void AddOnce(const std::string& name, std::vector<std::string>* names) {
    if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
  }

  std::string Nulls(const arrow::Field& field, const ColumnStory& story) const {
    if (field.type()->id() == arrow::Type::NA) return "all";
    if (story.declared_not_null && !story.declared_null && story.absent.empty()) return "not allowed";
    if (rows_ == 0) return inferred_.rows_seen > 0 ? "not counted" : "no rows";
    if (story.nulls == 0) return "none in " + FormatCount(rows_);
    return FormatCount(story.nulls) + " of " + FormatCount(rows_);
  }

  std::string TypeFrom(const arrow::Field& field, const ColumnStory& story) const {
    if (story.given) return "--type";
    if (field.type()->id() == arrow::Type::NA) return "no value";
    bool declared = false, text = false, complete = true;
    int64_t rows = 0;
    for (size_t i = 0; i < files_.size(); ++i) {
      const auto& names = shape_.column_names[i];
      if (std::find(names.begin(), names.end(), field.name()) == names.end()) continue;
      const bool carries = files_[i].format->carries_schema();
      (carries ? declared : text) = true;
      if (carries) continue;
      complete &= inferred_.schemas[i].complete;
      rows += inferred_.schemas[i].rows_seen;
    }
    std::string from = declared ? "the file" : "";
    if (text) {
      from += (from.empty() ? "" : " and ") + (complete ? "all " + FormatCount(rows, "row", "rows")
                                                        : "a sample of " + FormatCount(rows, "row", "rows"));
    }
    return from;
  }

  std::string Notes(const arrow::Field& field, const ColumnStory& story) const {
    std::string text;
    const auto add = [&text](const std::string& note) { text += (text.empty() ? "" : "; ") + note; };
    if (!story.source_names.empty()) add("in the file " + Joined(story.source_names));
    for (const auto& [type, names] : story.types) {
      add((type == "unknown" ? "no value" : type) + " in " + Joined(names));
    }
    if (!story.absent.empty()) add("not in " + Joined(story.absent));
    if (field.type()->id() == arrow::Type::NA) add("left out until it has a value");
    return text;
  }

  const std::vector<SourceFile> files_;
  const InferredFiles inferred_;
  const DataShape shape_;
  std::map<std::string, ColumnStory> stories_;
  int64_t rows_ = 0;
};

/// The table that `glaux load` would make of the files; named after the first one.
Result<TableEntry> TableOf(const LakeConfig& config, const Address& first, const arrow::Schema& schema) {
  std::string name = first.is_stream() ? "data" : first.text;
  while (name.ends_with('/')) name.pop_back();
  const size_t special = name.find_first_of("*?[{");
  if (special != std::string::npos)
    name.resize(name.rfind('/', special) == std::string::npos ? 0 : name.rfind('/', special));
  name = name.substr(name.find_last_of('/') + 1);
  name = name.substr(0, name.find('.'));
  auto normal = NormalizeTableName(name);
  TableId id{.database = config.database, .name = normal.ok() ? *normal : "data"};
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    if (field->type()->id() != arrow::Type::NA) fields.push_back(field);
  }
  ARROW_ASSIGN_OR_RAISE(auto columns, ColumnsOf(*arrow::schema(std::move(fields)), {}));
  const std::string location = "s3://" + config.bucket + "/" + id.database + "/" + id.name + "/";
  return MakeParquetTableEntry(id, location, std::move(columns), {}, {});
}

}  // namespace

Status PrintSchemaOfFiles(Session& session, const SchemaFilesOptions& options) {
  FormatOptions reading;
  ARROW_RETURN_NOT_OK(ReadFormatArguments(options.reading, &reading));
  ShapeOptions shape_options{.subject = "read"};
  ARROW_ASSIGN_OR_RAISE(shape_options.types, ReadTypeArguments(options.types));
  ARROW_RETURN_NOT_OK(CheckGivenTypes(shape_options));
  std::optional<int64_t> sample_bytes;
  if (!options.sample.empty()) {
    ARROW_ASSIGN_OR_RAISE(sample_bytes, ParseSampleSize(options.sample));
  }
  ARROW_ASSIGN_OR_RAISE(const auto addresses,
                        ParseAddresses(options.addresses, AddressUse::kRead, session.surroundings().working_directory));
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(
      const auto input,
      FindInputFiles(session, *lake, addresses, {.format = options.from_format, .all = options.all}, "schema"));
  auto files = input.files;
  const auto count = std::max<int64_t>(1, static_cast<int64_t>(files.size()));
  const int64_t sample = sample_bytes.value_or(std::clamp(kSampleBudget / count, kLeastSample, kMostSample));
  auto inferred = InferFiles(files, {.format = reading, .sample_bytes = sample}, session.stop());
  if (!inferred.ok()) return Prefix(inferred.status(), "schema");
  for (size_t i = files.size(); i-- > 0;) {
    if (inferred->schemas[i].schema->num_fields() > 0) continue;
    files.erase(files.begin() + static_cast<std::ptrdiff_t>(i));
    inferred->schemas.erase(inferred->schemas.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (files.empty()) {
    return MakeError(ErrorKind::kInvalid, "schema ", options.addresses.front(),
                     ": the files are empty, and so have no columns");
  }
  auto shape = ShapeOf(files, *inferred, shape_options);
  if (!shape.ok()) return Prefix(shape.status(), "schema");
  const auto schema = shape->schema;
  if (options.as == "arrow") return session.Print(ToArrowText(*schema));
  if (!options.as.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto table, TableOf(lake->config(), addresses.front(), *schema));
    return PrintTableAs(session, options.as, table, *schema);
  }
  FilesReport report(std::move(files), *std::move(inferred), *std::move(shape), shape_options.types);
  const Status counted = report.CountNulls(sample == 0 ? -1 : kRowsForNulls, sample, reading, session.stop());
  if (!counted.ok()) return Prefix(counted, "schema");
  ARROW_RETURN_NOT_OK(report.Print(session, options.format));
  session.Report(report.Summary());
  return Status::OK();
}

Status PrintTableAs(Session& session, const std::string& as, const TableEntry& table, const arrow::Schema& schema) {
  if (as == "glue") return session.Print(ToGlueJson(table));
  if (as == "arrow") return session.Print(ToArrowText(schema));
  if (as == "ddl") {
    ARROW_ASSIGN_OR_RAISE(const auto text, sql::ToAthenaDdl(table));
    return session.Print(text);
  }
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    if (field->type()->id() != arrow::Type::NA) fields.push_back(field);
  }
  ARROW_ASSIGN_OR_RAISE(const auto text, ToJsonSchema(*arrow::schema(std::move(fields)), table.id.name));
  return session.Print(text.ends_with('\n') ? text : text + "\n");
}

bool NamesFiles(const std::string& text, const std::string& working_directory) {
  if (text == "-" || text.find_first_of("/*?[{") != std::string::npos || FormatOfFile(text).ok()) return true;
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(working_directory) / text, error);
}

}  // namespace glaux::cli
