#include "glaux/table/hive/partition_values_internal.h"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "glaux/table/hive/hive_path.h"

namespace glaux {

Result<std::vector<std::shared_ptr<arrow::Scalar>>> TypedValues(
    std::span<const std::string> values, const std::vector<std::shared_ptr<arrow::Field>>& keys) {
  std::vector<std::shared_ptr<arrow::Scalar>> typed;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& type = keys[i]->type();
    if (values[i] == kHiveNullPartition) {
      typed.push_back(arrow::MakeNullScalar(type));
      continue;
    }
    auto scalar = arrow::Scalar::Parse(type, values[i]);
    if (!scalar.ok()) {
      return MakeError(ErrorKind::kCorrupt, "partition key ", keys[i]->name(), ": expected ", type->ToString(),
                       ", found: ", values[i]);
    }
    typed.push_back(*std::move(scalar));
  }
  return typed;
}

Predicate OverKeys(const Predicate& filter, const std::vector<std::string>& keys) {
  const auto only_keys = [&](const Predicate& p) {
    const auto columns = p.Columns();
    return !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
      return std::find(keys.begin(), keys.end(), column) != keys.end();
    });
  };
  if (filter.op() == Predicate::Op::kAnd) {
    std::vector<Predicate> kept;
    for (const auto& child : filter.children()) {
      if (auto part = OverKeys(child, keys); !part.always_true()) kept.push_back(std::move(part));
    }
    return kept.empty() ? Predicate() : Predicate::And(std::move(kept));
  }
  return only_keys(filter) ? filter : Predicate();
}

}  // namespace glaux
