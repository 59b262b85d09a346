#include "glaux/catalog/entry_rules.h"

#include <utf8proc.h>

#include <algorithm>
#include <map>

#include "glaux/schema/names.h"

namespace glaux {
namespace {

constexpr size_t kMaxNameBytes = 255;

/// A name for a message: control characters and broken UTF-8 must not reach a terminal, and 1 MB must not either.
std::string Shown(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 80)) out += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? '?' : c;
  if (name.size() > 80) out += "…";
  return out;
}

std::string KeyList(const std::vector<Column>& keys) {
  std::string out = "(";
  for (const auto& key : keys) out.append(out.size() > 1 ? ", " : "").append(key.name).append(" ").append(key.type);
  return out + ")";
}

/// Fold the names of columns. \return each folded name, and how it was written
Result<std::map<std::string, std::string>> FoldColumns(std::string_view subject, std::string_view what,
                                                       std::vector<Column>* columns) {
  std::map<std::string, std::string> seen;
  for (auto& column : *columns) {
    auto folded = CheckName(what, column.name);
    if (!folded.ok()) return Prefix(folded.status(), subject);
    const auto [other, is_new] = seen.emplace(*folded, column.name);
    if (!is_new && other->second == column.name) {
      return MakeError(ErrorKind::kInvalid, subject, ": ", what, " ", column.name, " is there twice");
    }
    if (!is_new) {
      return MakeError(ErrorKind::kInvalid, subject, ": ", what, " ", other->second, " and ", what, " ", column.name,
                       " are the same name in lower case, ", *folded);
    }
    column.name = std::move(*folded);
  }
  return seen;
}

void FoldSortAndBuckets(StorageDescriptor* storage) {
  for (auto& name : storage->bucket_columns) name = FoldName(name);
  for (auto& column : storage->sort_columns) column.column = FoldName(column.column);
}

}  // namespace

Result<std::string> CheckName(std::string_view what, std::string_view name) {
  if (name.empty()) return MakeError(ErrorKind::kInvalid, what, " is empty");
  if (name.size() > kMaxNameBytes) {
    return MakeError(ErrorKind::kInvalid, what, " ", Shown(name), " is too long: ", name.size(), " bytes, at most ",
                     kMaxNameBytes);
  }
  for (size_t at = 0; at < name.size();) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(name.data() + at),
                                         static_cast<utf8proc_ssize_t>(name.size() - at), &code);
    if (length <= 0) return MakeError(ErrorKind::kInvalid, what, " is not UTF-8 at byte ", at);
    if (code < 0x20 || code == 0x7f) {
      return MakeError(ErrorKind::kInvalid, what, " ", Shown(name), " has a control character at byte ", at);
    }
    at += static_cast<size_t>(length);
  }
  return FoldName(name);
}

Result<TableId> CheckTableId(const TableId& id) {
  TableId out;
  ARROW_ASSIGN_OR_RAISE(out.database, CheckName("database name", id.database));
  ARROW_ASSIGN_OR_RAISE(out.name, CheckName("table name", id.name));
  return out;
}

Status CheckDescriptor(std::string_view subject, StorageDescriptor* storage) {
  ARROW_RETURN_NOT_OK(FoldColumns(subject, "column", &storage->columns).status());
  FoldSortAndBuckets(storage);
  return Status::OK();
}

Status CheckTable(TableEntry* table) {
  ARROW_ASSIGN_OR_RAISE(table->id, CheckTableId(table->id));
  const std::string subject = "table " + table->id.ToString();
  ARROW_ASSIGN_OR_RAISE(const auto keys, FoldColumns(subject, "partition key", &table->partition_keys));
  ARROW_RETURN_NOT_OK(CheckDescriptor(subject, &table->storage));
  for (const auto& column : table->storage.columns) {
    if (keys.contains(column.name)) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "leave partition keys out of the columns"}, subject,
                       ": column ", column.name, " is a partition key too");
    }
  }
  return Status::OK();
}

Status CheckSamePartitionKeys(const TableEntry& before, const TableEntry& after) {
  auto same = [](const Column& a, const Column& b) { return a.name == b.name && FoldName(a.type) == FoldName(b.type); };
  if (std::equal(before.partition_keys.begin(), before.partition_keys.end(), after.partition_keys.begin(),
                 after.partition_keys.end(), same)) {
    return Status::OK();
  }
  return MakeError({.kind = ErrorKind::kInvalid, .hint = "make a new table with the new keys and copy the rows"},
                   "table ", before.id.ToString(), ": partition keys cannot change from ",
                   KeyList(before.partition_keys), " to ", KeyList(after.partition_keys));
}

Status CheckPartitionValues(const TableId& table, const std::vector<Column>& keys,
                            const std::vector<std::string>& values) {
  if (keys.empty()) return MakeError(ErrorKind::kInvalid, "table ", table.ToString(), " has no partition keys");
  if (values.size() == keys.size()) return Status::OK();
  std::string found;
  for (const auto& value : values) found.append(found.empty() ? "" : ", ").append(Shown(value));
  return MakeError(ErrorKind::kInvalid, "table ", table.ToString(), ": a partition needs ", keys.size(),
                   " values for its keys ", KeyList(keys), ", found ", values.size(), ": [", found, "]");
}

Status CheckPage(const PageRequest& page) {
  if (page.max_results >= 1 && page.max_results <= 1000) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "max_results is ", page.max_results, ", expected 1 to 1000");
}

Status CheckSegment(const Segment& segment) {
  if (segment.total >= 1 && segment.number >= 0 && segment.number < segment.total) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "segment ", segment.number, " of ", segment.total,
                   ": expected a number from 0 to total - 1");
}

}  // namespace glaux
