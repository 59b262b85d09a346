#include <CLI/CLI.hpp>

#include <algorithm>

#include "commands.h"
#include "listing.h"
#include "schema_files.h"

namespace glaux::cli {
namespace {

Status PrintSchemaOfTable(Session& session, const SchemaFilesOptions& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto id, session.ParseTable(arguments.addresses.front()));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(const auto table, lake->OpenTable(id));
  if (!arguments.as.empty()) return PrintTableAs(session, arguments.as, table->entry(), *table->schema());
  Listing listing({"column", "type", "partition key", "comment"});
  const auto add = [&](const Column& column, bool key) {
    listing.Add(
        {column.name, column.type, key ? Listing::Value("yes") : Listing::Value(), OptionalText(column.comment)});
  };
  for (const auto& column : table->entry().storage.columns) add(column, false);
  for (const auto& column : table->entry().partition_keys) add(column, true);
  return listing.Print(session, arguments.format);
}

Status RunSchema(Session& session, const SchemaFilesOptions& arguments) {
  if (!arguments.as.empty() && !arguments.format.empty()) {
    return MakeError(ErrorKind::kInvalid, "schema: --format is of the listing, and --as prints none");
  }
  const auto& folder = session.surroundings().working_directory;
  const auto table = std::find_if_not(arguments.addresses.begin(), arguments.addresses.end(),
                                      [&](const auto& text) { return NamesFiles(text, folder); });
  if (table == arguments.addresses.end()) {
    ARROW_RETURN_NOT_OK(PrintSchemaOfFiles(session, arguments));
    session.ReportRequests();
    return Status::OK();
  }
  if (arguments.addresses.size() > 1) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "a file may be written as ./" + *table}, "schema: '", *table,
                     "' is taken for a table, and one table or several files can be shown");
  }
  const bool for_files = !arguments.from_format.empty() || !arguments.types.empty() || !arguments.sample.empty();
  if (for_files) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "a file may be written as ./" + arguments.addresses.front()},
                     "schema: ", arguments.addresses.front(),
                     " is taken for a table, and --from-format, --type and --sample are for files");
  }
  return PrintSchemaOfTable(session, arguments);
}

}  // namespace

void AddSchemaCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<SchemaFilesOptions>();
  auto* command =
      app->add_subcommand("schema", "Show the columns of a table, or of files and why they have their types");
  command
      ->add_option("TABLE|FILES", arguments->addresses,
                   "a table as database.table; or paths, folders, s3:// addresses, patterns, - for standard input")
      ->type_name("TABLE|FILE")
      ->required();
  command
      ->add_option(
          "--as", arguments->as,
          "instead of a listing: the columns as Arrow, as JSON Schema, as Glue's TableInput, or as Athena's DDL")
      ->type_name("arrow|json-schema|glue|ddl")
      ->check(CLI::IsMember({"arrow", "json-schema", "glue", "ddl"}).description(""));
  AddListingFormat(command, &arguments->format);
  AddFormatOption(command, "--from-format", &arguments->from_format,
                  "what the files are; without it their endings say");
  AddTypeArguments(command, &arguments->types);
  command
      ->add_option("--sample", arguments->sample,
                   "how much of each file is read to find the types (1MiB); all reads everything")
      ->type_name("SIZE|all");
  command->add_flag("-a,--all", arguments->all, "files whose names begin with . or _ as well");
  AddFormatArguments(command, &arguments->reading);
  command->footer(
      "Of files this shows what a load would make of them.\n\n"
      "Examples:\n"
      "  glaux schema billing.cur\n"
      "  glaux schema billing.cur --as ddl\n"
      "  glaux schema orders.csv 'more/*.csv' --sample all\n"
      "  glaux schema orders.json --as json-schema");
  SetAction(command, session, arguments, RunSchema);
}

}  // namespace glaux::cli
