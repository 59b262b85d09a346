#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/wire/json_shape.h"

// Databases, tables and partitions as AWS Glue's JSON has them, and the errors about them. catalog/entry_json.h reads
// and writes what a catalog of ours keeps of them; here is what else there is in Glue.
namespace glaux::wire::glue {

/// The head that names an operation: "AWSGlue.GetTable".
inline constexpr std::string_view kTargetPrefix = "AWSGlue.";
inline constexpr std::string_view kContentType = "application/x-amz-json-1.1";

/// Of one entry of a batch.
struct ErrorDetail {
  std::optional<std::string> ErrorCode = {};
  std::optional<std::string> ErrorMessage = {};
};
BOOST_DESCRIBE_STRUCT(ErrorDetail, (), (ErrorCode, ErrorMessage))

/// Check the JSON of what a request gives for an entry. kInvalid with the code ValidationException: a field that Glue
/// does not have; InvalidInputException: one that it has and that a catalog of ours cannot keep, unless it is empty.
Status CheckDatabaseInput(boost::json::object& input);
Status CheckTableInput(boost::json::object& input);
Status CheckPartitionInput(boost::json::object& input);

/// An entry of an answer as the input of an update: without what only the service sets.
boost::json::object DatabaseInputOf(boost::json::object database);
boost::json::object TableInputOf(boost::json::object table);

/// Put what `changed` has, of all that catalog/entry_json.h writes, in the place of what `input` has. What that does
/// not know stays as it was: a schema of the registry, skewed columns, permissions, times of access.
void OverlayDatabase(boost::json::object changed, boost::json::object* input);
void OverlayTable(boost::json::object changed, boost::json::object* input);

}  // namespace glaux::wire::glue
