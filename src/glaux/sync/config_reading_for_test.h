#pragma once

#include <map>
#include <string>
#include <string_view>

#include "glaux/sync/config.h"

namespace glaux {

/// Read a pipeline file's text that would stand at /data/flow/pipeline.yaml, with these environment variables.
inline Result<SyncConfig> ReadText(std::string_view text, const std::map<std::string, std::string>& environment = {}) {
  return ParseSyncConfig(text, "/data/flow/pipeline.yaml", [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(std::string(name));
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

/// A file with this source (its keys as one line of YAML), in line 2.
inline Result<SourceConfig> ReadSourceText(const std::string& keys,
                                           const std::map<std::string, std::string>& environment = {}) {
  ARROW_ASSIGN_OR_RAISE(auto config, ReadText("sources:\n  s: { " + keys +
                                                  " }\n"
                                                  "destinations:\n  d: { table: a.b }\n",
                                              environment));
  return config.sources.at("s");
}

/// A file with this destination, in line 2.
inline Result<DestinationConfig> ReadDestinationText(const std::string& keys,
                                                     const std::map<std::string, std::string>& environment = {}) {
  ARROW_ASSIGN_OR_RAISE(auto config, ReadText("destinations:\n  t: { " + keys +
                                                  " }\n"
                                                  "sources:\n  s: { path: a.csv }\n",
                                              environment));
  return config.destinations.at("t");
}

}  // namespace glaux
