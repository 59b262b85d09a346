#include "glaux/engine/athena/execution_error_internal.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace glaux::athena {
namespace {

using enum ErrorKind;

struct Word {
  std::string_view word;
  ErrorKind kind;
};

// Trino's names of errors, "StandardErrorCode" and "HiveErrorCode", and words of Hive's statements: those whose kind is
// another one than the category's. Sorted.
constexpr Word kWords[] = {
    {"ALREADY_EXISTS", kAlreadyExists},
    {"AccessDeniedException", kDenied},
    {"AlreadyExistsException", kAlreadyExists},
    {"CATALOG_NOT_FOUND", kNotFound},
    {"CLUSTER_OUT_OF_MEMORY", kUnavailable},
    {"COLUMN_ALREADY_EXISTS", kAlreadyExists},
    {"EXCEEDED_TIME_LIMIT", kTimeout},
    {"EntityNotFoundException", kNotFound},
    {"GENERIC_INTERNAL_ERROR", kUnavailable},
    {"HIVE_BAD_DATA", kCorrupt},
    {"HIVE_CURSOR_ERROR", kCorrupt},
    {"HIVE_FILE_NOT_FOUND", kNotFound},
    {"HIVE_FILESYSTEM_ERROR", kUnavailable},
    {"HIVE_PARTITION_SCHEMA_MISMATCH", kInvalid},
    {"HIVE_TABLE_DROPPED_DURING_QUERY", kPrecondition},
    {"ICEBERG_COMMIT_ERROR", kPrecondition},
    {"ICEBERG_INVALID_METADATA", kCorrupt},
    {"NOT_FOUND", kNotFound},
    {"NOT_SUPPORTED", kNotImplemented},
    {"PERMISSION_DENIED", kDenied},
    {"SCHEMA_ALREADY_EXISTS", kAlreadyExists},
    {"SCHEMA_NOT_FOUND", kNotFound},
    {"TABLE_ALREADY_EXISTS", kAlreadyExists},
    {"TABLE_NOT_FOUND", kNotFound},
    {"TRANSACTION_CONFLICT", kPrecondition},
    {"VIEW_NOT_FOUND", kNotFound},
};

/// The word in front of a reason: "TABLE_NOT_FOUND: line 1:15: …".
std::string_view FirstWord(std::string_view reason) {
  const auto end = std::find_if_not(reason.begin(), reason.end(),
                                    [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
  return reason.substr(0, static_cast<size_t>(end - reason.begin()));
}

ErrorKind KindOfCategory(const wire::athena::AthenaError& error) {
  switch (error.ErrorCategory.value_or(0)) {
    case 1:
      return kUnavailable;
    case 2:
      return kInvalid;
    default:
      return error.Retryable.value_or(false) ? kUnavailable : kOther;
  }
}

}  // namespace

Status FailureOf(const wire::athena::QueryExecution& execution) {
  const auto status = execution.Status.value_or(wire::athena::QueryExecutionStatus());
  const auto error = status.AthenaError.value_or(wire::athena::AthenaError());
  std::string reason = status.StateChangeReason.value_or("");
  if (reason.empty()) reason = error.ErrorMessage.value_or("Athena says no reason");
  const std::string_view word = FirstWord(reason);
  const auto* known =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& one) { return one.word == word; });
  ErrorInfo info{.kind = known != std::end(kWords) ? known->kind : KindOfCategory(error), .service = "athena"};
  info.operation = "StartQueryExecution";
  if (known != std::end(kWords) || word.find('_') != word.npos) info.code = std::string(word);
  std::string category;
  if (error.ErrorCategory) {
    category = *error.ErrorCategory == 1 ? "system" : *error.ErrorCategory == 2 ? "user" : "other";
    category = ", " + category + " error";
    if (error.ErrorType) category += " " + std::to_string(*error.ErrorType);
  }
  return MakeError(std::move(info), "query ", execution.QueryExecutionId.value_or(""), " failed", category, ": ",
                   reason);
}

bool IsBilled(const wire::athena::QueryExecution& execution) {
  const auto statistics = execution.Statistics.value_or(wire::athena::QueryExecutionStatistics());
  if (statistics.ResultReuseInformation && statistics.ResultReuseInformation->ReusedPreviousResult) return false;
  const auto state = execution.Status ? execution.Status->State.value_or("") : "";
  if (state == "FAILED") return false;  // a cancelled one is billed for what it scanned
  return statistics.DataScannedInBytes.value_or(0) > 0 || (execution.StatementType == "DML" && state == "SUCCEEDED");
}

}  // namespace glaux::athena
