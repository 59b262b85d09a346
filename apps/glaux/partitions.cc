#include "commands.h"
#include "listing.h"

namespace glaux::cli {
namespace {

constexpr char kNullPartition[] = "__HIVE_DEFAULT_PARTITION__";

struct PartitionsArguments {
  std::string table;
  std::string filter;
  std::string format;
};

Status RunPartitions(Session& session, const PartitionsArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto id, session.ParseTable(arguments.table));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(const auto table, lake->OpenTable(id));
  ARROW_ASSIGN_OR_RAISE(const auto partitions, AllPartitions(lake->catalog(), table->id(), arguments.filter));
  std::vector<std::string> columns;
  for (const auto& key : table->entry().partition_keys) columns.push_back(key.name);
  const size_t keys = columns.size();
  columns.emplace_back("location");
  Listing listing(std::move(columns));
  for (const auto& partition : partitions) {
    std::vector<Listing::Value> row;
    for (size_t i = 0; i < keys; ++i) {
      const bool null = i >= partition.values.size() || partition.values[i] == kNullPartition;
      row.push_back(null ? Listing::Value() : Listing::Value(partition.values[i]));
    }
    row.push_back(OptionalText(partition.storage.location));
    listing.Add(std::move(row));
  }
  return listing.Print(session, arguments.format);
}

}  // namespace

void AddPartitionsCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<PartitionsArguments>();
  auto* command = app->add_subcommand("partitions", "List the partitions of a table");
  command->add_option("TABLE", arguments->table, "as database.table")->type_name("TABLE")->required();
  command->add_option("--filter", arguments->filter, "only those for which this is true, over the partition keys")
      ->type_name("EXPRESSION");
  AddListingFormat(command, &arguments->format);
  command->footer(
      "Examples:\n"
      "  glaux partitions billing.cur\n"
      "  glaux partitions billing.cur --filter \"year = '2025' and month in ('01', '02')\"");
  SetAction(command, session, arguments, RunPartitions);
}

}  // namespace glaux::cli
