// Results of Athena as its client reads them: lines in quotes, values of every type, nested texts, EXPLAIN's answers.
// The first byte of the input chooses.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "fuzz.h"
#include "glaux/engine/athena/result_block_internal.h"
#include "glaux/engine/athena/result_types_internal.h"
#include "glaux/engine/query_estimate.h"
#include "glaux/schema/types.h"

using namespace glaux;
using namespace glaux::athena;

namespace {

constexpr const char* kTypes[] = {"varchar",
                                  "bigint",
                                  "double",
                                  "decimal(38,5)",
                                  "date",
                                  "timestamp(6)",
                                  "time(6)",
                                  "timestamp(6) with time zone",
                                  "varbinary",
                                  "boolean",
                                  "real",
                                  "array(map(varchar, row(a integer, b array(varchar))))",
                                  "map(integer, varchar)",
                                  "row(x double, y row(z varchar))"};
constexpr size_t kCount = std::size(kTypes);

const std::vector<std::shared_ptr<const ResultColumns>>& Columns() {
  static const auto columns = [] {
    std::vector<std::shared_ptr<const ResultColumns>> made;
    for (const auto* type : kTypes) {
      const auto field = arrow::field("c", ParseAthenaType(type).ValueOrDie());
      made.push_back(ResultColumns::Make(arrow::schema({field})).ValueOrDie());
    }
    return made;
  }();
  return columns;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {std::string(1, '\0') + "\"a\"\n\"say \"\"hi\"\"\"\n\n",
          "\1\"-5\"\n",
          "\3\"-12.50000\"\n",
          "\7\"2025-01-31 08:30:00.000 +02:00\"\n",
          "\10\"01 ff\"\n",
          "\13\"[{k={a=1, b=[x, y]}}, null]\"\n",
          "\14\"{1=a, 2=b}\"\n",
          "\15\"{x=1.0, y={z=w}}\"\n",
          "\16{\"name\":\"Output\",\"descriptor\":{\"columnNames\":\"[a]\"},\"outputs\":[{\"symbol\":\"a\",\"type\":"
          "\"integer\"}]}",
          "\17{\"inputTableColumnInfos\":[{\"estimate\":{\"outputSizeInBytes\":1.0}}]}"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t chosen = data[0] % (kCount + 2);
  if (chosen == kCount) static_cast<void>(ReadExplainedColumns(input));
  if (chosen == kCount + 1) static_cast<void>(ParseIoPlan(input));
  if (chosen >= kCount) return 0;
  // What ends in the middle of a row is cut where rows end, and read to its end.
  const size_t whole = WholeRows(input);
  Require(whole <= input.size() && (whole == 0 || input[whole - 1] == '\n'), "whole rows end with a line",
          std::string(input));
  for (const auto text : {input.substr(0, whole), input}) {
    std::vector<Cell> cells;
    if (!ReadCells(text, 1, 1, &cells).ok()) continue;
    const auto batch = Columns()[chosen]->ToBatch(cells, 1);
    if (!batch.ok()) continue;
    Require((*batch)->Validate().ok(), "a batch is whole", std::string(text));
    Require((*batch)->num_rows() == static_cast<int64_t>(cells.size()), "each line is a row", std::string(text));
  }
  return 0;
}
