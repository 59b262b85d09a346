// Requests and answers of AWS Glue. The first byte of the input chooses which one is read; what was read is written and
// read again.
#include "fuzz.h"
#include "glaux/wire/glue_account.h"
#include "glaux/wire/glue_database.h"
#include "glaux/wire/glue_partition.h"
#include "glaux/wire/glue_statistics.h"
#include "glaux/wire/glue_table.h"

using namespace glaux;
using namespace glaux::wire;
using namespace glaux::wire::glue;

std::vector<std::string> FuzzSeeds() {
  const auto storage = boost::json::parse(R"({"Columns":[{"Name":"a","Type":"int","Parameters":{"k":"v"}}],
      "SerdeInfo":{"Parameters":{"a":"b"}},"SortColumns":[{"Column":"a","SortOrder":1}],"SkewedInfo":{}})");
  const boost::json::object table{
      {"Name", "t"}, {"StorageDescriptor", storage}, {"PartitionKeys", storage.at("Columns")}};
  const boost::json::object partition{{"Values", {"a", "b"}}, {"StorageDescriptor", storage}};
  const std::vector<std::string> documents = {
      PrintShape(UpdateTableRequest{.DatabaseName = "d", .TableInput = table, .VersionId = "1"}),
      PrintShape(
          GetPartitionsRequest{.DatabaseName = "d", .TableName = "t", .Segment = Segment{1, 4}, .MaxResults = 5}),
      PrintShape(BatchUpdatePartitionRequest{.DatabaseName = "d",
                                             .TableName = "t",
                                             .Entries = {{.PartitionValueList = {"a"}, .PartitionInput = partition}}}),
      PrintShape(UpdateColumnStatisticsForTableRequest{
          .DatabaseName = "d",
          .TableName = "t",
          .ColumnStatisticsList = {{.ColumnName = "c",
                                    .ColumnType = "int",
                                    .AnalyzedTime = Timestamp(std::chrono::microseconds(1'234'567))}}}),
      PrintShape(CreateDatabaseRequest{.DatabaseInput = {{"Name", "d"}}, .Tags = {{{"k", "v"}}}}),
      PrintShape(
          PartitionErrorsResponse{.Errors = {{{.PartitionValues = {{"a"}},
                                               .ErrorDetail = ErrorDetail{.ErrorCode = "InternalServiceException"}}}}}),
      PrintShape(GetTablesResponse{.TableList = {{table}}, .NextToken = "t"})};
  std::vector<std::string> seeds;
  for (size_t i = 0; i < documents.size(); ++i) seeds.push_back(static_cast<char>(i) + documents[i]);
  return seeds;
}

/// Entries are looked at as the server does.
void CheckEntry(std::optional<boost::json::object> entry, Status (*check)(boost::json::object&)) {
  if (!entry) return;
  const Status status = check(*entry);
  Require(status.ok() || KindOf(status) == ErrorKind::kInvalid, "every error is kInvalid", status.ToString());
}

template <typename Shape>
void Check(std::string_view text) {
  static_cast<void>(ParseShape<Shape>(text, UnknownFields::kSkip));
  const auto read = ParseShape<Shape>(text, UnknownFields::kRefuse);
  if (!read.ok()) {
    Require(KindOf(read.status()) == ErrorKind::kInvalid, "every error is kInvalid", read.status().ToString());
    return;
  }
  if constexpr (requires { read->TableInput; }) CheckEntry(read->TableInput, CheckTableInput);
  if constexpr (requires { read->DatabaseInput; }) CheckEntry(read->DatabaseInput, CheckDatabaseInput);
  if constexpr (requires { read->Entries; }) {
    for (const auto& entry : read->Entries) CheckEntry(entry.PartitionInput, CheckPartitionInput);
  }
  const std::string written = PrintShape(*read);
  const auto again = ParseShape<Shape>(written, UnknownFields::kRefuse);
  Require(again.ok(), "what was written is read", written + ": " + again.status().ToString());
  Require(PrintShape(*again) == written, "what was written is written the same", written);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  using Checker = void (*)(std::string_view);
  constexpr Checker kCheckers[] = {Check<UpdateTableRequest>,
                                   Check<GetPartitionsRequest>,
                                   Check<BatchUpdatePartitionRequest>,
                                   Check<UpdateColumnStatisticsForTableRequest>,
                                   Check<CreateDatabaseRequest>,
                                   Check<PartitionErrorsResponse>,
                                   Check<GetTablesResponse>};
  kCheckers[data[0] % std::size(kCheckers)](text);
  return 0;
}
