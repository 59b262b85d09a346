#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

struct RepairArguments {
  std::string table;
  std::string grace = "1h";
};

Status RunRepair(Session& session, const RepairArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto grace, ParseDuration(arguments.grace));
  ARROW_ASSIGN_OR_RAISE(const auto id, session.ParseTable(arguments.table));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(const auto table, lake->OpenTable(id));
  ARROW_ASSIGN_OR_RAISE(const auto summary, table->Repair(std::chrono::ceil<std::chrono::seconds>(grace)));
  if (summary.commits_finished + summary.uploads_dropped + summary.partitions_added + summary.files_removed == 0) {
    session.Report("nothing to repair in " + table->id().ToString() + "\n");
    return Status::OK();
  }
  session.Report(fmt::format("repaired {}: {} finished, {} dropped, {} added, {} removed\n", table->id().ToString(),
                             FormatCount(summary.commits_finished, "commit", "commits"),
                             FormatCount(summary.uploads_dropped, "leftover upload", "leftover uploads"),
                             FormatCount(summary.partitions_added, "partition", "partitions"),
                             FormatCount(summary.files_removed, "replaced file", "replaced files")));
  return Status::OK();
}

}  // namespace

void AddRepairCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<RepairArguments>();
  auto* command =
      app->add_subcommand("repair", "Finish cut-off commits of a table, drop what is left over, register partitions");
  command->add_option("TABLE", arguments->table, "as database.table")->type_name("TABLE")->required();
  command->add_option("--grace", arguments->grace, "leave uploads alone that are younger than this (1h)")
      ->type_name("DURATION");
  command->footer(
      "Examples:\n"
      "  glaux repair billing.cur\n"
      "  glaux repair billing.cur --grace 10m");
  SetAction(command, session, arguments, RunRepair);
}

}  // namespace glaux::cli
