#include "commands.h"
#include "listing.h"

namespace glaux::cli {
namespace {

struct TablesArguments {
  std::string database;
  std::string format;
};

Status RunTables(Session& session, const TablesArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  std::string only = arguments.database.empty() ? session.options().database : arguments.database;
  std::vector<std::string> databases;
  if (only.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto all, AllDatabases(lake->catalog()));
    for (const auto& database : all) databases.push_back(database.name);
  } else {
    ARROW_RETURN_NOT_OK(lake->catalog().GetDatabase(only));  // a list of nothing would hide a wrong name
    databases.push_back(std::move(only));
  }
  Listing listing({"database", "table", "columns", "partitioned by", "location", "updated"}, {"columns"});
  for (const auto& database : databases) {
    ARROW_ASSIGN_OR_RAISE(const auto tables, AllTables(lake->catalog(), database));
    for (const auto& table : tables) {
      std::string keys;
      for (const auto& key : table.partition_keys) keys += (keys.empty() ? "" : ", ") + key.name;
      const bool has_time = table.update_time != Timestamp{};
      listing.Add({table.id.database, table.id.name,
                   static_cast<int64_t>(table.storage.columns.size() + table.partition_keys.size()), OptionalText(keys),
                   OptionalText(table.storage.location),
                   has_time
                       ? Listing::Value(FormatTimestamp(std::chrono::floor<std::chrono::seconds>(table.update_time)))
                       : Listing::Value()});
    }
  }
  return listing.Print(session, arguments.format);
}

}  // namespace

void AddTablesCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<TablesArguments>();
  auto* command = app->add_subcommand("tables", "List the tables of one database, or of all");
  command->add_option("DATABASE", arguments->database, "only this one")->type_name("DATABASE");
  AddListingFormat(command, &arguments->format);
  command->footer(
      "Examples:\n"
      "  glaux tables\n"
      "  glaux tables billing --format csv");
  SetAction(command, session, arguments, RunTables);
}

}  // namespace glaux::cli
