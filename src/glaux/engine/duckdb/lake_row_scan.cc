#include <duckdb/common/multi_file/multi_file_reader.hpp>
#include <duckdb/common/multi_file/multi_file_states.hpp>
#include <duckdb/planner/operator/logical_get.hpp>
#include <duckdb/storage/statistics/node_statistics.hpp>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "glaux/engine/duckdb/arrow_rows_internal.h"
#include "glaux/engine/duckdb/lake_row_stream_internal.h"
#include "glaux/engine/duckdb/lake_scan_internal.h"

namespace glaux::duckdb_engine {

namespace {

using duckdb::ClientContext;
using duckdb::idx_t;
using duckdb::optional_ptr;
using duckdb::string;

constexpr auto kPath = duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILENAME;

struct BindData : public duckdb::TableFunctionData {
  BindData(std::shared_ptr<const LakeFileList::Source> source, duckdb::TableCatalogEntry& entry,
           std::shared_ptr<const LakeFileList> files)
      : source(std::move(source)), entry(entry), files(std::move(files)) {}
  duckdb::unique_ptr<FunctionData> Copy() const override { return duckdb::make_uniq<BindData>(source, entry, files); }
  bool Equals(const FunctionData& other) const override {
    const auto& data = other.Cast<BindData>();
    return source == data.source && files == data.files;
  }

  const std::shared_ptr<const LakeFileList::Source> source;
  duckdb::TableCatalogEntry& entry;
  std::shared_ptr<const LakeFileList> files;
};

/// Where each column of the output comes from.
struct OutputColumns {
  /// In the batches; kNotInBatch: a constant of the file.
  duckdb::vector<duckdb::column_t> in_batch;
  duckdb::vector<duckdb::column_t> ids;
};
constexpr duckdb::column_t kNotInBatch = duckdb::DConstants::INVALID_INDEX;

struct GlobalState : public duckdb::GlobalTableFunctionState {
  idx_t MaxThreads() const override { return threads; }

  std::shared_ptr<const LakeFileList> files;
  OutputColumns output;
  std::shared_ptr<const ArrowColumns> columns;  // null: no column of the files is read
  std::unique_ptr<LakeRowStream> stream;
  idx_t threads = 1;
};

struct LocalState : public duckdb::LocalTableFunctionState {
  std::unique_ptr<ArrowRows> rows;
  idx_t rows_left = 0;  // of the piece, where no column is read
  size_t file = 0;
  size_t batch_index = 0;
};

std::shared_ptr<arrow::Schema> ReadColumns(const BindData& data, const duckdb::vector<duckdb::column_t>& ids,
                                           OutputColumns* output) {
  const auto schema = data.source->table->schema();
  const auto begin = data.source->columns.partition_begin;
  arrow::FieldVector fields;
  for (const auto id : ids) {
    duckdb::column_t place = kNotInBatch;
    if (id < begin) {
      const auto& field = schema->field(static_cast<int>(id));
      const auto known = std::find(fields.begin(), fields.end(), field);
      place = static_cast<duckdb::column_t>(known - fields.begin());
      if (known == fields.end()) fields.push_back(field);
    }
    output->in_batch.push_back(place);
    output->ids.push_back(id);
  }
  return arrow::schema(std::move(fields));
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> InitGlobal(ClientContext& context,
                                                                duckdb::TableFunctionInitInput& input) {
  const auto& data = input.bind_data->Cast<BindData>();
  auto state = duckdb::make_uniq<GlobalState>();
  state->files = data.files;
  state->files->Count();
  const auto wanted = ReadColumns(data, input.column_ids, &state->output);
  if (wanted->num_fields() > 0) {
    auto columns = DescribeArrow(context, *wanted, "table " + data.source->table->id().ToString());
    if (!columns.ok()) Throw(context, columns.status());
    state->columns = *std::move(columns);
  }
  state->stream = std::make_unique<LakeRowStream>(context, *data.source->table, *state->files, wanted);
  state->threads = static_cast<idx_t>(duckdb::TaskScheduler::GetScheduler(context).NumberOfThreads());
  return state;
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitLocal(duckdb::ExecutionContext& context,
                                                              duckdb::TableFunctionInitInput&,
                                                              duckdb::GlobalTableFunctionState* global) {
  const auto& shared = global->Cast<GlobalState>();
  auto state = duckdb::make_uniq<LocalState>();
  if (shared.columns != nullptr) {
    state->rows = std::make_unique<ArrowRows>(context.client, shared.columns, shared.output.in_batch);
  }
  return state;
}

/// The next rows of the piece; none at its end.
void NextRows(const GlobalState& global, LocalState& local, duckdb::DataChunk& output) {
  if (local.rows != nullptr) {
    local.rows->Next(output);
  } else {
    const auto rows = std::min<idx_t>(local.rows_left, STANDARD_VECTOR_SIZE);
    local.rows_left -= rows;
    output.SetCardinality(rows);
  }
  if (output.size() == 0) return;
  const auto& file = global.files->file(local.file);
  const auto begin = global.files->source().columns.partition_begin;
  for (idx_t i = 0; i < output.ColumnCount(); ++i) {
    if (global.output.in_batch[i] != kNotInBatch) continue;
    const auto id = global.output.ids[i];
    if (id == kPath) {
      output.data[i].Reference(duckdb::Value(file.info.path));
    } else if (id >= begin && id - begin < file.partition_values.size()) {
      output.data[i].Reference(file.partition_values[id - begin]);
    } else {
      output.data[i].Reference(duckdb::Value(output.data[i].GetType()));
    }
  }
}

void Scan(ClientContext& context, duckdb::TableFunctionInput& input, duckdb::DataChunk& output) {
  auto& global = input.global_state->Cast<GlobalState>();
  auto& local = input.local_state->Cast<LocalState>();
  const auto fail = [&](const Status& error) {
    const auto query = QueryContext::Of(context);
    if (KindOf(error) == ErrorKind::kCancelled && query && query->stop().IsStopRequested()) {
      throw duckdb::InterruptException();
    }
    Throw(query.get(), error);
  };
  for (;;) {
    NextRows(global, local, output);
    if (output.size() > 0) return;
    auto piece = global.stream->Next();
    if (!piece.ok()) fail(piece.status());
    if (!piece->has_value()) return;
    const auto batch = (*piece)->decode();
    if (!batch.ok()) fail(batch.status());
    local.file = (*piece)->file;
    local.batch_index = (*piece)->index;
    if (local.rows == nullptr) {
      local.rows_left = static_cast<idx_t>((*batch)->num_rows());
    } else if ((*batch)->num_rows() > 0) {
      if (const auto begun = local.rows->Begin(**batch); !begun.ok()) fail(begun);
    }
  }
}

duckdb::OperatorPartitionData GetPartitionData(ClientContext&, duckdb::TableFunctionGetPartitionInput& input) {
  return duckdb::OperatorPartitionData(input.local_state->Cast<LocalState>().batch_index);
}

void PushdownFilters(ClientContext& context, duckdb::LogicalGet& get, duckdb::FunctionData* bind_data,
                     duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) {
  auto& data = bind_data->Cast<BindData>();
  duckdb::MultiFilePushdownInfo info(get);
  auto fewer = data.files->ComplexFilterPushdown(context, duckdb::MultiFileOptions(), info, filters);
  if (!fewer) return;
  data.files = std::shared_ptr<const LakeFileList>(static_cast<const LakeFileList*>(fewer.release()));
}

duckdb::unique_ptr<duckdb::NodeStatistics> Cardinality(ClientContext& context, const duckdb::FunctionData* data) {
  return data->Cast<BindData>().files->GetCardinality(context);
}

duckdb::BindInfo GetBindInfo(const optional_ptr<duckdb::FunctionData> bind_data) {
  duckdb::BindInfo info(bind_data->Cast<BindData>().entry);
  info.type = duckdb::ScanType::EXTERNAL;
  return info;
}

duckdb::virtual_column_map_t GetVirtualColumns(ClientContext&, optional_ptr<duckdb::FunctionData>) {
  return HiddenRowScanColumns();
}

duckdb::InsertionOrderPreservingMap<string> Describe(duckdb::TableFunctionToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<string> lines;
  const auto& table = *input.bind_data->Cast<BindData>().source->table;
  lines["Table"] = table.id().ToString();
  lines["Format"] = table.file_format();
  return lines;
}

}  // namespace

const LakeFileList* FilesOf(const duckdb::FunctionData* bind_data) {
  if (const auto* rows = dynamic_cast<const BindData*>(bind_data)) return rows->files.get();
  const auto* bind = dynamic_cast<const duckdb::MultiFileBindData*>(bind_data);
  return bind == nullptr ? nullptr : dynamic_cast<const LakeFileList*>(bind->file_list.get());
}

duckdb::virtual_column_map_t HiddenRowScanColumns() {
  duckdb::virtual_column_map_t columns;
  columns.emplace(kPath, duckdb::TableColumn("$path", duckdb::LogicalType::VARCHAR));
  columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY, duckdb::TableColumn("", duckdb::LogicalType::BOOLEAN));
  return columns;
}

duckdb::TableFunction BindRowScan(duckdb::TableCatalogEntry& entry, std::shared_ptr<Table> table, ScanColumns columns,
                                  ClientContext& context, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  auto source = std::make_shared<LakeFileList::Source>();
  source->table = std::move(table);
  source->columns = std::move(columns);
  source->parquet_only = false;
  bind_data = duckdb::make_uniq<BindData>(source, entry, std::make_shared<const LakeFileList>(context, source));
  duckdb::TableFunction function("lake_row_scan", {}, Scan, nullptr, InitGlobal, InitLocal);
  function.projection_pushdown = true;
  function.get_partition_data = GetPartitionData;
  function.pushdown_complex_filter = PushdownFilters;
  function.cardinality = Cardinality;
  function.get_bind_info = GetBindInfo;
  function.get_virtual_columns = GetVirtualColumns;
  function.to_string = Describe;
  return function;
}

}  // namespace glaux::duckdb_engine
