#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"

namespace glaux {

// The data model is AWS Glue's ("Data Catalog API"): same names, same meaning, lower-case identifiers. Maps keep what
// we do not know about, so that an update never loses another tool's properties.

using Parameters = std::map<std::string, std::string>;

struct Column {
  std::string name;
  std::string type;  ///< Glue/Hive type string: "array<struct<a:int>>"
  std::string comment = {};
  Parameters parameters = {};
  bool operator==(const Column&) const = default;
};

struct SerDeInfo {
  std::string name = {};
  std::string serialization_library = {};
  Parameters parameters = {};
  bool operator==(const SerDeInfo&) const = default;
};

struct SortColumn {
  std::string column;
  int sort_order = 1;  ///< 1 ascending, 0 descending
  bool operator==(const SortColumn&) const = default;
};

struct StorageDescriptor {
  std::vector<Column> columns = {};
  std::string location = {};  ///< URI: "s3://lake/billing/cur/"
  std::string input_format = {};
  std::string output_format = {};
  bool compressed = false;
  int number_of_buckets = -1;
  SerDeInfo serde_info = {};
  std::vector<std::string> bucket_columns = {};
  std::vector<SortColumn> sort_columns = {};
  Parameters parameters = {};
  bool stored_as_sub_directories = false;
  bool operator==(const StorageDescriptor&) const = default;
};

struct DatabaseEntry {
  std::string name;
  std::string description = {};
  std::string location_uri = {};
  Parameters parameters = {};
  Timestamp create_time = {};  ///< set by the catalog
};

struct TableId {
  std::string database;
  std::string name;
  std::string ToString() const { return database + "." + name; }
  bool operator==(const TableId&) const = default;
  auto operator<=>(const TableId&) const = default;
};

struct TableEntry {
  TableId id;
  std::string description = {};
  std::string owner = {};
  int retention = 0;
  StorageDescriptor storage = {};
  std::vector<Column> partition_keys = {};
  std::string table_type = {};  ///< "EXTERNAL_TABLE", "VIRTUAL_VIEW"
  std::string view_original_text = {};
  std::string view_expanded_text = {};
  Parameters parameters = {};
  // Set by the catalog.
  std::string version_id = {};
  Timestamp create_time = {};
  Timestamp update_time = {};
};

struct PartitionEntry {
  std::vector<std::string> values;  ///< one a partition key, unescaped; null is __HIVE_DEFAULT_PARTITION__
  StorageDescriptor storage = {};
  Parameters parameters = {};
  Timestamp creation_time = {};  ///< set by the catalog
};

/// One part of a table's partitions, as Glue's Segment: number 0 to total - 1.
struct Segment {
  int number = 0;
  int total = 1;
};

struct PageRequest {
  std::string next_token = {};  ///< of the page before, with all else unchanged
  int max_results = 1000;       ///< 1 to 1000
};

template <typename Entry>
struct Page {
  std::vector<Entry> entries;
  std::string next_token;  ///< empty: this was the last page
};

struct PartitionQuery {
  /// Glue's filter expression over partition keys: "year = '2025' AND month IN ('01','02')". Empty: all. See
  /// schema/predicate.h. kInvalid if it does not parse, or names a column that is no partition key.
  std::string expression = {};
  std::optional<Segment> segment = {};
  /// Leave `storage.columns` of the answer empty, as Glue's ExcludeColumnSchema: 100,000 partitions of a wide table are
  /// gigabytes with them.
  bool exclude_column_schema = false;
  PageRequest page = {};
};

/// Changes to a table's partitions that are applied together, drops first.
struct PartitionChange {
  /// What has to hold of the partitions that are named here; else nothing changes.
  enum class Expect {
    kAnything,
    kNew,    ///< none of those to put is there: kAlreadyExists names one
    kThere,  ///< all of those to put and to drop are there: kNotFound names one
    kMoves,  ///< those to drop are there, and none of those to put is, but for those that are dropped
  };
  /// Partitions to create. One that is there already is replaced if `replace_existing`, else kept as it is.
  std::vector<PartitionEntry> put = {};
  bool replace_existing = false;
  /// Values of partitions to drop; one that is not there counts as dropped.
  std::vector<std::vector<std::string>> drop = {};
  Expect expect = Expect::kAnything;
};

/// What somebody has counted of the values of one column, in a table or in one partition of it: a hint for engines.
struct ColumnStatistics {
  std::string column;
  std::string type = {};  ///< of the column when it was counted
  /// Glue's ColumnStatisticsData as JSON, kept as it is:
  /// {"Type":"LONG","LongColumnStatisticsData":{"NumberOfNulls":0,…}}
  std::string data = {};
  Timestamp analyzed_time = {};
};

struct StatisticsChange {
  /// To put in the place of what there is of these columns.
  std::vector<ColumnStatistics> put = {};
  /// Columns to forget; one of which nothing is known counts as forgotten.
  std::vector<std::string> drop = {};
};

struct CatalogTraits {
  /// CommitTable checks the expected version and applies the change as one step.
  bool optimistic_lock = true;
  /// Every ApplyPartitions call is all or nothing, whatever its size.
  bool atomic_partitions = true;
  /// TableVersions keeps old versions.
  bool table_versions = true;
  /// As many segments are worth reading at once where there are many partitions; 1: the catalog is at hand.
  int read_segments = 1;
};

/// Databases, tables and partitions.
///
/// Thread-safe; every call blocks; what a call returns is durable. Names are folded to lower case on the way in.
/// kNotFound names what is missing; kAlreadyExists what is in the way.
class Catalog {
 public:
  virtual ~Catalog() = default;

  virtual CatalogTraits traits() const = 0;
  /// Where this is, for people: "sqlite:./lake/catalog.sqlite".
  virtual std::string name() const = 0;

  /// Databases ordered by name.
  virtual Result<Page<DatabaseEntry>> ListDatabases(const PageRequest& page = {}) = 0;
  virtual Result<DatabaseEntry> GetDatabase(std::string_view name) = 0;
  virtual Status CreateDatabase(const DatabaseEntry& database) = 0;
  /// Replace a database's description, location and parameters. kNotFound.
  virtual Status UpdateDatabase(const DatabaseEntry& database) = 0;
  /// Drop a database. kPrecondition if it holds tables.
  virtual Status DropDatabase(std::string_view name) = 0;

  /// Tables of a database ordered by name.
  virtual Result<Page<TableEntry>> ListTables(std::string_view database, const PageRequest& page = {}) = 0;
  /// The newest version of a table, or the one with `version_id`.
  virtual Result<TableEntry> GetTable(const TableId& id, std::string_view version_id = {}) = 0;
  /// \return the table as stored, with its version id
  virtual Result<TableEntry> CreateTable(const TableEntry& table) = 0;
  /// Replace a table's definition if its version is still `expected_version`, else kPrecondition. Partition keys cannot
  /// change their number, names or types (kInvalid). \return the table as stored, with its new version id
  virtual Result<TableEntry> CommitTable(std::string_view expected_version, const TableEntry& table) = 0;
  /// Drop a table with its versions and partitions. No file is touched.
  virtual Status DropTable(const TableId& id) = 0;
  /// Old and current versions, newest first.
  virtual Result<Page<TableEntry>> TableVersions(const TableId& id, const PageRequest& page = {}) = 0;

  /// Partitions ordered by their values.
  virtual Result<Page<PartitionEntry>> GetPartitions(const TableId& table, const PartitionQuery& query = {}) = 0;
  /// The partitions with exactly these values, in their order; those that are not there are left out. kInvalid if one
  /// has not one value a key.
  virtual Result<std::vector<PartitionEntry>> FindPartitions(const TableId& table,
                                                             std::span<const std::vector<std::string>> values) = 0;
  /// Create and drop partitions. kInvalid if a partition has not one value a key.
  virtual Status ApplyPartitions(const TableId& table, const PartitionChange& change) = 0;

  /// Statistics of a table's columns, or of those of the partition with the values `partition`, where that is not
  /// empty. Columns of which nothing is known are left out. They go with the table and with the partition; nothing else
  /// changes them. kNotFound names the table or the partition.
  virtual Result<std::vector<ColumnStatistics>> GetStatistics(const TableId& table,
                                                              const std::vector<std::string>& partition,
                                                              std::span<const std::string> columns) = 0;
  /// kNotFound also names a column that the table does not have.
  virtual Status ApplyStatistics(const TableId& table, const std::vector<std::string>& partition,
                                 const StatisticsChange& change) = 0;
};

// ---- conveniences over the seam -----------------------------------------------------------------------------------

/// Every partition that matches, over all pages, ordered by values. Where the catalog says that it is worth it,
/// segments are read at once.
Result<std::vector<PartitionEntry>> AllPartitions(Catalog& catalog, const TableId& table, std::string expression = {});
/// The same with a segment or without columns; starts at `query.page`.
Result<std::vector<PartitionEntry>> AllPartitions(Catalog& catalog, const TableId& table, PartitionQuery query);
Result<std::vector<TableEntry>> AllTables(Catalog& catalog, std::string_view database);
Result<std::vector<DatabaseEntry>> AllDatabases(Catalog& catalog);

/// Read "database.table", or "table" in `default_database`. Double quotes and backticks may wrap either part.
Result<TableId> ParseTableId(std::string_view text, std::string_view default_database);

}  // namespace glaux
