#include "glaux/aws/container.h"
#include "glaux/aws/credentials.h"
#include "glaux/aws/imds.h"
#include "glaux/aws/profile_credentials_internal.h"
#include "glaux/aws/refreshing_credentials.h"
#include "glaux/aws/region.h"

namespace glaux::aws {
namespace {

/// What a link said: credentials, or in a few words why it has none and the next one is asked.
struct LinkAnswer {
  std::optional<Credentials> credentials = {};
  std::string why_not = {};
};

/// An error of this kind passes by itself; all others are for people to solve.
bool IsPassing(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout || kind == ErrorKind::kThrottled ||
         kind == ErrorKind::kCancelled;
}

/// Asks one link after the other. A link that is set up and fails ends the search: what comes after it may belong to
/// somebody else.
class Chain {
 public:
  explicit Chain(CredentialsChainOptions options) : options_(std::move(options)) {}

  Result<Credentials> Load() {
    ARROW_ASSIGN_OR_RAISE(auto credentials, LoadBase());
    if (options_.role_arn.empty()) return credentials;
    const auto role = AssumeConfiguredRole(credentials);
    if (!role.ok()) return Fail({}, "role " + options_.role_arn + " (by " + credentials.source + ")", role.status());
    return role;
  }

 private:
  Result<Credentials> LoadBase() {
    if (!options_.keys.anonymous()) return options_.keys;
    std::string asked;
    ARROW_ASSIGN_OR_RAISE(auto found, Ask("environment", &Chain::AskEnvironment, &asked));
    if (found.has_value()) return *std::move(found);
    // From here on the files count: the region of STS and its endpoint may stand in them.
    const auto files = ReadProfileFiles(*options_.environment, options_.profile);
    if (!files.ok()) return Fail(asked, "profile files", files.status());
    files_ = *files;
    const auto imds_options = ReadImdsOptions(*options_.environment, files_);
    if (!imds_options.ok()) return Fail(asked, "EC2 instance metadata", imds_options.status());
    // One that has a token already is worth keeping.
    if (imds_ == nullptr) imds_ = std::make_unique<Imds>(*imds_options, options_.transport, options_.clock);

    using Link = std::pair<const char*, Result<LinkAnswer> (Chain::*)()>;
    for (const auto& [name, ask] : std::initializer_list<Link>{{"web identity", &Chain::AskWebIdentity},
                                                               {"profile", &Chain::AskProfile},
                                                               {"container", &Chain::AskContainer},
                                                               {"EC2 instance metadata", &Chain::AskImds}}) {
      ARROW_ASSIGN_OR_RAISE(found, Ask(name, ask, &asked));
      if (found.has_value()) return *std::move(found);
    }
    return MakeError({.kind = ErrorKind::kUnauthenticated,
                      .code = std::string(kNoCredentials),
                      .hint = "aws configure stores keys, aws sso login signs in, or set AWS_ACCESS_KEY_ID and "
                              "AWS_SECRET_ACCESS_KEY; glaux doctor shows what was found"},
                     "no AWS credentials were found", asked);
  }

  Result<std::optional<Credentials>> Ask(const char* name, Result<LinkAnswer> (Chain::*ask)(), std::string* asked) {
    auto answer = (this->*ask)();
    if (!answer.ok()) return Fail(*asked, name, answer.status());
    if (!answer->credentials.has_value()) {
      asked->append("\n  ").append(name).append(": ").append(answer->why_not);
      return std::optional<Credentials>();
    }
    return std::move(answer->credentials);
  }

  /// \param asked what the links before said
  static Status Fail(const std::string& asked, const std::string& name, const Status& status) {
    ErrorInfo info = InfoOf(status);
    if (!IsPassing(info.kind)) info.kind = ErrorKind::kUnauthenticated;
    if (info.hint.empty()) info.hint = "glaux doctor shows where credentials come from";
    const std::string& message = status.message();
    return MakeError(std::move(info),
                     "AWS credentials: ", message.starts_with(name + " ") ? message : name + ": " + message,
                     asked.empty() ? "" : "\nasked before:" + asked);
  }

  LinkContext context() {
    return {.environment = *options_.environment,
            .files = files_,
            .transport = options_.transport,
            .clock = options_.clock,
            .region = options_.region,
            .sts_endpoint_url = options_.sts_endpoint_url,
            .imds = imds_.get()};
  }

  Result<LinkAnswer> AskEnvironment() {
    // A profile that the caller names is meant, whatever the environment says.
    if (options_.profile.has_value() && !options_.profile->empty())
      return LinkAnswer{.why_not = "not asked, for profile " + *options_.profile + " was chosen"};
    ARROW_ASSIGN_OR_RAISE(auto credentials, CredentialsOfEnvironment(*options_.environment));
    return LinkAnswer{std::move(credentials), "AWS_ACCESS_KEY_ID is not set"};
  }

  Result<LinkAnswer> AskWebIdentity() {
    if (options_.profile.has_value() && !options_.profile->empty())
      return LinkAnswer{.why_not = "not asked, for profile " + *options_.profile + " was chosen"};
    const auto file = FindVariable(*options_.environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!file.has_value()) return LinkAnswer{.why_not = "AWS_WEB_IDENTITY_TOKEN_FILE is not set"};
    const auto role = FindVariable(*options_.environment, "AWS_ROLE_ARN");
    if (!role.has_value())
      return MakeError(ErrorKind::kInvalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    AssumeRoleRequest request{
        .role_arn = *role,
        .session_name =
            FindVariable(*options_.environment, "AWS_ROLE_SESSION_NAME").value_or(DefaultSessionName(*options_.clock))};
    ARROW_ASSIGN_OR_RAISE(auto credentials,
                          CredentialsOfWebIdentity(context(), "AWS_WEB_IDENTITY_TOKEN_FILE", *file, request));
    return LinkAnswer{std::move(credentials)};
  }

  Result<LinkAnswer> AskProfile() {
    ARROW_RETURN_NOT_OK(files_.CheckSelected());
    ARROW_ASSIGN_OR_RAISE(auto credentials, CredentialsOfProfile(context()));
    if (credentials.has_value()) return LinkAnswer{std::move(credentials)};
    if (!files_.config_found && !files_.credentials_found) {
      return LinkAnswer{.why_not = "there is no " + files_.config_path + " and no " + files_.credentials_path};
    }
    return LinkAnswer{.why_not = files_.profiles.contains(files_.selected)
                                     ? "profile " + files_.selected + " has no credentials"
                                     : "there is no profile " + files_.selected};
  }

  Result<LinkAnswer> AskContainer() {
    ARROW_ASSIGN_OR_RAISE(const auto url, FindContainerUrl(*options_.environment));
    if (!url.has_value()) {
      return LinkAnswer{.why_not =
                            "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI "
                            "is set"};
    }
    ARROW_ASSIGN_OR_RAISE(auto credentials,
                          GetContainerCredentials(*url, *options_.environment, *options_.transport, *options_.clock));
    return LinkAnswer{std::move(credentials)};
  }

  Result<LinkAnswer> AskImds() {
    if (imds_->options().disabled) return LinkAnswer{.why_not = "not asked, for AWS_EC2_METADATA_DISABLED is true"};
    auto credentials = imds_->GetCredentials();
    if (credentials.ok()) {
      was_on_ec2_ = true;
      return LinkAnswer{*std::move(credentials)};
    }
    const Status& status = credentials.status();
    switch (KindOf(status)) {
      case ErrorKind::kNotFound:
        return LinkAnswer{.why_not = "the instance has no role"};
      case ErrorKind::kDenied:
        return LinkAnswer{.why_not = "the metadata service is turned off"};
      case ErrorKind::kUnavailable:
      case ErrorKind::kTimeout:
        // Most machines are none of EC2's. One that was asked before is, and had an outage.
        if (was_on_ec2_) return status;
        return LinkAnswer{.why_not = "nothing answers at " + imds_->options().endpoint + ", as outside of EC2"};
      default:
        return status;
    }
  }

  Result<Credentials> AssumeConfiguredRole(const Credentials& base) {
    if (files_.config_path.empty()) {
      ARROW_ASSIGN_OR_RAISE(files_, ReadProfileFiles(*options_.environment, options_.profile));
    }
    ARROW_ASSIGN_OR_RAISE(const auto sts, StsOf(context()));
    AssumeRoleRequest request{.role_arn = options_.role_arn,
                              .session_name = options_.role_session_name.empty() ? DefaultSessionName(*options_.clock)
                                                                                 : options_.role_session_name,
                              .external_id = options_.external_id};
    ARROW_ASSIGN_OR_RAISE(auto credentials, AssumeRole(sts, MakeStaticCredentials(base), request));
    credentials.source = "assumed role " + options_.role_arn + " (by " + base.source + ")";
    return credentials;
  }

  const CredentialsChainOptions options_;
  ProfileFiles files_;
  std::unique_ptr<Imds> imds_;
  bool was_on_ec2_ = false;
};

}  // namespace

std::shared_ptr<CredentialsProvider> MakeCredentialsChain(CredentialsChainOptions options) {
  Clock* const clock = options.clock;
  return MakeRefreshingCredentials([chain = std::make_shared<Chain>(std::move(options))] { return chain->Load(); },
                                   clock);
}

}  // namespace glaux::aws
