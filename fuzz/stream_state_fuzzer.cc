// What a pipeline remembers of a source: a JSON object.
#include "fuzz.h"
#include "glaux/sync/cursor.h"

std::vector<std::string> FuzzSeeds() {
  return {"{\"version\":1,\"updated_at\":\"2026-01-31T00:00:00Z\",\"runs\":3}",
          "{\"version\":1,\"updated_at\":\"\",\"runs\":1,\"cursor\":{\"column\":\"t\",\"type\":\"timestamp\",\"last\":"
          "\"2026-01-31T00:00:00Z\",\"seen\":{\"a\":{\"value\":\"2026-01-31T00:00:00Z\",\"count\":2}}}}"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const auto state = StreamState::Parse({reinterpret_cast<const char*>(data), size}, "s");
  if (!state.ok()) {
    const auto kind = KindOf(state.status());
    Require(kind == ErrorKind::kCorrupt || kind == ErrorKind::kNotImplemented, "what is no state is kCorrupt",
            state.status().ToString());
    return 0;
  }
  const auto printed = state->ToString();
  const auto again = StreamState::Parse(printed, "s");
  Require(again.ok() && again->ToString() == printed, "what was printed reads the same", printed);
  return 0;
}
