#include "glaux/engine/duckdb/lazy_macros_internal.h"

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/duck_schema_entry.hpp>
#include <duckdb/catalog/catalog_entry/scalar_macro_catalog_entry.hpp>
#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/statement/create_statement.hpp>

namespace glaux::duckdb_engine {

LazyMacros& LazyMacros::Install(duckdb::ClientContext& context) {
  auto& catalog = duckdb::Catalog::GetSystemCatalog(context);
  auto& schema = catalog.GetSchema(context, DEFAULT_SCHEMA).Cast<duckdb::DuckSchemaEntry>();
  duckdb::unique_ptr<LazyMacros> made(new LazyMacros(catalog, schema));
  auto& macros = *made;
  schema.GetCatalogSet(duckdb::CatalogType::MACRO_ENTRY).SetDefaultGenerator(std::move(made));
  return macros;
}

void LazyMacros::Add(const std::string& definition) {
  definitions_.emplace(duckdb::StringUtil::Lower(definition.substr(0, definition.find('('))), definition);
}

duckdb::unique_ptr<duckdb::CatalogEntry> LazyMacros::CreateDefaultEntry(duckdb::ClientContext& context,
                                                                        const duckdb::string& entry_name) {
  const auto found = definitions_.find(duckdb::StringUtil::Lower(entry_name));
  if (found == definitions_.end()) return DefaultFunctionGenerator::CreateDefaultEntry(context, entry_name);
  duckdb::Parser parser(context.GetParserOptions());
  parser.ParseQuery("CREATE MACRO " + found->second);
  auto& info = parser.statements[0]->Cast<duckdb::CreateStatement>().info->Cast<duckdb::CreateMacroInfo>();
  info.catalog = SYSTEM_CATALOG;
  info.schema = DEFAULT_SCHEMA;
  info.internal = true;
  info.temporary = false;
  return duckdb::make_uniq_base<duckdb::CatalogEntry, duckdb::ScalarMacroCatalogEntry>(catalog, schema, info);
}

duckdb::vector<duckdb::string> LazyMacros::GetDefaultEntries() {
  auto names = DefaultFunctionGenerator::GetDefaultEntries();
  for (const auto& [name, definition] : definitions_) names.push_back(name);
  return names;
}

}  // namespace glaux::duckdb_engine
