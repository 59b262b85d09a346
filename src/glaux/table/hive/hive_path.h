#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// How Hive writes null into a partition's path.
inline constexpr char kHiveNullPartition[] = "__HIVE_DEFAULT_PARTITION__";

/// Escape one partition value as Hive's FileUtils.escapePathName: control characters and "#%'*/:=?\{[]^ become %XX;
/// an empty value is kHiveNullPartition.
std::string EscapePartitionValue(std::string_view value);

/// Undo EscapePartitionValue. A % that is not followed by two hexadecimal digits stands for itself.
std::string UnescapePartitionValue(std::string_view text);

/// "year=2025/month=01/day=31/"; empty for no keys.
std::string PartitionPath(std::span<const std::string> keys, std::span<const std::string> values);

/// The values in the folders of `path` ("year=2025/month=01/x.parquet"), which must begin with the keys in their order.
/// kInvalid if they do not.
Result<std::vector<std::string>> ParsePartitionPath(std::string_view path, std::span<const std::string> keys);

/// Whether readers pass over a path below a table: a segment begins with '_' or '.', but not a partition folder
/// ("_col=1").
bool IsHiddenPath(std::string_view path);

}  // namespace glaux
