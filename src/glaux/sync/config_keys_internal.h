#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/sync/config.h"
#include "glaux/sync/config_value_internal.h"

namespace glaux::pipeline_file {

// One table of keys for each kind of mapping in a pipeline file. Reading, checking where a key fits, and the JSON
// Schema all go by it; to add a key, add its line.

/// What a key's value looks like.
enum class Shape {
  kText,
  kWord,  ///< one of KeyDoc::words
  kInteger,
  kNumber,
  kBoolean,
  kSize,
  kDuration,
  kTime,
  kCharacter,
  kTexts,    ///< a text, or a list of them
  kTextMap,  ///< names with texts
  kSection,  ///< keys of the table that KeyDoc::section names
};

/// Kinds of file formats that share options, as bits.
enum Family : unsigned {
  kCsvFamily = 1,
  kJsonFamily = 2,
  kParquetFamily = 4,
  kTxtFamily = 8,
  kOtherFamily = 16,  ///< formats without options here
  kTextFamilies = kCsvFamily | kJsonFamily | kTxtFamily,
  kAnyFamily = 31,
};

struct KeyDoc {
  std::string_view name;
  std::string_view doc;  ///< a sentence for people and editors
  Shape shape;
  int64_t least = 0, most = INT64_MAX;       ///< of kInteger
  std::vector<std::string_view> words = {};  ///< of kWord
  std::string_view section = {};             ///< of kSection
  unsigned kinds = ~0u;                      ///< of sources or destinations that have it, as bits
  unsigned families = kAnyFamily;            ///< of formats that have it
  std::string_view instead_of = {};          ///< another name of the same setting: only one of them may be given
};

template <typename T>
struct Key : KeyDoc {
  std::function<Status(const Value&, T*)> read = {};

  Key& In(unsigned bits) { return kinds = bits, *this; }
  Key& Of(unsigned bits) { return families = bits, *this; }
  Key& InsteadOf(std::string_view other) { return instead_of = other, *this; }
};

/// The keys that a mapping holds, in its order.
class Given {
 public:
  const Value* Find(std::string_view key) const;
  void Add(const Value& value) { values_.push_back(value); }
  const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
};

/// Builds a table; each call adds a key whose value goes where `get` points.
template <typename T>
class KeyTable {
 public:
  template <typename Get>
  Key<T>& Text(std::string_view name, std::string_view doc, Get get) {
    return Add(name, doc, Shape::kText, [get](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Text());
      return Status::OK();
    });
  }
  template <typename Get>
  Key<T>& Word(std::string_view name, std::string_view doc, std::vector<std::string_view> words, Get get) {
    auto& key = Add(name, doc, Shape::kWord, [get, words](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Word(words));
      return Status::OK();
    });
    key.words = std::move(words);
    return key;
  }
  template <typename Get>
  Key<T>& Integer(std::string_view name, std::string_view doc, int64_t least, int64_t most, Get get) {
    auto& key = Add(name, doc, Shape::kInteger, [get, least, most](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto number, value.Integer(least, most));
      using Number = std::remove_reference_t<decltype(get(*into))>;
      if constexpr (std::is_arithmetic_v<Number>) {
        get(*into) = static_cast<Number>(number);
      } else {
        get(*into) = static_cast<typename Number::value_type>(number);
      }
      return Status::OK();
    });
    key.least = least;
    key.most = most;
    return key;
  }
  template <typename Get>
  Key<T>& Number(std::string_view name, std::string_view doc, Get get) {
    return Add(name, doc, Shape::kNumber, [get](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Number());
      return Status::OK();
    });
  }
  template <typename Get>
  Key<T>& Boolean(std::string_view name, std::string_view doc, Get get) {
    return Add(name, doc, Shape::kBoolean, [get](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Boolean());
      return Status::OK();
    });
  }
  /// Bytes, at least one unless `zero` is allowed.
  template <typename Get>
  Key<T>& Size(std::string_view name, std::string_view doc, Get get, bool zero = false) {
    return Add(name, doc, Shape::kSize, [get, zero](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto size, value.Size());
      if (size == 0 && !zero) return value.Expected("a size above 0");
      get(*into) = size;
      return Status::OK();
    });
  }
  template <typename Get>
  Key<T>& Duration(std::string_view name, std::string_view doc, Get get) {
    return Add(name, doc, Shape::kDuration, [get](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Duration());
      return Status::OK();
    });
  }
  template <typename Get>
  Key<T>& Time(std::string_view name, std::string_view doc, Get get) {
    return Add(name, doc, Shape::kTime, [get](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Time());
      return Status::OK();
    });
  }
  template <typename Get>
  Key<T>& Character(std::string_view name, std::string_view doc, Get get) {
    return Add(name, doc, Shape::kCharacter, [get](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Character());
      return Status::OK();
    });
  }
  template <typename Get>
  Key<T>& Texts(std::string_view name, std::string_view doc, Get get, bool may_be_empty = false) {
    return Add(name, doc, Shape::kTexts, [get, may_be_empty](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(get(*into), value.Texts(may_be_empty));
      return Status::OK();
    });
  }
  /// A key whose value takes a reader of its own.
  Key<T>& Add(std::string_view name, std::string_view doc, Shape shape, std::function<Status(const Value&, T*)> read) {
    auto& key = keys_.emplace_back();
    key.name = name;
    key.doc = doc;
    key.shape = shape;
    key.read = std::move(read);
    return key;
  }
  Key<T>& Section(std::string_view name, std::string_view doc, std::string_view section,
                  std::function<Status(const Value&, T*)> read) {
    auto& key = Add(name, doc, Shape::kSection, std::move(read));
    key.section = section;
    return key;
  }

  const std::vector<Key<T>>& keys() const { return keys_; }
  std::vector<const KeyDoc*> docs() const {
    std::vector<const KeyDoc*> docs;
    for (const auto& key : keys_) docs.push_back(&key);
    return docs;
  }

 private:
  std::vector<Key<T>> keys_;
};

/// The error for a key that is not in a table: with the nearest one, or the section that has it.
Status UnknownKey(const Value& field, const YamlNode& key, const std::vector<const KeyDoc*>& known);

/// Two keys of one setting were given.
Status CheckGivenOnce(const Given& given, const std::vector<const KeyDoc*>& known);

/// Keys that do not fit what was said beside them.
/// \param kind one bit, and what it is called: "a table"
/// \param families what the format may be, as bits; \param format what it is called: "parquet"
Status CheckPlaces(const Given& given, const std::vector<const KeyDoc*>& known, unsigned kind,
                   std::string_view kind_name, unsigned families, std::string_view format);

/// Read a mapping by its table.
template <typename T>
Status ReadKeys(const Value& mapping, const std::string& where, const KeyTable<T>& table, T* into,
                Given* given = nullptr) {
  ARROW_ASSIGN_OR_RAISE(const auto fields, mapping.Fields(where));
  Given all;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& field = fields[i];
    const auto& keys = table.keys();
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key<T>& known) { return known.name == field.key(); });
    if (key == keys.end()) return UnknownKey(field, *mapping.node().fields[i].key, table.docs());
    ARROW_RETURN_NOT_OK(key->read(field, into));
    all.Add(field);
  }
  ARROW_RETURN_NOT_OK(CheckGivenOnce(all, table.docs()));
  if (given != nullptr) *given = std::move(all);
  return Status::OK();
}

// The tables, for the schema. (Those that read are beside what they read.)
std::vector<const KeyDoc*> SourceKeyDocs();
std::vector<const KeyDoc*> SelectKeyDocs();
std::vector<const KeyDoc*> IncrementalKeyDocs();
std::vector<const KeyDoc*> DestinationKeyDocs();
std::vector<const KeyDoc*> ContractKeyDocs();
std::vector<const KeyDoc*> PipelineKeyDocs();
std::vector<const KeyDoc*> FileKeyDocs();

/// The keys of a section by its name; empty: there is no such section.
std::vector<const KeyDoc*> SectionKeyDocs(std::string_view section);

// What the mappings are read with.
Result<SourceConfig> ReadSource(const Value& value);
Result<DestinationConfig> ReadDestination(const Value& value);
Result<SchemaContract> ReadContract(const Value& value);
/// \param sources in the file's order
Result<std::vector<PipelineConfig>> ReadPipelines(const Value* value, const std::vector<std::string>& sources,
                                                  const SyncConfig& config);

/// A name for something in the file: letters, digits, '_' and '-', at most 100 of them.
Status CheckName(const Value& value, const std::string& name);

// Formats and addresses, as sources and destinations share them.

/// Names of file formats that `format` of a source takes.
const std::vector<std::string_view>& FormatNames();
/// Those that `format` of a destination takes.
const std::vector<std::string_view>& WrittenFormatNames();
unsigned FamilyOfFormat(std::string_view format);
/// By the endings of addresses: the families that all of them may be of.
unsigned FamiliesOfAddresses(const std::vector<std::string>& uris);
/// The format that an address names by its ending, or nothing.
std::string FormatOfAddress(std::string_view uri);
std::string_view FamilyName(unsigned families);

/// An address of files: s3://…, file:///…, or a path, which becomes absolute.
Result<std::string> ResolveAddress(const Value& value, const std::string& text);
/// Where a symbolic link leads that is named itself: "latest.csv" is read, and remembered, as the file behind it. Any
/// other address as it is.
std::string FollowLink(const std::string& uri);
/// One path, without globs, made absolute.
std::string ResolvePath(const Value& value, const std::string& text);
/// "s3://bucket/key".
Result<std::string> JoinBucket(const Value& bucket, const std::string& bucket_name, const Value& key,
                               const std::string& key_name);
Result<TableId> ParseTableName(const Value& value, const std::string& text);

}  // namespace glaux::pipeline_file
