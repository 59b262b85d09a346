#pragma once

#include <CLI/App.hpp>

#include "session.h"

namespace glaux::cli {

// One function a command, each in a file of its own. To add a command: write its file, declare it here, call it in
// BuildApp, describe it in docs/reference/cli.md. Completion and help follow by themselves.
//
// The type name of an option says what completion offers: FILE, DIR, TABLE, DATABASE, FORMAT (of output), or "a|b|c".

void AddLoadCommand(CLI::App* app, Session* session);
void AddSyncCommand(CLI::App* app, Session* session);
void AddStateCommand(CLI::App* app, Session* session);
void AddQueryCommand(CLI::App* app, Session* session);
void AddDatabasesCommand(CLI::App* app, Session* session);
void AddTablesCommand(CLI::App* app, Session* session);
void AddSchemaCommand(CLI::App* app, Session* session);
void AddPartitionsCommand(CLI::App* app, Session* session);
void AddDropCommand(CLI::App* app, Session* session);
void AddRepairCommand(CLI::App* app, Session* session);
void AddLsCommand(CLI::App* app, Session* session);
void AddCatCommand(CLI::App* app, Session* session);
void AddHeadCommand(CLI::App* app, Session* session);
void AddCpCommand(CLI::App* app, Session* session);
void AddConvertCommand(CLI::App* app, Session* session);
void AddServeCommand(CLI::App* app, Session* session);
void AddCompletionCommand(CLI::App* app, Session* session);
void AddDoctorCommand(CLI::App* app, Session* session);
void AddVersionCommand(CLI::App* app, Session* session);

/// What `glaux __complete WORDS…` does: print how the line may go on. Shells call it.
Status PrintCompletions(Session& session, std::vector<std::string> words);

/// Bind what a command does: `run` is called with the arguments once the whole line was parsed.
template <typename Arguments>
void SetAction(CLI::App* command, Session* session, std::shared_ptr<Arguments> arguments,
               Status (*run)(Session&, const Arguments&)) {
  command->callback([session, arguments, run] {
    session->set_action([session, arguments, run] { return run(*session, *arguments); });
  });
}

/// "glaux 0.1.0".
std::string VersionText();

}  // namespace glaux::cli
