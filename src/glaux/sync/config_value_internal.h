#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/sync/config.h"
#include "glaux/sync/config_yaml_internal.h"

namespace glaux::pipeline_file {

/// What reading a pipeline file needs beside its tree.
struct Surroundings {
  std::string file;              ///< what errors call it
  std::filesystem::path folder;  ///< absolute: what relative paths are relative to
  const EnvironmentVariables& env;
};

/// "did you mean x?" with "; " in front, or nothing.
std::string NearestHint(std::string_view typed, const std::vector<std::string>& names);

/// The value of one key, on its way into a setting. Every reader fails with kInvalid that names file, line, column,
/// key and what was expected; a value is shown as the file has it, with its ${VAR} in place.
class Value {
 public:
  /// \param where what the key belongs to: "source orders"
  Value(const Surroundings& around, const YamlNode& node, std::string key, std::string where)
      : around_(&around), node_(&node), key_(std::move(key)), where_(std::move(where)) {}

  const YamlNode& node() const { return *node_; }
  const std::string& key() const { return key_; }
  const std::string& where() const { return where_; }
  const Surroundings& around() const { return *around_; }
  ConfigPlace place() const { return {around_->file, node_->line}; }

  /// With ${VAR} replaced; not empty unless `may_be_empty`.
  Result<std::string> Text(std::string_view expected = "a text", bool may_be_empty = false) const;
  Result<int64_t> Integer(int64_t least, int64_t most) const;
  Result<double> Number() const;
  Result<bool> Boolean() const;
  Result<int64_t> Size() const;
  Result<std::chrono::milliseconds> Duration() const;
  Result<Timestamp> Time() const;
  Result<char> Character() const;
  Result<std::string> Word(const std::vector<std::string_view>& words) const;
  /// One text, or a list of them that is not empty.
  Result<std::vector<std::string>> Texts(bool may_be_empty = false) const;
  Result<std::map<std::string, std::string>> TextMap(std::string_view expected) const;
  /// Values of a list, or the value itself.
  std::vector<Value> Items() const;

  /// Keys and values, each key's own Value; what each belongs to is called `where`.
  Result<std::vector<Value>> Fields(const std::string& where) const;

  /// "pipeline.yaml, line 4, column 7: limit of source s: expected <expected>, found: <as the file has it>".
  Status Expected(std::string_view expected) const;
  /// "pipeline.yaml, line 4, column 7: limit of source s: <what>".
  Status Wrong(std::string_view what) const;
  /// What another parser said of the value. Its words are kept where they can quote nothing but what the file has.
  Status Refused(const Status& status, std::string_view expected) const;
  /// The value as the file has it.
  std::string Shown() const;

 private:
  /// Whether ${VAR} stands in it.
  bool has_variable() const;
  Result<std::string> Expand() const;

  const Surroundings* around_;
  const YamlNode* node_;
  std::string key_;
  std::string where_;
};

}  // namespace glaux::pipeline_file
