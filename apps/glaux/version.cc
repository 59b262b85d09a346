#include <arrow/config.h>

#include "commands.h"

namespace glaux::cli {
namespace {

struct VersionArguments {};

Status RunVersion(Session& session, const VersionArguments&) {
  std::string text = VersionText() + "\n";
  if (session.options().verbose) {
    text += "arrow " + arrow::GetBuildInfo().version_string + "\n";
    text += "compiler " __VERSION__ "\n";
  }
  return session.Print(text);
}

}  // namespace

std::string VersionText() { return "glaux " GLAUX_VERSION; }

void AddVersionCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<VersionArguments>();
  auto* command = app->add_subcommand("version", "Print the version");
  command->footer(
      "Examples:\n"
      "  glaux version\n"
      "  glaux version --verbose");
  SetAction(command, session, arguments, RunVersion);
}

}  // namespace glaux::cli
