#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// A column name as Glue and Athena can use it: lower case, runs of what is not a letter, digit or underscore become
/// one underscore ("lineItem/UnblendedCost" -> "lineitem_unblendedcost", "Größe" -> "größe", "a  b" -> "a_b"). Leading
/// and trailing underscores that the rewrite made are dropped; a name of which nothing is left is "column". The result
/// is composed (NFC); bytes that are not UTF-8 count as what is not a letter.
std::string NormalizeColumnName(std::string_view name);

/// Lower case and composed, with nothing else changed: how a column that a person wrote is looked up.
std::string FoldName(std::string_view name);

struct NameMapping {
  std::string source;  ///< as the data has it
  std::string column;  ///< as the table has it
  bool rewritten() const { return source != column; }
};

/// Normalize the names of one file or schema. kInvalid if two of them meet in one name: the error names both.
/// Duplicates in the source, names that are not UTF-8 and names over Glue's 255 characters are errors too.
Result<std::vector<NameMapping>> NormalizeColumnNames(const std::vector<std::string>& names);

/// Check a database or table name: 1 to 255 of a-z, 0-9, _ and -; upper case is folded. kInvalid.
Result<std::string> NormalizeTableName(std::string_view name);

}  // namespace glaux
