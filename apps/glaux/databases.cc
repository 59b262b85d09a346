#include "commands.h"
#include "listing.h"

namespace glaux::cli {
namespace {

struct DatabasesArguments {
  std::string format;
};

Status RunDatabases(Session& session, const DatabasesArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(const auto databases, AllDatabases(lake->catalog()));
  Listing listing({"database", "description", "location"});
  for (const auto& database : databases) {
    listing.Add({database.name, OptionalText(database.description), OptionalText(database.location_uri)});
  }
  return listing.Print(session, arguments.format);
}

}  // namespace

void AddDatabasesCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<DatabasesArguments>();
  auto* command = app->add_subcommand("databases", "List the databases of the lake");
  AddListingFormat(command, &arguments->format);
  command->footer(
      "Examples:\n"
      "  glaux databases\n"
      "  glaux databases --format json");
  SetAction(command, session, arguments, RunDatabases);
}

}  // namespace glaux::cli
