#include "glaux/table/hive/partition_projection_internal.h"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>

#include "glaux/table/hive/hive_path.h"
#include "glaux/table/hive/java_date_format_internal.h"

namespace glaux {
namespace {

using Unit = JavaDateFormat::Unit;
using Scalars = std::vector<std::shared_ptr<arrow::Scalar>>;

/// More partitions than this are no plan of a query.
constexpr int64_t kMostPartitions = 1'000'000;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool ToInteger(std::string_view text, int64_t* value) {
  text = Trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *value);
  return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}

/// What the properties say of one key.
class Key {
 public:
  Key(const TableEntry& table, const arrow::Field& field, Timestamp now)
      : table_(table),
        field_(field),
        now_(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch())) {}

  const std::string& name() const { return field_.name(); }

  const std::string* Find(std::string_view what) const {
    const auto found = table_.parameters.find("projection." + name() + "." + std::string(what));
    return found == table_.parameters.end() ? nullptr : &found->second;
  }

  /// All values, or those of `only` that there are.
  Result<std::vector<std::string>> Values(const Scalars* only) const {
    const auto type = Lower(Trimmed(*Find("type")));
    if (type == "enum") return Enum(only);
    if (type == "integer") return Integers(only);
    if (type == "date") return Dates(only);
    if (type == "injected") return Injected(only);
    return Wrong("type", "enum, integer, date or injected", *Find("type"));
  }

 private:
  Status Wrong(std::string_view what, std::string_view expected, std::string_view found) const {
    return MakeError(ErrorKind::kInvalid, "read ", table_.id.ToString(), ": property projection.", name(), ".", what,
                     ": expected ", expected, ", found: ", found);
  }
  Status TooMany() const {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "say which values matter: WHERE " + name() + " = …"},
                     "read ", table_.id.ToString(), ": partition projection of ", name(), " makes more than ",
                     kMostPartitions, " values");
  }
  Result<const std::string*> Needed(std::string_view what) const {
    const auto* value = Find(what);
    if (value != nullptr && !value->empty()) return value;
    return MakeError(ErrorKind::kInvalid, "read ", table_.id.ToString(), ": property projection.", name(), ".", what,
                     " is missing");
  }
  Result<std::pair<std::string_view, std::string_view>> Range() const {
    ARROW_ASSIGN_OR_RAISE(const auto* range, Needed("range"));
    const size_t comma = range->find(',');
    if (comma == std::string::npos) return Wrong("range", "two values with a comma between them", *range);
    return std::pair(std::string_view(*range).substr(0, comma), std::string_view(*range).substr(comma + 1));
  }
  Result<int64_t> Positive(std::string_view what, int64_t otherwise) const {
    const auto* text = Find(what);
    int64_t value = otherwise;
    if (text != nullptr && (!ToInteger(*text, &value) || value < 1)) return Wrong(what, "a positive number", *text);
    return value;
  }

  /// Whether a value of the projection is one of these: as the key's type has it.
  Result<bool> IsOneOf(const std::string& text, const Scalars& only) const {
    const auto value = arrow::Scalar::Parse(field_.type(), text);
    if (!value.ok()) return false;
    return std::any_of(only.begin(), only.end(), [&](const auto& wanted) {
      return wanted->is_valid &&
             (wanted->type->Equals(*field_.type()) ? wanted->Equals(**value) : wanted->ToString() == text);
    });
  }
  /// Those of `texts` that are asked for, each once.
  Result<std::vector<std::string>> Chosen(std::vector<std::string> texts, const Scalars* only) const {
    std::vector<std::string> chosen;
    for (auto& text : texts) {
      bool take = std::find(chosen.begin(), chosen.end(), text) == chosen.end();
      if (take && only != nullptr) {
        ARROW_ASSIGN_OR_RAISE(take, IsOneOf(text, *only));
      }
      if (take) chosen.push_back(std::move(text));
    }
    return chosen;
  }

  Result<std::vector<std::string>> Enum(const Scalars* only) const {
    ARROW_ASSIGN_OR_RAISE(const auto* list, Needed("values"));
    std::vector<std::string> texts;
    for (size_t at = 0; at <= list->size();) {
      const size_t end = std::min(list->find(',', at), list->size());
      texts.push_back(list->substr(at, end - at));
      at = end + 1;
    }
    return Chosen(std::move(texts), only);
  }

  Result<std::vector<std::string>> Integers(const Scalars* only) const {
    ARROW_ASSIGN_OR_RAISE(const auto range, Range());
    int64_t low = 0;
    int64_t high = 0;
    if (!ToInteger(range.first, &low) || !ToInteger(range.second, &high) || low > high) {
      return Wrong("range", "the least and the greatest number", *Find("range"));
    }
    ARROW_ASSIGN_OR_RAISE(const int64_t interval, Positive("interval", 1));
    ARROW_ASSIGN_OR_RAISE(const int64_t digits, Positive("digits", 1));
    const auto print = [&](int64_t value) {
      std::string text = std::to_string(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
      if (static_cast<int64_t>(text.size()) < digits) text.insert(0, static_cast<size_t>(digits) - text.size(), '0');
      return value < 0 ? "-" + text : text;
    };
    const auto steps = [&](int64_t value) { return static_cast<uint64_t>(value) - static_cast<uint64_t>(low); };
    std::vector<std::string> texts;
    if (only != nullptr) {
      for (const auto& wanted : *only) {
        int64_t value = 0;
        if (!wanted->is_valid || !ToInteger(wanted->ToString(), &value) || value < low || value > high) continue;
        if (steps(value) % static_cast<uint64_t>(interval) == 0) texts.push_back(print(value));
      }
      return Chosen(std::move(texts), only);
    }
    const uint64_t last = steps(high) / static_cast<uint64_t>(interval);
    if (last >= static_cast<uint64_t>(kMostPartitions)) return TooMany();
    for (uint64_t i = 0; i <= last; ++i) {
      texts.push_back(print(static_cast<int64_t>(static_cast<uint64_t>(low) + i * static_cast<uint64_t>(interval))));
    }
    return texts;
  }

  /// "NOW", "NOW-3YEARS", or a date in the format.
  Result<int64_t> Bound(std::string_view text, const JavaDateFormat& format) const {
    std::string_view rest = Trimmed(text);
    if (!Lower(rest.substr(0, 3)).starts_with("now")) {
      const auto time = format.Parse(text);
      return time ? Result<int64_t>(*time) : Wrong("range", "dates in the format " + *Find("format"), text);
    }
    rest = Trimmed(rest.substr(3));
    if (rest.empty()) return format.Truncate(now_.count());
    const bool back = rest[0] == '-';
    if (!back && rest[0] != '+') return Wrong("range", "NOW, or NOW-3YEARS and the like", text);
    rest = Trimmed(rest.substr(1));
    const size_t digits = rest.find_first_not_of("0123456789");
    int64_t count = 0;
    if (digits == 0 || digits == std::string_view::npos || !ToInteger(rest.substr(0, digits), &count)) {
      return Wrong("range", "NOW, or NOW-3YEARS and the like", text);
    }
    ARROW_ASSIGN_OR_RAISE(const auto unit, UnitOf("range", Trimmed(rest.substr(digits))));
    return format.Truncate(AddUnits(now_.count(), unit.first, (back ? -count : count) * unit.second));
  }

  /// The unit of a word, in the singular or plural, and how many of them it means.
  Result<std::pair<Unit, int64_t>> UnitOf(std::string_view what, std::string_view word) const {
    auto name = Lower(Trimmed(word));
    if (name.ends_with('s')) name.pop_back();
    constexpr std::pair<std::string_view, Unit> kUnits[] = {
        {"year", Unit::kYears},   {"month", Unit::kMonths},       {"day", Unit::kDays},
        {"hour", Unit::kHours},   {"minute", Unit::kMinutes},     {"second", Unit::kSeconds},
        {"milli", Unit::kMillis}, {"millisecond", Unit::kMillis},
    };
    for (const auto& [known, unit] : kUnits) {
      if (name == known) return std::pair(unit, int64_t{1});
    }
    if (name == "week") return std::pair(Unit::kDays, int64_t{7});
    return Wrong(what, "a unit, as DAYS or MONTHS", word);
  }

  Result<std::vector<std::string>> Dates(const Scalars* only) const {
    ARROW_ASSIGN_OR_RAISE(const auto* pattern, Needed("format"));
    auto made = JavaDateFormat::Make(*pattern);
    if (!made.ok()) return Prefix(made.status(), "read " + table_.id.ToString() + ": projection." + name() + ".format");
    const auto format = *std::move(made);
    ARROW_ASSIGN_OR_RAISE(const auto range, Range());
    ARROW_ASSIGN_OR_RAISE(const int64_t low, Bound(range.first, format));
    ARROW_ASSIGN_OR_RAISE(const int64_t high, Bound(range.second, format));
    auto unit = std::pair(format.precision(), int64_t{1});
    const bool by_default = format.precision() == Unit::kDays || format.precision() == Unit::kMonths;
    if (const auto* word = Find("interval.unit"); word != nullptr) {
      ARROW_ASSIGN_OR_RAISE(unit, UnitOf("interval.unit", *word));
    } else if (!by_default) {
      return Needed("interval.unit").status();
    }
    if (!by_default) ARROW_RETURN_NOT_OK(Needed("interval").status());
    ARROW_ASSIGN_OR_RAISE(int64_t step, Positive("interval", 1));
    step *= unit.second;
    std::vector<std::string> texts;
    if (only != nullptr) {
      for (const auto& wanted : *only) {
        const auto time = wanted->is_valid ? TimeOf(*wanted, format) : std::nullopt;
        if (!time || *time < low || *time > high) continue;
        const int64_t steps = UnitsBetween(low, *time, unit.first);
        const bool lies_on = format.Print(AddUnits(low, unit.first, steps / step * step)) == format.Print(*time);
        if (lies_on) texts.push_back(format.Print(*time));
      }
      // What a date is called in a location need not be how its type prints it.
      return field_.type()->id() == arrow::Type::STRING ? Chosen(std::move(texts), only)
                                                        : Chosen(std::move(texts), nullptr);
    }
    for (int64_t i = 0;; i += step) {
      const int64_t time = AddUnits(low, unit.first, i);
      if (time > high) break;
      auto text = format.Print(time);
      if (texts.empty() || texts.back() != text) texts.push_back(std::move(text));
      if (static_cast<int64_t>(texts.size()) > kMostPartitions || i > 100 * kMostPartitions) return TooMany();
    }
    return texts;
  }

  static std::optional<int64_t> TimeOf(const arrow::Scalar& scalar, const JavaDateFormat& format) {
    if (scalar.type->id() == arrow::Type::DATE32) {
      return int64_t{static_cast<const arrow::Date32Scalar&>(scalar).value} * 86'400'000;
    }
    return format.Parse(scalar.ToString());
  }

  Result<std::vector<std::string>> Injected(const Scalars* only) const {
    std::vector<std::string> texts;
    for (size_t i = 0; only != nullptr && i < only->size(); ++i) {
      if ((*only)[i]->is_valid) texts.push_back((*only)[i]->ToString());
    }
    if (only != nullptr && texts.size() == only->size()) return Chosen(std::move(texts), nullptr);
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "WHERE " + name() + " = 'value'"}, "read ",
                     table_.id.ToString(), ": for the injected projected partition column ", name(),
                     ", the WHERE clause must contain only static equality conditions, and at least one such condition "
                     "must be present");
  }

  const TableEntry& table_;
  const arrow::Field& field_;
  const std::chrono::milliseconds now_;
};

/// The values that a filter leaves a key, where it says so.
std::optional<Scalars> ValuesOf(const Predicate& filter, const std::string& key) {
  switch (filter.op()) {
    case Predicate::Op::kCompare:
      if (filter.column() != key || filter.comparison() != Predicate::Comparison::kEqual) return std::nullopt;
      return filter.values();
    case Predicate::Op::kIn:
      return filter.column() == key ? std::optional(filter.values()) : std::nullopt;
    case Predicate::Op::kAnd:
      for (const auto& child : filter.children()) {
        if (auto values = ValuesOf(child, key)) return values;
      }
      return std::nullopt;
    case Predicate::Op::kOr: {
      Scalars all;
      for (const auto& child : filter.children()) {
        const auto values = ValuesOf(child, key);
        if (!values) return std::nullopt;
        all.insert(all.end(), values->begin(), values->end());
      }
      return all;
    }
    default:
      return std::nullopt;
  }
}

/// The location of a partition by a template with ${key} in it.
class Template {
 public:
  static Result<Template> Make(const TableEntry& table, const std::vector<std::string>& keys) {
    Template made;
    const auto found = table.parameters.find("storage.location.template");
    made.keys_ = keys;
    if (found == table.parameters.end()) {
      made.folder_ = table.storage.location;
      if (!made.folder_.ends_with('/')) made.folder_ += '/';
      return made;
    }
    made.pattern_ = found->second;
    if (!made.pattern_.ends_with('/')) made.pattern_ += '/';
    for (const auto& key : keys) {
      if (made.pattern_.find("${" + key + "}") != std::string::npos) continue;
      return MakeError(ErrorKind::kInvalid, "read ", table.id.ToString(),
                       ": property storage.location.template: expected ${", key, "} in it, found: ", found->second);
    }
    return made;
  }

  std::string LocationOf(const std::vector<std::string>& values) const {
    if (pattern_.empty()) return folder_ + PartitionPath(keys_, values);
    std::string location = pattern_;
    for (size_t i = 0; i < keys_.size(); ++i) {
      const std::string mark = "${" + keys_[i] + "}";
      for (size_t at = location.find(mark); at != std::string::npos; at = location.find(mark, at + values[i].size())) {
        location.replace(at, mark.size(), values[i]);
      }
    }
    return location;
  }

 private:
  std::vector<std::string> keys_;
  std::string folder_, pattern_;
};

}  // namespace

bool HasProjection(const TableEntry& table) {
  const auto enabled = table.parameters.find("projection.enabled");
  return enabled != table.parameters.end() && Lower(Trimmed(enabled->second)) == "true" &&
         !table.partition_keys.empty();
}

Result<std::vector<ProjectedPartition>> ProjectPartitions(const TableEntry& table, const arrow::FieldVector& keys,
                                                          const std::vector<std::optional<Scalars>>& only,
                                                          const Predicate& filter, Timestamp now) {
  std::vector<std::string> names;
  std::string missing;
  for (const auto& field : keys) {
    names.push_back(field->name());
    if (Key(table, *field, now).Find("type") == nullptr) missing += (missing.empty() ? "" : ", ") + field->name();
  }
  if (!missing.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "set projection.<column>.type for each"}, "read ",
                     table.id.ToString(),
                     ": it is configured for partition projection, but the following partition "
                     "columns are missing projection configuration: [",
                     missing, "]");
  }
  ARROW_ASSIGN_OR_RAISE(const auto location, Template::Make(table, names));
  std::vector<std::vector<std::string>> values;
  int64_t count = 1;
  for (size_t i = 0; i < keys.size(); ++i) {
    auto known = i < only.size() ? only[i] : std::nullopt;
    if (!known) known = ValuesOf(filter, names[i]);
    ARROW_ASSIGN_OR_RAISE(values.emplace_back(), Key(table, *keys[i], now).Values(known ? &*known : nullptr));
    if (__builtin_mul_overflow(count, static_cast<int64_t>(values.back().size()), &count) || count > kMostPartitions) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "say which values of the partition columns matter"},
                       "read ", table.id.ToString(), ": partition projection makes more than ", kMostPartitions,
                       " partitions for this query");
    }
  }
  std::vector<ProjectedPartition> partitions;
  partitions.reserve(static_cast<size_t>(count));
  for (int64_t n = 0; n < count; ++n) {
    std::vector<std::string> chosen(keys.size());
    int64_t rest = n;
    for (size_t i = keys.size(); i-- > 0;) {
      const auto size = static_cast<int64_t>(values[i].size());
      chosen[i] = values[i][static_cast<size_t>(rest % size)];
      rest /= size;
    }
    auto at = location.LocationOf(chosen);
    partitions.push_back({.values = std::move(chosen), .location = std::move(at)});
  }
  return partitions;
}

}  // namespace glaux
