#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::pipeline_file {

/// One value of a YAML text, with aliases and merge keys (`<<`) resolved.
struct YamlNode {
  struct Field {
    const YamlNode* key;
    const YamlNode* value;
  };
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  int line = 0, column = 0;                 ///< from 1
  std::string text = {};                    ///< of a scalar
  std::vector<const YamlNode*> items = {};  ///< of a sequence
  std::vector<Field> fields = {};           ///< of a mapping: keys are scalars, each comes once
  int64_t size = 1;                         ///< values in it, itself too, with every alias written out
  int height = 1;                           ///< levels of nesting
};

/// A YAML text as a tree, which it owns.
///
/// Hostile texts are refused in bounded time and memory: more than 1 MiB, more than 100'000 values with every alias
/// written out (which is never done), more than 64 levels.
class YamlText {
 public:
  /// \return kInvalid with file, line and column for what is no YAML, for a key that comes twice in a mapping, tags of
  ///         other types, and a second document
  static Result<std::unique_ptr<YamlText>> Parse(std::string_view text, const std::string& file);

  const YamlNode& root() const { return *root_; }

 private:
  friend class YamlBuilder;
  std::deque<YamlNode> nodes_;
  const YamlNode* root_ = nullptr;
};

/// "pipeline.yaml, line 4, column 7: <what>", kInvalid.
Status ErrorAt(const std::string& file, const YamlNode& node, std::string_view what);

}  // namespace glaux::pipeline_file
