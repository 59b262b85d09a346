#include "glaux/sync/config.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "glaux/schema/names.h"
#include "glaux/sync/config_keys_internal.h"

namespace glaux {
namespace pipeline_file {
namespace {

namespace fs = std::filesystem;

struct FileDraft {
  SyncConfig config;
  std::vector<std::string> sources = {};  ///< names in the file's order
  std::optional<Value> pipelines = {};
};

/// A directory becomes absolute; what names a lake otherwise is left.
Status ReadLake(const Value& value, FileDraft* draft) {
  ARROW_ASSIGN_OR_RAISE(auto text, value.Text("a lake: a directory or a configuration file"));
  std::string prefix;
  if (text.starts_with("local:")) {
    prefix = "local:";
    text.erase(0, prefix.size());
  } else if (text == "aws" || text.find("://") != std::string::npos) {
    draft->config.lake = text;
    return Status::OK();
  }
  draft->config.lake = prefix + ResolvePath(value, text);
  return Status::OK();
}

template <typename T>
Status ReadNamed(const Value& value, Result<T> (*read)(const Value&), std::map<std::string, T>* into,
                 std::vector<std::string>* order) {
  if (value.node().kind == YamlNode::Kind::kMapping && value.node().fields.empty()) {
    return value.Expected("at least one, by its name");
  }
  ARROW_ASSIGN_OR_RAISE(const auto fields, value.Fields(value.key()));
  std::map<std::string, std::string> folded;  // SQL does not tell upper from lower case
  for (const auto& field : fields) {
    ARROW_RETURN_NOT_OK(CheckName(field, field.key()));
    const auto [at, is_new] = folded.emplace(FoldName(field.key()), field.key());
    if (!is_new) return field.Wrong("differs from " + at->second + " by case only; give it another name");
    if (order != nullptr) order->push_back(field.key());
    ARROW_ASSIGN_OR_RAISE(auto config, read(field));
    into->emplace(field.key(), std::move(config));
  }
  return Status::OK();
}

const KeyTable<FileDraft>& FileKeys() {
  using F = FileDraft;
  static const auto table = [] {
    KeyTable<F> keys;
    keys.Add("lake", "The lake that tables and queries are of: a directory, or a configuration file.", Shape::kText,
             ReadLake);
    keys.Size(
        "memory_limit", "Most memory for rows on their way. Default: 512MiB.",
        [](F & f) -> auto& { return f.config.memory_limit; });
    keys.Integer(
        "parallel", "Pipelines that run at once. Default: 2.", 1, 64, [](F & f) -> auto& { return f.config.parallel; });
    keys.Section("sources", "Where rows come from, by name.", "source", [](const Value& value, F* f) {
      return ReadNamed(value, ReadSource, &f->config.sources, &f->sources);
    });
    keys.Section("destinations", "Where rows go, by name.", "destination", [](const Value& value, F* f) {
      return ReadNamed(value, ReadDestination, &f->config.destinations, nullptr);
    });
    keys.Section("pipelines",
                 "What flows where. Default: from all sources, one after the other, to the only destination.",
                 "pipeline", [](const Value& value, F* f) -> Status {
                   f->pipelines = value;
                   return Status::OK();  // read when what it names is
                 });
    return keys;
  }();
  return table;
}

}  // namespace

std::vector<const KeyDoc*> FileKeyDocs() { return FileKeys().docs(); }

}  // namespace pipeline_file

std::string ConfigPlace::ToString() const { return line > 0 ? file + ", line " + std::to_string(line) : file; }

Result<SyncConfig> ParseSyncConfig(std::string_view text, const std::string& file, const EnvironmentVariables& env) {
  using namespace pipeline_file;
  ARROW_ASSIGN_OR_RAISE(const auto yaml, YamlText::Parse(text, file));
  std::error_code error;
  const auto absolute = std::filesystem::absolute(file, error);
  if (error) return MakeError(ErrorKind::kInvalid, "read pipelines ", file, ": no absolute path: ", error.message());
  const Surroundings around{file, absolute.parent_path(), env};
  if (yaml->root().kind != YamlNode::Kind::kMapping) {
    const Value found(around, yaml->root(), "the file", "");
    return WithHint(ErrorAt(file, yaml->root(),
                            "expected keys and values: sources, destinations, pipelines, found: " + found.Shown()),
                    "glaux sync --schema prints what a pipeline file may hold");
  }
  FileDraft draft;
  draft.config.file = file;
  const Value root(around, yaml->root(), "the file", "");
  ARROW_RETURN_NOT_OK(ReadKeys(root, "", FileKeys(), &draft));
  for (const auto& [name, empty] : {std::pair("sources", draft.config.sources.empty()),
                                    std::pair("destinations", draft.config.destinations.empty())}) {
    if (empty) return ErrorAt(file, yaml->root(), std::string(name) + " is missing");
  }
  const auto* pipelines = draft.pipelines ? &*draft.pipelines : nullptr;
  ARROW_ASSIGN_OR_RAISE(draft.config.pipelines, ReadPipelines(pipelines, draft.sources, draft.config));
  return std::move(draft.config);
}

Result<SyncConfig> ReadSyncConfig(const std::string& path, const EnvironmentVariables& env) {
  constexpr size_t kMost = (1 << 20) + 1;  // one more than is taken, so that a longer file is refused as such
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return MakeError(ErrorKind::kInvalid, "read pipelines ", path, ": this is a directory; expected a YAML file");
  }
  if (!std::filesystem::exists(path, error)) {
    return MakeError(ErrorKind::kNotFound, "read pipelines ", path, ": there is no such file");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoError(errno == 0 ? EIO : errno, "read pipelines " + path);
  std::string text(kMost, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return MakeError(ErrorKind::kUnavailable, "read pipelines ", path, ": the file cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseSyncConfig(text, path, env);
}

}  // namespace glaux
