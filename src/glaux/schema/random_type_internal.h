#pragma once

#include <arrow/api.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace glaux::schema_internal {

/// Nested types by chance, the same ones for the same seed. For tests.
class RandomTypes {
 public:
  using TypePtr = std::shared_ptr<arrow::DataType>;

  RandomTypes(uint32_t seed, std::vector<TypePtr> leaves, std::vector<std::string> names)
      : random_(seed), leaves_(std::move(leaves)), names_(std::move(names)) {}

  size_t Pick(size_t count) { return random_() % count; }

  TypePtr Next(int depth = 4) {
    const size_t kind = depth == 0 ? 0 : Pick(6);
    if (kind == 3) return arrow::list(arrow::field("element", Next(depth - 1)));
    if (kind == 4) return arrow::map(leaves_[Pick(leaves_.size())], Next(depth - 1));
    if (kind == 5) {
      arrow::FieldVector fields;
      const size_t first = Pick(names_.size());
      const size_t count = 1 + Pick(std::min<size_t>(4, names_.size()));
      for (size_t i = 0; i < count; ++i)
        fields.push_back(arrow::field(names_[(first + i) % names_.size()], Next(depth - 1)));
      return arrow::struct_(std::move(fields));
    }
    return leaves_[Pick(leaves_.size())];
  }

  /// A text made of pieces of a grammar.
  std::string Garbage(const std::vector<std::string>& pieces) {
    std::string text;
    for (size_t n = Pick(14); n > 0; --n) text += pieces[Pick(pieces.size())];
    return text;
  }

 private:
  std::mt19937 random_;
  std::vector<TypePtr> leaves_;
  std::vector<std::string> names_;
};

}  // namespace glaux::schema_internal
