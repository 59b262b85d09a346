#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/store/request_counts.h"

namespace glaux {

/// List price of Athena's queries in most regions. Source: https://aws.amazon.com/athena/pricing/, "SQL queries".
inline constexpr double kAthenaDollarsPerTerabyte = 5;

/// What requests cost, in dollars.
struct PriceTable {
  struct Class {
    double put = 0;        ///< 1,000 PUT, COPY and POST
    double get = 0;        ///< 1,000 GET, HEAD and all others
    double retrieval = 0;  ///< 1 GB that is read

    bool operator==(const Class&) const = default;
  };
  /// Where the prices are from, for people: "AWS prices of us-east-1, 2025".
  std::string source = {};
  double list = 0;  ///< 1,000 LIST, whatever the class
  std::array<Class, kStorageClasses> classes{};
  double athena = kAthenaDollarsPerTerabyte;  ///< 1 TB that Athena scans
  /// 1 GB that leaves S3. Unset: not counted, for it depends on where the bytes go.
  std::optional<double> transfer_out = {};
  /// The user's own: it holds for every server, also for those that are not AWS.
  bool is_own = false;

  bool operator==(const PriceTable&) const = default;
};

/// List prices of Amazon S3 in us-east-1, without discounts and free tiers. Transfer out is not counted.
const PriceTable& DefaultPrices();

/// Read a price table (YAML). It replaces the default one as a whole: what it leaves out costs nothing, a storage class
/// that it leaves out costs what STANDARD does, and Athena without a word costs what it does by default.
/// \return kInvalid with file, line and key; kNotFound
Result<PriceTable> ReadPriceFile(const std::string& path);
/// The same from text; `name` is what errors call it.
Result<PriceTable> ParsePrices(std::string_view text, const std::string& name);

/// What requests cost; unset where nobody knows: none of them is of AWS, and the table is not the user's own.
/// Of requests to AWS and to others together it is what those to AWS cost.
std::optional<double> CostOf(const RequestCounts& counts, const PriceTable& prices);

/// What Athena bills for a query that scanned this much: whole megabytes (2^20), 10 at least. Nothing for a statement
/// that scans nothing by its kind is the caller's to know.
double AthenaDollars(int64_t bytes_scanned, double dollars_per_terabyte = kAthenaDollarsPerTerabyte);

/// For machines, a JSON object: counts by kind, bytes, "dollars" (null where nobody knows) and "prices" (their source).
std::string RequestsJson(const RequestCounts& counts, const PriceTable& prices);

}  // namespace glaux
