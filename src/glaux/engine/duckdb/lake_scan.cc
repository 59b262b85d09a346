#include "glaux/engine/duckdb/lake_scan_internal.h"

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp>
#include <duckdb/common/multi_file/multi_file_reader.hpp>
#include <duckdb/common/multi_file/multi_file_states.hpp>
#include <duckdb/common/type_visitor.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
#include <duckdb/parser/tableref/table_function_ref.hpp>

#include <arrow/type.h>

#include <span>

#include "glaux/engine/duckdb/duckdb_types_internal.h"
#include "glaux/engine/duckdb/lake_file_list_internal.h"
#include "glaux/engine/duckdb/lake_file_names_internal.h"
#include "glaux/engine/duckdb/lake_file_system_internal.h"
#include "glaux/engine/duckdb/read_ahead_internal.h"

namespace glaux::duckdb_engine {

namespace {

using duckdb::ClientContext;
using duckdb::ColumnIndex;
using duckdb::LogicalTypeId;
using duckdb::MultiFileColumnDefinition;
using duckdb::MultiFileReaderData;
using duckdb::optional_ptr;
using duckdb::string;

/// What a bound scan carries to its reader.
struct ScanInfo : public duckdb::TableFunctionInfo {
  ScanInfo(std::shared_ptr<const LakeFileList::Source> source, duckdb::TableCatalogEntry& entry,
           const duckdb::TableFunction& parquet_scan)
      : source(std::move(source)),
        entry(entry),
        scan(parquet_scan.function),
        get_virtual_columns(parquet_scan.get_virtual_columns) {}
  const std::shared_ptr<const LakeFileList::Source> source;
  duckdb::TableCatalogEntry& entry;
  // DuckDB's own.
  const duckdb::table_function_t scan;
  const duckdb::table_function_get_virtual_columns_t get_virtual_columns;
};

struct ScanState : public duckdb::MultiFileReaderGlobalState {
  explicit ScanState(const duckdb::MultiFileList& files) : MultiFileReaderGlobalState({}, &files) {}
  /// Null: each read asks a store that answers at once.
  std::shared_ptr<ReadAhead> ahead;
};

/// A column with its nested fields: those a file lacks read as null.
MultiFileColumnDefinition DefineColumn(const string& name, const duckdb::LogicalType& type) {
  MultiFileColumnDefinition column(name, type);
  column.identifier = duckdb::Value(name);
  column.default_expression = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(type));
  switch (type.id()) {
    case LogicalTypeId::STRUCT:
      for (const auto& [child, child_type] : duckdb::StructType::GetChildTypes(type)) {
        column.children.push_back(DefineColumn(child, child_type));
      }
      break;
    case LogicalTypeId::LIST:
      column.children.push_back(DefineColumn("element", duckdb::ListType::GetChildType(type)));
      break;
    case LogicalTypeId::MAP:
      column.children.push_back(DefineColumn("key", duckdb::MapType::KeyType(type)));
      column.children.push_back(DefineColumn("value", duckdb::MapType::ValueType(type)));
      break;
    default:
      break;
  }
  return column;
}

/// Take over a file's own names for list elements, map keys and values, which every writer spells differently; or
/// forget the nested fields where the file's shape is the table's, so that DuckDB reads the column as it is.
void AlignNames(MultiFileColumnDefinition& column, const MultiFileColumnDefinition& in_file) {
  switch (column.type.id()) {
    case LogicalTypeId::STRUCT:
      for (auto& child : column.children) {
        for (const auto& other : in_file.children) {
          if (duckdb::StringUtil::CIEquals(child.name, other.name)) AlignNames(child, other);
        }
      }
      return;
    case LogicalTypeId::LIST:
    case LogicalTypeId::MAP: {
      if (column.type == in_file.type) {
        column.children.clear();
        return;
      }
      const auto* children = &in_file.children;
      if (column.type.id() == LogicalTypeId::MAP && children->size() == 1) children = &children->front().children;
      if (children->size() != column.children.size()) {
        column.children.clear();
        return;
      }
      for (size_t i = 0; i < column.children.size(); ++i) {
        column.children[i].identifier = duckdb::Value((*children)[i].name);
        AlignNames(column.children[i], (*children)[i]);
      }
      return;
    }
    default:
      return;
  }
}

/// Gives DuckDB's Parquet scan the schema, the files and the partition values of a table.
class LakeFileReader : public duckdb::MultiFileReader {
 public:
  explicit LakeFileReader(duckdb::shared_ptr<ScanInfo> info) : info_(std::move(info)) {}

  static duckdb::unique_ptr<MultiFileReader> Create(const duckdb::TableFunction& function) {
    return duckdb::make_uniq<LakeFileReader>(
        duckdb::shared_ptr_cast<duckdb::TableFunctionInfo, ScanInfo>(function.function_info));
  }

  const ScanInfo& info() const { return *info_; }

  duckdb::shared_ptr<duckdb::MultiFileList> CreateFileList(ClientContext& context, const duckdb::vector<string>&,
                                                           const duckdb::FileGlobInput&) override {
    return duckdb::make_shared_ptr<LakeFileList>(context, info_->source);
  }

  bool Bind(duckdb::MultiFileOptions&, duckdb::MultiFileList&, duckdb::vector<duckdb::LogicalType>& types,
            duckdb::vector<string>& names, duckdb::MultiFileReaderBindData& bind) override {
    names = info_->source->columns.names;
    types = info_->source->columns.types;
    for (size_t i = 0; i < names.size(); ++i) bind.schema.push_back(DefineColumn(names[i], types[i]));
    bind.mapping = duckdb::MultiFileColumnMappingMode::BY_NAME;
    return true;
  }

  void BindOptions(duckdb::MultiFileOptions&, duckdb::MultiFileList&, duckdb::vector<duckdb::LogicalType>&,
                   duckdb::vector<string>&, duckdb::MultiFileReaderBindData&) override {}

  duckdb::unique_ptr<duckdb::MultiFileReaderGlobalState> InitializeGlobalState(
      ClientContext& context, const duckdb::MultiFileOptions&, const duckdb::MultiFileReaderBindData&,
      const duckdb::MultiFileList& files, const duckdb::vector<MultiFileColumnDefinition>&,
      const duckdb::vector<ColumnIndex>& ids) override {
    static_cast<const LakeFileList&>(files).Count();
    auto state = duckdb::make_uniq<ScanState>(files);
    state->ahead = BeginReadAhead(context, files.GetAllFiles(), ids);
    return state;
  }

  void FinalizeBind(MultiFileReaderData& data, const duckdb::MultiFileOptions& options,
                    const duckdb::MultiFileReaderBindData& bind,
                    const duckdb::vector<MultiFileColumnDefinition>& columns, const duckdb::vector<ColumnIndex>& ids,
                    ClientContext& context, optional_ptr<duckdb::MultiFileReaderGlobalState> state) override {
    MultiFileReader::FinalizeBind(data, options, bind, columns, ids, context, state);
    const auto& files = static_cast<const LakeFileList&>(*state->file_list);
    const auto index = data.reader->file_list_idx.GetIndex();
    if (const auto& ahead = static_cast<const ScanState&>(*state).ahead; ahead != nullptr) ahead->Opened(index);
    const auto& file = files.file(index);
    const auto begin = info_->source->columns.partition_begin;
    for (size_t i = 0; i < ids.size(); ++i) {
      const auto id = ids[i].GetPrimaryIndex();
      if (id < begin || id >= columns.size()) continue;
      data.constant_map.Add(duckdb::MultiFileGlobalIndex(i), file.partition_values[id - begin]);
    }
  }

  duckdb::ReaderInitializeType CreateMapping(ClientContext& context, MultiFileReaderData& data,
                                             const duckdb::vector<MultiFileColumnDefinition>& columns,
                                             const duckdb::vector<ColumnIndex>& ids,
                                             optional_ptr<duckdb::TableFilterSet> filters, duckdb::MultiFileList& files,
                                             const duckdb::MultiFileReaderBindData& bind,
                                             const duckdb::virtual_column_map_t& virtual_columns) override {
    duckdb::case_insensitive_map_t<const MultiFileColumnDefinition*> in_file;
    for (const auto& column : data.reader->GetColumns()) in_file.emplace(column.name, &column);
    std::vector<string> read;
    for (const auto& id : ids) {
      const auto index = id.GetPrimaryIndex();
      if (index < info_->source->columns.partition_begin) read.push_back(columns[index].name);
    }
    if (const auto names = CheckNames(context, data.reader->GetFileName(), data.reader->GetColumns(), read);
        !names.ok()) {
      Throw(context, Prefix(names, "read table " + info_->source->table->id().ToString()));
    }
    std::optional<duckdb::vector<MultiFileColumnDefinition>> aligned;
    for (const auto& id : ids) {
      const auto index = id.GetPrimaryIndex();
      if (index >= info_->source->columns.partition_begin) continue;
      const auto found = in_file.find(columns[index].name);
      if (found == in_file.end()) continue;
      const auto& file_type = found->second->type;
      if (!Widens(file_type, columns[index].type)) {
        Throw(context, MakeError(ErrorKind::kCorrupt, "read table ", info_->source->table->id().ToString(), ", file ",
                                 data.reader->GetFileName(), ", column ", columns[index].name, ": the table has ",
                                 columns[index].type.ToString(), ", the file has ", file_type.ToString()));
      }
      if (!columns[index].type.IsNested()) continue;
      if (!aligned) aligned = columns;
      AlignNames((*aligned)[index], *found->second);
    }
    return MultiFileReader::CreateMapping(context, data, aligned ? *aligned : columns, ids, filters, files, bind,
                                          virtual_columns);
  }

  duckdb::shared_ptr<duckdb::BaseFileReader> CreateReader(ClientContext& context,
                                                          duckdb::GlobalTableFunctionState& state,
                                                          const duckdb::OpenFileInfo& file, duckdb::idx_t index,
                                                          const duckdb::MultiFileBindData& bind) override {
    try {
      return MultiFileReader::CreateReader(context, state, file, index, bind);
    } catch (const std::exception& error) {
      const auto found = OtherThanParquet(context, file);
      if (found.empty()) RethrowFrom(context, file.path, error);
      Throw(context,
            MakeError({.kind = ErrorKind::kCorrupt,
                       .hint = "move it out of the table's folder, or give it a name that begins with _, which readers "
                               "pass over; a table of other files has another format in the catalog"},
                      "read table ", info_->source->table->id().ToString(), ", file ", file.path,
                      ": expected a Parquet file, found one that begins with ", found));
    }
  }

  duckdb::unique_ptr<MultiFileReader> Copy() const override { return duckdb::make_uniq<LakeFileReader>(info_); }

  /// A reader's complaint about the bytes of a file becomes kCorrupt; every other error stays what it is.
  [[noreturn]] void RethrowFrom(ClientContext& context, const string& file, const std::exception& exception) const {
    const duckdb::ErrorData error(exception);
    const auto query = QueryContext::Of(context);
    const bool own = query && !query->Recall(error.RawMessage()).ok();
    switch (error.Type()) {
      case duckdb::ExceptionType::INVALID:
      case duckdb::ExceptionType::INVALID_INPUT:
      case duckdb::ExceptionType::IO:
      case duckdb::ExceptionType::SERIALIZATION:
      case duckdb::ExceptionType::OUT_OF_RANGE:
      case duckdb::ExceptionType::UNKNOWN_TYPE:
        if (own) break;
        Throw(query.get(), MakeError(ErrorKind::kCorrupt, "read table ", info_->source->table->id().ToString(),
                                     ", file ", file, ": ", error.RawMessage()));
      default:
        break;
    }
    throw;
  }

 private:
  /// The first bytes of a file that does not begin as Parquet files do; empty: it does, or it cannot be read.
  static string OtherThanParquet(ClientContext& context, const duckdb::OpenFileInfo& file) {
    constexpr std::string_view kMagic = "PAR1", kEncrypted = "PARE";
    string bytes(32, '\0');
    const auto shared = OpenShared(context, file);
    if (!shared.ok()) return {};
    bytes.resize(std::min(bytes.size(), static_cast<size_t>((*shared)->size())));
    if (!(*shared)->ReadAt(0, std::as_writable_bytes(std::span(bytes)), {}).ok()) return {};
    if (bytes.starts_with(kMagic) || bytes.starts_with(kEncrypted)) return {};
    for (char& c : bytes) {
      if (c < 0x20 || c > 0x7e) c = c == '\n' ? ' ' : '?';
    }
    return bytes;
  }

  /// Null where it would be of no use.
  std::shared_ptr<ReadAhead> BeginReadAhead(ClientContext& context, duckdb::vector<duckdb::OpenFileInfo> files,
                                            const duckdb::vector<ColumnIndex>& ids) const {
    if (files.empty()) return nullptr;
    const auto first = OpenShared(context, files.front());
    if (!first.ok() || !(*first)->store().traits().remote) return nullptr;  // readers will say what is wrong
    ReadAheadOptions options;
    if (const auto query = QueryContext::Of(context)) {
      options.query = {.stop = query->stop(), .bytes = &query->bytes_scanned};
    }
    const auto& columns = info_->source->columns;
    for (const auto& id : ids) {
      const auto index = id.GetPrimaryIndex();
      // Of some columns only parts are read.
      if (index < columns.partition_begin && !id.HasChildren()) options.columns.push_back(columns.names[index]);
    }
    const size_t count = files.size();
    auto open = [&context, files = std::move(files)](size_t i) { return OpenShared(context, files[i]); };
    auto ahead = std::make_shared<ReadAhead>(count, std::move(open), std::move(options));
    ahead->Begin();
    return ahead;
  }

  const duckdb::shared_ptr<ScanInfo> info_;
};

const LakeFileReader& ReaderOf(const duckdb::FunctionData& bind_data) {
  return static_cast<const LakeFileReader&>(*bind_data.Cast<duckdb::MultiFileBindData>().multi_file_reader);
}

/// DuckDB's own would list the files while the statement is bound.
duckdb::BindInfo GetBindInfo(const optional_ptr<duckdb::FunctionData> bind_data) {
  duckdb::BindInfo info(ReaderOf(*bind_data).info().entry);
  info.type = duckdb::ScanType::EXTERNAL;
  return info;
}

duckdb::virtual_column_map_t GetVirtualColumns(ClientContext& context, optional_ptr<duckdb::FunctionData> bind_data) {
  // It also notes them in the bind data.
  ReaderOf(*bind_data).info().get_virtual_columns(context, bind_data);
  return HiddenColumns();
}

duckdb::InsertionOrderPreservingMap<string> Describe(duckdb::TableFunctionToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<string> lines;
  lines["Table"] = ReaderOf(*input.bind_data).info().source->table->id().ToString();
  return lines;
}

void Scan(ClientContext& context, duckdb::TableFunctionInput& input, duckdb::DataChunk& output) {
  const auto& reader = ReaderOf(*input.bind_data);
  try {
    reader.info().scan(context, input, output);
  } catch (const std::exception& error) {
    const auto state = input.local_state.get();
    const auto* local = state ? static_cast<const duckdb::MultiFileLocalState*>(state) : nullptr;
    reader.RethrowFrom(context, local && local->reader ? local->reader->GetFileName() : "?", error);
  }
}

bool HoldsBlob(const duckdb::LogicalType& type) { return duckdb::TypeVisitor::Contains(type, LogicalTypeId::BLOB); }

}  // namespace

Result<ScanColumns> ColumnsOf(const Table& table) {
  ScanColumns columns;
  const auto schema = table.schema();
  columns.partition_begin = static_cast<size_t>(schema->num_fields()) - table.partition_columns().size();
  for (const auto& field : schema->fields()) {
    auto type = ToLogicalType(*field->type());
    if (!type.ok()) return Prefix(type.status(), "table " + table.id().ToString() + ", column " + field->name());
    columns.names.push_back(field->name());
    columns.types.push_back(std::move(type).ValueUnsafe());
  }
  return columns;
}

duckdb::virtual_column_map_t HiddenColumns() {
  using Reader = duckdb::MultiFileReader;
  duckdb::virtual_column_map_t columns;
  columns.emplace(Reader::COLUMN_IDENTIFIER_FILENAME, duckdb::TableColumn("$path", duckdb::LogicalType::VARCHAR));
  columns.emplace(Reader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER,
                  duckdb::TableColumn("$file_row_number", duckdb::LogicalType::BIGINT));
  columns.emplace(Reader::COLUMN_IDENTIFIER_FILE_INDEX,
                  duckdb::TableColumn("$file_index", duckdb::LogicalType::UBIGINT));
  columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY, duckdb::TableColumn("", duckdb::LogicalType::BOOLEAN));
  return columns;
}

duckdb::TableFunction BindScan(ClientContext& context, duckdb::TableCatalogEntry& table_entry,
                               std::shared_ptr<Table> table, ScanColumns columns,
                               duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  auto& entry = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::TableFunctionCatalogEntry>(
      context, DEFAULT_SCHEMA, "parquet_scan");
  auto function = entry.functions.GetFunctionByArguments(context, {duckdb::LogicalType::VARCHAR});
  auto source = std::make_shared<LakeFileList::Source>();
  source->table = std::move(table);
  source->columns = std::move(columns);
  const auto info = duckdb::make_shared_ptr<ScanInfo>(source, table_entry, function);
  function.name = "lake_scan";
  function.function = Scan;
  function.function_info = info;
  function.get_multi_file_reader = LakeFileReader::Create;
  function.get_bind_info = GetBindInfo;
  function.get_virtual_columns = GetVirtualColumns;
  function.to_string = Describe;
  // They would look into files before the query runs.
  function.statistics = nullptr;
  function.get_partition_stats = nullptr;

  duckdb::vector<duckdb::Value> inputs{duckdb::Value(source->table->id().ToString())};
  duckdb::named_parameter_map_t parameters;
  // Writers of old leave text unmarked; where the table has no binary column, all bytes are text.
  if (std::none_of(source->columns.types.begin(), source->columns.types.end(), HoldsBlob)) {
    parameters["binary_as_string"] = duckdb::Value::BOOLEAN(true);
  }
  duckdb::vector<duckdb::LogicalType> input_types, types;
  duckdb::vector<string> input_names, names;
  const duckdb::TableFunctionRef reference;
  duckdb::TableFunctionBindInput input(inputs, parameters, input_types, input_names, info.get(), nullptr, function,
                                       reference);
  bind_data = function.bind(context, input, types, names);
  return function;
}

}  // namespace glaux::duckdb_engine
