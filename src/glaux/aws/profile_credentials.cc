#include <charconv>

#include "glaux/aws/container.h"
#include "glaux/aws/credentials_json_internal.h"
#include "glaux/aws/endpoint.h"
#include "glaux/aws/profile_credentials_internal.h"
#include "glaux/aws/region.h"
#include "glaux/aws/sso.h"

namespace glaux::aws {
namespace {

std::string Trimmed(std::string text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) text.pop_back();
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

/// Follows a profile to its credentials. What is asked first, in one profile, is in the order of the AWS tools: role,
/// web identity, SSO, keys, process.
class ProfileResolver {
 public:
  explicit ProfileResolver(const LinkContext& context) : context_(context) {}

  Result<std::optional<Credentials>> Resolve(const std::string& profile) {
    auto resolved = ResolveOne(profile);
    if (!resolved.ok()) {
      // Deeper profiles have put their names in front already.
      return resolved.status().message().starts_with("profile ") ? resolved.status()
                                                                 : Prefix(resolved.status(), "profile " + profile);
    }
    return resolved;
  }

 private:
  std::optional<std::string> Find(const std::string& profile, const std::string& key) const {
    return context_.files.Find(profile, key);
  }

  Result<std::optional<Credentials>> ResolveOne(const std::string& profile) {
    visited_.push_back(profile);
    // A profile that others use as their source gives its keys, if it has some, even where it also has a role.
    if (visited_.size() > 1) {
      ARROW_ASSIGN_OR_RAISE(auto keys, StaticKeys(profile));
      if (keys.has_value()) return keys;
    }
    const auto role = Find(profile, "role_arn");
    if (const auto file = Find(profile, "web_identity_token_file")) {
      if (!role.has_value()) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "AWS_ROLE_ARN does not count for profiles"},
                         "`web_identity_token_file` was specified but `role_arn` was missing");
      }
      return WebIdentity(profile, *file);
    }
    if (role.has_value()) return Role(profile, *role);
    if (const auto source = Find(profile, "credential_source")) return Named(*source);
    ARROW_ASSIGN_OR_RAISE(const auto sso, FindSso(context_.files, profile));
    if (sso.has_value()) {
      ARROW_ASSIGN_OR_RAISE(auto credentials, GetSsoCredentials({.environment = context_.environment,
                                                                 .files = context_.files,
                                                                 .transport = context_.transport,
                                                                 .clock = *context_.clock},
                                                                *sso));
      return std::optional<Credentials>(std::move(credentials));
    }
    ARROW_ASSIGN_OR_RAISE(auto keys, StaticKeys(profile));
    if (keys.has_value()) return keys;
    if (const auto command = Find(profile, "credential_process")) return Process(profile, *command);
    if (Find(profile, "login_session").has_value()) {
      return MakeError({.kind = ErrorKind::kNotImplemented,
                        .hint = "aws configure export-credentials --format process as the credential_process of "
                                "another profile gives them to glaux"},
                       "`aws login` sessions are not read by glaux");
    }
    return std::optional<Credentials>();
  }

  Result<std::optional<Credentials>> StaticKeys(const std::string& profile) const {
    const auto id = Find(profile, "aws_access_key_id");
    const auto secret = Find(profile, "aws_secret_access_key");
    if (!id.has_value() && !secret.has_value()) return std::optional<Credentials>();
    if (!id.has_value() || !secret.has_value()) {
      return MakeError(ErrorKind::kInvalid, id.has_value() ? "aws_secret_access_key" : "aws_access_key_id",
                       " is missing beside ", id.has_value() ? "aws_access_key_id" : "aws_secret_access_key");
    }
    return std::optional<Credentials>(
        Credentials{.access_key_id = *id,
                    .secret_access_key = Secret(*secret),
                    .session_token = Secret(Find(profile, "aws_session_token").value_or("")),
                    .account_id = Find(profile, "aws_account_id").value_or(""),
                    .source = "profile " + profile});
  }

  Result<AssumeRoleRequest> RoleRequest(const std::string& profile, const std::string& role_arn) const {
    AssumeRoleRequest request{
        .role_arn = role_arn,
        .session_name = Find(profile, "role_session_name").value_or(DefaultSessionName(*context_.clock)),
        .external_id = Find(profile, "external_id").value_or("")};
    if (const auto text = Find(profile, "duration_seconds")) {
      int seconds = 0;
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
      if (error != std::errc() || end != text->data() + text->size() || seconds < 900 || seconds > 43'200)
        return MakeError(ErrorKind::kInvalid, "duration_seconds: expected 900 to 43200, found: ", *text);
      request.duration_seconds = seconds;
    }
    return request;
  }

  Result<std::optional<Credentials>> WebIdentity(const std::string& profile, const std::string& file) {
    ARROW_ASSIGN_OR_RAISE(auto request, RoleRequest(profile, *Find(profile, "role_arn")));
    ARROW_ASSIGN_OR_RAISE(auto credentials,
                          CredentialsOfWebIdentity(context_, "web_identity_token_file", file, std::move(request)));
    credentials.source = "profile " + profile + ": " + credentials.source;
    return std::optional<Credentials>(std::move(credentials));
  }

  Result<std::optional<Credentials>> Role(const std::string& profile, const std::string& role_arn) {
    const auto source = Find(profile, "source_profile");
    const auto named = Find(profile, "credential_source");
    if (source.has_value() == named.has_value()) {
      return MakeError(ErrorKind::kInvalid, "role_arn needs ", source.has_value() ? "only one" : "one",
                       " of source_profile and credential_source",
                       source.has_value() ? "" : ", or web_identity_token_file");
    }
    if (Find(profile, "mfa_serial").has_value()) {
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = "aws configure export-credentials --profile " + profile +
                                " --format env asks for the code and prints variables"},
                       "mfa_serial: glaux asks nobody for a code");
    }
    ARROW_ASSIGN_OR_RAISE(auto request, RoleRequest(profile, role_arn));
    std::optional<Credentials> base;
    if (named.has_value()) {
      ARROW_ASSIGN_OR_RAISE(base, Named(*named));
    } else {
      ARROW_ASSIGN_OR_RAISE(base, Source(profile, *source));
    }
    ARROW_ASSIGN_OR_RAISE(const auto sts, StsOf(context_));
    ARROW_ASSIGN_OR_RAISE(auto credentials, AssumeRole(sts, MakeStaticCredentials(*std::move(base)), request));
    credentials.source = "profile " + profile + ": assumed role " + role_arn;
    return std::optional<Credentials>(std::move(credentials));
  }

  Result<std::optional<Credentials>> Source(const std::string& profile, const std::string& source) {
    if (!context_.files.profiles.contains(source)) {
      return MakeError(ErrorKind::kInvalid, "source_profile = ", source, ", but there is no such profile in ",
                       context_.files.config_path, " or ", context_.files.credentials_path);
    }
    if (source == profile) {
      // Its own keys, for its own role.
      ARROW_ASSIGN_OR_RAISE(auto keys, StaticKeys(source));
      if (keys.has_value()) return keys;
    }
    if (std::find(visited_.begin(), visited_.end(), source) != visited_.end()) {
      std::string circle;
      for (const auto& name : visited_) circle += name + " -> ";
      return MakeError(ErrorKind::kInvalid, "source_profile goes in a circle: ", circle, source);
    }
    ARROW_ASSIGN_OR_RAISE(auto base, Resolve(source));
    if (!base.has_value())
      return MakeError(ErrorKind::kInvalid, "source_profile = ", source, ", which has no credentials");
    return base;
  }

  Result<std::optional<Credentials>> Named(const std::string& source) const {
    if (source == "Environment") {
      ARROW_ASSIGN_OR_RAISE(auto found, CredentialsOfEnvironment(context_.environment));
      if (found.has_value()) return found;
      return MakeError(ErrorKind::kUnauthenticated,
                       "credential_source = Environment, but AWS_ACCESS_KEY_ID is not set");
    }
    if (source == "EcsContainer") {
      ARROW_ASSIGN_OR_RAISE(const auto url, FindContainerUrl(context_.environment));
      if (!url.has_value()) {
        return MakeError(ErrorKind::kUnauthenticated,
                         "credential_source = EcsContainer, but AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
      }
      ARROW_ASSIGN_OR_RAISE(auto credentials,
                            GetContainerCredentials(*url, context_.environment, *context_.transport, *context_.clock));
      return std::optional<Credentials>(std::move(credentials));
    }
    if (source == "Ec2InstanceMetadata") {
      if (context_.imds->options().disabled)
        return MakeError(ErrorKind::kUnauthenticated,
                         "credential_source = Ec2InstanceMetadata, but AWS_EC2_METADATA_DISABLED is true");
      ARROW_ASSIGN_OR_RAISE(auto credentials, context_.imds->GetCredentials());
      return std::optional<Credentials>(std::move(credentials));
    }
    return MakeError(ErrorKind::kInvalid,
                     "credential_source: expected Environment, EcsContainer or Ec2InstanceMetadata, found: ", source);
  }

  Result<std::optional<Credentials>> Process(const std::string& profile, const std::string& command) const {
    // The command may hold secrets and is not shown.
    auto output = context_.environment.RunCommand(command);
    if (!output.ok()) return Prefix(output.status(), "credential_process");
    const auto object = ParseJsonObject(*output);
    if (!object.ok()) return Prefix(object.status(), "credential_process");
    if (JsonText(*object, "Version") != "1")
      return MakeError(ErrorKind::kInvalid, "credential_process: expected \"Version\": 1 in what it prints");
    auto credentials = CredentialsFromJson(*object, "SessionToken");
    if (!credentials.ok()) return Prefix(credentials.status(), "credential_process");
    if (credentials->account_id.empty()) credentials->account_id = Find(profile, "aws_account_id").value_or("");
    credentials->source = "profile " + profile + ": credential_process";
    return std::optional<Credentials>(*std::move(credentials));
  }

  const LinkContext& context_;
  std::vector<std::string> visited_;
};

}  // namespace

Result<std::optional<Credentials>> CredentialsOfEnvironment(const Environment& environment) {
  const auto id = FindVariable(environment, "AWS_ACCESS_KEY_ID");
  const auto secret = FindVariable(environment, "AWS_SECRET_ACCESS_KEY");
  if (!id.has_value() && !secret.has_value()) return std::optional<Credentials>();
  if (!id.has_value() || !secret.has_value()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "set both, or neither"},
                     id.has_value() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY", " is set, but ",
                     id.has_value() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID", " is not");
  }
  Credentials credentials{.access_key_id = *id,
                          .secret_access_key = Secret(*secret),
                          .session_token = Secret(FindVariable(environment, "AWS_SESSION_TOKEN").value_or("")),
                          .account_id = FindVariable(environment, "AWS_ACCOUNT_ID").value_or(""),
                          .source = "environment"};
  if (const auto expiration = FindVariable(environment, "AWS_CREDENTIAL_EXPIRATION")) {
    auto time = ParseExpiration(*expiration);
    if (!time.ok()) return Prefix(time.status(), "AWS_CREDENTIAL_EXPIRATION");
    credentials.expiration = *time;
  }
  return std::optional<Credentials>(std::move(credentials));
}

Result<Credentials> CredentialsOfWebIdentity(const LinkContext& context, const std::string& setting,
                                             const std::string& token_file, AssumeRoleRequest request) {
  auto text = context.environment.ReadFile(token_file);
  if (!text.ok()) return Prefix(text.status(), setting);
  const Secret token(Trimmed(*std::move(text)));
  if (token.empty()) return MakeError(ErrorKind::kInvalid, setting, ": ", token_file, " is empty");
  ARROW_ASSIGN_OR_RAISE(const auto sts, StsOf(context));
  ARROW_ASSIGN_OR_RAISE(auto credentials, AssumeRoleWithWebIdentity(sts, token, request));
  credentials.source = "web identity, role " + request.role_arn;
  return credentials;
}

Result<StsOptions> StsOf(const LinkContext& context) {
  return FindSts({.environment = context.environment,
                  .files = context.files,
                  .region = context.region,
                  .endpoint_url = context.sts_endpoint_url},
                 context.transport, context.clock);
}

std::string DefaultSessionName(Clock& clock) {
  return "glaux-" + std::to_string(clock.Now().time_since_epoch().count());
}

Result<std::optional<Credentials>> CredentialsOfProfile(const LinkContext& context) {
  return ProfileResolver(context).Resolve(context.files.selected);
}

}  // namespace glaux::aws
