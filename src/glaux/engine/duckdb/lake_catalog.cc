#include "glaux/engine/duckdb/lake_catalog_internal.h"

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/schema_catalog_entry.hpp>
#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>
#include <duckdb/catalog/catalog_entry/view_catalog_entry.hpp>
#include <duckdb/catalog/entry_lookup_info.hpp>
#include <duckdb/catalog/similar_catalog_entry.hpp>
#include <duckdb/parser/keyword_helper.hpp>
#include <duckdb/parser/parsed_data/create_schema_info.hpp>
#include <duckdb/parser/parsed_data/create_table_info.hpp>
#include <duckdb/parser/parsed_data/create_view_info.hpp>
#include <duckdb/storage/database_size.hpp>
#include <duckdb/storage/storage_extension.hpp>
#include <duckdb/storage/table_storage_info.hpp>
#include <duckdb/transaction/transaction.hpp>
#include <duckdb/transaction/transaction_manager.hpp>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "glaux/engine/duckdb/athena_tree_internal.h"
#include "glaux/engine/duckdb/lake_scan_internal.h"
#include "glaux/sql/athena_dialect.h"
#include "glaux/sql/view.h"

namespace glaux::duckdb_engine {

namespace {

using duckdb::CatalogEntry;
using duckdb::CatalogTransaction;
using duckdb::CatalogType;
using duckdb::ClientContext;
using duckdb::optional_ptr;
using duckdb::string;

[[noreturn]] void RefuseWrite(std::string_view what) {
  throw duckdb::NotImplementedException("%s: the embedded engine only reads the lake", string(what));
}

class LakeTableEntry : public duckdb::TableCatalogEntry {
 public:
  LakeTableEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema, duckdb::CreateTableInfo& info,
                 std::shared_ptr<Table> table, ScanColumns columns)
      : TableCatalogEntry(catalog, schema, info),
        table_(std::move(table)),
        scan_columns_(std::move(columns)),
        is_parquet_(table_ == nullptr || table_->file_format() == "parquet") {}

  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(ClientContext&, duckdb::column_t) override {
    return nullptr;
  }
  duckdb::TableStorageInfo GetStorageInfo(ClientContext&) override { return {}; }
  duckdb::TableFunction GetScanFunction(ClientContext& context,
                                        duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override {
    if (!is_parquet_) return BindRowScan(*this, table_, scan_columns_, context, bind_data);
    return BindScan(context, *this, table_, scan_columns_, bind_data);
  }
  duckdb::virtual_column_map_t GetVirtualColumns() const override {
    return is_parquet_ ? HiddenColumns() : HiddenRowScanColumns();
  }
  void BindUpdateConstraints(duckdb::Binder&, duckdb::LogicalGet&, duckdb::LogicalProjection&, duckdb::LogicalUpdate&,
                             ClientContext&) override {
    RefuseWrite("UPDATE");
  }

 private:
  const std::shared_ptr<Table> table_;
  const ScanColumns scan_columns_;
  const bool is_parquet_;
};

/// The schema in which plain names of a view's query are looked up: a database of the same transaction.
using FindSchema = std::function<duckdb::SchemaCatalogEntry*(ClientContext&, const string& database)>;

/// A database of the lake. Lives as long as one transaction, with the tables that were looked up in it.
class LakeSchemaEntry : public duckdb::SchemaCatalogEntry {
 public:
  LakeSchemaEntry(duckdb::Catalog& catalog, duckdb::CreateSchemaInfo& info, const LakeAccess& lake,
                  FindSchema find_schema)
      : SchemaCatalogEntry(catalog, info), lake_(lake), find_schema_(std::move(find_schema)) {}

  optional_ptr<CatalogEntry> LookupEntry(CatalogTransaction transaction,
                                         const duckdb::EntryLookupInfo& lookup) override {
    if (lookup.GetCatalogType() != CatalogType::TABLE_ENTRY) return nullptr;
    std::lock_guard lock(mutex_);
    return Table(transaction.GetContext(), duckdb::StringUtil::Lower(lookup.GetEntryName()), /*listing=*/false);
  }

  void Scan(ClientContext& context, CatalogType type, const std::function<void(CatalogEntry&)>& visit) override {
    if (type != CatalogType::TABLE_ENTRY) return;
    std::vector<CatalogEntry*> entries;
    {
      std::lock_guard lock(mutex_);
      for (const auto& table : Names(context)) entries.push_back(Table(context, table, /*listing=*/true).get());
    }
    for (auto* entry : entries) visit(*entry);
  }
  void Scan(CatalogType, const std::function<void(CatalogEntry&)>&) override {}

  duckdb::SimilarCatalogEntry GetSimilarEntry(CatalogTransaction transaction,
                                              const duckdb::EntryLookupInfo& lookup) override {
    duckdb::SimilarCatalogEntry best;
    if (lookup.GetCatalogType() != CatalogType::TABLE_ENTRY) return best;
    std::lock_guard lock(mutex_);
    for (const auto& table : Names(transaction.GetContext())) {
      const double score = duckdb::StringUtil::SimilarityRating(table, lookup.GetEntryName());
      if (score > best.score) {
        best.score = score;
        best.name = table;
      }
    }
    return best;
  }

  optional_ptr<CatalogEntry> CreateIndex(CatalogTransaction, duckdb::CreateIndexInfo&,
                                         duckdb::TableCatalogEntry&) override {
    RefuseWrite("CREATE INDEX");
  }
  optional_ptr<CatalogEntry> CreateFunction(CatalogTransaction, duckdb::CreateFunctionInfo&) override {
    RefuseWrite("CREATE FUNCTION");
  }
  optional_ptr<CatalogEntry> CreateTable(CatalogTransaction, duckdb::BoundCreateTableInfo&) override {
    RefuseWrite("CREATE TABLE");
  }
  optional_ptr<CatalogEntry> CreateView(CatalogTransaction, duckdb::CreateViewInfo&) override {
    RefuseWrite("CREATE VIEW");
  }
  optional_ptr<CatalogEntry> CreateSequence(CatalogTransaction, duckdb::CreateSequenceInfo&) override {
    RefuseWrite("CREATE SEQUENCE");
  }
  optional_ptr<CatalogEntry> CreateTableFunction(CatalogTransaction, duckdb::CreateTableFunctionInfo&) override {
    RefuseWrite("CREATE FUNCTION");
  }
  optional_ptr<CatalogEntry> CreateCopyFunction(CatalogTransaction, duckdb::CreateCopyFunctionInfo&) override {
    RefuseWrite("CREATE FUNCTION");
  }
  optional_ptr<CatalogEntry> CreatePragmaFunction(CatalogTransaction, duckdb::CreatePragmaFunctionInfo&) override {
    RefuseWrite("CREATE FUNCTION");
  }
  optional_ptr<CatalogEntry> CreateCollation(CatalogTransaction, duckdb::CreateCollationInfo&) override {
    RefuseWrite("CREATE COLLATION");
  }
  optional_ptr<CatalogEntry> CreateType(CatalogTransaction, duckdb::CreateTypeInfo&) override {
    RefuseWrite("CREATE TYPE");
  }
  void DropEntry(ClientContext&, duckdb::DropInfo&) override { RefuseWrite("DROP"); }
  void Alter(CatalogTransaction, duckdb::AlterInfo&) override { RefuseWrite("ALTER"); }

 private:
  const std::vector<string>& Names(ClientContext& context) {
    if (names_) return *names_;
    auto tables = AllTables(*lake_.catalog, name);
    if (!tables.ok()) Throw(context, Prefix(tables.status(), "list the tables of " + name));
    names_.emplace();
    for (const auto& table : *tables) names_->push_back(table.id.name);
    return *names_;
  }

  /// \param listing a table that cannot be opened is shown without columns, so that it does not hide the others
  optional_ptr<CatalogEntry> Table(ClientContext& context, const string& table_name, bool listing) {
    const auto found = tables_.find(table_name);
    if (found != tables_.end()) return found->second.get();
    const TableId id{.database = name, .name = table_name};
    std::shared_ptr<glaux::Table> table;
    ScanColumns columns;
    auto opened = lake_.open_table(id);
    auto error = opened.status();
    if (error.ok()) {
      table = *opened;
      auto described = ColumnsOf(*table);
      error = described.status();
      if (described.ok()) columns = std::move(described).ValueUnsafe();
    }
    if (!error.ok() && !listing) {
      if (KindOf(error) == ErrorKind::kNotFound) return Partitions(context, id);
      if (const auto view = View(context, id)) return view;
      Throw(context, Prefix(error, "open " + id.ToString()));
    }
    duckdb::CreateTableInfo info(*this, table_name);
    for (size_t i = 0; i < columns.names.size(); ++i) {
      info.columns.AddColumn(duckdb::ColumnDefinition(columns.names[i], columns.types[i]));
    }
    auto entry = duckdb::make_uniq<LakeTableEntry>(catalog, *this, info, std::move(table), std::move(columns));
    auto& shown = *entry;
    (error.ok() ? tables_[table_name] : broken_[table_name]) = std::move(entry);
    return &shown;
  }

  /// "t$partitions": the values of the partition keys of t, a row a partition, as the catalog has them. Null for what
  /// is not called so, and where there is no such table.
  optional_ptr<CatalogEntry> Partitions(ClientContext& context, const TableId& id) {
    constexpr std::string_view kSuffix = "$partitions";
    if (!id.name.ends_with(kSuffix) || id.name.size() == kSuffix.size()) return nullptr;
    const auto found = views_.find(id.name);
    if (found != views_.end()) return found->second.get();
    const TableId of{.database = id.database, .name = id.name.substr(0, id.name.size() - kSuffix.size())};
    const auto table = lake_.open_table(of);
    if (!table.ok() && KindOf(table.status()) == ErrorKind::kNotFound) return nullptr;
    auto columns = table.ok() ? ColumnsOf(**table) : Result<ScanColumns>(table.status());
    if (!columns.ok()) Throw(context, Prefix(columns.status(), "open " + id.ToString()));
    const auto& keys = (*table)->partition_columns();
    if (keys.empty()) Throw(context, MakeError(ErrorKind::kInvalid, id.ToString(), ": the table has no partitions"));
    const auto partitions = AllPartitions(*lake_.catalog, of);
    if (!partitions.ok()) Throw(context, Prefix(partitions.status(), "open " + id.ToString()));
    duckdb::CreateViewInfo info(*this, id.name);
    info.sql = PartitionRows(keys, *columns, *partitions);
    info.query = duckdb::CreateViewInfo::ParseSelect(info.sql);
    auto& slot = views_[id.name];
    slot = duckdb::make_uniq<duckdb::ViewCatalogEntry>(catalog, *this, info);
    return slot.get();
  }

  /// A query for the values of partitions, which are text in the catalog.
  static string PartitionRows(const std::vector<string>& keys, const ScanColumns& columns,
                              const std::vector<PartitionEntry>& partitions) {
    string select, names, rows;
    for (size_t i = 0; i < keys.size(); ++i) {
      const string quoted = duckdb::KeywordHelper::WriteQuotedAndEscaped(keys[i], '"');
      const auto at = std::find(columns.names.begin(), columns.names.end(), keys[i]) - columns.names.begin();
      const string comma = i == 0 ? "" : ", ";
      select +=
          comma + "CAST(" + quoted + " AS " + columns.types[static_cast<size_t>(at)].ToString() + ") AS " + quoted;
      names += comma + quoted;
    }
    for (const auto& partition : partitions) {
      rows += rows.empty() ? "(" : ", (";
      for (size_t i = 0; i < keys.size(); ++i) {
        const auto& value = partition.values[i];
        if (i > 0) rows += ", ";
        rows +=
            value == "__HIVE_DEFAULT_PARTITION__" ? "NULL" : duckdb::KeywordHelper::WriteQuotedAndEscaped(value, '\'');
      }
      rows += ")";
    }
    if (rows.empty()) {
      for (size_t i = 0; i < keys.size(); ++i) rows += i == 0 ? "(NULL" : ", NULL";
      return "SELECT " + select + " FROM (VALUES " + rows + ")) AS none(" + names + ") WHERE false";
    }
    return "SELECT " + select + " FROM (VALUES " + rows + ") AS partitions(" + names + ")";
  }

  /// Null for what is no view.
  optional_ptr<CatalogEntry> View(ClientContext& context, const TableId& id) {
    const auto found = views_.find(id.name);
    if (found != views_.end()) return found->second.get();
    const auto entry = lake_.catalog->GetTable(id);
    if (!entry.ok() || entry->table_type != sql::kViewType) return nullptr;
    const auto view = sql::ViewOf(*entry);
    if (!view.ok()) Throw(context, view.status());
    auto* schema = find_schema_(context, view->database);
    if (schema == nullptr) {
      Throw(context,
            MakeError(ErrorKind::kNotFound, "view ", id.ToString(), ": there is no database ", view->database));
    }
    duckdb::CreateViewInfo info(*schema, id.name);
    info.sql = view->sql;
    try {
      info.query = duckdb::CreateViewInfo::ParseSelect(view->is_native ? view->sql : sql::AthenaToDuckDB(view->sql));
      if (!view->is_native) GiveAthenasMeaning(*info.query);
    } catch (const std::exception& error) {
      Throw(context, Prefix(ToStatus(duckdb::ErrorData(error), nullptr), "view " + id.ToString()));
    }
    auto& slot = views_[id.name];
    slot = duckdb::make_uniq<duckdb::ViewCatalogEntry>(catalog, *schema, info);
    return slot.get();
  }

  const LakeAccess& lake_;
  const FindSchema find_schema_;
  std::mutex mutex_;
  std::optional<std::vector<string>> names_;
  std::unordered_map<string, duckdb::unique_ptr<LakeTableEntry>> tables_, broken_;
  std::unordered_map<string, duckdb::unique_ptr<duckdb::ViewCatalogEntry>> views_;
};

class LakeTransaction : public duckdb::Transaction {
 public:
  LakeTransaction(duckdb::TransactionManager& manager, ClientContext& context, duckdb::Catalog& catalog,
                  const LakeAccess& lake)
      : Transaction(manager, context), catalog_(catalog), lake_(lake) {}

  optional_ptr<LakeSchemaEntry> Schema(ClientContext& context, const string& any_case) {
    const auto name = duckdb::StringUtil::Lower(any_case);
    std::lock_guard lock(mutex_);
    const auto found = schemas_.find(name);
    if (found != schemas_.end()) return found->second.get();
    const auto database = lake_.catalog->GetDatabase(name);
    if (!database.ok()) {
      const auto kind = KindOf(database.status());
      // A name that no catalog could hold ("a b") is not there either.
      if (kind == ErrorKind::kNotFound || kind == ErrorKind::kInvalid) return nullptr;
      Throw(context, Prefix(database.status(), "find database " + name));
    }
    return &Add(name);
  }

  void Scan(ClientContext& context, const std::function<void(duckdb::SchemaCatalogEntry&)>& visit) {
    const auto databases = AllDatabases(*lake_.catalog);
    if (!databases.ok()) Throw(context, Prefix(databases.status(), "list databases"));
    std::vector<LakeSchemaEntry*> entries;
    {
      std::lock_guard lock(mutex_);
      for (const auto& database : *databases) {
        const auto found = schemas_.find(database.name);
        entries.push_back(found != schemas_.end() ? found->second.get() : &Add(database.name));
      }
    }
    for (auto* entry : entries) visit(*entry);
  }

 private:
  LakeSchemaEntry& Add(const string& name) {
    duckdb::CreateSchemaInfo info;
    info.catalog = kCatalogName;
    info.schema = name;
    auto& slot = schemas_[name];
    slot = duckdb::make_uniq<LakeSchemaEntry>(
        catalog_, info, lake_, [this](ClientContext& context, const string& database) -> duckdb::SchemaCatalogEntry* {
          return Schema(context, database).get();
        });
    return *slot;
  }

  duckdb::Catalog& catalog_;
  const LakeAccess& lake_;
  std::mutex mutex_;
  std::unordered_map<string, duckdb::unique_ptr<LakeSchemaEntry>> schemas_;
};

class LakeCatalog : public duckdb::Catalog {
 public:
  LakeCatalog(duckdb::AttachedDatabase& database, const LakeAccess& lake, string default_database)
      : Catalog(database), lake_(lake), default_database_(std::move(default_database)) {}

  const LakeAccess& lake() const { return lake_; }

  void Initialize(bool) override {}
  string GetCatalogType() override { return kCatalogType; }
  string GetDefaultSchema() const override { return default_database_; }
  bool InMemory() override { return true; }
  string GetDBPath() override { return kCatalogName; }
  duckdb::DatabaseSize GetDatabaseSize(ClientContext&) override { return {}; }

  // Functions, types and the rest are DuckDB's own: no reason to ask the lake for them.
  duckdb::CatalogLookupBehavior CatalogTypeLookupRule(CatalogType type) const override {
    return type == CatalogType::TABLE_ENTRY || type == CatalogType::SCHEMA_ENTRY
               ? duckdb::CatalogLookupBehavior::STANDARD
               : duckdb::CatalogLookupBehavior::NEVER_LOOKUP;
  }

  optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(CatalogTransaction transaction,
                                                        const duckdb::EntryLookupInfo& lookup,
                                                        duckdb::OnEntryNotFound if_not_found) override {
    if (transaction.transaction) {
      auto schema =
          transaction.transaction->Cast<LakeTransaction>().Schema(transaction.GetContext(), lookup.GetEntryName());
      if (schema) return schema.get();
    }
    if (if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
    throw duckdb::CatalogException(lookup.GetErrorContext(), "Schema with name %s does not exist!",
                                   lookup.GetEntryName());
  }
  void ScanSchemas(ClientContext& context, std::function<void(duckdb::SchemaCatalogEntry&)> visit) override {
    duckdb::Transaction::Get(context, *this).Cast<LakeTransaction>().Scan(context, visit);
  }

  optional_ptr<CatalogEntry> CreateSchema(CatalogTransaction, duckdb::CreateSchemaInfo&) override {
    RefuseWrite("CREATE SCHEMA");
  }
  void DropSchema(ClientContext&, duckdb::DropInfo&) override { RefuseWrite("DROP SCHEMA"); }
  duckdb::PhysicalOperator& PlanCreateTableAs(ClientContext&, duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalCreateTable&, duckdb::PhysicalOperator&) override {
    RefuseWrite("CREATE TABLE");
  }
  duckdb::PhysicalOperator& PlanInsert(ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalInsert&,
                                       optional_ptr<duckdb::PhysicalOperator>) override {
    RefuseWrite("INSERT");
  }
  duckdb::PhysicalOperator& PlanDelete(ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalDelete&,
                                       duckdb::PhysicalOperator&) override {
    RefuseWrite("DELETE");
  }
  duckdb::PhysicalOperator& PlanUpdate(ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalUpdate&,
                                       duckdb::PhysicalOperator&) override {
    RefuseWrite("UPDATE");
  }

 private:
  const LakeAccess lake_;
  const string default_database_;
};

/// Reads need no isolation beyond what their transaction has looked up.
class LakeTransactionManager : public duckdb::TransactionManager {
 public:
  LakeTransactionManager(duckdb::AttachedDatabase& database, LakeCatalog& catalog)
      : TransactionManager(database), catalog_(catalog) {}

  duckdb::Transaction& StartTransaction(ClientContext& context) override {
    auto transaction = duckdb::make_uniq<LakeTransaction>(*this, context, catalog_, catalog_.lake());
    auto& started = *transaction;
    std::lock_guard lock(mutex_);
    running_[&started] = std::move(transaction);
    return started;
  }
  duckdb::ErrorData CommitTransaction(ClientContext&, duckdb::Transaction& transaction) override {
    RollbackTransaction(transaction);
    return {};
  }
  void RollbackTransaction(duckdb::Transaction& transaction) override {
    std::lock_guard lock(mutex_);
    running_.erase(&transaction);
  }
  void Checkpoint(ClientContext&, bool) override {}

 private:
  LakeCatalog& catalog_;
  std::mutex mutex_;
  std::unordered_map<duckdb::Transaction*, duckdb::unique_ptr<LakeTransaction>> running_;
};

struct CatalogOptions : public duckdb::StorageExtensionInfo {
  LakeAccess lake;
  string default_database;
};

}  // namespace

void RegisterCatalog(duckdb::DBConfig& config, const LakeAccess& lake, const std::string& default_database) {
  auto options = duckdb::make_shared_ptr<CatalogOptions>();
  options->lake = lake;
  options->default_database = default_database;
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->storage_info = std::move(options);
  extension->attach = [](optional_ptr<duckdb::StorageExtensionInfo> info, ClientContext&,
                         duckdb::AttachedDatabase& database, const string&, duckdb::AttachInfo&,
                         duckdb::AttachOptions&) -> duckdb::unique_ptr<duckdb::Catalog> {
    const auto& made_with = static_cast<const CatalogOptions&>(*info);
    return duckdb::make_uniq<LakeCatalog>(database, made_with.lake, made_with.default_database);
  };
  extension->create_transaction_manager =
      [](optional_ptr<duckdb::StorageExtensionInfo>, duckdb::AttachedDatabase& database,
         duckdb::Catalog& catalog) -> duckdb::unique_ptr<duckdb::TransactionManager> {
    return duckdb::make_uniq<LakeTransactionManager>(database, catalog.Cast<LakeCatalog>());
  };
  duckdb::StorageExtension::Register(config, kCatalogType, std::move(extension));
}

}  // namespace glaux::duckdb_engine
