#include "glaux/table/hive/file_layout_internal.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/util/base64.h>

#include <algorithm>
#include <cstdio>

namespace glaux {
namespace {

constexpr std::string_view kRun = "{run}", kPart = "{part}";

std::string Replaced(std::string text, std::string_view token, std::string_view with) {
  for (size_t at = text.find(token); at != std::string::npos; at = text.find(token, at + with.size())) {
    text.replace(at, token.size(), with);
  }
  return text;
}

std::string_view BaseName(std::string_view key) {
  const size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

/// Formats that are text have their compression around them, the others inside.
bool IsText(const Format& format) { return !format.carries_schema(); }

/// A file that is written under this name is compressed this way; as reading goes by the ending.
std::string CompressionOfEnding(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
      {".gz", "gzip"},   {".bz2", "bz2"},       {".zst", "zstd"}, {".lz4", "lz4"},
      {".br", "brotli"}, {".snappy", "snappy"}, {".xz", "xz"}};
  for (const auto& [ending, compression] : kEndings) {
    if (name.ends_with(ending)) return std::string(compression);
  }
  return "none";
}

std::string EndingOfCompression(std::string_view compression) {
  for (const std::string_view ending : {".gz", ".bz2", ".zst", ".lz4", ".br", ".snappy", ".xz"}) {
    if (CompressionOfEnding(ending) == compression) return std::string(ending);
  }
  return {};
}

/// Whether a name may have come from a pattern.
bool Follows(std::string_view name, std::string_view pattern) {
  const auto take = [&](auto is, size_t least, size_t most) {
    size_t count = 0;
    while (count < name.size() && count < most && is(name[count])) ++count;
    name.remove_prefix(count);
    return count >= least;
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  while (!pattern.empty()) {
    if (pattern.starts_with(kRun)) {
      if (!take([&](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }, 32, 32)) return false;
      pattern.remove_prefix(kRun.size());
    } else if (pattern.starts_with(kPart)) {
      if (!take(is_digit, 5, std::string_view::npos)) return false;
      pattern.remove_prefix(kPart.size());
    } else {
      if (name.empty() || name[0] != pattern[0]) return false;
      name.remove_prefix(1);
      pattern.remove_prefix(1);
    }
  }
  return name.empty();
}

}  // namespace

bool FileLayout::Counts(std::string_view key) const {
  if (!folder) return true;
  const std::string_view name = BaseName(key);
  if (const auto known = FormatOfFile(name); known.ok()) return *known == format;
  // A name of the caller's own making may have an ending that says nothing.
  return Follows(name, file_name);
}

std::string FileLayout::NameOf(const std::string& commit_id, int part) const {
  if (!single.empty()) return single;
  char number[16];
  std::snprintf(number, sizeof number, "%05d", part);
  return Replaced(Replaced(file_name, kRun, commit_id), kPart, number);
}

Result<std::shared_ptr<arrow::io::OutputStream>> FileLayout::OpenSink(
    std::shared_ptr<arrow::io::OutputStream> object) const {
  if (!IsText(*format)) return object;
  std::string compression = options.text.compression;
  if (compression == "auto") compression = CompressionOfEnding(single.empty() ? file_name : single);
  if (compression == "none") return object;
  // Here a compressing stream goes around the object.
  return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "write with compression none"}, "write ",
                   format->name(), ": compression ", compression, " of text files is not written yet");
}

Result<std::string> FileNamePattern(const std::string& pattern, const Format& format, const FormatOptions& options) {
  std::string name = pattern;
  if (name.empty()) {
    const auto& compression = options.text.compression;
    name = "{run}-{part}." + std::string(format.extensions().front()) +
           (IsText(format) ? EndingOfCompression(compression) : std::string());
  }
  const auto fail = [&](std::string_view why) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "for example: {run}-{part}.parquet"}, "file name '", pattern,
                     "': ", why);
  };
  for (const auto& token : {kRun, kPart}) {
    if (name.find(token) == std::string::npos) {
      return fail("it lacks " + std::string(token) + ", so files would have the same name");
    }
  }
  const std::string rest = Replaced(Replaced(name, kRun, ""), kPart, "");
  if (rest.find_first_of("{}") != std::string::npos) return fail("a token is not known: there are {run} and {part}");
  if (name.find('/') != std::string::npos) return fail("it must not hold a '/'");
  if (name[0] == '_' || name[0] == '.') return fail("readers pass over names that begin with '_' or '.'");
  const auto known = FormatOfFile(name);
  if (known.ok() && *known != &format) {
    return fail("its ending says " + std::string((*known)->name()) + ", and the files are " +
                std::string(format.name()));
  }
  return name;
}

Result<FileLayout> ParquetLayout(const std::string& compression) {
  FileLayout layout;
  ARROW_ASSIGN_OR_RAISE(layout.format, FormatByName("parquet"));
  layout.options.parquet.compression = compression;
  layout.file_name = "{run}-{part}." + compression + ".parquet";
  return layout;
}

Result<std::string> PrintArrowSchema(const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, arrow::ipc::SerializeSchema(*schema.RemoveMetadata()));
  return arrow::util::base64_encode(std::string_view(*bytes));
}

Result<std::shared_ptr<arrow::Schema>> ParseArrowSchema(const std::string& text) {
  const auto schema = [&]() -> Result<std::shared_ptr<arrow::Schema>> {
    ARROW_ASSIGN_OR_RAISE(auto bytes, arrow::util::base64_decode(text));
    arrow::io::BufferReader input(arrow::Buffer::FromString(std::move(bytes)));
    arrow::ipc::DictionaryMemo memo;
    return arrow::ipc::ReadSchema(&input, &memo);
  }();
  if (!schema.ok()) {
    return MakeError(ErrorKind::kCorrupt, "read parameter ", kArrowSchemaParameter, ": ", schema.status().message());
  }
  return schema;
}

std::vector<Column> ArrowColumns(const arrow::Schema& schema) {
  std::vector<Column> columns;
  for (const auto& field : schema.fields())
    columns.push_back({.name = field->name(), .type = field->type()->ToString()});
  return columns;
}

}  // namespace glaux
