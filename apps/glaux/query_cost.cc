#include "query_cost.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <charconv>
#include <cmath>

#include "glaux/base/quantity.h"
#include "glaux/cost/prices.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

std::string DescribeBytes(const std::optional<int64_t>& bytes) {
  return bytes ? FormatBytes(static_cast<double>(*bytes)) : "nobody knows how much";
}

std::string DescribeParts(const QueryEstimate::Input& input) {
  std::string text;
  if (input.files) text += ", " + FormatCount(*input.files, "file", "files");
  if (input.partitions_total > 0) {
    text += fmt::format(", {} of {} partitions", FormatCount(input.partitions_scanned),
                        FormatCount(input.partitions_total));
  }
  return text;
}

}  // namespace

Result<QueryLimits> ParseLimits(const std::string& bytes, const std::string& dollars) {
  QueryLimits limits;
  if (!bytes.empty()) {
    ARROW_ASSIGN_OR_RAISE(limits.bytes, ParseByteSize(bytes));
  }
  if (!dollars.empty()) {
    const auto text = std::string_view(dollars).substr(dollars.front() == '$' ? 1 : 0);
    double value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !std::isfinite(value) || value < 0) {
      return MakeError(ErrorKind::kInvalid, "query: --max-cost is a number of dollars, as 0.50, and not '", dollars,
                       "'");
    }
    limits.dollars = value;
  }
  return limits;
}

Status CheckLimits(const QueryEstimate& estimate, const QueryLimits& limits, double terabyte) {
  if (!limits.any()) return Status::OK();
  const auto bytes = estimate.bytes();
  if (!bytes) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "run it without --max-scan and --max-cost"},
                     "query: nobody knows how much it would scan; it was not run");
  }
  const char* const hint = "select fewer partitions, or raise the limit";
  const std::string found = "query: it would scan up to " + DescribeBytes(bytes) + ", at Athena " +
                            FormatDollars(AthenaDollars(*bytes, terabyte)) + "; ";
  if (limits.bytes && *bytes > *limits.bytes) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = hint}, found, "--max-scan allows ",
                     DescribeBytes(limits.bytes), "; it was not run");
  }
  if (limits.dollars && AthenaDollars(*bytes, terabyte) > *limits.dollars) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = hint}, found, "--max-cost allows ",
                     FormatDollars(*limits.dollars), "; it was not run");
  }
  return Status::OK();
}

std::string DescribeEstimate(const QueryEstimate& estimate, double terabyte) {
  if (estimate.inputs.empty()) return "reads no table\n";
  std::string text;
  for (const auto& input : estimate.inputs) {
    text += fmt::format("{}: {}{}\n", input.table, DescribeBytes(input.bytes), DescribeParts(input));
  }
  const auto bytes = estimate.bytes();
  if (!bytes) return text + "what it would cost is not known\n";
  return text +
         fmt::format("at most {}, at Athena {}: whole files are counted, and columns that are not read cost nothing\n",
                     DescribeBytes(bytes), FormatDollars(AthenaDollars(*bytes, terabyte)));
}

std::string EstimateJson(const QueryEstimate& estimate, double terabyte) {
  namespace json = boost::json;
  const auto or_null = [](const std::optional<int64_t>& value) { return value ? json::value(*value) : json::value(); };
  json::array tables;
  for (const auto& input : estimate.inputs) {
    tables.push_back({{"table", input.table},
                      {"bytes", or_null(input.bytes)},
                      {"files", or_null(input.files)},
                      {"partitions_total", input.partitions_total},
                      {"partitions_scanned", input.partitions_scanned}});
  }
  const auto bytes = estimate.bytes();
  const json::object out{
      {"bytes", or_null(bytes)},
      {"athena_dollars",
       bytes && !estimate.inputs.empty() ? json::value(AthenaDollars(*bytes, terabyte)) : json::value()},
      {"tables", std::move(tables)}};
  return json::serialize(out) + "\n";
}

}  // namespace glaux::cli
