#include <arrow/io/interfaces.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <set>

#include "address.h"
#include "commands.h"
#include "cost_text.h"
#include "glaux/base/secrets.h"
#include "human_text.h"
#include "stored_copy.h"

namespace glaux::cli {
namespace {

struct CpArguments {
  std::vector<std::string> sources_and_target;
  bool recursive = false;
  bool all = false;
  bool no_clobber = false;
  bool dry_run = false;
  std::string jobs = "32";
};

Result<int> ParseJobs(const std::string& text) {
  int jobs = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), jobs);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || jobs < 1 || jobs > 256) {
    return MakeError(ErrorKind::kInvalid, "cp: --jobs is a number from 1 to 256, and not '", text, "'");
  }
  return jobs;
}

struct Sources {
  std::vector<FoundObject> objects;
  std::vector<std::unique_ptr<SpooledInput>> spooled;
  /// There may be several objects, and so they need a folder.
  bool several = false;
  int64_t hidden = 0;
  int64_t links = 0;
};

Status AddSource(Session& session, const SyncEnvironment& environment, const CpArguments& arguments,
                 const Address& address, Sources* sources) {
  std::string uri = address.uri;
  if (address.is_stream()) {
    ARROW_ASSIGN_OR_RAISE(auto spooled, SpooledInput::Make(*session.surroundings().in));
    uri = spooled->uri();
    sources->spooled.push_back(std::move(spooled));
  }
  auto found =
      FindObjects(environment, uri, {.recursive = arguments.recursive, .all = arguments.all, .stop = session.stop()});
  if (!found.ok()) return Prefix(found.status(), "cp " + address.text);
  if (found->address == FoundObjects::Address::kFolder && !arguments.recursive) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "-r copies what is in a folder"}, "cp ", address.text,
                     ": this is a folder");
  }
  std::erase_if(found->objects, [](const FoundObject& object) { return object.is_folder; });
  sources->hidden += found->hidden;
  sources->links += found->links;
  if (found->objects.empty() && found->address == FoundObjects::Address::kPattern) {
    return MakeError({.kind = ErrorKind::kNotFound, .hint = WhatIsLeftOut(found->hidden, found->links)}, "cp ",
                     address.text, ": no file matches");
  }
  sources->several |= found->address != FoundObjects::Address::kObject;
  if (found->address == FoundObjects::Address::kObject && !address.is_stream()) {
    // A link is copied under its own name.
    auto& below = found->objects.front().below;
    const auto name = address.text.substr(address.text.find_last_of('/') + 1);
    if (address.is_local() && !name.empty() && name != "." && name != "..") below = name;
  }
  std::set<std::string> known;
  for (const auto& object : sources->objects) known.insert(object.uri);
  for (auto& object : found->objects) {
    if (known.insert(object.uri).second) sources->objects.push_back(std::move(object));
  }
  return Status::OK();
}

/// The target as a folder (with a '/' at its end) where it is one.
Result<Address> SettleTarget(const Sources& sources, size_t given, Address target) {
  std::error_code error;
  const bool is_folder = target.is_local() && std::filesystem::is_directory(target.path(), error);
  if (is_folder && !target.uri.ends_with('/')) target.uri += '/';
  const bool bare_bucket = !target.is_local() && target.uri.find('/', 5) == std::string::npos;
  if (bare_bucket) target.uri += '/';
  if (target.uri.ends_with('/') || (given == 1 && !sources.several)) {
    if (target.uri.ends_with('/') && !sources.spooled.empty()) {
      return MakeError(ErrorKind::kInvalid, "cp - ", target.text, ": standard input has no name; name the target file");
    }
    return target;
  }
  if (target.is_local() && std::filesystem::exists(target.path(), error)) {
    return MakeError(ErrorKind::kInvalid, "cp: ", target.text, " is a file, and several files need a folder");
  }
  if (!sources.spooled.empty()) {
    return MakeError(ErrorKind::kInvalid, "cp: standard input has no name, and ", target.text, " is to be a folder");
  }
  target.uri += '/';
  return target;
}

std::string Describe(const std::vector<PlannedCopy>& copies, const char* verb) {
  std::string text;
  for (const auto& copy : copies) {
    text += fmt::format("{} {} {}\n", verb, ShownAddress(copy.from.uri), ShownAddress(copy.to));
  }
  return text;
}

Status RunCp(Session& session, const CpArguments& arguments) {
  if (arguments.sources_and_target.size() < 2) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "glaux cp SOURCE... TARGET, as in: glaux cp a.csv s3://lake/in/"},
        "cp: name what to copy, and then where to");
  }
  CopyOptions options{.no_clobber = arguments.no_clobber};
  ARROW_ASSIGN_OR_RAISE(options.jobs, ParseJobs(arguments.jobs));
  const auto& folder = session.surroundings().working_directory;
  const std::vector<std::string> given(arguments.sources_and_target.begin(), arguments.sources_and_target.end() - 1);
  ARROW_ASSIGN_OR_RAISE(const auto addresses, ParseAddresses(given, AddressUse::kRead, folder));
  ARROW_ASSIGN_OR_RAISE(auto target, ParseAddress(arguments.sources_and_target.back(), AddressUse::kWrite, folder));
  if (target.is_stream()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "glaux cat prints files"},
                     "cp: the target is a file or a folder");
  }
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  const bool creates = !target.is_local() && !arguments.dry_run;
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake(creates ? Session::IfAbsent::kCreate : Session::IfAbsent::kEmpty));
  const auto environment = lake->sync_environment(session.surroundings().out);
  const auto before = lake->meter()->Read();
  Sources sources;
  for (const auto& address : addresses) {
    ARROW_RETURN_NOT_OK(AddSource(session, environment, arguments, address, &sources));
  }
  ARROW_ASSIGN_OR_RAISE(target, SettleTarget(sources, given.size(), std::move(target)));
  ARROW_ASSIGN_OR_RAISE(const auto copies, PlanCopies(sources.objects, target, environment));
  int64_t bytes = 0;
  for (const auto& copy : copies) bytes += copy.from.info.size;
  const std::string files = FormatCount(static_cast<int64_t>(copies.size()), "file", "files");
  if (arguments.dry_run) {
    ARROW_RETURN_NOT_OK(session.Print(Describe(copies, "cp")));
    ARROW_ASSIGN_OR_RAISE(auto requests, RequestsToCopy(copies, environment, options));
    requests += lake->meter()->Read() - before;
    session.Report(
        fmt::format("would copy {}, {}; nothing was changed\n", files, FormatBytes(static_cast<double>(bytes))) +
        DescribeRequests(requests, environment.prices, CostTense::kPlanned));
    return Status::OK();
  }
  const auto started = std::chrono::steady_clock::now();
  auto progress = session.MakeProgress();
  progress->Begin("copy", bytes);
  options.stop = session.stop();
  options.progress = progress.get();
  CopySummary summary;
  const Status status = CopyObjects(copies, environment, options, &summary);
  progress->End();
  if (!status.ok()) {
    const std::string done = summary.copied == 0
                                 ? "; nothing was copied"
                                 : fmt::format("; {} of {} were copied", FormatCount(summary.copied), files);
    return Status(status.code(), "cp: " + status.message() + done, status.detail());
  }
  if (session.options().verbose) session.Report(Describe(copies, "cp"));
  std::string text = "copied " + FormatCount(summary.copied, "file", "files");
  if (summary.kept > 0) text += fmt::format(", kept {} that were there", FormatCount(summary.kept));
  if (sources.hidden > 0) text += fmt::format(", left out {} hidden (--all takes them)", FormatCount(sources.hidden));
  if (sources.links > 0) text += ", left out " + FormatCount(sources.links, "symbolic link", "symbolic links");
  const auto elapsed = std::chrono::steady_clock::now() - started;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  text += fmt::format("; {} in {} ({}/s)\n", FormatBytes(static_cast<double>(summary.bytes)), FormatDuration(elapsed),
                      FormatBytes(seconds > 0 ? static_cast<double>(summary.bytes) / seconds : 0));
  text += DescribeRequests(lake->meter()->Read() - before, environment.prices, CostTense::kHappened);
  session.Report(text);
  return Status::OK();
}

}  // namespace

void AddCpCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<CpArguments>();
  auto* command = app->add_subcommand("cp", "Copy files and objects as they are");
  command
      ->add_option("SOURCE... TARGET", arguments->sources_and_target,
                   "paths, s3:// addresses, or patterns with *, ** and {a,b}, - is standard input; and last the "
                   "target, a file, or with / at its end a folder")
      ->type_name("FILE")
      ->required();
  command->add_flag("-r,--recursive", arguments->recursive, "also what is in folders and the folders below them");
  command->add_flag("-a,--all", arguments->all, "names that begin with . or _ as well");
  command->add_flag("-n,--no-clobber", arguments->no_clobber, "leave files that are there as they are");
  command->add_flag("--dry-run", arguments->dry_run,
                    "say what would be copied where and what requests that takes, and change nothing");
  command->add_option("--jobs", arguments->jobs, "how many files are copied at once (32)")->type_name("N");
  command->footer(
      "Each file appears whole or not at all. What is there is overwritten. Of a folder its content is copied, of a\n"
      "pattern what stands behind the folder before the first special character.\n\n"
      "Examples:\n"
      "  glaux cp orders.csv s3://lake/in/\n"
      "  glaux cp -r exports s3://lake/in/exports/\n"
      "  glaux cp 's3://lake/in/2026-*/*.csv' . --dry-run\n"
      "  pg_dump shop | glaux cp - s3://backup/shop.sql");
  SetAction(command, session, arguments, RunCp);
}

}  // namespace glaux::cli
