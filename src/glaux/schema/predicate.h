#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// A condition over columns: what Glue's GetPartitions takes as Expression, and what a scan takes as filter.
///
/// Grammar (SQL, as Glue's "GetPartitions" page lists it): `=`, `<>`, `!=`, `<`, `<=`, `>`, `>=`, [NOT] BETWEEN … AND
/// …, [NOT] IN (…), [NOT] LIKE, IS [NOT] NULL, AND, OR, NOT, parentheses; literals are 'text', numbers, TRUE, FALSE,
/// DATE '2025-01-31', TIMESTAMP '2025-01-31 08:00:00'; names may be quoted with " or `. Comparisons with null are
/// unknown, as in SQL. Immutable and cheap to copy; the default is always true.
class Predicate {
 public:
  enum class Op { kTrue, kCompare, kIn, kLike, kIsNull, kAnd, kOr, kNot };
  enum class Comparison { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

  Predicate() = default;
  /// kInvalid with the position of what was not understood. Empty text is always true.
  static Result<Predicate> Parse(std::string_view text);

  static Predicate Compare(std::string column, Comparison comparison, std::shared_ptr<arrow::Scalar> value);
  static Predicate In(std::string column, std::vector<std::shared_ptr<arrow::Scalar>> values);
  /// % is any text, _ one character, and a backslash takes the meaning from the character behind it. (In Parse's text
  /// only ESCAPE does that.)
  static Predicate Like(std::string column, std::string pattern);
  static Predicate IsNull(std::string column);
  static Predicate And(std::vector<Predicate> children);
  static Predicate Or(std::vector<Predicate> children);
  static Predicate Not(Predicate child);

  Op op() const;
  bool always_true() const { return op() == Op::kTrue; }
  Comparison comparison() const;                                      ///< of kCompare
  const std::string& column() const;                                  ///< of kCompare, kIn, kLike, kIsNull; lower case
  const std::vector<std::shared_ptr<arrow::Scalar>>& values() const;  ///< of kCompare (one), kIn
  const std::string& pattern() const;                                 ///< of kLike, as Like takes it
  const std::vector<Predicate>& children() const;                     ///< of kAnd, kOr, kNot (one)

  /// Columns named anywhere, each once, sorted.
  std::vector<std::string> Columns() const;
  /// SQL that Parse reads back; empty if always true.
  std::string ToString() const;

  /// Value of a column; null pointer: this row's value is not known. A null Scalar is SQL's NULL.
  using Lookup = std::function<std::shared_ptr<arrow::Scalar>(const std::string& column)>;
  enum class Truth { kFalse, kTrue, kUnknown };
  /// SQL's three-valued truth. Literals are cast to the type of the value they meet (text '07' meets int 7 as 7, the
  /// number 7 meets text as '7', a date meets a timestamp as midnight UTC); kInvalid if that fails. Text is ordered by
  /// its bytes. A column whose value is not known makes its comparison kUnknown.
  Result<Truth> Evaluate(const Lookup& lookup) const;

 private:
  struct Node;
  std::shared_ptr<const Node> node_;
};

}  // namespace glaux
