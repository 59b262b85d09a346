#include <algorithm>
#include <cctype>
#include <charconv>

#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve::glue {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// Whether `text` is `value`, or one of its words is: words end at blanks and punctuation, but for "_".
bool HasWord(std::string_view text, const std::string& value) {
  const std::string lower = Lower(text), wanted = Lower(value);
  if (lower == wanted) return true;
  const auto in_word = [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80) != 0;
  };
  for (size_t at = 0; at < lower.size();) {
    size_t end = at;
    while (end < lower.size() && in_word(lower[end])) ++end;
    if (end > at && lower.substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

/// SearchText: in quotes the whole of a text, else any part of one.
bool HasText(const TableEntry& table, std::string_view search) {
  const bool exact = search.size() >= 2 && search.front() == '"' && search.back() == '"';
  const std::string wanted = Lower(exact ? search.substr(1, search.size() - 2) : search);
  const auto has = [&](std::string_view text) {
    const std::string lower = Lower(text);
    return exact ? lower == wanted : lower.find(wanted) != std::string::npos;
  };
  const auto in_columns = [&](const std::vector<Column>& columns) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const Column& column) { return has(column.name) || has(column.comment); });
  };
  return has(table.id.name) || has(table.id.database) || has(table.description) || in_columns(table.storage.columns) ||
         in_columns(table.partition_keys) ||
         std::any_of(table.parameters.begin(), table.parameters.end(),
                     [&](const auto& item) { return has(item.first) || has(item.second); });
}

const Timestamp* TimeOf(const TableEntry& table, const std::string& key) {
  if (key == "createtime") return &table.create_time;
  return key == "updatetime" ? &table.update_time : nullptr;
}

std::string TextOf(const TableEntry& table, const std::string& key) {
  if (key == "name") return table.id.name;
  if (key == "databasename") return table.id.database;
  if (key == "description") return table.description;
  if (key == "owner") return table.owner;
  if (key == "tabletype") return table.table_type;
  for (const auto& [name, value] : table.parameters) {
    if (Lower(name) == key) return value;
  }
  return {};
}

/// One of the Filters, ready to test many tables.
struct Filter {
  std::string key;
  std::string value;
  std::string comparator;
  Timestamp time = {};

  static Result<Filter> Make(const wire::PropertyPredicate& predicate) {
    if (!predicate.Key || !predicate.Value) return InvalidInput("Filters: each needs Key and Value");
    Filter filter{.key = Lower(*predicate.Key),
                  .value = *predicate.Value,
                  .comparator = predicate.Comparator.value_or("EQUALS"),
                  .time = {}};
    static constexpr std::string_view kComparators[] = {"EQUALS", "GREATER_THAN", "LESS_THAN", "GREATER_THAN_EQUALS",
                                                        "LESS_THAN_EQUALS"};
    if (std::find(std::begin(kComparators), std::end(kComparators), filter.comparator) == std::end(kComparators)) {
      return InvalidInput("Filters: there is no Comparator ", filter.comparator);
    }
    if (filter.key == "createtime" || filter.key == "updatetime") {
      int64_t seconds = 0;
      const char* end = filter.value.data() + filter.value.size();
      if (std::from_chars(filter.value.data(), end, seconds).ptr != end || filter.value.empty()) {
        return InvalidInput("Filters: ", *predicate.Key, " is compared with seconds since 1970, found: ", filter.value);
      }
      filter.time = Timestamp(std::chrono::seconds(seconds));
    }
    return filter;
  }

  bool Matches(const TableEntry& table) const {
    const Timestamp* found = TimeOf(table, key);
    if (found == nullptr) return HasWord(TextOf(table, key), value);
    if (comparator == "GREATER_THAN") return *found > time;
    if (comparator == "LESS_THAN") return *found < time;
    if (comparator == "GREATER_THAN_EQUALS") return *found >= time;
    if (comparator == "LESS_THAN_EQUALS") return *found <= time;
    return *found == time;
  }
};

Status SortBy(const wire::SortCriterion& criterion, std::vector<TableEntry>* tables) {
  const std::string key = Lower(criterion.FieldName.value_or(""));
  const std::string sort = criterion.Sort.value_or("ASC");
  if (key.empty() || (sort != "ASC" && sort != "DESC")) {
    return InvalidInput("SortCriteria: needs FieldName, and Sort ASC or DESC");
  }
  const auto less = [&](const TableEntry& a, const TableEntry& b) {
    const Timestamp* time = TimeOf(a, key);
    return time != nullptr ? *time < *TimeOf(b, key) : TextOf(a, key) < TextOf(b, key);
  };
  std::stable_sort(tables->begin(), tables->end(),
                   [&](const auto& a, const auto& b) { return sort == "ASC" ? less(a, b) : less(b, a); });
  return Status::OK();
}

Result<std::vector<TableEntry>> Matching(Catalog& catalog, const std::vector<Filter>& filters,
                                         const std::string& text) {
  std::vector<TableEntry> found;
  ARROW_ASSIGN_OR_RAISE(const auto databases, AllDatabases(catalog));
  for (const auto& database : databases) {
    auto tables = AllTables(catalog, database.name);
    if (!tables.ok() && KindOf(tables.status()) == ErrorKind::kNotFound) continue;  // dropped meanwhile
    ARROW_RETURN_NOT_OK(tables.status());
    for (auto& table : *tables) {
      const bool fits =
          std::all_of(filters.begin(), filters.end(), [&](const Filter& filter) { return filter.Matches(table); }) &&
          (text.empty() || HasText(table, text));
      if (fits) found.push_back(std::move(table));
    }
  }
  return found;
}

}  // namespace

Result<wire::GetTablesResponse> Run(Call& call, wire::SearchTablesRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto page, PageOf(request.MaxResults, request.NextToken, 1000));
  std::vector<Filter> filters;
  for (const auto& predicate : request.Filters.value_or(std::vector<wire::PropertyPredicate>())) {
    ARROW_ASSIGN_OR_RAISE(auto filter, Filter::Make(predicate));
    filters.push_back(std::move(filter));
  }
  ARROW_ASSIGN_OR_RAISE(auto tables, Matching(call.catalog, filters, request.SearchText.value_or("")));
  const auto criteria = request.SortCriteria.value_or(std::vector<wire::SortCriterion>());
  ARROW_RETURN_NOT_OK(CheckCount("SortCriteria", criteria.size(), 0, 1));
  for (const auto& criterion : criteria) ARROW_RETURN_NOT_OK(SortBy(criterion, &tables));
  // A token is how many tables went before.
  size_t at = 0;
  const char* end = page.next_token.data() + page.next_token.size();
  const auto [stop, error] = std::from_chars(page.next_token.data(), end, at);
  if (!page.next_token.empty() && (error != std::errc() || stop != end)) {
    return InvalidInput("NextToken was not made for this request: start again from the first page");
  }
  wire::GetTablesResponse answer;
  auto& list = answer.TableList.emplace();
  if (request.ResourceShareType == "FOREIGN") return answer;
  for (; at < tables.size() && list.size() < static_cast<size_t>(page.max_results); ++at) {
    list.push_back(ShownTable(call, tables[at]));
  }
  if (at < tables.size()) answer.NextToken = std::to_string(at);
  return answer;
}

}  // namespace glaux::serve::glue
