#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "doctor_report.h"
#include "glaux/aws/credentials.h"
#include "glaux/aws/endpoint.h"
#include "glaux/aws/imds.h"
#include "glaux/aws/profile_files.h"
#include "glaux/aws/region.h"
#include "glaux/aws/sts.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

struct DoctorArguments {
  bool offline = false;
  bool json = false;
};

constexpr char kFromConfiguration[] = "the configuration or the command line";

/// Stands in for the network with --offline.
class NoNetwork final : public http::Transport {
 public:
  Result<http::Response> Send(const http::Request&) override {
    return MakeError(ErrorKind::kCancelled, "the network is not asked (--offline)");
  }
};

/// "AWS credentials: profile dev: why\nmore" -> "profile dev: why": the section has the title already.
std::string Essence(std::string_view text) {
  constexpr std::string_view kTitle = "AWS credentials: ";
  if (text.starts_with(kTitle)) text.remove_prefix(kTitle.size());
  return std::string(text.substr(0, text.find('\n')));
}

/// What each link of the chain said, one a line.
std::string LinesAfterTheFirst(std::string_view text) {
  std::string lines;
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n')) {
    text.remove_prefix(text.find_first_not_of(" \n", at));
    lines.append(lines.empty() ? "" : "\n").append(text.substr(0, text.find('\n')));
  }
  return lines;
}

/// Looks at everything that decides whether glaux works here, one part after the other; what is wrong in one keeps no
/// other from being looked at.
class Examination {
 public:
  Examination(Session& session, bool offline)
      : session_(session), environment_(*session.surroundings().process), offline_(offline) {
    report_.version = VersionText();
  }

  Result<DoctorReport> Run() {
    LookAtLake();
    if (offline_) {
      transport_ = std::make_shared<NoNetwork>();
    } else {
      LookAtCertificates();
      ARROW_ASSIGN_OR_RAISE(transport_, session_.surroundings().open_transport({.ca_file = ca_file_}));
    }
    auto files =
        s3_.profile.empty() ? aws::ReadProfileFiles(environment_) : aws::ReadProfileFiles(environment_, s3_.profile);
    if (files.ok()) files_ = *std::move(files);
    LookAtCredentials();
    LookAtRegion();
    LookAtIdentity();
    LookAtProxies();
    return std::move(report_);
  }

 private:
  void Problem(std::string what, std::string next) { report_.problems.push_back({std::move(what), std::move(next)}); }
  void Problem(const Status& status) { Problem(status.message(), InfoOf(status).hint); }

  void LookAtLake() {
    auto& section = report_.AddSection("Lake", "lake");
    const auto config = session_.Config();
    if (!config.ok()) {
      section.Add("configuration", "error", "cannot be read");
      Problem(config.status());
      return;
    }
    section.Add("found by", "found_by", config->found_by);
    s3_ = config->s3;
    needs_aws_ = config->remote_store || config->remote_files || config->glue.has_value() || config->athena.has_value();
    if (config->glue) glue_endpoint_ = config->glue->endpoint_url;
    if (config->athena) athena_endpoint_ = config->athena->endpoint_url;
    if (config->remote_store) {
      section.Add("store", "store", "s3://" + config->bucket + (config->prefix.empty() ? "" : "/" + config->prefix));
    }
    section.Add("folder", "directory", config->directory);
    section.Add("database", "database", config->database);
    section.Add("memory limit", "memory_limit", std::to_string(config->memory_limit >> 20) + " MiB");
    if (config->athena) {
      section.Add(
          "engine", "engine",
          "Amazon Athena, workgroup " + (config->athena->workgroup.empty() ? "primary" : config->athena->workgroup));
    }
    if (config->glue && offline_) return section.Add("catalog", "catalog", "AWS Glue");
    std::error_code error;
    if (!config->glue && !std::filesystem::exists(config->directory, error)) {
      section.Add("catalog", "catalog", "none yet: the first load makes the lake");
      return;
    }
    const auto databases = CountDatabases();
    section.Add("catalog", "catalog",
                (config->glue ? "AWS Glue: " : "") +
                    (databases.ok() ? FormatCount(*databases, "database", "databases") : "cannot be opened"));
    if (!databases.ok()) Problem(databases.status());
  }

  Result<int64_t> CountDatabases() {
    ARROW_ASSIGN_OR_RAISE(auto* lake, session_.lake());
    ARROW_ASSIGN_OR_RAISE(const auto databases, AllDatabases(lake->catalog()));
    return static_cast<int64_t>(databases.size());
  }

  void LookAtCredentials() {
    auto& section = report_.AddSection("AWS credentials", "credentials");
    aws::CredentialsChainOptions options;
    options.environment = session_.surroundings().process;
    options.transport = transport_;
    options.clock = session_.surroundings().clock;
    options.role_arn = s3_.role_arn;
    options.region = s3_.region;
    if (!s3_.profile.empty()) options.profile = s3_.profile;
    if (!s3_.aws_access_key_id.empty()) {
      options.keys = {.access_key_id = s3_.aws_access_key_id,
                      .secret_access_key = s3_.aws_secret_access_key,
                      .session_token = s3_.aws_session_token,
                      .source = "the configuration"};
    }
    if (s3_.anonymous) return section.Add("from", "source", "none: requests go unsigned");
    provider_ = aws::MakeCredentialsChain(options);
    const auto credentials = provider_->Get();
    if (!credentials.ok()) {
      const Status& status = credentials.status();
      if (InfoOf(status).code == aws::kNoCredentials) {
        section.Add("from", "source", "none");
        section.Add("asked", "asked", LinesAfterTheFirst(status.message()));
        const std::string how =
            "aws configure stores keys, aws sso login signs in, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        if (needs_aws_) {
          Problem("no AWS credentials were found, and this lake needs them", how);
        } else {
          report_.notes.push_back("a lake in a local folder needs no AWS credentials. For AWS: " + how);
        }
        no_credentials_ = true;
      } else if (offline_ && KindOf(status) == ErrorKind::kCancelled) {
        section.Add("from", "source", Essence(status.message()));
      } else {
        section.Add("from", "source", "none: see below");
        Problem(status);
      }
      return;
    }
    credentials_ = *credentials;
    section.Add("from", "source", credentials->source);
    section.Add("access key", "access_key_id", MaskKeyId(credentials->access_key_id));
    section.Add("account", "account", credentials->account_id);
    if (!credentials->expiration.has_value()) return;
    const auto left = *credentials->expiration - session_.surroundings().clock->Now();
    section.Add("expire", "expiration", FormatTimestamp(*credentials->expiration),
                left > left.zero() ? "in " + FormatDuration(left) : FormatDuration(-left) + " ago");
    if (left <= left.zero()) {
      Problem("the credentials have expired (" + credentials->source + ")",
              "sign in again (aws sso login), or renew what put them there");
    }
  }

  void LookAtRegion() {
    auto& section = report_.AddSection("AWS region and endpoints", "aws");
    auto region = s3_.region.empty() ? aws::FindRegion(environment_, files_)
                                     : std::optional(aws::Found{s3_.region, kFromConfiguration});
    if (!region.has_value() && !no_credentials_) region = RegionOfInstance();
    if (region.has_value()) {
      section.Add("region", "region", region->value, region->source);
      if (const Status good = aws::CheckRegion(*region); !good.ok()) return Problem(good);
      region_ = region->value;
    } else {
      section.Add("region", "region", "none");
      if (s3_.endpoint_url.empty() && (credentials_.has_value() || needs_aws_)) Problem(aws::NoRegion());
    }
    if (const Status good = files_.CheckSelected(); good.ok() && files_.profiles.contains(files_.selected))
      section.Add("profile", "profile", files_.selected,
                  files_.config_found ? files_.config_path : files_.credentials_path);
    for (const auto& [name, service] : std::initializer_list<std::pair<const char*, const aws::ServiceName*>>{
             {"s3", &aws::kS3}, {"glue", &aws::kGlue}, {"athena", &aws::kAthena}, {"sts", &aws::kSts}}) {
      auto endpoint = aws::FindEndpoint(environment_, files_, *service, region_);
      if (!endpoint.ok()) return Problem(endpoint.status());
      if (service == &aws::kS3 && !s3_.endpoint_url.empty())
        endpoint = aws::Endpoint{.url = s3_.endpoint_url, .source = kFromConfiguration, .custom = true};
      if (service == &aws::kGlue && !glue_endpoint_.empty())
        endpoint = aws::Endpoint{.url = glue_endpoint_, .source = kFromConfiguration, .custom = true};
      if (service == &aws::kAthena && !athena_endpoint_.empty())
        endpoint = aws::Endpoint{.url = athena_endpoint_, .source = kFromConfiguration, .custom = true};
      if (service == &aws::kS3) s3_is_custom_ = endpoint->custom;
      if (service == &aws::kSts) sts_is_custom_ = endpoint->custom;
      if (!region_.empty() || endpoint->custom)
        section.Add(name, std::string(name) + "_endpoint", endpoint->url, endpoint->custom ? endpoint->source : "");
    }
  }

  std::optional<aws::Found> RegionOfInstance() {
    if (offline_) return std::nullopt;
    auto options = aws::ReadImdsOptions(environment_, files_);
    if (!options.ok() || options->disabled) return std::nullopt;
    auto region = aws::Imds(*options, transport_, session_.surroundings().clock).GetRegion();
    if (!region.ok()) return std::nullopt;
    return aws::Found{*std::move(region), "EC2 instance metadata"};
  }

  void LookAtIdentity() {
    if (offline_ || !credentials_.has_value()) return;
    if (s3_is_custom_ && !sts_is_custom_) {
      report_.notes.emplace_back("S3 is not at AWS, so AWS is not asked whose credentials these are");
      return;
    }
    auto& section = *std::find_if(report_.sections.begin(), report_.sections.end(),
                                  [](const DoctorSection& s) { return s.key == "credentials"; });
    auto sts = aws::FindSts({.environment = environment_, .files = files_, .region = region_}, transport_,
                            session_.surroundings().clock);
    if (!sts.ok()) return;  // the endpoints said so already
    sts->retry.max_attempts = 2;
    const auto identity = aws::GetCallerIdentity(*sts, provider_);
    if (!identity.ok()) {
      ErrorInfo info = InfoOf(identity.status());
      const bool network = info.kind == ErrorKind::kUnavailable || info.kind == ErrorKind::kTimeout;
      return Problem(
          "who they belong to is not known: " + identity.status().message(),
          network ? "look at the network, proxy and CA file; glaux doctor --offline leaves this out" : info.hint);
    }
    std::erase_if(section.facts, [](const DoctorFact& fact) { return fact.key == "account"; });
    section.Add("account", "account", identity->account, "STS");
    section.Add("arn", "arn", identity->arn);
  }

  void LookAtCertificates() {
    std::string source = "AWS_CA_BUNDLE";
    auto file = aws::FindVariable(environment_, source);
    if (!file.has_value()) return;
    ca_file_ = *file;
    if (const auto text = environment_.ReadFile(ca_file_); !text.ok()) {
      Problem(source + ": " + text.status().message(), "set it to a file of certificates (PEM), or unset it");
      ca_file_.clear();
    }
  }

  void LookAtProxies() {
    auto& section = report_.AddSection("Network", "network");
    if (const auto file = aws::FindVariable(environment_, "AWS_CA_BUNDLE"))
      section.Add("CA file", "ca_file", *file, "AWS_CA_BUNDLE");
    for (const auto* name :
         {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      if (const auto value = aws::FindVariable(environment_, name)) section.Add(name, name, MaskUser(*value));
    }
  }

  Session& session_;
  const Environment& environment_;
  const bool offline_;
  DoctorReport report_;
  std::shared_ptr<http::Transport> transport_;
  std::string ca_file_;
  /// What the configuration and the command line say of S3.
  S3Access s3_;
  /// What the configuration says of Glue's endpoint.
  std::string glue_endpoint_;
  std::string athena_endpoint_;
  bool needs_aws_ = false;
  bool s3_is_custom_ = false;
  bool sts_is_custom_ = false;
  aws::ProfileFiles files_;
  std::shared_ptr<aws::CredentialsProvider> provider_;
  std::optional<aws::Credentials> credentials_;
  bool no_credentials_ = false;
  std::string region_;
};

Status RunDoctor(Session& session, const DoctorArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto report, Examination(session, arguments.offline).Run());
  ARROW_RETURN_NOT_OK(session.Print(arguments.json ? ToJson(report) : ToText(report)));
  if (report.problems.empty()) return Status::OK();
  // Whatever the kinds of the problems: not ready to work.
  return MakeError(ErrorKind::kUnauthenticated,
                   "doctor: ", FormatCount(static_cast<int64_t>(report.problems.size()), "problem", "problems"),
                   " found");
}

}  // namespace

void AddDoctorCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<DoctorArguments>();
  auto* command = app->add_subcommand("doctor", "Show what is used - lake, credentials, region - and what is wrong");
  command->add_flag("--offline", arguments->offline, "ask nothing of the network");
  command->add_flag("--json", arguments->json, "one JSON object");
  command->footer(
      "Ends with 3 if something is wrong. No secret is ever shown.\n\n"
      "Examples:\n"
      "  glaux doctor\n"
      "  AWS_PROFILE=dev glaux doctor --offline\n"
      "  glaux doctor --json | jq .problems");
  SetAction(command, session, arguments, RunDoctor);
}

}  // namespace glaux::cli
