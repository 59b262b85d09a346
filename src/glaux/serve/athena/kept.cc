#include "glaux/serve/athena/kept_internal.h"

namespace glaux::serve::athena {

Result<std::unique_ptr<Kept<KeptState>>> OpenKept(std::string path) {
  return Kept<KeptState>::Open(std::move(path),
                               {.parse =
                                    [](std::string text) {
                                      return glaux::wire::ParseShape<KeptState>(std::move(text),
                                                                                glaux::wire::UnknownFields::kSkip);
                                    },
                                .print = [](const KeptState& state) { return glaux::wire::PrintShape(state); },
                                .what = "workgroups, named queries and prepared statements"});
}

}  // namespace glaux::serve::athena
