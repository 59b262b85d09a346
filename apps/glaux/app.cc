#include "app.h"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "arguments.h"
#include "commands.h"
#include "errors.h"
#include "help.h"
#include "output_file.h"

namespace glaux::cli {
namespace {

constexpr int kUsageExitCode = 2;

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App* c) { return !c->get_group().empty(); })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// The command that the line names, else the program itself.
const CLI::App& Chosen(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : *commands.front();
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* level = &app; level != nullptr; level = level->get_parent()) {
    for (const auto* option : level->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

/// What the command line got wrong, with the nearest thing that would be right.
Status UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = Chosen(app);
  const std::string program = &command == &app ? "glaux" : "glaux " + command.get_name();
  std::string message = error.what();
  std::string hint;
  const auto extra = app.remaining(true);
  if (const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error); extras != nullptr && !extra.empty()) {
    const std::string word = extra.front().substr(0, extra.front().find('='));
    if (word.starts_with('-')) {
      message = "unknown option " + word;
      hint = DidYouMean(word, OptionNames(command));
    } else {
      message = "one argument too many: '" + word + "'";
    }
  } else if (!message.empty()) {
    const bool capitals =
        message.size() > 1 && std::isupper(static_cast<unsigned char>(message[1])) != 0;  // a name: FILES
    if (!capitals) message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
    if (message.ends_with('.')) message.pop_back();
  }
  if (!hint.empty()) hint += "; ";
  return MakeError({.kind = ErrorKind::kInvalid, .hint = hint + program + " --help shows what it takes"},
                   &command == &app ? "" : command.get_name() + ": ", message);
}

/// Arguments up to a command, so that a command of another name is found before its options are called unknown.
std::string FirstWord(const std::vector<std::string>& arguments) {
  static const std::vector<std::string> kWithValue = {"--lake",         "--database", "--memory-limit", "--color",
                                                      "--endpoint-url", "--region",   "--profile"};
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (std::find(kWithValue.begin(), kWithValue.end(), arguments[i]) != kWithValue.end()) {
      ++i;
    } else if (!arguments[i].starts_with('-')) {
      return arguments[i];
    }
  }
  return {};
}

/// The colours asked for, known before the arguments are parsed: what is wrong with them is printed in colours too.
void TakeColor(const std::vector<std::string>& arguments, Session* session) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string value;
    if (arguments[i].starts_with("--color=")) value = arguments[i].substr(8);
    if (arguments[i] == "--color" && i + 1 < arguments.size()) value = arguments[i + 1];
    if (value == "auto" || value == "always" || value == "never") session->options().color = value;
  }
}

int Fail(Session* session, const Status& status) {
  session->surroundings().err(DescribeError(status, session->err_terminal()));
  return ExitCodeOf(KindOf(status));
}

}  // namespace

void BuildApp(CLI::App* app, Session* session) {
  app->name("glaux");
  app->description("glaux moves data in and out of a data lake, and answers questions about it");
  app->formatter(std::make_shared<HelpFormatter>());
  app->set_help_flag("-h,--help", "show this help and exit");
  app->set_version_flag("--version", VersionText(), "print the version and exit");
  app->fallthrough();

  auto& options = session->options();
  app->add_option("--lake", options.lake,
                  "the lake: its folder, or a .yaml file that describes it; else GLAUX_LAKE, else glaux.yaml here or "
                  "above, else ./lake")
      ->type_name("DIR");
  app->add_option("--database", options.database, "database of names without one; else what the configuration says")
      ->type_name("DATABASE");
  app->add_option("--memory-limit", options.memory_limit, "most memory for the work, as in 512MiB or 2G")
      ->type_name("SIZE");
  app->add_option("--endpoint-url", options.endpoint_url,
                  "an S3-compatible store, as in http://127.0.0.1:9000; with it, --region, --profile or "
                  "--no-sign-request, s3:// addresses of files are those of S3 and not of the lake")
      ->type_name("URL");
  app->add_option("--region", options.region, "AWS region of s3:// addresses")->type_name("REGION");
  app->add_option("--profile", options.profile, "profile of the shared AWS files")->type_name("NAME");
  app->add_flag("--no-sign-request", options.no_sign_request, "send requests unsigned, for public buckets");
  app->add_option("--prices", options.prices,
                  "what requests to S3 cost (YAML); else what the configuration says, else AWS list prices")
      ->type_name("FILE");
  app->add_flag("-q,--quiet", options.quiet, "say nothing on stderr but errors and warnings");
  app->add_flag("-v,--verbose", options.verbose, "say more on stderr: files, statistics");
  app->add_option("--color", options.color, "colours: auto is on for terminals unless NO_COLOR is set")
      ->type_name("auto|always|never")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""));

  AddLoadCommand(app, session);
  AddSyncCommand(app, session);
  AddStateCommand(app, session);
  AddQueryCommand(app, session);
  AddDatabasesCommand(app, session);
  AddTablesCommand(app, session);
  AddSchemaCommand(app, session);
  AddPartitionsCommand(app, session);
  AddDropCommand(app, session);
  AddRepairCommand(app, session);
  AddLsCommand(app, session);
  AddCatCommand(app, session);
  AddHeadCommand(app, session);
  AddCpCommand(app, session);
  AddConvertCommand(app, session);
  AddServeCommand(app, session);
  AddCompletionCommand(app, session);
  AddDoctorCommand(app, session);
  AddVersionCommand(app, session);

  app->footer(
      "Examples:\n"
      "  glaux load billing/*.csv.gz billing.cur\n"
      "  glaux query \"select count(*) from billing.cur\"\n"
      "  glaux COMMAND --help");
}

int RunApp(std::vector<std::string> arguments, Session* session) {
  if (!arguments.empty() && arguments[0] == "__complete") {
    // Whatever goes wrong, a shell that completes a line must not print errors into it.
    static_cast<void>(PrintCompletions(*session, {arguments.begin() + 1, arguments.end()}));
    return 0;
  }
  CLI::App app;
  BuildApp(&app, session);
  TakeColor(arguments, session);
  const auto names = CommandNames(app);
  const std::string word = FirstWord(arguments);
  if (!word.empty() && std::find(names.begin(), names.end(), word) == names.end()) {
    return Fail(session, MakeError({.kind = ErrorKind::kInvalid,
                                    .hint = NearMatches(word, names).empty() ? "glaux --help lists the commands"
                                                                             : DidYouMean(word, names)},
                                   "unknown command '", word, "'"));
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    const auto status = session->Print(app.help());
    return status.ok() || IsBrokenPipe(status) ? 0 : Fail(session, status);
  } catch (const CLI::CallForVersion&) {
    const auto status = session->Print(VersionText() + "\n");
    return status.ok() || IsBrokenPipe(status) ? 0 : Fail(session, status);
  } catch (const CLI::ParseError& error) {
    return Fail(session, UsageError(app, error));
  }
  if (!session->action()) {
    session->surroundings().err(app.help());
    return kUsageExitCode;
  }
  const Status status = session->action()();
  if (status.ok() || IsBrokenPipe(status)) return 0;
  return Fail(session, status);
}

}  // namespace glaux::cli
