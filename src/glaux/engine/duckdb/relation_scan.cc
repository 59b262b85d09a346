#include "glaux/engine/duckdb/relation_scan_internal.h"

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
#include <duckdb/parser/expression/function_expression.hpp>
#include <duckdb/parser/expression/star_expression.hpp>
#include <duckdb/parser/parsed_data/create_table_function_info.hpp>
#include <duckdb/parser/parsed_data/create_view_info.hpp>
#include <duckdb/parser/query_node/select_node.hpp>
#include <duckdb/parser/statement/create_statement.hpp>
#include <duckdb/parser/statement/select_statement.hpp>
#include <duckdb/parser/tableref/table_function_ref.hpp>

#include <atomic>
#include <map>

#include "glaux/engine/duckdb/query_state_internal.h"

namespace glaux::duckdb_engine {

namespace {

using duckdb::ClientContext;
using duckdb::idx_t;
using duckdb::optional_ptr;
using duckdb::string;

constexpr char kFunction[] = "relation_scan";

struct BindData : public duckdb::TableFunctionData {
  BindData(duckdb::shared_ptr<QueryContext> query, size_t index) : query(std::move(query)), index(index) {}
  const duckdb::shared_ptr<QueryContext> query;
  const size_t index;

  const QueryRelations::Relation& relation() const { return query->relations().relation(index); }
};

struct GlobalState : public duckdb::GlobalTableFunctionState {
  GlobalState(std::shared_ptr<RelationStream> stream, idx_t threads) : stream(std::move(stream)), threads(threads) {}
  ~GlobalState() override { stream->Stop(); }
  idx_t MaxThreads() const override { return threads; }

  const std::shared_ptr<RelationStream> stream;
  const idx_t threads;
};

struct LocalState : public duckdb::LocalTableFunctionState {
  LocalState(ClientContext& context, std::shared_ptr<const ArrowColumns> columns,
             const duckdb::vector<duckdb::column_t>& column_ids)
      : rows(context, std::move(columns), column_ids) {}
  ArrowRows rows;
  size_t batch_index = 0;
};

duckdb::unique_ptr<duckdb::FunctionData> Bind(ClientContext& context, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<string>& names) {
  auto query = QueryContext::Of(context);
  const auto index = static_cast<size_t>(input.inputs[0].GetValue<uint64_t>());
  if (!query || index >= query->relations().size()) {
    throw duckdb::BinderException("%s: the query has no relation %llu", kFunction, index);
  }
  auto data = duckdb::make_uniq<BindData>(std::move(query), index);
  types = data->relation().columns->types;
  names = data->relation().columns->names;
  return data;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> InitGlobal(ClientContext& context,
                                                                duckdb::TableFunctionInitInput& input) {
  const auto& data = input.bind_data->Cast<BindData>();
  const auto threads = duckdb::TaskScheduler::GetScheduler(context).NumberOfThreads();
  return duckdb::make_uniq<GlobalState>(data.query->relations().Begin(data.index), static_cast<idx_t>(threads));
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitLocal(duckdb::ExecutionContext& context,
                                                              duckdb::TableFunctionInitInput& input,
                                                              duckdb::GlobalTableFunctionState*) {
  return duckdb::make_uniq<LocalState>(context.client, input.bind_data->Cast<BindData>().relation().columns,
                                       input.column_ids);
}

void Scan(ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& output) {
  auto& local = input.local_state->Cast<LocalState>();
  local.rows.Next(output);
  if (output.size() > 0) return;
  const auto& stream = input.global_state->Cast<GlobalState>().stream;
  auto next = stream->Next();
  auto error = next.status();
  if (error.ok()) {
    if (!next->batch) return;
    local.batch_index = next->index;
    error = local.rows.Begin(*next->batch);
    if (error.ok()) return local.rows.Next(output);
  }
  if (stream->stopped()) throw duckdb::InterruptException();
  input.bind_data->Cast<BindData>().query->relations().FailWith(error);
  throw duckdb::IOException(error.message());
}

duckdb::OperatorPartitionData GetPartitionData(ClientContext&, duckdb::TableFunctionGetPartitionInput& input) {
  return duckdb::OperatorPartitionData(input.local_state->Cast<LocalState>().batch_index);
}

duckdb::unique_ptr<duckdb::NodeStatistics> Cardinality(ClientContext&, const duckdb::FunctionData* data) {
  const auto rows = data->Cast<BindData>().relation().source->rows;
  if (!rows.has_value()) return duckdb::make_uniq<duckdb::NodeStatistics>();
  return duckdb::make_uniq<duckdb::NodeStatistics>(static_cast<idx_t>(*rows));
}

/// Lets count(*) convert no column at all.
duckdb::virtual_column_map_t GetVirtualColumns(ClientContext&, optional_ptr<duckdb::FunctionData>) {
  duckdb::virtual_column_map_t columns;
  columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY, duckdb::TableColumn("", duckdb::LogicalType::BOOLEAN));
  return columns;
}

duckdb::InsertionOrderPreservingMap<string> Describe(duckdb::TableFunctionToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<string> lines;
  lines["Relation"] = input.bind_data->Cast<BindData>().relation().source->name;
  return lines;
}

/// CREATE TEMP VIEW name AS SELECT * FROM relation_scan(index)
duckdb::unique_ptr<duckdb::SQLStatement> CreateView(const string& name, size_t index) {
  duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> arguments;
  arguments.push_back(duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::UBIGINT(index)));
  auto from = duckdb::make_uniq<duckdb::TableFunctionRef>();
  from->function = duckdb::make_uniq<duckdb::FunctionExpression>(kFunction, std::move(arguments));
  auto node = duckdb::make_uniq<duckdb::SelectNode>();
  node->select_list.push_back(duckdb::make_uniq<duckdb::StarExpression>());
  node->from_table = std::move(from);
  auto select = duckdb::make_uniq<duckdb::SelectStatement>();
  select->node = std::move(node);
  auto info = duckdb::make_uniq<duckdb::CreateViewInfo>();
  info->catalog = TEMP_CATALOG;
  info->schema = DEFAULT_SCHEMA;
  info->temporary = true;
  info->view_name = name;
  info->query = std::move(select);
  auto statement = duckdb::make_uniq<duckdb::CreateStatement>();
  statement->info = std::move(info);
  return statement;
}

}  // namespace

Status QueryRelations::ShowTo(duckdb::Connection& connection, const std::vector<QueryRelation>& relations) {
  for (const auto& relation : relations) {
    Result<std::shared_ptr<const ArrowColumns>> columns;
    // Extension types are looked up in the catalog.
    connection.context->RunFunctionInTransaction(
        [&] { columns = DescribeArrow(*connection.context, *relation.schema, "relation " + relation.name); });
    ARROW_RETURN_NOT_OK(columns);
    relations_.push_back({.source = std::make_shared<const QueryRelation>(relation),
                          .open_mutex = std::make_shared<std::mutex>(),
                          .columns = std::move(columns).ValueUnsafe()});
  }
  for (size_t i = 0; i < relations.size(); ++i) {
    const auto result = connection.Query(CreateView(duckdb::StringUtil::Lower(relations[i].name), i));
    if (result->HasError()) {
      return Prefix(ToStatus(result->GetErrorObject(), nullptr),
                    "show relation " + relations[i].name + " to the query");
    }
  }
  return Status::OK();
}

std::shared_ptr<RelationStream> QueryRelations::Begin(size_t index) {
  const auto& source = relation(index);
  auto stream = std::make_shared<RelationStream>(source.source, source.open_mutex);
  std::lock_guard lock(mutex_);
  if (stopped_) stream->Stop();
  streams_.push_back(stream);
  return stream;
}

void QueryRelations::Stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& stream : streams_) stream->Stop();
}

void QueryRelations::Finish() {
  Stop();
  std::vector<std::shared_ptr<RelationStream>> streams;
  {
    std::lock_guard lock(mutex_);
    streams.swap(streams_);
  }
  streams.clear();
}

void QueryRelations::FailWith(const Status& error) {
  std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = error;
}

Status QueryRelations::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

Status CheckRelations(const std::vector<QueryRelation>& relations) {
  std::map<std::string, std::string> seen;
  for (const auto& relation : relations) {
    if (relation.name.empty()) return MakeError(ErrorKind::kInvalid, "a relation of the query has no name");
    const auto [other, is_new] = seen.emplace(duckdb::StringUtil::Lower(relation.name), relation.name);
    if (!is_new) {
      return MakeError(ErrorKind::kInvalid, "two relations of the query have one name: ", other->second, " and ",
                       relation.name);
    }
    if (!relation.schema || !relation.open) {
      return MakeError(ErrorKind::kInvalid, "relation ", relation.name, " has no ",
                       relation.schema ? "opener" : "schema");
    }
  }
  return Status::OK();
}

void RegisterRelationScan(duckdb::Connection& connection) {
  duckdb::TableFunction function(kFunction, {duckdb::LogicalType::UBIGINT}, Scan, Bind, InitGlobal, InitLocal);
  function.projection_pushdown = true;
  function.get_partition_data = GetPartitionData;
  function.cardinality = Cardinality;
  function.get_virtual_columns = GetVirtualColumns;
  function.to_string = Describe;
  connection.context->RunFunctionInTransaction([&] {
    duckdb::CreateTableFunctionInfo info(function);
    duckdb::Catalog::GetSystemCatalog(*connection.context).CreateTableFunction(*connection.context, info);
  });
}

}  // namespace glaux::duckdb_engine
