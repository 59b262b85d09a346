#pragma once

#include "glaux/base/status.h"
#include "glaux/wire/athena_query.h"

namespace glaux::athena {

/// Why a query that Athena says is FAILED has failed, with its id. The kind is that of the word in front of the reason
/// ("TABLE_NOT_FOUND: …"), else that of the error's category.
Status FailureOf(const glaux::wire::athena::QueryExecution& execution);

/// Whether a statement is one that Athena bills by what it scans.
bool IsBilled(const glaux::wire::athena::QueryExecution& execution);

}  // namespace glaux::athena
