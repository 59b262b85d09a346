#include "glaux/format/json_guess_internal.h"

#include <arrow/type.h>

#include <deque>
#include <unordered_map>
#include <utility>

#include "glaux/format/csv_value_internal.h"

namespace glaux {
namespace {

constexpr int64_t kExactInDouble = int64_t{1} << 53;

}  // namespace

struct JsonGuess::Members {
  std::deque<std::pair<std::string, JsonGuess>> all;
  std::unordered_map<std::string_view, size_t> by_name;
};

JsonGuess::JsonGuess() = default;
JsonGuess::~JsonGuess() = default;
JsonGuess::JsonGuess(JsonGuess&&) noexcept = default;
JsonGuess& JsonGuess::operator=(JsonGuess&&) noexcept = default;

JsonGuess::Kind JsonGuess::KindOfNumber(std::string_view number) {
  int64_t integer = 0;
  if (ParseInteger(number, &integer)) {
    if (integer > kExactInDouble || integer < -kExactInDouble) return Kind::kLargeInteger;
    if (std::in_range<int8_t>(integer)) return Kind::kTinyInteger;
    if (std::in_range<int16_t>(integer)) return Kind::kSmallInteger;
    return std::in_range<int32_t>(integer) ? Kind::kShortInteger : Kind::kInteger;
  }
  if (LooksLikeInteger(number) && number != "-0") {
    const size_t digits = number.size() - (number[0] == '-' ? 1 : 0);
    return digits <= static_cast<size_t>(arrow::Decimal128Type::kMaxPrecision) ? Kind::kHugeInteger : Kind::kText;
  }
  double real = 0;
  return ParseDouble(number, &real) ? Kind::kDouble : Kind::kText;
}

JsonGuess::Kind JsonGuess::KindOfString(std::string_view string) {
  int32_t days = 0;
  if (ParseDate(string, &days)) return Kind::kDate;
  // Only what has a T and seconds is certainly meant as a time.
  ParsedTime time;
  if (string.size() >= 19 && string[10] == 'T' && string[16] == ':' && ParseTime(string, &time) &&
      time.nanoseconds % 1000 == 0) {
    return time.zone == Zone::kNone ? Kind::kTimestamp : Kind::kUtcTimestamp;
  }
  return Kind::kString;
}

std::string_view JsonGuess::Word(Kind kind) {
  switch (kind) {
    case Kind::kNothing:
      return "nulls";
    case Kind::kBoolean:
      return "booleans";
    case Kind::kTinyInteger:
    case Kind::kSmallInteger:
    case Kind::kShortInteger:
    case Kind::kInteger:
      return "integers";
    case Kind::kLargeInteger:
    case Kind::kHugeInteger:
      return "integers beyond 2^53";
    case Kind::kDouble:
      return "fractions";
    case Kind::kDate:
    case Kind::kTimestamp:
    case Kind::kUtcTimestamp:
    case Kind::kString:
      return "strings";
    case Kind::kObject:
      return "objects";
    case Kind::kArray:
      return "arrays";
    case Kind::kText:
      break;
  }
  return "values of several kinds";
}

void JsonGuess::BecomeText(std::string why) {
  kind_ = Kind::kText;
  why_text_ = std::move(why);
  members_.reset();
  element_.reset();
}

void JsonGuess::Join(Kind kind) {
  if (kind == kind_ || kind == Kind::kNothing || kind_ == Kind::kText) return;
  if (kind_ == Kind::kNothing) {
    kind_ = kind;
    return;
  }
  const auto [low, high] = std::minmax(kind_, kind);
  const bool both_strings = low >= Kind::kDate && high <= Kind::kString;
  if ((low >= Kind::kTinyInteger && low <= Kind::kInteger && high <= Kind::kDouble) ||
      (low == Kind::kLargeInteger && high == Kind::kHugeInteger) || (low == Kind::kDate && high == Kind::kTimestamp)) {
    kind_ = high;
  } else if (both_strings) {
    kind_ = Kind::kString;
  } else {
    BecomeText(std::string(Word(kind_)) + " and " + std::string(Word(kind)));
  }
}

bool JsonGuess::Observe(JsonCursor& in) {
  if (kind_ == Kind::kText) return in.Skip();
  switch (in.Peek()) {
    case '{':
      Join(Kind::kObject);
      if (kind_ == Kind::kText) return in.Skip();
      if (!ObserveMembers(in)) return false;
      if (members_->all.size() > kMostKeys) {
        BecomeText("objects with more than " + std::to_string(kMostKeys) + " different keys");
      }
      return true;
    case '[': {
      Join(Kind::kArray);
      if (kind_ == Kind::kText) return in.Skip();
      if (element_ == nullptr) element_ = std::make_unique<JsonGuess>();
      if (!in.Enter()) return false;
      if (in.Peek() == ']') {
        ++in.at;
        --in.depth;
        return true;
      }
      while (true) {
        if (!element_->Observe(in)) return false;
        const char next = in.Peek();
        if (next != ',' && next != ']') return in.FailSyntax(*in.at, "a comma or ]");
        ++in.at;
        if (next == ']') break;
      }
      --in.depth;
      return true;
    }
    case '"': {
      const auto raw = in.RawString();
      const uint32_t* const here = in.at;
      if (!in.Skip()) return false;
      if (kind_ == Kind::kString) return true;
      // No date or time has to be escaped, and who does it means a string.
      Join(HasEscape({in.text + *here, raw.size() + 1}) ? Kind::kString : KindOfString(raw));
      return true;
    }
    case 't':
    case 'f':
      if (!in.Skip()) return false;
      Join(Kind::kBoolean);
      return true;
    case 'n':
      return in.Skip();
    default: {
      std::string_view number;
      if (!in.TakeNumber(&number)) return false;
      const Kind kind = KindOfNumber(number);
      if (kind == Kind::kText) {
        BecomeText("numbers beyond decimal(38,0) and double");
      } else {
        Join(kind);
      }
      return true;
    }
  }
}

bool JsonGuess::ObserveRecord(JsonCursor& in) {
  kind_ = Kind::kObject;
  return ObserveMembers(in);
}

JsonGuess& JsonGuess::Member(std::string_view name) {
  if (members_ == nullptr) members_ = std::make_unique<Members>();
  if (const auto found = members_->by_name.find(name); found != members_->by_name.end())
    return members_->all[found->second].second;
  auto& added = members_->all.emplace_back(std::string(name), JsonGuess());
  members_->by_name.emplace(added.first, members_->all.size() - 1);
  return added.second;
}

bool JsonGuess::ObserveMembers(JsonCursor& in) {
  if (members_ == nullptr) members_ = std::make_unique<Members>();
  if (!in.Enter()) return false;
  if (in.Peek() == '}') {
    ++in.at;
    --in.depth;
    return true;
  }
  std::string meaning;
  size_t expected = 0;
  while (true) {
    const uint32_t* const key = in.at;
    std::string_view name;
    if (!in.TakeKey(&name)) return false;
    if (HasEscape(name)) {
      const auto wrong = Unescape(name, &meaning);
      if (!wrong.empty()) {
        in.FailSyntax(*key, "");
        in.reason = wrong;
        return false;
      }
      name = meaning;
    }
    auto& all = members_->all;
    JsonGuess& member = expected < all.size() && all[expected].first == name ? all[expected].second : Member(name);
    ++expected;
    if (!member.Observe(in)) return false;
    const char next = in.Peek();
    if (next != ',' && next != '}') return in.FailSyntax(*in.at, "a comma or }");
    ++in.at;
    if (next == '}') break;
  }
  --in.depth;
  return true;
}

arrow::FieldVector JsonGuess::fields(bool integer_widths) const {
  arrow::FieldVector fields;
  if (members_ == nullptr) return fields;
  for (const auto& [name, member] : members_->all) fields.push_back(arrow::field(name, member.type(integer_widths)));
  return fields;
}

std::shared_ptr<arrow::DataType> JsonGuess::type(bool integer_widths) const {
  switch (kind_) {
    case Kind::kNothing:
      return arrow::null();
    case Kind::kBoolean:
      return arrow::boolean();
    case Kind::kTinyInteger:
      return integer_widths ? arrow::int8() : arrow::int64();
    case Kind::kSmallInteger:
      return integer_widths ? arrow::int16() : arrow::int64();
    case Kind::kShortInteger:
      return integer_widths ? arrow::int32() : arrow::int64();
    case Kind::kInteger:
    case Kind::kLargeInteger:
      return arrow::int64();
    case Kind::kHugeInteger:
      return arrow::decimal128(arrow::Decimal128Type::kMaxPrecision, 0);
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kDate:
      return arrow::date32();
    case Kind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Kind::kUtcTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Kind::kObject:
      return members_->all.empty() ? arrow::utf8() : arrow::struct_(fields());
    case Kind::kArray:
      return arrow::list(element_->type());
    case Kind::kString:
    case Kind::kText:
      break;
  }
  return arrow::utf8();
}

void JsonGuess::Explain(const std::string& path, std::vector<std::string>* notes) const {
  const auto tell = [&](const std::string& why) {
    notes->push_back("column " + path + ": " + why + ", kept as JSON text");
  };
  if (kind_ == Kind::kText) {
    tell(why_text_);
  } else if (kind_ == Kind::kArray) {
    element_->Explain(path + "[]", notes);
  } else if (members_ != nullptr && members_->all.empty() && !path.empty()) {
    tell("objects without keys");
  } else if (members_ != nullptr) {
    for (const auto& [name, member] : members_->all) member.Explain(path.empty() ? name : path + "." + name, notes);
  }
}

}  // namespace glaux
