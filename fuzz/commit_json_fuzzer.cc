// The objects of a commit log: state, record, a line of the ledger. The first byte of the input chooses.
#include "fuzz.h"
#include "glaux/table/hive/commit_json_internal.h"

namespace {

/// What is read prints, and what was printed reads and prints the same.
template <typename Parse, typename Print>
void Check(const std::string& text, Parse parse, Print print) {
  using namespace glaux;
  const auto object = parse(text);
  if (!object.ok()) {
    const auto kind = KindOf(object.status());
    Require(kind == ErrorKind::kCorrupt || kind == ErrorKind::kNotImplemented, "what does not read is kCorrupt",
            object.status().ToString());
    return;
  }
  const std::string printed = print(*object);
  const auto again = parse(printed);
  Require(again.ok(), "what was printed is read", printed + ": " + again.status().ToString());
  Require(print(*again) == printed, "what was printed prints the same", printed + "\n" + print(*again));
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {
      "\1{\"format-version\":1,\"version\":7,\"recent\":[\"a\",\"b\"],\"ledger\":[\"s\"],\"open\":\"c\"}",
      "\1{\"format-version\":2,\"version\":7,\"recent\":[],\"ledger\":[],\"open-replaces\":true,\"streams\":{\"p\":"
      "\"{}\"},\"watermark\":\"2025-01-31T08:00:00.25Z\",\"overwrites\":3,\"replaced\":[{\"id\":\"a\",\"until\":"
      "\"2025-01-31T08:00:00Z\"}]}",
      "\2{\"id\":\"a\",\"rows\":5,\"objects\":[{\"key\":\"t/"
      "a\",\"upload-id\":\"u\",\"size\":9,\"parts\":[{\"number\":1,"
      "\"etag\":\"e\",\"size\":9}]}],\"partitions\":[[\"2025\",\"01\"]],\"columns\":[{\"name\":\"a\",\"type\":\"int\"}]"
      ","
      "\"parameters\":{\"k\":\"v\"},\"sources\":[{\"key\":\"x\",\"etag\":\"e\",\"size\":1}],\"streams\":[{\"stream\":"
      "\"s\",\"expected\":\"1\",\"next\":\"2\"}],\"moves\":[{\"values\":[\"2025\"],\"from\":\"a\",\"to\":\"b\"}],"
      "\"location-from\":\"f\",\"location-to\":\"t\",\"replaces\":true,\"replaced\":[\"z\"],\"grace-seconds\":3600}",
      "\2{\"id\":\"a\",\"rows\":0,\"objects\":[],\"partitions\":[],\"columns\":[],\"sources\":[],\"create\":{\"Name\":"
      "\"t\",\"DatabaseName\":\"d\",\"CreateTime\":1.5,\"StorageDescriptor\":{\"Columns\":[{\"Name\":\"a\",\"Type\":"
      "\"int\"}],\"Location\":\"s3://b/t/\"},\"PartitionKeys\":[],\"Parameters\":{\"a\":\"b\"}}}",
      "\3{\"key\":\"s3://b/x.csv\",\"etag\":\"e\",\"size\":12,\"modified\":\"2025-01-31T08:00:00Z\"}"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 1:
      Check(
          text, [](const std::string& t) { return ParseState(t, "state.json"); }, PrintState);
      break;
    case 2:
      Check(
          text, [](const std::string& t) { return ParseRecord(t, "record.json"); }, PrintRecord);
      break;
    default:
      Check(
          text, [](const std::string& t) { return ParseLoaded(t, "segment"); }, PrintLoaded);
  }
  return 0;
}
