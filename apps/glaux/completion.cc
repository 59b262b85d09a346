#include <CLI/CLI.hpp>

#include <filesystem>

#include "app.h"
#include "commands.h"
#include "completion_words.h"

namespace glaux::cli {
namespace {

struct CompletionArguments {
  std::string shell;
};

Status RunCompletion(Session& session, const CompletionArguments& arguments) {
  return session.Print(CompletionScript(arguments.shell));
}

Result<std::vector<std::string>> Names(Session& session, std::string_view kind) {
  // Opening a lake makes its folder, and pressing a key must not.
  ARROW_ASSIGN_OR_RAISE(const auto config, session.Config());
  std::vector<std::string> names;
  if (!std::filesystem::exists(config.directory)) return names;
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(const auto databases, AllDatabases(lake->catalog()));
  for (const auto& database : databases) {
    if (kind == "DATABASE") {
      names.push_back(database.name);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto tables, AllTables(lake->catalog(), database.name));
    for (const auto& table : tables) names.push_back(table.id.ToString());
  }
  return names;
}

}  // namespace

void AddCompletionCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<CompletionArguments>();
  auto* command = app->add_subcommand("completion", "Print the completion script of a shell");
  command->add_option("SHELL", arguments->shell, "bash, zsh or fish")
      ->type_name("bash|zsh|fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  command->footer(
      "Examples:\n"
      "  source <(glaux completion bash)\n"
      "  glaux completion fish > ~/.config/fish/completions/glaux.fish");
  SetAction(command, session, arguments, RunCompletion);
}

Status PrintCompletions(Session& session, std::vector<std::string> words) {
  CLI::App app;
  BuildApp(&app, &session);
  const auto names = [&session](std::string_view kind, const std::string& lake) {
    if (!lake.empty()) session.options().lake = lake;
    return Names(session, kind).ValueOr({});
  };
  return session.Print(ToLines(CompleteWords(app, std::move(words), names)));
}

}  // namespace glaux::cli
