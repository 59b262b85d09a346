#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "glaux/catalog/catalog.h"
#include "glaux/schema/predicate.h"

namespace glaux {

/// Encoded partition keys from `first` on and before `last`; no `last`: to the end.
struct KeyRange {
  std::string first;
  std::optional<std::string> last;
};

/// A partition expression made ready to test many partitions. Not thread-safe: it remembers typed values.
class PartitionFilter {
 public:
  /// kInvalid: the expression does not parse, names what is no partition key, or a key's type is not known.
  static Result<PartitionFilter> Make(const TableId& table, const std::vector<Column>& keys,
                                      std::string_view expression);

  /// Disjoint ranges in order that hold every partition that can match, from conditions on the leading text keys.
  const std::vector<KeyRange>& ranges() const { return ranges_; }

  /// kInvalid if a value is not of its key's type: leaving the partition out would lose its rows without a word.
  Result<bool> Matches(const std::vector<std::string>& values);

 private:
  struct Key {
    std::string name;
    std::shared_ptr<arrow::DataType> type = {};
    std::unordered_map<std::string, std::shared_ptr<arrow::Scalar>> seen = {};
  };

  void FindRanges();
  Result<std::shared_ptr<arrow::Scalar>> Typed(Key& key, const std::string& value);

  TableId table_;
  std::vector<Key> keys_;
  std::unordered_map<std::string, size_t> used_;  // keys that the expression names
  Predicate predicate_;
  std::vector<KeyRange> ranges_;
};

}  // namespace glaux
