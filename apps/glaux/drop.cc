#include <istream>

#include "commands.h"

namespace glaux::cli {
namespace {

struct DropArguments {
  std::string table;
  bool yes = false;
};

Status Confirm(Session& session, const std::string& table) {
  if (!session.surroundings().in_interactive) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "glaux drop " + table + " --yes"}, "drop ", table,
                     ": nobody is there to be asked");
  }
  session.surroundings().err("drop table " + table + " and its files? [y/N] ");
  std::string answer;
  std::getline(*session.surroundings().in, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return Status::OK();
  return MakeError(ErrorKind::kCancelled, "drop ", table, ": not confirmed; nothing was changed");
}

Status RunDrop(Session& session, const DropArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto id, session.ParseTable(arguments.table));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  // A wrong name is told before anything is asked. What no longer opens can still be dropped.
  const Status there = lake->catalog().GetTable(id).status();
  if (there.ok()) {
    if (!arguments.yes) ARROW_RETURN_NOT_OK(Confirm(session, id.ToString()));
  } else if (KindOf(there) != ErrorKind::kNotFound) {
    return there;
  }
  // One that is not there may be half dropped, which was asked about then.
  ARROW_RETURN_NOT_OK(lake->DropTable(id));
  session.Report("dropped " + id.ToString() + "\n");
  return Status::OK();
}

}  // namespace

void AddDropCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<DropArguments>();
  auto* command = app->add_subcommand("drop", "Drop a table and its files");
  command->add_option("TABLE", arguments->table, "as database.table")->type_name("TABLE")->required();
  command->add_flag("-y,--yes", arguments->yes, "do not ask");
  command->footer(
      "Examples:\n"
      "  glaux drop billing.cur\n"
      "  glaux drop billing.cur --yes");
  SetAction(command, session, arguments, RunDrop);
}

}  // namespace glaux::cli
