#include <yaml-cpp/yaml.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "glaux/cost/prices.h"

namespace glaux {
namespace {

/// 1,000 requests or one GB for more than this is a mistake.
constexpr double kMostDollars = 1e6;

class PriceReader {
 public:
  explicit PriceReader(const std::string& name) : name_(name) {}

  Result<PriceTable> Read(std::string_view text) {
    table_.source = "prices of " + name_;
    table_.is_own = true;
    try {
      const auto root = YAML::Load(std::string(text));
      if (!root || root.IsNull()) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "classes: { STANDARD: { put: 0.005, get: 0.0004 } }"},
                         name_, ": the file has no prices");
      }
      ARROW_RETURN_NOT_OK(Fields(
          root, "",
          {{"source", [&](const YAML::Node& node) { return Text(node, &table_.source); }},
           {"list", [&](const YAML::Node& node) { return Price(node, "list", &list_); }},
           {"athena", [&](const YAML::Node& node) { return Price(node, "athena", &athena_); }},
           {"transfer_out", [&](const YAML::Node& node) { return Price(node, "transfer_out", &table_.transfer_out); }},
           {"classes", [&](const YAML::Node& node) { return Classes(node); }}}));
    } catch (const YAML::Exception& error) {
      return MakeError(ErrorKind::kInvalid, name_, ", line ", error.mark.line + 1, ", column ", error.mark.column + 1,
                       ": ", error.msg);
    }
    const auto& standard = table_.classes[static_cast<size_t>(StorageClass::kStandard)];
    for (size_t i = 0; i < kStorageClasses; ++i) {
      if (!given_[i]) table_.classes[i] = standard;
    }
    table_.list = list_.value_or(standard.put);
    table_.athena = athena_.value_or(kAthenaDollarsPerTerabyte);
    return table_;
  }

 private:
  using Setters = std::map<std::string, std::function<Status(const YAML::Node&)>>;

  template <typename... What>
  Status Bad(const YAML::Node& node, const What&... what) const {
    const auto mark = node.Mark();
    return MakeError(ErrorKind::kInvalid, name_, ", line ", mark.line + 1, ", column ", mark.column + 1, ": ", what...);
  }

  Status Fields(const YAML::Node& node, const std::string& where, const Setters& setters) const {
    if (!node.IsMap()) {
      return Bad(node, "expected keys (name: value)", where.empty() ? "" : " under ", where);
    }
    for (const auto& entry : node) {
      const auto key = entry.first.Scalar();
      const auto at = setters.find(key);
      if (at == setters.end()) {
        std::string known;
        for (const auto& [name, setter] : setters) known += (known.empty() ? "" : ", ") + name;
        return Bad(entry.first, "there is no key ", where, where.empty() ? "" : ".", key, "; known are: ", known);
      }
      ARROW_RETURN_NOT_OK(at->second(entry.second));
    }
    return Status::OK();
  }

  Status Classes(const YAML::Node& node) {
    Setters setters;
    for (size_t i = 0; i < kStorageClasses; ++i) {
      const std::string name(StorageClassName(static_cast<StorageClass>(i)));
      setters[name] = [this, i, name](const YAML::Node& prices) {
        auto& into = table_.classes[i];
        given_[i] = true;
        const auto price = [&](const char* key, double* number) {
          const std::string whole = "classes." + name + "." + key;
          return std::pair<const std::string, std::function<Status(const YAML::Node&)>>(
              key, [this, number, whole](const YAML::Node& value) {
                std::optional<double> read;
                ARROW_RETURN_NOT_OK(Price(value, whole, &read));
                *number = *read;
                return Status::OK();
              });
        };
        return Fields(prices, "classes." + name,
                      {price("put", &into.put), price("get", &into.get), price("retrieval", &into.retrieval)});
      };
    }
    return Fields(node, "classes", setters);
  }

  Status Price(const YAML::Node& node, const std::string& key, std::optional<double>* out) const {
    double number = 0;
    const bool is_number = node.IsScalar() && YAML::convert<double>::decode(node, number) && std::isfinite(number);
    if (!is_number || number < 0 || number > kMostDollars) {
      return Bad(node, key, ": expected dollars, a number from 0, as in 0.005; found: ",
                 node.IsScalar() ? node.Scalar() : "a list or keys");
    }
    *out = number;
    return Status::OK();
  }

  Status Text(const YAML::Node& node, std::string* out) const {
    if (!node.IsScalar() || node.Scalar().empty()) return Bad(node, "source: expected a text");
    *out = node.Scalar();
    return Status::OK();
  }

  const std::string name_;
  PriceTable table_;
  std::optional<double> list_;
  std::optional<double> athena_;
  std::array<bool, kStorageClasses> given_{};
};

}  // namespace

Result<PriceTable> ParsePrices(std::string_view text, const std::string& name) { return PriceReader(name).Read(text); }

Result<PriceTable> ReadPriceFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return MakeError(ErrorKind::kNotFound, "read prices ", path, ": there is no such file, or it cannot be read");
  }
  return ParsePrices(text.str(), path);
}

}  // namespace glaux
