#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <unordered_map>

#include "glaux/format/json_column_internal.h"

namespace glaux {
namespace {

/// Keys without a field that are remembered for a block; more are looked up each time.
constexpr size_t kMostKeys = 4096;

uint64_t LoadEight(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

}  // namespace

struct JsonFields::Key {
  std::string name;
  /// The name and its closing quote as text has them; empty where the name has to be escaped.
  std::string pattern;
  uint64_t first = 0;  ///< up to eight bytes of the pattern
  uint64_t mask = 0;
  int field = -1;
  /// What came behind this key the last time.
  Key* next = nullptr;
  bool told_unknown = false;
  bool told_doubled = false;

  void Set(std::string text, int at) {
    name = std::move(text);
    field = at;
    const bool plain = std::none_of(
        name.begin(), name.end(), [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    if (!plain) return;
    pattern = name + '"';
    std::string start = pattern.substr(0, 8);
    mask = start.size() == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * start.size())) - 1;
    start.resize(8, '\0');
    first = LoadEight(start.data());
  }
  /// `text` begins behind an opening quote.
  bool Matches(const char* text) const {
    if (((LoadEight(text) ^ first) & mask) != 0 || mask == 0) return false;
    return pattern.size() <= 8 || std::memcmp(text + 8, pattern.data() + 8, pattern.size() - 8) == 0;
  }
};

struct JsonFields::Keys {
  std::string path;
  const HiveJsonOptions* hive = nullptr;
  std::deque<Key> all;
  std::unordered_map<std::string_view, Key*> by_name;
  /// What stands before the first key of an object.
  Key start;
  Key other;
  Key other_spelling;

  Key* Add(std::string name, int field) {
    Key& key = all.emplace_back();
    key.Set(std::move(name), field);
    return by_name.emplace(key.name, &key).first->second;
  }

  /// Step over a key and its colon. Null: the cursor says what is wrong.
  Key* Take(Key* before, JsonCursor& in) {
    if (in.Peek() != '"') {
      in.FailSyntax(*in.at, "a key");
      return nullptr;
    }
    const char* const text = in.Here() + 1;
    Key* key = before->next;
    if (key == nullptr || !key->Matches(text)) {
      // Most often a key was left out.
      if (key != nullptr && key->next != nullptr && key->next->Matches(text)) {
        key = key->next;
      } else {
        key = Find(in);
        if (key == nullptr) return nullptr;
        before->next = key;
      }
    }
    if (in.text[in.at[1]] != ':') {
      in.FailSyntax(in.at[1], "a colon behind a key");
      return nullptr;
    }
    in.at += 2;
    return key;
  }

  /// The field that Hive's SerDes find for a key that is spelled otherwise, or -1.
  int FieldOtherwise(std::string_view name) const {
    std::string plain(name);
    for (char& c : plain) {
      if (hive->ignore_case && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      if (hive->dots_are_underscores && c == '.') c = '_';
    }
    const auto found = plain == name ? by_name.end() : by_name.find(plain);
    return found == by_name.end() ? -1 : found->second->field;
  }

  Key* Find(JsonCursor& in) {
    std::string_view name = in.RawString();
    std::string meaning;
    if (HasEscape(name)) {
      const auto wrong = Unescape(name, &meaning);
      if (!wrong.empty()) {
        in.FailSyntax(*in.at, "");
        in.reason = wrong;
        return nullptr;
      }
      name = meaning;
    }
    if (const auto found = by_name.find(name); found != by_name.end()) return found->second;
    if (const int field = hive == nullptr ? -1 : FieldOtherwise(name); field >= 0) {
      if (all.size() < kMostKeys) return Add(std::string(name), field);
      other_spelling.field = field;
      return &other_spelling;
    }
    if (all.size() < kMostKeys) return Add(std::string(name), -1);
    return &other;
  }
};

JsonFields::JsonFields() : keys_(std::make_unique<Keys>()) {}
JsonFields::~JsonFields() = default;

Result<std::unique_ptr<JsonFields>> JsonFields::Make(const arrow::FieldVector& fields, const std::string& path,
                                                     const JsonRules* rules) {
  auto made = std::unique_ptr<JsonFields>(new JsonFields());
  auto& keys = *made->keys_;
  keys.path = path;
  if (rules != nullptr) keys.hive = &rules->hive;
  Key* before = &keys.start;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& field = *fields[i];
    auto column = JsonColumn::Make(field.type(), path + field.name(), rules);
    if (!column.ok()) return Prefix(column.status(), "column " + path + field.name());
    made->columns_.push_back(*std::move(column));
    std::string name = field.name();
    if (rules != nullptr) {
      const auto known = path.empty() ? rules->hive.keys.find(name) : rules->hive.keys.end();
      if (known != rules->hive.keys.end()) name = known->second;
      if (rules->hive.ignore_case) {
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      }
    }
    if (keys.by_name.contains(name)) {
      return MakeError(ErrorKind::kInvalid, "two columns are named ", path, name);
    }
    before = before->next = keys.Add(std::move(name), static_cast<int>(i));
  }
  return made;
}

Status JsonFields::Reserve(int64_t rows) {
  for (auto& column : columns_) ARROW_RETURN_NOT_OK(column->Reserve(rows));
  return Status::OK();
}

bool JsonFields::AppendTo(const Key& key, int64_t row, JsonCursor& in) {
  auto& column = *columns_[static_cast<size_t>(key.field)];
  if (column.length() != row) {
    if (column.length() > row) {
      column.Truncate(row);
      if (!key.told_doubled) {
        const_cast<Key&>(key).told_doubled = true;
        in.remarks.push_back({JsonRemark::Kind::kDoubledKey, keys_->path + key.name});
      }
    }
    if (!column.AppendNulls(row - column.length())) return in.FailMemory();
  }
  if (column.Append(in)) return true;
  in.FailedAt(key.name);
  return false;
}

bool JsonFields::Append(JsonCursor& in, int64_t row) {
  if (!in.Enter()) return false;
  if (in.Peek() == '}') {
    ++in.at;
    --in.depth;
    return true;
  }
  Key* key = &keys_->start;
  while (true) {
    key = keys_->Take(key, in);
    if (key == nullptr) return false;
    if (key->field >= 0) {
      if (!AppendTo(*key, row, in)) return false;
    } else {
      if (!in.Skip()) return false;
      if (!key->told_unknown) {
        key->told_unknown = true;
        in.remarks.push_back({JsonRemark::Kind::kUnknownKey, key == &keys_->other ? "" : keys_->path + key->name});
      }
    }
    const char next = in.Peek();
    if (next != ',' && next != '}') return in.FailSyntax(*in.at, "a comma or }");
    ++in.at;
    if (next == '}') break;
  }
  --in.depth;
  return true;
}

bool JsonFields::AppendAsValue(JsonCursor& in, int64_t row) {
  const auto found = keys_->by_name.find("value");
  if (found != keys_->by_name.end() && found->second->field >= 0) return AppendTo(*found->second, row, in);
  const bool null = in.Peek() == 'n';
  if (!in.Skip()) return false;
  if (!null) in.remarks.push_back({JsonRemark::Kind::kUnknownKey, "value"});
  return true;
}

bool JsonFields::Fill(int64_t rows) {
  return std::all_of(columns_.begin(), columns_.end(), [&](auto& column) {
    return column->length() >= rows || column->AppendNulls(rows - column->length());
  });
}

void JsonFields::Truncate(int64_t rows) {
  for (auto& column : columns_) {
    if (column->length() >= rows) column->Truncate(rows);
  }
}

Result<arrow::ArrayVector> JsonFields::Finish() {
  arrow::ArrayVector arrays;
  for (auto& column : columns_) {
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), column->Finish());
  }
  return arrays;
}

void JsonNotes::Add(const JsonRemark& remark, int64_t line) {
  constexpr size_t kMostNamed = 20;
  const std::lock_guard lock(mutex_);
  auto& known = remark.kind == JsonRemark::Kind::kDoubledKey ? doubled_ : unknown_;
  if (const auto found = known.find(remark.key); found != known.end()) {
    found->second = std::min(found->second, line);
  } else if (known.size() < kMostNamed) {
    known.emplace(remark.key, line);
  } else if (remark.kind == JsonRemark::Kind::kDoubledKey) {
    more_ = true;
  }
}

std::vector<std::string> JsonNotes::Sentences() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> sentences;
  for (const auto& [key, line] : doubled_) {
    sentences.push_back("key " + key + " comes twice in one object, first in line " + std::to_string(line) +
                        ": the last one is kept");
  }
  if (more_) sentences.emplace_back("more keys come twice");
  return sentences;
}

std::map<std::string, int64_t> JsonNotes::UnknownKeys() const {
  const std::lock_guard lock(mutex_);
  return unknown_;
}

}  // namespace glaux
