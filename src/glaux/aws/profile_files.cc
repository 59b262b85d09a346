#include "glaux/aws/profile_files.h"

#include <algorithm>

#include "glaux/base/near_names.h"

namespace glaux::aws {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view Trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsComment(char c) { return c == '#' || c == ';'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

/// Of profiles, sections and properties alike.
bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-/.%@_:+").find(c) != std::string_view::npos;
  });
}

/// In front of a comment that white space sets off from the value.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 1; i < line.size(); ++i) {
    if (IsComment(line[i]) && IsBlank(line[i - 1])) return line.substr(0, i);
  }
  return line;
}

enum class FileKind { kConfig, kCredentials };
enum class SectionKind { kProfile, kBareDefault, kSsoSession, kServices, kUnknown };

struct Section {
  SectionKind kind = SectionKind::kUnknown;
  std::string name = {};
};

/// What stands between the brackets. What no reader knows is kUnknown and left out, as every SDK does.
Section ReadSection(std::string_view text, FileKind file) {
  text = Trimmed(text);
  if (file == FileKind::kCredentials) {
    return IsName(text) ? Section{SectionKind::kProfile, std::string(text)} : Section{};
  }
  if (text == "default") return {SectionKind::kBareDefault, "default"};
  const auto gap = text.find_first_of(kBlank);
  if (gap == std::string_view::npos) return {};
  const std::string_view word = text.substr(0, gap);
  const std::string_view name = Trimmed(text.substr(gap));
  if (!IsName(name)) return {};
  if (word == "profile") return {SectionKind::kProfile, std::string(name)};
  if (word == "sso-session") return {SectionKind::kSsoSession, std::string(name)};
  if (word == "services") return {SectionKind::kServices, std::string(name)};
  return {};
}

/// One file, line by line.
class FileParser {
 public:
  FileParser(FileKind kind, std::string path) : kind_(kind), path_(std::move(path)) {}

  Status Parse(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++line_;
      ARROW_RETURN_NOT_OK(ParseLine(line));
    }
    // A default profile with the prefix is the one that counts, wherever it stands.
    if (prefixed_default_) return Status::OK();
    if (const auto bare = bare_default_.find("default"); bare != bare_default_.end()) {
      profiles["default"] = std::move(bare->second);
    }
    return Status::OK();
  }

  std::map<std::string, Properties> profiles;
  std::map<std::string, Properties> sso_sessions;
  std::map<std::string, Properties> services;

 private:
  /// What cannot be read may be a secret on a line of its own: it is never quoted.
  Status Bad(std::string_view what) const {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "correct the line, or remove it"},
                     "could not parse profile file ", path_, ", line ", line_, ": ", what);
  }

  Status ParseLine(std::string_view line) {
    const std::string_view text = Trimmed(line);
    if (text.empty() || IsComment(line[0])) return Status::OK();
    if (line[0] == '[') return BeginSection(line);
    if (IsBlank(line[0])) {
      // "[   foo ]" is not indented; an indented comment is one unless a value goes on.
      if (IsComment(text[0]) && (property_.empty() || nested_)) return Status::OK();
      return Continue(text);
    }
    return BeginProperty(line);
  }

  Status BeginSection(std::string_view line) {
    const auto comment = std::find_if(line.begin(), line.end(), IsComment) - line.begin();
    line = Trimmed(line.substr(0, comment));
    if (!line.ends_with(']')) return Bad("Profile definition must end with ']'");
    const Section section = ReadSection(line.substr(1, line.size() - 2), kind_);
    in_section_ = true;
    property_.clear();
    nested_ = false;
    switch (section.kind) {
      case SectionKind::kProfile:
        prefixed_default_ = prefixed_default_ || section.name == "default";
        section_ = &profiles[section.name];
        break;
      case SectionKind::kBareDefault:
        section_ = &bare_default_[section.name];
        break;
      case SectionKind::kSsoSession:
        section_ = &sso_sessions[section.name];
        break;
      case SectionKind::kServices:
        section_ = &services[section.name];
        break;
      case SectionKind::kUnknown:
        section_ = &ignored_;
        break;
    }
    return Status::OK();
  }

  Status BeginProperty(std::string_view line) {
    if (!in_section_) return Bad("Expected a profile definition");
    line = WithoutComment(line);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return Bad("Expected an '=' sign defining a property");
    property_ = Lower(Trimmed(line.substr(0, equals)));
    if (property_.empty()) return Bad("Property did not have a name");
    const std::string_view value = Trimmed(line.substr(equals + 1));
    nested_ = value.empty();
    Target()[property_] = std::string(value);
    return Status::OK();
  }

  Status Continue(std::string_view text) {
    if (!in_section_) return Bad("Expected a profile definition");
    if (property_.empty()) return Bad("Expected a property definition, found continuation");
    if (nested_) {
      const auto equals = text.find('=');
      if (equals == std::string_view::npos) return Bad("Expected an '=' sign defining a sub-property");
      if (Trimmed(text.substr(0, equals)).empty()) return Bad("Sub-property did not have a name");
    }
    Target()[property_].append("\n").append(text);
    return Status::OK();
  }

  Properties& Target() { return IsName(property_) ? *section_ : ignored_; }

  const FileKind kind_;
  const std::string path_;
  int line_ = 0;
  bool in_section_ = false;
  bool prefixed_default_ = false;
  /// "[default]" of a configuration file, which "[profile default]" replaces.
  std::map<std::string, Properties> bare_default_;
  Properties ignored_;
  Properties* section_ = &ignored_;
  std::string property_;
  /// The property had no value of its own, so its lines are sub-properties.
  bool nested_ = false;
};

/// HOME in place of "~/". Without HOME it stays, and the environment knows what to do with it.
std::string ExpandHome(const Environment& environment, const std::string& path) {
  if (!path.starts_with("~/")) return path;
  const auto home = environment.Variable("HOME");
  if (!home.has_value() || home->empty()) return path;
  return (home->ends_with('/') ? home->substr(0, home->size() - 1) : *home) + path.substr(1);
}

std::string VariableOr(const Environment& environment, std::string_view name, std::string_view otherwise) {
  const auto value = environment.Variable(name);
  return std::string(value.has_value() && !Trimmed(*value).empty() ? Trimmed(*value) : otherwise);
}

Result<std::string> ReadIfThere(const Environment& environment, const std::string& path, bool* found) {
  auto text = environment.ReadFile(path);
  *found = text.ok();
  if (!text.ok() && KindOf(text.status()) == ErrorKind::kNotFound) return std::string();
  return text;
}

}  // namespace

std::optional<std::string> ProfileFiles::Find(const std::string& profile, const std::string& key) const {
  const auto properties = profiles.find(profile);
  if (properties == profiles.end()) return std::nullopt;
  const auto property = properties->second.find(key);
  if (property == properties->second.end() || property->second.empty()) return std::nullopt;
  return property->second;
}

Status ProfileFiles::CheckSelected() const {
  if (!selected_by_name || profiles.contains(selected)) return Status::OK();
  std::vector<std::string> names;
  for (const auto& [name, properties] : profiles) names.push_back(name);
  std::string hint = DidYouMean(selected, names);
  if (!hint.empty()) hint += "; ";
  hint += "aws configure --profile " + selected + " makes one, AWS_PROFILE selects another";
  return MakeError({.kind = ErrorKind::kInvalid, .hint = std::move(hint)}, "there is no profile ", selected, " in ",
                   config_path, config_found ? "" : " (no such file)", " or ", credentials_path,
                   credentials_found ? "" : " (no such file)");
}

ProfileLocations LocateProfileFiles(const Environment& environment, const std::optional<std::string>& profile) {
  ProfileLocations locations;
  locations.config_path = ExpandHome(environment, VariableOr(environment, "AWS_CONFIG_FILE", "~/.aws/config"));
  locations.credentials_path =
      ExpandHome(environment, VariableOr(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"));
  locations.profile = profile.has_value() && !profile->empty() ? *profile : VariableOr(environment, "AWS_PROFILE", "");
  locations.profile_by_name = !locations.profile.empty();
  if (locations.profile.empty()) locations.profile = "default";
  return locations;
}

Result<ProfileFiles> ReadProfileFiles(const Environment& environment, const std::optional<std::string>& profile) {
  const ProfileLocations locations = LocateProfileFiles(environment, profile);
  ProfileFiles files{.config_path = locations.config_path,
                     .credentials_path = locations.credentials_path,
                     .selected = locations.profile,
                     .selected_by_name = locations.profile_by_name};
  ARROW_ASSIGN_OR_RAISE(const auto config, ReadIfThere(environment, files.config_path, &files.config_found));
  ARROW_ASSIGN_OR_RAISE(const auto credentials,
                        ReadIfThere(environment, files.credentials_path, &files.credentials_found));
  ARROW_RETURN_NOT_OK(ParseProfileFiles(config, credentials, &files));
  return files;
}

Status ParseProfileFiles(std::string_view config, std::string_view credentials, ProfileFiles* files) {
  FileParser config_parser(FileKind::kConfig, files->config_path);
  ARROW_RETURN_NOT_OK(config_parser.Parse(config));
  FileParser credentials_parser(FileKind::kCredentials, files->credentials_path);
  ARROW_RETURN_NOT_OK(credentials_parser.Parse(credentials));
  files->profiles = std::move(config_parser.profiles);
  files->sso_sessions = std::move(config_parser.sso_sessions);
  files->services = std::move(config_parser.services);
  for (const auto& [name, properties] : credentials_parser.profiles) {
    auto& merged = files->profiles[name];
    for (const auto& [key, value] : properties) merged[key] = value;
  }
  return Status::OK();
}

std::optional<std::string> FindSubProperty(std::string_view value, std::string_view name) {
  std::optional<std::string> found;
  while (!value.empty()) {
    const auto end = std::min(value.find('\n'), value.size());
    const std::string_view line = WithoutComment(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || Lower(Trimmed(line.substr(0, equals))) != name) continue;
    found = std::string(Trimmed(line.substr(equals + 1)));
  }
  return found;
}

}  // namespace glaux::aws
