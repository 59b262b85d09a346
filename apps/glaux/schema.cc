#include "commands.h"
#include "listing.h"

namespace glaux::cli {
namespace {

struct SchemaArguments {
  std::string table;
  std::string format;
};

Status RunSchema(Session& session, const SchemaArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto id, session.ParseTable(arguments.table));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(const auto table, lake->OpenTable(id));
  Listing listing({"column", "type", "partition key", "comment"});
  const auto add = [&](const Column& column, bool key) {
    listing.Add(
        {column.name, column.type, key ? Listing::Value("yes") : Listing::Value(), OptionalText(column.comment)});
  };
  for (const auto& column : table->entry().storage.columns) add(column, false);
  for (const auto& column : table->entry().partition_keys) add(column, true);
  return listing.Print(session, arguments.format);
}

}  // namespace

void AddSchemaCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<SchemaArguments>();
  auto* command = app->add_subcommand("schema", "Show the columns of a table");
  command->add_option("TABLE", arguments->table, "as database.table")->type_name("TABLE")->required();
  AddListingFormat(command, &arguments->format);
  command->footer(
      "Examples:\n"
      "  glaux schema billing.cur\n"
      "  glaux schema billing.cur --format markdown");
  SetAction(command, session, arguments, RunSchema);
}

}  // namespace glaux::cli
