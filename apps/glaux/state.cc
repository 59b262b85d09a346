#include <fmt/format.h>
#include <boost/json.hpp>

#include "arguments.h"
#include "commands.h"
#include "glaux/sync/sync.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

struct StateArguments {
  std::string file;
  std::string pipeline;
  std::string source;
  std::string value;
};

struct Opened {
  SyncConfig config;
  SyncEnvironment environment;
};

Result<Opened> Open(Session& session, const StateArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto config, session.ReadPipelines(arguments.file));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  return Opened{std::move(config), lake->sync_environment(session.surroundings().out)};
}

std::vector<std::string> Chosen(const StateArguments& arguments) {
  return arguments.pipeline.empty() ? std::vector<std::string>() : std::vector<std::string>{arguments.pipeline};
}

Status RunShow(Session& session, const StateArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, Open(session, arguments));
  ARROW_ASSIGN_OR_RAISE(const auto streams, ListStreams(opened.environment, opened.config, Chosen(arguments)));
  boost::json::array all;
  for (const auto& stream : streams) {
    boost::json::array files;
    for (const auto& file : stream.files) {
      files.push_back(boost::json::object{
          {"key", file.key}, {"etag", file.etag}, {"size", file.size}, {"modified", FormatTimestamp(file.modified)}});
    }
    boost::system::error_code error;
    auto state = boost::json::parse(stream.state.value_or("null"), error);
    all.push_back(boost::json::object{{"pipeline", stream.pipeline},
                                      {"source", stream.source},
                                      {"target", stream.target},
                                      {"state", error ? boost::json::value(*stream.state) : std::move(state)},
                                      {"files", std::move(files)}});
  }
  return session.Print(boost::json::serialize(all) + "\n");
}

Status RunReset(Session& session, const StateArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, Open(session, arguments));
  ARROW_ASSIGN_OR_RAISE(const int64_t forgotten, ResetStreams(opened.environment, opened.config, arguments.pipeline));
  session.Report(fmt::format("pipeline {}: forgot {}; the next run reads everything\n", arguments.pipeline,
                             FormatCount(forgotten, "stream or file", "streams and files")));
  return Status::OK();
}

Status RunSet(Session& session, const StateArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, Open(session, arguments));
  ARROW_RETURN_NOT_OK(
      SetStream(opened.environment, opened.config, arguments.pipeline, arguments.source, arguments.value));
  session.Report(fmt::format("pipeline {}, source {}: the next run begins at {}\n", arguments.pipeline,
                             arguments.source, arguments.value));
  return Status::OK();
}

/// What a run would read now, compared with what was read.
Status RunDiff(Session& session, const StateArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, Open(session, arguments));
  SyncOptions options{.pipelines = Chosen(arguments), .dry_run = true, .stop = session.stop()};
  ARROW_ASSIGN_OR_RAISE(const auto report, RunSync(opened.environment, opened.config, options));
  std::string text;
  for (const auto& pipeline : report.pipelines) {
    for (const auto& source : pipeline.sources) {
      text +=
          fmt::format("{} from {}: {} to read, {}, {} read before\n", pipeline.name, source.name,
                      FormatCount(source.counts.files, "file", "files"),
                      FormatBytes(static_cast<double>(source.counts.bytes)), FormatCount(source.counts.files_known));
      for (const auto& file : source.new_files) text += "  " + file + "\n";
    }
  }
  ARROW_RETURN_NOT_OK(report.error());
  return session.Print(text);
}

}  // namespace

void AddStateCommand(CLI::App* app, Session* session) {
  auto* state = app->add_subcommand("state", "Look at what pipelines remember of their sources, and change it");
  state->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Status (*run)(Session&, const StateArguments&),
                       bool pipeline, bool value) {
    auto arguments = std::make_shared<StateArguments>();
    auto* command = state->add_subcommand(name, help);
    command->add_option("PIPELINE", arguments->file, "the pipeline file (YAML)")->type_name("FILE")->required();
    auto* chosen = command->add_option("NAME", arguments->pipeline, "a pipeline in it")->type_name("NAME");
    if (pipeline) chosen->required();
    if (value) {
      command->add_option("SOURCE", arguments->source, "a source of the pipeline")->type_name("NAME")->required();
      command->add_option("VALUE", arguments->value, "of its datetime_field, where the next run begins")
          ->type_name("VALUE")
          ->required();
    }
    SetAction(command, session, arguments, run);
  };
  add("show", "Print states and loaded files as JSON", RunShow, false, false);
  add("reset", "Forget what was read: the next run reads everything", RunReset, true, false);
  add("set", "Let the next run begin at a value of the source's datetime_field", RunSet, true, true);
  add("diff", "Say what a run would read now", RunDiff, false, false);
  state->footer(
      "Examples:\n"
      "  glaux state show pipeline.yaml\n"
      "  glaux state set pipeline.yaml daily orders 2026-01-31T08:00:00Z\n"
      "  glaux state diff pipeline.yaml");
}

}  // namespace glaux::cli
