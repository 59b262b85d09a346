#include "glaux/catalog/catalog.h"

#include <algorithm>
#include <iterator>

#include "glaux/base/parallel.h"
#include "glaux/catalog/entry_rules.h"

namespace glaux {
namespace {

template <typename Entry, typename NextPage>
Result<std::vector<Entry>> AllPages(PageRequest request, NextPage&& next_page) {
  std::vector<Entry> all;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(Page<Entry> page, next_page(request));
    all.insert(all.end(), std::make_move_iterator(page.entries.begin()), std::make_move_iterator(page.entries.end()));
    if (page.next_token.empty()) return all;
    request.next_token = std::move(page.next_token);
  }
}

Result<std::vector<PartitionEntry>> AllSegments(Catalog& catalog, const TableId& table, const PartitionQuery& query,
                                                int segments) {
  std::vector<std::vector<PartitionEntry>> parts(segments);
  ARROW_RETURN_NOT_OK(ParallelForIndex(parts.size(), segments, Pool::kIo, arrow::StopToken::Unstoppable(),
                                       [&](size_t number) -> Status {
                                         PartitionQuery part = query;
                                         part.segment = Segment{.number = static_cast<int>(number), .total = segments};
                                         part.page.next_token.clear();
                                         return AllPartitions(catalog, table, std::move(part)).Value(&parts[number]);
                                       }));
  std::vector<PartitionEntry> all;
  for (auto& part : parts) {
    all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  }
  return all;
}

constexpr std::string_view kBlanks = " \t\r\n";

/// Take one part of "database.table" from the front of `text`: up to the next dot, or what stands in quotes, where a
/// doubled quote is the quote itself.
Result<std::string> TakePart(std::string_view whole, std::string_view* text) {
  auto bad = [&](std::string_view why) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "write database.table, or table"}, "table name ", whole,
                     ": ", why);
  };
  text->remove_prefix(std::min(text->find_first_not_of(kBlanks), text->size()));
  std::string part;
  if (!text->empty() && (text->front() == '"' || text->front() == '`')) {
    const char quote = text->front();
    size_t at = 1;
    for (;; ++at) {
      if (at >= text->size()) return bad("a quote is not closed");
      if ((*text)[at] != quote) {
        part += (*text)[at];
      } else if (at + 1 < text->size() && (*text)[at + 1] == quote) {
        part += (*text)[at++];
      } else {
        break;
      }
    }
    text->remove_prefix(at + 1);
    text->remove_prefix(std::min(text->find_first_not_of(kBlanks), text->size()));
    if (!text->empty() && text->front() != '.') return bad("something follows a closing quote");
  } else {
    part = text->substr(0, text->find('.'));
    text->remove_prefix(part.size());
    part.resize(part.find_last_not_of(kBlanks) + 1);
    if (part.find_first_of("\"`") != part.npos) return bad("a quote stands inside a name");
  }
  return part;
}

}  // namespace

Result<std::vector<PartitionEntry>> AllPartitions(Catalog& catalog, const TableId& table, std::string expression) {
  return AllPartitions(catalog, table, PartitionQuery{.expression = std::move(expression)});
}

Result<std::vector<PartitionEntry>> AllPartitions(Catalog& catalog, const TableId& table, PartitionQuery query) {
  const int segments = catalog.traits().read_segments;
  const auto next_page = [&](const PageRequest& page) {
    query.page = page;
    return catalog.GetPartitions(table, query);
  };
  if (segments <= 1 || query.segment || !query.page.next_token.empty()) {
    return AllPages<PartitionEntry>(query.page, next_page);
  }
  // Most tables fit in one page, and then one call is all it takes.
  ARROW_ASSIGN_OR_RAISE(auto first, next_page(query.page));
  if (!first.next_token.empty()) {
    ARROW_ASSIGN_OR_RAISE(first.entries, AllSegments(catalog, table, query, segments));
  }
  std::sort(first.entries.begin(), first.entries.end(),
            [](const PartitionEntry& a, const PartitionEntry& b) { return a.values < b.values; });
  return std::move(first.entries);
}

Result<std::vector<TableEntry>> AllTables(Catalog& catalog, std::string_view database) {
  return AllPages<TableEntry>({}, [&](const PageRequest& page) { return catalog.ListTables(database, page); });
}

Result<std::vector<DatabaseEntry>> AllDatabases(Catalog& catalog) {
  return AllPages<DatabaseEntry>({}, [&](const PageRequest& page) { return catalog.ListDatabases(page); });
}

Result<TableId> ParseTableId(std::string_view text, std::string_view default_database) {
  std::string_view rest = text;
  ARROW_ASSIGN_OR_RAISE(std::string first, TakePart(text, &rest));
  if (rest.empty()) return CheckTableId({std::string(default_database), std::move(first)});
  rest.remove_prefix(1);
  ARROW_ASSIGN_OR_RAISE(std::string second, TakePart(text, &rest));
  if (!rest.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "write database.table, or table"}, "table name ", text,
                     " has more than two parts");
  }
  return CheckTableId({std::move(first), std::move(second)});
}

}  // namespace glaux
