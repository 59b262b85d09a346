#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

#include "address.h"
#include "commands.h"
#include "glaux/sync/object_finder.h"
#include "human_text.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

struct LsArguments {
  std::vector<std::string> addresses;
  bool recursive = false;
  bool all = false;
  bool human = false;
  bool json = false;
  bool summarize = false;
};

struct Totals {
  int64_t objects = 0, folders = 0, bytes = 0;
};

constexpr size_t kTimeWidth = 19;

std::string TimeText(Timestamp time) {
  std::string text = FormatTimestamp(time);
  text.resize(kTimeWidth, ' ');
  text[10] = ' ';
  return text;
}

std::string SizeText(int64_t size, bool human) {
  return human ? FormatBytes(static_cast<double>(size)) : std::to_string(size);
}

/// "2026-01-31 08:30:00   1234 name"; a folder has neither time nor size.
std::string Lines(const std::vector<FoundObject>& objects, bool human, const Terminal& terminal) {
  size_t width = 0;
  for (const auto& object : objects) {
    if (!object.is_folder) width = std::max(width, SizeText(object.info.size, human).size());
  }
  std::string text;
  for (const auto& object : objects) {
    std::string name = object.below;
    if (terminal.interactive) {
      name = Printable(name);
      const int before = static_cast<int>(kTimeWidth + 2 + width);
      if (terminal.width.has_value() && DisplayWidth(name) > *terminal.width - before) {
        name = Shorten(name, std::max(8, *terminal.width - before), terminal.utf8 ? "…" : "...");
      }
    }
    if (object.is_folder) {
      text += fmt::format("{:{}} {}\n", "", kTimeWidth + 1 + width, terminal.Styled(name, kBold));
    } else {
      text += fmt::format("{} {:>{}} {}\n", terminal.Styled(TimeText(object.info.last_modified), kDim),
                          SizeText(object.info.size, human), width, name);
    }
  }
  return text;
}

std::string JsonLines(const std::vector<FoundObject>& objects) {
  std::string text;
  for (const auto& object : objects) {
    boost::json::object line{{"address", object.uri}, {"name", object.below}};
    line["type"] = object.is_folder ? "folder" : "object";
    if (!object.is_folder) {
      line["size"] = object.info.size;
      line["last_modified"] = FormatTimestamp(object.info.last_modified);
      line["etag"] = object.info.etag;
    }
    text += boost::json::serialize(line) + "\n";
  }
  return text;
}

std::string TotalText(const Totals& totals, bool json) {
  if (json) {
    return boost::json::serialize(
               boost::json::object{{"objects", totals.objects}, {"folders", totals.folders}, {"bytes", totals.bytes}}) +
           "\n";
  }
  std::string text = FormatCount(totals.objects, "object", "objects");
  if (totals.folders > 0) text += ", " + FormatCount(totals.folders, "folder", "folders");
  return fmt::format("{}, {} bytes ({})\n", text, FormatCount(totals.bytes),
                     FormatBytes(static_cast<double>(totals.bytes)));
}

Result<FoundObjects> ListBuckets(Lake& lake) {
  FoundObjects found{.address = FoundObjects::Address::kFolder, .objects = {}};
  ARROW_ASSIGN_OR_RAISE(const auto names, lake.Buckets());
  for (const auto& name : names) {
    const std::string uri = "s3://" + name + "/";
    found.objects.push_back({.uri = uri, .below = uri, .is_folder = true});
  }
  return found;
}

Status RunLs(Session& session, const LsArguments& arguments) {
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  const auto environment = lake->sync_environment(session.surroundings().out);
  const Terminal terminal = session.out_terminal();
  auto texts = arguments.addresses;
  if (texts.empty()) texts.emplace_back("s3://");
  Totals totals;
  for (size_t i = 0; i < texts.size(); ++i) {
    FoundObjects found;
    if (texts[i] == "s3://") {
      ARROW_ASSIGN_OR_RAISE(found, ListBuckets(*lake));
    } else {
      ARROW_ASSIGN_OR_RAISE(const auto address,
                            ParseAddress(texts[i], AddressUse::kRead, session.surroundings().working_directory));
      if (address.is_stream()) return MakeError(ErrorKind::kInvalid, "ls: - is a stream, which holds no files");
      auto objects = FindObjects(environment, address.uri,
                                 {.recursive = arguments.recursive, .all = arguments.all, .stop = session.stop()});
      if (!objects.ok()) return Prefix(objects.status(), "ls " + texts[i]);
      found = *std::move(objects);
    }
    if (found.objects.empty() && found.address == FoundObjects::Address::kPattern) {
      return MakeError({.kind = ErrorKind::kNotFound, .hint = WhatIsLeftOut(found.hidden, found.links)}, "ls ",
                       texts[i], ": nothing matches");
    }
    for (const auto& object : found.objects) {
      ++(object.is_folder ? totals.folders : totals.objects);
      totals.bytes += object.info.size;
    }
    std::string text;
    if (arguments.json) {
      text = JsonLines(found.objects);
    } else {
      if (texts.size() > 1) text += (i > 0 ? "\n" : "") + terminal.Styled(Printable(texts[i]) + ":", kDim) + "\n";
      text += Lines(found.objects, arguments.human, terminal);
    }
    ARROW_RETURN_NOT_OK(session.Print(text));
    if (session.options().verbose && found.hidden > 0) {
      session.Report(fmt::format("{} hidden, in {} (--all shows them)\n", FormatCount(found.hidden), texts[i]));
    }
    if (found.links > 0) {
      session.Report(fmt::format("{} passed over in {}; one that is named itself is followed\n",
                                 FormatCount(found.links, "symbolic link", "symbolic links"), texts[i]));
    }
  }
  if (arguments.summarize) ARROW_RETURN_NOT_OK(session.Print(TotalText(totals, arguments.json)));
  session.ReportRequests();
  return Status::OK();
}

}  // namespace

void AddLsCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<LsArguments>();
  auto* command = app->add_subcommand("ls", "List files and objects");
  command
      ->add_option("ADDRESS", arguments->addresses,
                   "paths, s3:// addresses, or patterns with *, ** and {a,b}; without it the lake's buckets")
      ->type_name("FILE");
  command->add_flag("-r,--recursive", arguments->recursive, "all that is below, not only one level");
  command->add_flag("-a,--all", arguments->all, "names that begin with . or _ as well");
  command->add_flag("--human", arguments->human, "sizes as in 1.2 MB");
  command->add_flag("--json", arguments->json, "one JSON object a line");
  command->add_flag("--summarize", arguments->summarize, "at the end, how many there are and how large");
  command->footer(
      "Examples:\n"
      "  glaux ls\n"
      "  glaux ls s3://lake/billing/ --human\n"
      "  glaux ls 's3://lake/billing/**/*.parquet' --summarize\n"
      "  glaux ls exports -r --json | jq -r .address");
  SetAction(command, session, arguments, RunLs);
}

}  // namespace glaux::cli
