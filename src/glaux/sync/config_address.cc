#include <filesystem>

#include "glaux/format/format.h"
#include "glaux/schema/names.h"
#include "glaux/sync/config_keys_internal.h"

namespace glaux::pipeline_file {
namespace {

std::vector<std::string_view> Names(bool written) {
  std::vector<std::string_view> names;
  for (const auto* format : AllFormats()) {
    if (!written || format->can_write()) names.push_back(format->name());
  }
  return names;
}

}  // namespace

const std::vector<std::string_view>& FormatNames() {
  static const auto names = Names(false);
  return names;
}

const std::vector<std::string_view>& WrittenFormatNames() {
  static const auto names = Names(true);
  return names;
}

unsigned FamilyOfFormat(std::string_view format) {
  if (format == "csv" || format == "tsv") return kCsvFamily;
  if (format == "json" || format == "jsonl") return kJsonFamily;
  if (format == "parquet") return kParquetFamily;
  const auto known = FormatByName(format);
  if (!known.ok()) return kAnyFamily;
  return (*known)->is_text() ? kTxtFamily : kOtherFamily;
}

std::string FormatOfAddress(std::string_view uri) {
  const auto format = FormatOfFile(uri);
  return format.ok() ? std::string((*format)->name()) : std::string();
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
    case kTxtFamily:
      return "txt";
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

std::string FollowLink(const std::string& uri) {
  constexpr std::string_view kScheme = "file://";
  if (!uri.starts_with(kScheme) || uri.find_first_of("*?[{\\") != std::string::npos) return uri;
  const std::filesystem::path path = uri.substr(kScheme.size());
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return uri;
  const auto real = std::filesystem::canonical(path, error);
  // One that leads nowhere, or to where a pattern would begin, stays for the reader to refuse.
  if (error || real.string().find_first_of("*?[{\\") != std::string::npos) return uri;
  return std::string(kScheme) + real.string();
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
