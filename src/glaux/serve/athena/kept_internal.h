#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/serve/kept_file.h"
#include "glaux/wire/athena_saved_query.h"
#include "glaux/wire/athena_workgroup.h"

namespace glaux::serve::athena {

struct TaggedWorkGroup {
  std::string WorkGroup = {};
  std::vector<glaux::wire::athena::Tag> Tags = {};
};
BOOST_DESCRIBE_STRUCT(TaggedWorkGroup, (), (WorkGroup, Tags))

/// What clients have us keep.
struct KeptState {
  std::vector<glaux::wire::athena::WorkGroup> WorkGroups = {};
  std::vector<glaux::wire::athena::NamedQuery> NamedQueries = {};
  std::vector<glaux::wire::athena::PreparedStatement> PreparedStatements = {};
  std::optional<std::vector<TaggedWorkGroup>> Tags = {};
};
BOOST_DESCRIBE_STRUCT(KeptState, (), (WorkGroups, NamedQueries, PreparedStatements, Tags))

/// As JSON. kCorrupt if there is a file that is none of ours.
Result<std::unique_ptr<Kept<KeptState>>> OpenKept(std::string path);

}  // namespace glaux::serve::athena
