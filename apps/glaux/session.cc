#include "session.h"

#include <filesystem>

#include "output_file.h"

#include "arguments.h"
#include "cost_text.h"
#include "errors.h"
#include "glaux/base/secrets.h"

namespace glaux::cli {

Session::Session(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
Session::~Session() = default;

ColorMode Session::color() const {
  return options_.color == "always"  ? ColorMode::kAlways
         : options_.color == "never" ? ColorMode::kNever
                                     : ColorMode::kAuto;
}

Terminal Session::out_terminal() const { return surroundings_.out_terminal(color()); }
Terminal Session::err_terminal() const { return surroundings_.err_terminal(color()); }

Result<LakeConfig> Session::Config() const {
  ARROW_ASSIGN_OR_RAISE(auto config, surroundings_.find_config(options_.lake, surroundings_.working_directory));
  if (!options_.database.empty()) config.database = options_.database;
  if (!options_.memory_limit.empty()) {
    ARROW_ASSIGN_OR_RAISE(config.memory_limit, ParseByteSize(options_.memory_limit));
  }
  if (!options_.endpoint_url.empty()) config.s3.endpoint_url = options_.endpoint_url;
  if (!options_.region.empty()) config.s3.region = options_.region;
  if (!options_.profile.empty()) config.s3.profile = options_.profile;
  if (options_.no_sign_request) config.s3.anonymous = true;
  if (!options_.prices.empty()) {
    const auto path = std::filesystem::path(surroundings_.working_directory) / options_.prices;
    ARROW_ASSIGN_OR_RAISE(config.prices, ReadPriceFile(path.lexically_normal().string()));
  }
  if (!options_.athena_results.empty() || !options_.athena_reuse.empty()) {
    if (!config.athena) {
      return MakeError(ErrorKind::kInvalid,
                       "--results and --reuse are of lakes whose engine is Athena; this one's is DuckDB (",
                       config.found_by, ")");
    }
    if (!options_.athena_results.empty()) config.athena->results = options_.athena_results;
    if (!options_.athena_reuse.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto age, ParseDuration(options_.athena_reuse));
      config.athena->result_reuse = std::chrono::ceil<std::chrono::minutes>(age);
    }
  }
  config.remote_files |= !options_.endpoint_url.empty() || !options_.region.empty() || !options_.profile.empty() ||
                         options_.no_sign_request;
  return config;
}

Result<Lake*> Session::lake(IfAbsent if_absent) {
  if (lake_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto config, Config());
    config.create = if_absent == IfAbsent::kCreate;
    ARROW_ASSIGN_OR_RAISE(lake_, surroundings_.open_lake(config));
  }
  return lake_.get();
}

Result<TableId> Session::ParseTable(std::string_view name) const {
  ARROW_ASSIGN_OR_RAISE(const auto config, Config());
  return ParseTableId(name, config.database);
}

Result<SyncConfig> Session::ReadPipelines(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto config, ReadSyncConfig(path, [this](std::string_view name) -> std::optional<std::string> {
                          auto value = surroundings_.environment(name);
                          return value.empty() ? std::nullopt : std::optional<std::string>(std::move(value));
                        }));
  if (config.lake.has_value() && options_.lake.empty()) options_.lake = *config.lake;
  if (config.memory_limit.has_value() && options_.memory_limit.empty())
    options_.memory_limit = std::to_string(*config.memory_limit);
  return config;
}

Status Session::WriteReport(const std::string& path, std::string_view text) {
  if (path == "-") return Print(text);
  ARROW_ASSIGN_OR_RAISE(const auto file, OutputFile::Open(path, ""));
  ARROW_RETURN_NOT_OK(file->stream()->Write(text.data(), static_cast<int64_t>(text.size())));
  return file->Commit();
}

Status Session::Print(std::string_view text) {
  return surroundings_.out->Write(text.data(), static_cast<int64_t>(text.size()));
}

void Session::Report(std::string_view text) {
  if (!options_.quiet) surroundings_.err(WithoutSecrets(text));
}

void Session::ReportRequests() {
  if (options_.verbose) Report(DescribeRequestsSent());
}

std::string Session::DescribeRequestsSent() const {
  if (lake_ == nullptr) return {};
  return DescribeRequests(lake_->meter()->Read(), lake_->config().prices.value_or(DefaultPrices()),
                          CostTense::kHappened);
}

void Session::Warn(std::string_view message) { surroundings_.err(DescribeWarning(message, err_terminal())); }

Result<SignalGuard*> Session::CatchSignals() {
  if (guard_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(guard_, SignalGuard::Install(&stop_source_));
  }
  return guard_.get();
}

std::unique_ptr<Progress> Session::MakeProgress() {
  const Terminal terminal = err_terminal();
  return std::make_unique<ProgressBar>(terminal, terminal.interactive && !options_.quiet,
                                       [this](std::string_view text) { Report(text); });
}

}  // namespace glaux::cli
