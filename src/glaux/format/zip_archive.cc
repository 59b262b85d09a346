#include "glaux/format/zip_archive_internal.h"

#include <arrow/util/compression.h>
#include <arrow/util/utf8.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "glaux/format/compression_internal.h"
#include "glaux/format/gzip.h"
#include "glaux/format/stored_bytes_internal.h"

// A zip archive is read from its end: the end record says where the directory is, the directory where the members are.
// Only the directory is believed; of a member's own header only its length counts.

namespace glaux {
namespace {

constexpr std::string_view kMemberMagic = "PK\x03\x04";
constexpr std::string_view kDirectoryMagic = "PK\x01\x02";
constexpr std::string_view kEndMagic = "PK\x05\x06";
constexpr std::string_view kLargeEndMagic = "PK\x06\x06";
constexpr std::string_view kLargeLocatorMagic = "PK\x06\x07";
constexpr size_t kMemberHeader = 30;
constexpr size_t kDirectoryHeader = 46;
constexpr size_t kEndRecord = 22;
constexpr size_t kLargeLocator = 20;
constexpr size_t kLargeEndRecord = 56;
constexpr uint64_t kInExtra = 0xffffffffU;  // the number stands in the extra field, with 64 bits

struct ZipEntry {
  std::string name;
  uint32_t method = 0;
  bool encrypted = false;
  uint32_t crc = 0;
  uint64_t stored_size = 0;
  uint64_t size = 0;
  uint64_t header_at = 0;
};

struct Directory {
  uint64_t at = 0;
  uint64_t size = 0;
  uint64_t entries = 0;
  /// What stands before the archive in the file; its offsets do not count it.
  uint64_t shift = 0;
};

/// `size` bytes from `at`, least first; the caller has looked that they are there.
uint64_t Number(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

template <typename... What>
Status Broken(const std::string& file, What&&... what) {
  return MakeError(ErrorKind::kCorrupt, "read ", file, ": zip archive is damaged: ", std::forward<What>(what)...);
}

Result<std::string> ReadBytes(const InputFile& input, uint64_t at, uint64_t size) {
  auto buffer = input.file->ReadAt(static_cast<int64_t>(at), static_cast<int64_t>(size));
  if (!buffer.ok()) return Prefix(buffer.status(), "read " + input.name);
  if (static_cast<uint64_t>((*buffer)->size()) != size)
    return Broken(input.name, "it ends at byte ", at + static_cast<uint64_t>((*buffer)->size()));
  return (*buffer)->ToString();
}

/// Names are UTF-8, or whatever some program wrote: then each byte is a character.
std::string ReadableName(std::string_view name) {
  arrow::util::InitializeUTF8();
  if (arrow::util::ValidateUTF8(name)) return std::string(name);
  std::string readable;
  for (const char c : name) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x80) readable.push_back(static_cast<char>(0xc0 | byte >> 6));
    readable.push_back(static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte));
  }
  return readable;
}

/// Put the 64-bit numbers of an archive beyond 4 GiB, if this is one, into `directory`.
Status ReadLargeEnd(const InputFile& input, uint64_t end_at, Directory* directory, uint64_t* directory_end) {
  if (end_at < kLargeLocator + kLargeEndRecord) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto locator, ReadBytes(input, end_at - kLargeLocator, kLargeLocator));
  if (!locator.starts_with(kLargeLocatorMagic)) return Status::OK();
  // Where it says, or right before the locator if something stands before the archive.
  for (const uint64_t at : {Number(locator, 8, 8), end_at - kLargeLocator - kLargeEndRecord}) {
    if (at > end_at - kLargeLocator - kLargeEndRecord) continue;
    ARROW_ASSIGN_OR_RAISE(const auto record, ReadBytes(input, at, kLargeEndRecord));
    if (!record.starts_with(kLargeEndMagic)) continue;
    directory->entries = Number(record, 32, 8);
    directory->size = Number(record, 40, 8);
    directory->at = Number(record, 48, 8);
    *directory_end = at;
    return Status::OK();
  }
  return Broken(input.name, "its end record of 64 bits is not where it should be");
}

Result<Directory> FindDirectory(const InputFile& input) {
  auto total = input.file->GetSize();
  if (!total.ok()) return Prefix(total.status(), "read " + input.name);
  const auto file_size = static_cast<uint64_t>(*total);
  const uint64_t tail_size = std::min<uint64_t>(file_size, kEndRecord + 0xffff);
  ARROW_ASSIGN_OR_RAISE(const auto tail, ReadBytes(input, file_size - tail_size, tail_size));
  for (size_t at = tail.rfind(kEndMagic); at != std::string::npos;
       at = at == 0 ? std::string::npos : tail.rfind(kEndMagic, at - 1)) {
    // A comment may hold anything, so the record counts whose comment ends with the file.
    if (tail.size() - at < kEndRecord || at + kEndRecord + Number(tail, at + 20, 2) != tail.size()) continue;
    if (Number(tail, at + 4, 2) != Number(tail, at + 6, 2) || Number(tail, at + 8, 2) != Number(tail, at + 10, 2)) {
      return MakeError(ErrorKind::kNotImplemented, "read ", input.name, ": one of several parts of a zip archive");
    }
    Directory directory{
        .at = Number(tail, at + 16, 4), .size = Number(tail, at + 12, 4), .entries = Number(tail, at + 10, 2)};
    const uint64_t end_at = file_size - tail_size + at;
    uint64_t directory_end = end_at;
    ARROW_RETURN_NOT_OK(ReadLargeEnd(input, end_at, &directory, &directory_end));
    if (directory.size > directory_end || directory.at > directory_end - directory.size) {
      return Broken(input.name, "its directory of ", directory.size, " bytes at byte ", directory.at,
                    " is not in the file");
    }
    directory.shift = directory_end - directory.size - directory.at;
    directory.at += directory.shift;
    return directory;
  }
  return Broken(input.name, "its end is missing: the file is cut off, or something follows it");
}

/// Numbers that are too large for the entry stand in the extra field, in this order, those only.
Status TakeLargeNumbers(const InputFile& input, std::string_view extra, ZipEntry* entry) {
  while (extra.size() >= 4) {
    const auto id = Number(extra, 0, 2);
    const auto length = Number(extra, 2, 2);
    if (length > extra.size() - 4) break;
    auto body = extra.substr(4, length);
    extra.remove_prefix(4 + length);
    if (id != 1) continue;
    for (uint64_t* number : {&entry->size, &entry->stored_size, &entry->header_at}) {
      if (*number != kInExtra) continue;
      if (body.size() < 8) return Broken(input.name, "member ", entry->name, " lacks its size of 64 bits");
      *number = Number(body, 0, 8);
      body.remove_prefix(8);
    }
    return Status::OK();
  }
  return Status::OK();
}

Result<std::vector<ZipEntry>> ReadDirectory(const InputFile& input) {
  ARROW_ASSIGN_OR_RAISE(const auto directory, FindDirectory(input));
  ARROW_ASSIGN_OR_RAISE(const auto bytes, ReadBytes(input, directory.at, directory.size));
  std::vector<ZipEntry> entries;
  std::string_view rest = bytes;
  while (!rest.empty() && entries.size() < directory.entries) {
    if (rest.size() < kDirectoryHeader || !rest.starts_with(kDirectoryMagic)) break;
    const size_t name = Number(rest, 28, 2);
    const size_t extra = Number(rest, 30, 2);
    const size_t length = kDirectoryHeader + name + extra + Number(rest, 32, 2);
    if (length > rest.size()) break;
    ZipEntry entry{.name = ReadableName(rest.substr(kDirectoryHeader, name)),
                   .method = static_cast<uint32_t>(Number(rest, 10, 2)),
                   .encrypted = (Number(rest, 8, 2) & 0x2041) != 0,
                   .crc = static_cast<uint32_t>(Number(rest, 16, 4)),
                   .stored_size = Number(rest, 20, 4),
                   .size = Number(rest, 24, 4),
                   .header_at = Number(rest, 42, 4)};
    ARROW_RETURN_NOT_OK(TakeLargeNumbers(input, rest.substr(kDirectoryHeader + name, extra), &entry));
    if (entry.header_at > directory.at - directory.shift || entry.stored_size > directory.at) {
      return Broken(input.name, "member ", entry.name, " is not in the file");
    }
    entry.header_at += directory.shift;
    entries.push_back(std::move(entry));
    rest.remove_prefix(length);
  }
  if (entries.size() != directory.entries || !rest.empty()) {
    return Broken(input.name, "its end says ", directory.entries, " members, its directory has ", entries.size());
  }
  return entries;
}

/// A folder, or what programs put there that nobody packed.
bool IsHidden(std::string_view name) {
  if (name.empty() || name.ends_with('/')) return true;
  while (!name.empty()) {
    const auto part = name.substr(0, name.find('/'));
    if ((part.starts_with('.') || part.starts_with('_')) && part != "." && part != "..") return true;
    name.remove_prefix(std::min(name.size(), part.size() + 1));
  }
  return false;
}

Result<std::vector<ZipEntry>> VisibleEntries(const InputFile& input) {
  ARROW_ASSIGN_OR_RAISE(auto entries, ReadDirectory(input));
  std::erase_if(entries, [](const auto& entry) { return IsHidden(entry.name); });
  std::set<std::string_view> names;
  for (const auto& entry : entries) {
    if (!names.insert(entry.name).second) {
      return MakeError(ErrorKind::kInvalid, "read ", input.name,
                       ": two members of the zip archive have one name: ", entry.name);
    }
  }
  return entries;
}

Status CheckEncryption(const InputFile& input, const ZipEntry& entry) {
  if (!entry.encrypted) return Status::OK();
  return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "unpack it first: unzip"}, "read ", input.name, "/",
                   entry.name, ": the member of the zip archive is encrypted");
}

InputFile MemberFile(const InputFile& archive, const ZipEntry& entry) {
  return {.name = archive.name + "/" + entry.name, .file = archive.file, .member = entry.name};
}

/// Checks size and checksum when the data ends.
class CheckedSource final : public ByteSource {
 public:
  CheckedSource(std::unique_ptr<ByteSource> source, std::string name, uint64_t size, uint32_t crc)
      : source_(std::move(source)), name_(std::move(name)), size_(size), crc_(crc) {}

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(size, out));
    done_ += static_cast<uint64_t>(got);
    actual_crc_ = crc32_gzip_refl(actual_crc_, out, static_cast<uint64_t>(got));
    const bool ended = got < size;
    if (done_ > size_ || (ended && done_ < size_)) {
      return Broken(name_, "the member should inflate to ", size_, " bytes, found ", done_, ended ? "" : " and more");
    }
    if (ended && actual_crc_ != crc_) return Broken(name_, "the checksum of the member does not match");
    return got;
  }

  int64_t stored_bytes_read() const override { return source_->stored_bytes_read(); }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string name_;
  uint64_t size_;
  uint32_t crc_;
  uint64_t done_ = 0;
  uint32_t actual_crc_ = 0;
};

Result<std::unique_ptr<ByteSource>> OpenMethod(const ZipEntry& entry, StoredBytes bytes) {
  switch (entry.method) {
    case 0:
      return OpenPlainSource(std::move(bytes));
    case 8:
      return OpenDeflateSource(std::move(bytes));
    case 12:
      return OpenCodecSource(std::move(bytes), arrow::Compression::BZ2, "bz2", nullptr);
    case 93:
      return OpenCodecSource(std::move(bytes), arrow::Compression::ZSTD, "zstd", nullptr);
    case 95:
      return OpenXzSource(std::move(bytes));
    default:
      return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "unpack it first: unzip"}, "read ",
                       bytes.input().name, ": the member of the zip archive is compressed with method ", entry.method,
                       "; known: 0 (none), 8 (deflate), 12 (bz2), 93 (zstd), 95 (xz)");
  }
}

Result<ZipMember> OpenEntry(const InputFile& archive, const ZipEntry& entry) {
  ARROW_RETURN_NOT_OK(CheckEncryption(archive, entry));
  ZipMember member{.input = MemberFile(archive, entry), .stored_size = static_cast<int64_t>(entry.stored_size)};
  ARROW_ASSIGN_OR_RAISE(const auto header, ReadBytes(archive, entry.header_at, kMemberHeader));
  if (!header.starts_with(kMemberMagic)) {
    return Broken(member.input.name, "no member begins at byte ", entry.header_at);
  }
  const uint64_t begin = entry.header_at + kMemberHeader + Number(header, 26, 2) + Number(header, 28, 2);
  StoredBytes bytes(member.input, static_cast<int64_t>(begin), static_cast<int64_t>(begin + entry.stored_size));
  ARROW_ASSIGN_OR_RAISE(auto source, OpenMethod(entry, std::move(bytes)));
  member.bytes = std::make_unique<CheckedSource>(std::move(source), member.input.name, entry.size, entry.crc);
  return member;
}

Status ManyMembers(const InputFile& archive, const std::vector<ZipEntry>& entries) {
  if (entries.empty()) return MakeError(ErrorKind::kInvalid, "read ", archive.name, ": the zip archive has no members");
  constexpr size_t kMostNames = 5;
  std::string names;
  for (size_t i = 0; i < std::min(entries.size(), kMostNames); ++i) names += (i > 0 ? ", " : "") + entries[i].name;
  if (entries.size() > kMostNames) names += ", …";
  return MakeError(
      {.kind = ErrorKind::kInvalid, .hint = "name the one that is meant: " + archive.name + "/" + entries[0].name},
      "read ", archive.name, ": the zip archive has ", entries.size(), " members, expected one: ", names);
}

}  // namespace

bool IsZip(std::string_view start) { return start.starts_with(kMemberMagic) || start.starts_with(kEndMagic); }

Result<ZipMember> OpenZipMember(const InputFile& input) {
  // A member's name is that of its archive and its own.
  InputFile archive = input;
  if (const auto ending = "/" + input.member; !input.member.empty() && input.name.ends_with(ending)) {
    archive.name.resize(input.name.size() - ending.size());
  }
  archive.member.clear();
  ARROW_ASSIGN_OR_RAISE(const auto entries, VisibleEntries(archive));
  if (input.member.empty()) {
    return entries.size() == 1 ? OpenEntry(archive, entries[0]) : ManyMembers(archive, entries);
  }
  for (const auto& entry : entries) {
    if (entry.name == input.member) return OpenEntry(archive, entry);
  }
  return MakeError(ErrorKind::kNotFound, "read ", archive.name, ": the zip archive has no member ", input.member);
}

Result<std::vector<InputFile>> ArchiveMembers(const InputFile& input) {
  if (!input.member.empty()) return std::vector<InputFile>{input};
  StoredBytes bytes(input);
  ARROW_ASSIGN_OR_RAISE(const auto start, bytes.Peek());
  if (!IsZip(start)) return std::vector<InputFile>{input};
  ARROW_ASSIGN_OR_RAISE(const auto entries, VisibleEntries(input));
  std::vector<InputFile> members;
  for (const auto& entry : entries) {
    ARROW_RETURN_NOT_OK(CheckEncryption(input, entry));
    members.push_back(MemberFile(input, entry));
  }
  return members;
}

}  // namespace glaux
