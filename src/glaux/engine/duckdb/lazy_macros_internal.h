#pragma once

#include <duckdb.hpp>
#include <duckdb/catalog/default/default_functions.hpp>

#include <string>
#include <unordered_map>

namespace glaux::duckdb_engine {

/// Macros of the system's schema that are parsed when somebody names them, as DuckDB's own are: to parse them all takes
/// a tenth of what the program needs to start.
class LazyMacros final : public duckdb::DefaultFunctionGenerator {
 public:
  /// Have DuckDB ask for macros here, and for its own where there is none. It keeps what this returns. Inside of a
  /// transaction.
  static LazyMacros& Install(duckdb::ClientContext& context);

  /// \param definition as CREATE MACRO has it: "name(a, b) AS a + b"
  void Add(const std::string& definition);

  duckdb::unique_ptr<duckdb::CatalogEntry> CreateDefaultEntry(duckdb::ClientContext& context,
                                                              const duckdb::string& entry_name) override;
  duckdb::vector<duckdb::string> GetDefaultEntries() override;

 private:
  using DefaultFunctionGenerator::DefaultFunctionGenerator;

  std::unordered_map<std::string, std::string> definitions_;  ///< by name
};

}  // namespace glaux::duckdb_engine
