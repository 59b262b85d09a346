#include "glaux/engine/duckdb/fake_lake.h"

#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/store/memory_store.h"

namespace glaux::testing {

class CountingStore : public ObjectStore {
 public:
  std::atomic<int64_t> gets{0}, bytes{0};
  bool remote = false;

  StoreTraits traits() const override {
    auto traits = store_->traits();
    traits.remote = remote;
    return traits;
  }
  std::string name() const override { return store_->name(); }
  Result<ObjectInfo> Head(std::string_view key) override { return store_->Head(key); }
  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    ++gets;
    auto result = store_->Get(key, options);
    if (result.ok()) bytes += (*result)->size();
    return result;
  }
  Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body, const PutOptions& options) override {
    return store_->Put(key, body, options);
  }
  Result<ListPage> List(const ListOptions& options) override { return store_->List(options); }
  Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) override { return store_->Delete(keys); }
  Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options) override {
    return store_->Copy(from, to, options);
  }
  Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes) override {
    return store_->CreateMultipart(key, attributes);
  }
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view id, int number,
                                  std::span<const std::byte> body) override {
    return store_->UploadPart(key, id, number, body);
  }
  Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view id, std::span<const UploadedPart> parts,
                                       const PutOptions& options) override {
    return store_->CompleteMultipart(key, id, parts, options);
  }
  Status AbortMultipart(std::string_view key, std::string_view id) override { return store_->AbortMultipart(key, id); }
  Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) override {
    return store_->ListMultipart(prefix);
  }

 private:
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryStore();
};

namespace {

constexpr std::string_view kRoot = "s3://lake/";

void Must(const Status& status) {
  if (!status.ok()) status.Abort();
}

class FakeTable : public Table {
 public:
  FakeTable(TableId id, std::shared_ptr<arrow::Schema> schema, std::vector<std::string> partition_columns)
      : schema_(std::move(schema)), partition_columns_(std::move(partition_columns)) {
    entry_.id = std::move(id);
  }

  const TableId& id() const override { return entry_.id; }
  const TableEntry& entry() const override { return entry_; }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  const std::vector<std::string>& partition_columns() const override { return partition_columns_; }
  std::vector<PartitionField> partition_spec() const override { return {}; }
  std::string file_format() const override { return format; }
  Status Refresh() override { return Status::OK(); }

  Result<ScanPlan> Plan(const PlanOptions& options) override {
    ARROW_RETURN_NOT_OK(failure);
    key_values = options.key_values;
    ScanPlan plan{.schema = schema_, .partition_columns = partition_columns_};
    for (const auto& partition : partitions) {
      ++plan.partitions_total;
      if (options.keep_partition) {
        ARROW_ASSIGN_OR_RAISE(const bool keep, options.keep_partition(partition.values));
        if (!keep) continue;
      }
      ++plan.partitions_kept;
      ++listed;
      for (const auto& file : partition.files) plan.files.push_back(file);
    }
    return plan;
  }

  Result<std::unique_ptr<Append>> NewAppend(const EvolutionPlan&, const AppendOptions&) override { return ReadOnly(); }
  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile>) override { return ReadOnly(); }
  Result<std::map<std::string, std::string>> Streams() override { return ReadOnly(); }
  Status ChangeStream(const StreamChange&) override { return ReadOnly(); }
  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>&) override { return ReadOnly(); }
  Result<std::vector<LoadedFile>> Loaded() override { return ReadOnly(); }
  Result<RepairSummary> Repair(std::chrono::seconds) override { return ReadOnly(); }

  struct Partition {
    std::vector<std::shared_ptr<arrow::Scalar>> values;
    std::vector<DataFile> files;
  };
  std::vector<Partition> partitions;
  std::atomic<int64_t> listed{0};
  Status failure;
  std::string format = "parquet";
  std::vector<std::optional<std::vector<std::shared_ptr<arrow::Scalar>>>> key_values;

 private:
  static Status ReadOnly() { return MakeError(ErrorKind::kNotImplemented, "a fake table is only read"); }

  TableEntry entry_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<std::string> partition_columns_;
};

}  // namespace

struct FakeLake::State {
  std::shared_ptr<CountingStore> store = std::make_shared<CountingStore>();
  std::shared_ptr<Catalog> catalog = MakeMemoryCatalog();
  std::map<TableId, std::shared_ptr<FakeTable>> tables;
  int next_file = 0;
};

FakeLake::FakeLake() : state_(std::make_shared<State>()) {}

std::shared_ptr<arrow::RecordBatch> FakeLake::Rows(const std::shared_ptr<arrow::Schema>& schema,
                                                   const std::string& json) {
  const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json).ValueOrDie();
  return arrow::RecordBatch::FromStructArray(rows).ValueOrDie();
}

void FakeLake::AddTable(const TableId& id, std::vector<std::shared_ptr<arrow::Field>> columns,
                        std::vector<std::shared_ptr<arrow::Field>> partition_columns) {
  std::vector<std::string> names;
  for (const auto& field : partition_columns) {
    names.push_back(field->name());
    columns.push_back(field);
  }
  (void)state_->catalog->CreateDatabase({.name = id.database});
  Must(state_->catalog->CreateTable({.id = id}).status());
  state_->tables[id] = std::make_shared<FakeTable>(id, arrow::schema(columns), std::move(names));
}

std::string FakeLake::AddFile(const TableId& id, std::vector<std::shared_ptr<arrow::Scalar>> partition_values,
                              const arrow::RecordBatch& rows, int64_t row_group_rows) {
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto table =
      arrow::Table::FromRecordBatches({arrow::RecordBatch::Make(rows.schema(), rows.num_rows(), rows.columns())})
          .ValueOrDie();
  Must(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, row_group_rows));
  const auto content = sink->Finish().ValueOrDie();
  const auto key = AddRawFile(id, static_cast<std::string_view>(*content));
  auto& partitions = state_->tables.at(id)->partitions;
  auto file = partitions.back().files.back();
  partitions.pop_back();
  file.partition_values = partition_values;
  for (auto& partition : partitions) {
    bool same = true;
    for (size_t i = 0; i < partition_values.size(); ++i)
      same = same && partition.values[i]->Equals(*partition_values[i]);
    if (same) {
      partition.files.push_back(std::move(file));
      return key;
    }
  }
  partitions.push_back({.values = std::move(partition_values), .files = {std::move(file)}});
  return key;
}

std::string FakeLake::AddRawFile(const TableId& id, std::string_view content, const std::string& format) {
  const auto key = id.database + "/" + id.name + "/" + std::to_string(state_->next_file++) + "." + format;
  const auto object = PutString(*state_->store, key, content).ValueOrDie();
  state_->tables.at(id)->partitions.push_back(
      {.values = {},
       .files = {{.location = std::string(kRoot) + key, .size = object.size, .etag = object.etag, .format = format}}});
  return key;
}

std::string FakeLake::AddRawFile(const TableId& id, std::vector<std::shared_ptr<arrow::Scalar>> partition_values,
                                 std::string_view content, const std::string& format) {
  auto key = AddRawFile(id, content, format);
  auto& table = *state_->tables.at(id);
  table.format = format;
  table.partitions.back().values = partition_values;
  table.partitions.back().files.back().partition_values = std::move(partition_values);
  return key;
}

std::vector<std::string> FakeLake::key_values(const TableId& id) const {
  std::vector<std::string> texts;
  for (const auto& values : state_->tables.at(id)->key_values) {
    std::string text = values ? "" : "*";
    for (size_t i = 0; values && i < values->size(); ++i) text += (i > 0 ? "," : "") + (*values)[i]->ToString();
    texts.push_back(std::move(text));
  }
  return texts;
}

LakeAccess FakeLake::access() {
  return {.catalog = state_->catalog,
          .open_table = [state = state_](const TableId& id) -> Result<std::shared_ptr<Table>> {
            const auto found = state->tables.find(id);
            if (found == state->tables.end())
              return MakeError(ErrorKind::kNotFound, "there is no table ", id.ToString());
            return found->second;
          },
          .resolve = [state = state_](std::string_view uri) -> Result<Location> {
            if (!uri.starts_with(kRoot)) return MakeError(ErrorKind::kDenied, uri, " lies outside the lake");
            return Location{.store = state->store, .key = std::string(uri.substr(kRoot.size()))};
          }};
}

Result<std::unique_ptr<QueryEngine>> FakeLake::Engine(DuckDBEngineOptions options) {
  return MakeDuckDBEngine(access(), options);
}

int64_t FakeLake::listed(const TableId& id) const { return state_->tables.at(id)->listed; }
void FakeLake::MakeRemote() { state_->store->remote = true; }
int64_t FakeLake::gets() const { return state_->store->gets; }
int64_t FakeLake::bytes_read() const { return state_->store->bytes; }
ObjectStore& FakeLake::store() { return *state_->store; }
void FakeLake::FailPlans(const TableId& id, Status error) { state_->tables.at(id)->failure = std::move(error); }

}  // namespace glaux::testing
