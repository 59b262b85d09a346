#pragma once

#include <arrow/api.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/schema/evolution.h"
#include "glaux/store/memory_store.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_table.h"
#include "glaux/table/scan.h"
#include "glaux/testing/matchers.h"

namespace glaux {

inline const TableId kId{"sales", "orders"};
inline constexpr char kDay[] = "2025-01-31T00:00:00Z";

/// n rows: id first … first + n - 1, at one per day from `kDay`, and a region.
inline std::shared_ptr<arrow::RecordBatch> Orders(int64_t first, int64_t count) {
  arrow::Int64Builder ids;
  arrow::StringBuilder regions;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  const int64_t start = ParseTimestamp(kDay)->time_since_epoch().count();
  for (int64_t i = first; i < first + count; ++i) {
    EXPECT_OK(ids.Append(i));
    EXPECT_OK(regions.Append(i % 2 == 0 ? "eu" : "us"));
    EXPECT_OK(times.Append(start + i * 86'400'000'000));
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("region", arrow::utf8()),
                     arrow::field("at", times.type())}),
      count, {ids.Finish().ValueOrDie(), regions.Finish().ValueOrDie(), times.Finish().ValueOrDie()});
}

/// Every value of a column of whole numbers, sorted.
inline std::vector<int64_t> SortedIds(const arrow::Table& rows) {
  std::vector<int64_t> ids;
  for (const auto& chunk : rows.GetColumnByName("id")->chunks()) {
    for (int64_t i = 0; i < chunk->length(); ++i) ids.push_back(static_cast<const arrow::Int64Array&>(*chunk).Value(i));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// A clock that only moves when it is told to.
class SetClock final : public Clock {
 public:
  Timestamp Now() override { return now; }
  void SleepFor(std::chrono::microseconds duration) override { now += duration; }
  Timestamp now = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);
};

/// One table in a catalog and a store in memory.
struct World {
  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  std::shared_ptr<Catalog> catalog = MakeMemoryCatalog();
  Clock* clock = &Clock::System();

  /// The world as seen through another store over the same objects.
  HiveEnvironment Environment(std::shared_ptr<ObjectStore> through = nullptr) const {
    if (through == nullptr) through = store;
    return {.catalog = catalog,
            .resolve = [through](std::string_view uri) -> Result<Location> {
              if (!uri.starts_with("s3://lake/")) return MakeError(ErrorKind::kDenied, uri);
              return Location{through, std::string(uri.substr(10))};
            },
            .clock = clock};
  }

  Result<std::shared_ptr<Table>> Open(std::shared_ptr<ObjectStore> through = nullptr) const {
    return OpenHiveTable(Environment(std::move(through)), kId);
  }

  Result<std::shared_ptr<Table>> OpenOrStage(const HiveEnvironment& environment, const arrow::Schema& schema,
                                             const char* spec_text) const {
    auto table = OpenHiveTable(environment, kId);
    if (table.ok() || KindOf(table.status()) != ErrorKind::kNotFound) return table;
    ARROW_ASSIGN_OR_RAISE(const auto spec, ParsePartitionSpec(spec_text));
    ARROW_ASSIGN_OR_RAISE(auto keys, PartitionKeysOf(spec, schema));
    ARROW_ASSIGN_OR_RAISE(auto columns, ColumnsOf(schema, spec));
    return StageHiveTable(environment, MakeParquetTableEntry(kId, "s3://lake/sales/orders/", columns, keys, spec));
  }

  /// An append of rows of this shape.
  static Result<std::unique_ptr<Append>> Begin(Table& table, const arrow::Schema& data, const AppendOptions& options) {
    std::vector<std::shared_ptr<arrow::Field>> known;
    for (const auto& field : table.schema()->fields()) {
      if (data.GetFieldByName(field->name()) != nullptr || !table.entry().partition_keys.empty()) {
        const bool made = field->name() == "year" || field->name() == "month" || field->name() == "day";
        if (!made) known.push_back(field);
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto plan, PlanEvolution(*arrow::schema(known), data, {}, {}, "orders"));
    return table.NewAppend(plan, options);
  }

  /// Commit one batch (none: no rows) that comes from no file.
  Result<CommitSummary> Add(const std::shared_ptr<arrow::RecordBatch>& batch, const char* spec,
                            std::shared_ptr<ObjectStore> through = nullptr, const AppendOptions& options = {},
                            std::span<const StreamChange> streams = {}) const {
    const auto data = batch == nullptr ? Orders(0, 0) : batch;
    ARROW_ASSIGN_OR_RAISE(const auto table, OpenOrStage(Environment(std::move(through)), *data->schema(), spec));
    ARROW_ASSIGN_OR_RAISE(const auto append, Begin(*table, *data->schema(), options));
    if (batch != nullptr) ARROW_RETURN_NOT_OK(append->Write(batch));
    return append->Commit({}, streams);
  }

  /// Load one batch as if it came from a file.
  Result<CommitSummary> Load(const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& source,
                             const char* spec = "day(at)", std::shared_ptr<ObjectStore> through = nullptr,
                             const AppendOptions& options = {}) const {
    return LoadFile(batch, {.key = source, .etag = "e", .size = 1}, spec, std::move(through), options);
  }
  Result<CommitSummary> LoadFile(const std::shared_ptr<arrow::RecordBatch>& batch, const LoadedFile& file,
                                 const char* spec = "day(at)", std::shared_ptr<ObjectStore> through = nullptr,
                                 const AppendOptions& options = {}, std::span<const StreamChange> streams = {},
                                 const AttachedObject* attached = nullptr) const {
    ARROW_ASSIGN_OR_RAISE(const auto table, OpenOrStage(Environment(std::move(through)), *batch->schema(), spec));
    ARROW_ASSIGN_OR_RAISE(const auto loaded, table->AlreadyLoaded(std::span(&file, 1)));
    if (loaded[0]) return CommitSummary{.already_loaded = true};
    ARROW_RETURN_NOT_OK(table->Refresh());
    ARROW_ASSIGN_OR_RAISE(const auto append, Begin(*table, *batch->schema(), options));
    ARROW_RETURN_NOT_OK(append->Write(batch));
    if (attached != nullptr) append->Attach(*attached);
    return append->Commit(std::span(&file, 1), streams);
  }

  /// Ids of all rows that a reader sees, sorted.
  Result<std::vector<int64_t>> Ids(const ScanOptions& options = {}) const {
    const auto environment = Environment();
    ARROW_ASSIGN_OR_RAISE(const auto table, OpenHiveTable(environment, kId));
    ARROW_ASSIGN_OR_RAISE(const auto reader, Scan(*table, environment.resolve, options));
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ToTable());
    return SortedIds(*rows);
  }

  /// Keys of all objects that hold rows, live or replaced.
  std::vector<std::string> DataKeys() const {
    std::vector<std::string> keys;
    for (const auto& object : ListAll(*store, "").ValueOrDie()) {
      if (object.key.find("/_glaux/") == std::string::npos) keys.push_back(object.key);
    }
    return keys;
  }
};

}  // namespace glaux
