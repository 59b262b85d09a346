#include <algorithm>
#include <array>
#include <filesystem>

#include "glaux/schema/names.h"
#include "glaux/sync/config_keys_internal.h"

namespace glaux::pipeline_file {
namespace {

struct KnownFormat {
  std::string_view name;
  unsigned family;
  std::array<std::string_view, 2> endings;
};

constexpr std::array<KnownFormat, 6> kFormats = {{{"csv", kCsvFamily, {"csv", ""}},
                                                  {"tsv", kCsvFamily, {"tsv", ""}},
                                                  {"json", kJsonFamily, {"json", ""}},
                                                  {"jsonl", kJsonFamily, {"jsonl", "ndjson"}},
                                                  {"parquet", kParquetFamily, {"parquet", "pq"}},
                                                  {"avro", kOtherFamily, {"avro", ""}}}};

constexpr std::array<std::string_view, 11> kCompressions = {"gz", "bz2", "zst", "zstd", "lz4", "snappy",
                                                            "sz", "br",  "xz",  "zip",  "gzip"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

std::string_view TakeEnding(std::string_view* name) {
  const auto dot = name->rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto ending = name->substr(dot + 1);
  *name = name->substr(0, dot);
  return ending;
}

}  // namespace

const std::vector<std::string_view>& FormatNames() {
  static const auto names = [] {
    std::vector<std::string_view> all;
    for (const auto& format : kFormats) all.push_back(format.name);
    return all;
  }();
  return names;
}

unsigned FamilyOfFormat(std::string_view format) {
  const auto found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& one) { return one.name == format; });
  return found == kFormats.end() ? static_cast<unsigned>(kAnyFamily) : found->family;
}

std::string FormatOfAddress(std::string_view uri) {
  const auto lower = Lower(uri.substr(uri.find_last_of('/') + 1));
  std::string_view name = lower;
  auto ending = TakeEnding(&name);
  if (std::find(kCompressions.begin(), kCompressions.end(), ending) != kCompressions.end()) ending = TakeEnding(&name);
  if (ending.empty()) return {};
  for (const auto& format : kFormats) {
    if (ending == format.endings[0] || ending == format.endings[1]) return std::string(format.name);
  }
  return {};
}

unsigned FamiliesOfAddresses(const std::vector<std::string>& uris) {
  unsigned families = 0;
  for (const auto& uri : uris) {
    const auto format = FormatOfAddress(uri);
    families |= format.empty() ? static_cast<unsigned>(kAnyFamily) : FamilyOfFormat(format);
  }
  return families;
}

std::string_view FamilyName(unsigned families) {
  switch (families) {
    case kCsvFamily:
      return "csv";
    case kJsonFamily:
      return "json";
    case kParquetFamily:
      return "parquet";
    case kOtherFamily:
      return "avro";
    default:
      return "none of these";
  }
}

Result<std::string> ResolveAddress(const Value& value, const std::string& text) {
  constexpr std::string_view kForms = "s3://bucket/key, file:///path or a path";
  if (text.starts_with("s3://")) {
    const auto rest = std::string_view(text).substr(5);
    const auto slash = rest.find('/');
    if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
      // A whole bucket is likelier a slip than meant, and ** says it.
      return value.Expected("s3://bucket/key (s3://bucket/** for all of a bucket)");
    }
    return text;
  }
  if (text.starts_with("file://")) {
    if (!text.starts_with("file:///")) return value.Expected("file:/// and an absolute path");
    return text;
  }
  const auto scheme = text.find("://");
  if (scheme != std::string::npos && text.find('/') > scheme) return value.Expected(kForms);
  const auto folder = value.around().folder.string();
  if (!text.starts_with('/') && folder.find_first_of("*?[]{}") != std::string::npos) {
    return value.Wrong("the folder of this file has one of * ? [ ] { } in its name (" + folder +
                       "), which would be taken for a glob or a token; move the file elsewhere");
  }
  return "file://" + ResolvePath(value, text);
}

std::string ResolvePath(const Value& value, const std::string& text) {
  return (value.around().folder / text).lexically_normal().string();
}

Result<std::string> JoinBucket(const Value& bucket, const std::string& bucket_name, const Value& key,
                               const std::string& key_name) {
  if (bucket_name.find_first_of("/:*?{}") != std::string::npos) {
    return bucket.Expected("the bare name of a bucket (my-bucket)");
  }
  if (key_name.starts_with('/')) return key.Expected("a key, which does not begin with '/'");
  if (key_name.find("://") != std::string::npos) return key.Expected("a key inside the bucket");
  return "s3://" + bucket_name + "/" + key_name;
}

Result<TableId> ParseTableName(const Value& value, const std::string& text) {
  constexpr std::string_view kExpected = "database.table, or table in the lake's default database";
  const auto dot = text.find('.');
  TableId id;
  if (dot != std::string::npos) {
    const auto database = NormalizeTableName(std::string_view(text).substr(0, dot));
    if (!database.ok()) return value.Expected(kExpected);
    id.database = *database;
  }
  const auto name = NormalizeTableName(std::string_view(text).substr(dot == std::string::npos ? 0 : dot + 1));
  if (!name.ok()) return value.Expected(kExpected);
  id.name = *name;
  return id;
}

}  // namespace glaux::pipeline_file
