// What an append takes at its store, step by step as hive_append.cc, hive_commit.cc and commit_log.cc do it.
#include <arrow/api.h>

#include <algorithm>

#include "glaux/table/hive/file_layout_internal.h"
#include "glaux/table/hive/hive_commit_internal.h"

namespace glaux {
namespace {

constexpr int64_t kStateBytes = 1 << 10;  // of a small object of the log, about

/// Bytes of a format in a byte of the rows as CSV, about.
double ShareOfText(const FileLayout& layout) {
  if (layout.format == nullptr || layout.format->name() == "parquet" || layout.format->name() == "orc") return 0.2;
  if (layout.format->name() == "avro") return 0.4;
  if (!layout.format->is_text()) return 1;
  const double text = layout.format->name().starts_with("json") ? kJsonByText : 1;
  const auto& compression = layout.options.text.compression;
  return compression.empty() || compression == "none" || compression == "auto" ? text : 0.15 * text;
}

/// Whether the commit writes the entry of a folder again, as HiveAppend::DescribeTable has it.
bool ChangesColumns(const TableEntry& entry, const EvolutionPlan& plan) {
  arrow::FieldVector fields;
  for (const auto& field : plan.table_schema->fields()) {
    const bool key = std::any_of(entry.partition_keys.begin(), entry.partition_keys.end(),
                                 [&](const Column& column) { return column.name == field->name(); });
    if (!key) fields.push_back(arrow::field(field->name(), field->type(), field->nullable()));
  }
  const auto printed = PrintArrowSchema(*arrow::schema(std::move(fields)));
  const auto there = entry.parameters.find(kArrowSchemaParameter);
  return !printed.ok() || there == entry.parameters.end() || there->second != *printed;
}

class Counting {
 public:
  explicit Counting(RequestBilling billing) : billing_(billing) {}

  void Head(int64_t times = 1) { counts.Add(billing_, RequestKind::kHead, times); }
  void Get(int64_t times = 1) { counts.Add(billing_, RequestKind::kGet, times, times * kStateBytes); }
  void Put(int64_t times = 1) { counts.Add(billing_, RequestKind::kPut, times, 0, times * kStateBytes); }
  void List(int64_t times = 1) { counts.Add({.place = billing_.place}, RequestKind::kList, times); }
  void Delete(int64_t times = 1) { counts.Add({.place = billing_.place}, RequestKind::kDelete, times); }
  /// CommitLog::Read and FolderCatalog::GetTable.
  void Read(bool there) {
    Head();
    if (there) Get();
  }
  /// An upload of so many bytes, completed.
  void Upload(int64_t bytes, int64_t part_size) { counts += RequestsOfUpload(billing_, bytes, part_size); }

  RequestCounts counts;

 private:
  const RequestBilling billing_;
};

}  // namespace

RequestCounts RequestsOfAppend(const AppendPlace& at, const EvolutionPlan& plan, const AppendOptions& options,
                               const ExpectedWrite& expected) {
  const auto traits = at.place.store->traits();
  Counting count(traits.billing);
  const FileLayout& layout = at.layout;
  const bool overwrite = options.overwrite != Overwrite::kNone;
  // Partitions that the caller names are those of rows that lose against others: nobody knows them before.
  const bool replaces =
      overwrite && options.overwrite != Overwrite::kNamed && layout.single.empty() && (layout.folder || !at.staged);
  const bool partitioned = at.partitioned;

  // Begin.
  if (overwrite) count.Read(at.log.there);
  if (!overwrite && !layout.single.empty()) count.Head();
  if (partitioned && !layout.folder && !at.staged && !overwrite) count.Read(at.log.there);
  // The files.
  const auto bytes = static_cast<int64_t>(static_cast<double>(expected.bytes) * ShareOfText(layout));
  const int64_t files = at.FilesOf(expected.rows, bytes, options.target_file_bytes);
  const int64_t part_size = std::max(traits.min_part_size, kDataPartBytes);
  for (int64_t i = 0; i < files; ++i) count.Upload(bytes * (i + 1) / files - bytes * i / files, part_size);
  // Commit, up to the swap that opens it.
  count.Read(at.log.there);
  if (expected.sources > 0 && !options.allow_reload) count.Get(at.log.segments);
  if (layout.folder) count.Read(!at.staged);
  if (!overwrite && !layout.single.empty()) count.Head();
  if (layout.folder && partitioned) count.List();  // which partitions are there
  if (replaces) count.List();                      // which files are there
  count.Put(2);
  // The steps behind it.
  if (layout.folder) count.Read(!at.staged);
  count.Read(true);
  if (layout.folder && (at.staged || ChangesColumns(at.entry, plan))) count.Put();
  if (partitioned) count.Read(true);
  // Close it.
  count.Read(true);
  if (expected.sources > 0) count.Put();
  if (expected.sources > 0 && at.log.segments + 1 > static_cast<int64_t>(kMostSegments)) {
    count.Get(at.log.segments + 1);
    count.Put();
    count.Delete();
  }
  count.Put();
  if (!replaces) count.Delete();
  // Look for what overwrites have replaced and whose grace is over.
  count.Read(true);
  if (replaces && layout.folder) {
    count.Get();
    if (!at.staged) count.Delete();
    count.Read(true);
    count.Put();
    count.Delete();
  }
  return count.counts;
}

}  // namespace glaux
