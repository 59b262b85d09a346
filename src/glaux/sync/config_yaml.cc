#include <arrow/util/utf8.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "glaux/sync/config_yaml_internal.h"

namespace glaux::pipeline_file {
namespace {

constexpr size_t kMaxText = 1 << 20;
constexpr int64_t kMaxValues = 100'000;
constexpr int kMaxLevels = 64;

/// Leaves the parser, which knows only exceptions.
struct Refused {
  Status status;
};

Status At(const std::string& file, int line, int column, std::string_view what) {
  return MakeError(ErrorKind::kInvalid, file, ", line ", line, ", column ", column, ": ", what);
}

/// What yaml-cpp would take for the end of the text, or for another encoding.
Status CheckCharacters(std::string_view text, const std::string& file) {
  if (text.size() > kMaxText) {
    return MakeError(ErrorKind::kInvalid, "read pipelines ", file, ": the file is too large: at most ", kMaxText,
                     " bytes are taken");
  }
  int line = 1, column = 1;
  int64_t opened = 0;
  for (const char c : text) {
    // The scanner keeps each open bracket until the text ends, at 250 bytes.
    if ((c == '[' || c == '{') && ++opened > kMaxValues) {
      return At(file, line, column, "more than " + std::to_string(kMaxValues) + " brackets up to here");
    }
    if (c == '\n') {
      ++line;
      column = 1;
      continue;
    }
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
      return At(file, line, column, "a control character stands here; expected UTF-8 text");
    }
    ++column;
  }
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(text)) {
    return MakeError(ErrorKind::kInvalid, "read pipelines ", file, ": the text is not UTF-8");
  }
  return Status::OK();
}

/// The n-th line, from 1.
std::string_view LineOf(std::string_view text, int number) {
  for (int i = 1; i < number; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// What the parser says, for people who do not know its words. Mostly the mistake is a line above its complaint.
std::string Explained(std::string_view text, const YAML::Exception& error) {
  for (int line = std::max(1, error.mark.line - 1); line <= error.mark.line + 1; ++line) {
    const auto words = LineOf(text, line);
    const auto indentation = words.substr(0, words.find_first_not_of(" \t"));
    if (indentation.find('\t') != std::string_view::npos) {
      return "line " + std::to_string(line) + " is indented with a tab; expected spaces";
    }
  }
  const std::string_view message = error.msg;
  if (message == "illegal map value") {
    return "a ':' stands where no value can; is the ':' behind the key in the line before missing, or a line indented "
           "too far?";
  }
  if (message == "end of map not found" || message == "end of sequence not found") {
    return "the indentation of this line is that of no line above; expected as many spaces as its neighbours have";
  }
  if (message == "end of map flow not found" || message == "end of sequence flow not found") {
    return "a '{', '[' or quote that is opened before this is not closed";
  }
  return std::string(message);
}

}  // namespace

/// Builds the tree from yaml-cpp's events: its own tree forgets where keys stand, knows no merge keys and keeps keys
/// that come twice.
class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlBuilder(YamlText* text, const std::string& file) : text_(text), file_(file) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) Refuse(mark.line + 1, mark.column + 1, "a second document begins here; expected one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto* node = NewNode(mark, anchor, YamlNode::Kind::kNull);
    Add(node, false);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) Refuse(mark.line + 1, mark.column + 1, "this alias names no anchor before it");
    for (const auto& frame : open_) {
      if (frame.node == found->second) Refuse(mark.line + 1, mark.column + 1, "this alias names what it stands in");
    }
    Add(found->second, false);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    CheckTag(mark, tag);
    auto* node = NewNode(mark, anchor, YamlNode::Kind::kScalar);
    node->text = value;
    Add(node, tag == "?" && value == "<<");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Open(NewNode(mark, anchor, YamlNode::Kind::kSequence));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Open(NewNode(mark, anchor, YamlNode::Kind::kMapping));
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    YamlNode* node;
    const YamlNode* key = nullptr;  ///< of a mapping: waits for its value
    bool key_is_merge = false;
    std::unordered_map<std::string_view, int> lines = {};  ///< of the keys so far
    std::vector<const YamlNode*> merged = {};
  };

  [[noreturn]] void Refuse(int line, int column, std::string_view what) {
    throw Refused{At(file_, line, column, what)};
  }
  [[noreturn]] void Refuse(const YamlNode& node, std::string_view what) { Refuse(node.line, node.column, what); }

  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    Refuse(mark.line + 1, mark.column + 1, "tags are not known here; expected a plain value");
  }

  YamlNode* NewNode(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    auto& node = text_->nodes_.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (static_cast<int64_t>(text_->nodes_.size()) > kMaxValues) TooLarge(node);
    if (anchor != 0) anchors_[anchor] = &node;
    return &node;
  }

  [[noreturn]] void TooLarge(const YamlNode& node) {
    Refuse(node, "more than " + std::to_string(kMaxValues) + " values up to here, with aliases written out");
  }

  void Open(YamlNode* node) {
    open_.push_back(Frame{.node = node});
    if (open_.size() > kMaxLevels) Refuse(*node, "more than " + std::to_string(kMaxLevels) + " levels of nesting");
  }

  void Close() {
    auto frame = std::move(open_.back());
    open_.pop_back();
    Merge(&frame);
    Add(frame.node, false);
  }

  /// A finished node goes into the collection it stands in.
  void Add(const YamlNode* node, bool is_merge) {
    if (open_.empty()) {
      text_->root_ = node;
      return;
    }
    auto& frame = open_.back();
    if (frame.node->kind == YamlNode::Kind::kSequence) {
      frame.node->items.push_back(node);
      Count(frame.node, *node);
    } else if (frame.key == nullptr) {
      if (node->kind != YamlNode::Kind::kScalar) Refuse(*node, "expected the name of a key");
      frame.key = node;
      frame.key_is_merge = is_merge;
    } else {
      const auto* key = std::exchange(frame.key, nullptr);
      if (frame.key_is_merge) {
        CollectMerged(&frame, *key, *node);
        return;
      }
      const auto [at, is_new] = frame.lines.emplace(key->text, key->line);
      if (!is_new) {
        Refuse(*key, "key " + key->text + " comes twice: in line " + std::to_string(at->second) + " and in line " +
                         std::to_string(key->line));
      }
      frame.node->fields.push_back({key, node});
      Count(frame.node, *node);
    }
  }

  void Count(YamlNode* parent, const YamlNode& child) {
    parent->size += child.size;
    parent->height = std::max(parent->height, child.height + 1);
    if (parent->size > kMaxValues) TooLarge(*parent);
    if (parent->height > kMaxLevels) {
      Refuse(*parent, "more than " + std::to_string(kMaxLevels) + " levels of nesting, with aliases written out");
    }
  }

  void CollectMerged(Frame* frame, const YamlNode& key, const YamlNode& value) {
    const auto add = [&](const YamlNode& mapping) {
      if (mapping.kind != YamlNode::Kind::kMapping) Refuse(key, "<< takes a mapping, or a list of them");
      frame->merged.push_back(&mapping);
    };
    if (value.kind == YamlNode::Kind::kSequence) {
      for (const auto* item : value.items) add(*item);
    } else {
      add(value);
    }
  }

  /// What the mapping itself says comes first, then what was merged first.
  void Merge(Frame* frame) {
    for (const auto* mapping : frame->merged) {
      for (const auto& field : mapping->fields) {
        // Keys that are left out are work too.
        if (++merged_fields_ > kMaxValues) TooLarge(*frame->node);
        if (!frame->lines.emplace(field.key->text, field.key->line).second) continue;
        frame->node->fields.push_back(field);
        Count(frame->node, *field.value);
      }
    }
  }

  YamlText* const text_;
  const std::string& file_;
  int documents_ = 0;
  int64_t merged_fields_ = 0;
  std::vector<Frame> open_;
  std::unordered_map<YAML::anchor_t, const YamlNode*> anchors_;
};

Result<std::unique_ptr<YamlText>> YamlText::Parse(std::string_view text, const std::string& file) {
  ARROW_RETURN_NOT_OK(CheckCharacters(text, file));
  auto tree = std::make_unique<YamlText>();
  YamlBuilder builder(tree.get(), file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return refused.status;
  } catch (const YAML::Exception& error) {
    return At(file, error.mark.line + 1, error.mark.column + 1, Explained(text, error));
  }
  if (tree->root_ == nullptr) {
    auto& empty = tree->nodes_.emplace_back();
    empty.line = empty.column = 1;
    tree->root_ = &empty;
  }
  return tree;
}

Status ErrorAt(const std::string& file, const YamlNode& node, std::string_view what) {
  return At(file, node.line, node.column, what);
}

}  // namespace glaux::pipeline_file
