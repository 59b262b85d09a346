#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/util/cancel.h>

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/clock.h"
#include "glaux/base/environment.h"
#include "glaux/base/status.h"
#include "glaux/http/transport.h"
#include "glaux/lake/lake.h"
#include "glaux/sync/config.h"
#include "progress_bar.h"
#include "signals.h"
#include "terminal.h"

namespace glaux::cli {

/// What a run of the program stands in. Tests give their own.
struct Surroundings {
  std::shared_ptr<arrow::io::OutputStream> out;  ///< data
  std::function<void(std::string_view)> err;     ///< everything else
  std::istream* in = nullptr;
  bool in_interactive = false;
  EnvironmentLookup environment;
  /// What `out` and `err` can show, with --color.
  std::function<Terminal(ColorMode)> out_terminal;
  std::function<Terminal(ColorMode)> err_terminal;
  std::string working_directory = ".";
  std::function<Result<LakeConfig>(std::string_view, const std::string&)> find_config;
  std::function<Result<std::unique_ptr<Lake>>(const LakeConfig&)> open_lake;
  /// What AWS settings come from: variables, files, commands.
  std::shared_ptr<const Environment> process = {};
  std::function<Result<std::shared_ptr<http::Transport>>(const http::CurlTransportOptions&)> open_transport = {};
  Clock* clock = &Clock::System();
};

/// Options that every command takes.
struct GlobalOptions {
  std::string lake = {};
  std::string database = {};
  std::string memory_limit = {};
  std::string color = "auto";
  // As the AWS CLI has them; any of them makes s3:// addresses of files mean S3 itself.
  std::string endpoint_url = {};
  std::string region = {};
  std::string profile = {};
  bool no_sign_request = false;
  std::string prices = {};
  // Of one query, where the lake's engine is Athena.
  std::string athena_results = {};
  std::string athena_reuse = {};
  bool quiet = false;
  bool verbose = false;
};

/// One run of the program: what was asked for, and where it reads and writes.
class Session {
 public:
  explicit Session(Surroundings surroundings);
  ~Session();

  const Surroundings& surroundings() const { return surroundings_; }
  GlobalOptions& options() { return options_; }
  const GlobalOptions& options() const { return options_; }

  /// What the command line asked for; set while it is parsed.
  void set_action(std::function<Status()> action) { action_ = std::move(action); }
  const std::function<Status()>& action() const { return action_; }

  Terminal out_terminal() const;
  Terminal err_terminal() const;

  /// The configuration with --database and --memory-limit.
  Result<LakeConfig> Config() const;
  /// Opened on first use.
  /// What becomes of a lake that is not there: most commands see an empty one and leave no folder behind.
  enum class IfAbsent { kEmpty, kCreate };
  Result<Lake*> lake(IfAbsent if_absent = IfAbsent::kEmpty);
  /// Read a pipeline file; where it names a lake or a memory limit and the command line does not, they hold for this
  /// run.
  Result<SyncConfig> ReadPipelines(const std::string& path);
  /// Write a report for machines: to a file that appears whole, or with "-" to stdout.
  Status WriteReport(const std::string& path, std::string_view text);
  /// "database.table", or "table" in the database of names without one.
  Result<TableId> ParseTable(std::string_view name) const;

  /// Write data.
  Status Print(std::string_view text);
  /// Tell people something; silent with --quiet.
  void Report(std::string_view text);
  /// With --verbose, tell people what requests the lake has sent so far and what they cost.
  void ReportRequests();
  /// What ReportRequests says; empty if nothing was sent.
  std::string DescribeRequestsSent() const;
  /// Tell people what they should know even with --quiet.
  void Warn(std::string_view message);

  /// From now on the first Ctrl-C requests a stop, and the second ends the program.
  Result<SignalGuard*> CatchSignals();
  arrow::StopToken stop() { return stop_source_.token(); }

  /// A progress line on stderr if that is a terminal and not quiet; its notes always reach stderr, unless quiet.
  std::unique_ptr<Progress> MakeProgress();

 private:
  ColorMode color() const;

  const Surroundings surroundings_;
  GlobalOptions options_;
  std::function<Status()> action_;
  std::unique_ptr<Lake> lake_;
  arrow::StopSource stop_source_;
  std::unique_ptr<SignalGuard> guard_;
};

}  // namespace glaux::cli
