// How people write the fields of a partition.
#include "fuzz.h"
#include "glaux/table/table.h"

std::vector<std::string> FuzzSeeds() {
  return {"day(lineItem/UsageStartDate), region", "year()", "hour( t ),identity(x)", "\"a,b\", month(`c`)"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const auto fields = ParsePartitionSpec({reinterpret_cast<const char*>(data), size});
  if (!fields.ok()) {
    Require(KindOf(fields.status()) == ErrorKind::kInvalid, "a spec that is none is kInvalid",
            fields.status().ToString());
    return 0;
  }
  const auto printed = ToString(*fields);
  const auto again = ParsePartitionSpec(printed);
  Require(again.ok() && *again == *fields, "what was printed reads the same", printed);
  return 0;
}
