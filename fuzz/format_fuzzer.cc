// A reader of files, GLAUX_FUZZ_FORMAT by name. The first byte of the input chooses options; the rest is the file.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>

#include "fuzz.h"
#include "glaux/format/format.h"

namespace {

using namespace glaux;

constexpr std::string_view kFormat = GLAUX_FUZZ_FORMAT;

ReadOptions OptionsOf(uint8_t choice) {
  ReadOptions options;
  if ((choice & 1) != 0) options.on_bad_row = [](const BadRow&) { return Status::OK(); };
  options.dictionary_strings = (choice & 2) != 0;
  options.block_bytes = (choice & 4) != 0 ? 64 : 4096;
  auto& csv = options.format.csv;
  if ((choice & 8) != 0) csv.escape = '\\';
  if ((choice & 16) != 0) {
    csv.comment = '#';
    csv.max_line_bytes = 300;
  }
  if ((choice & 32) != 0) {
    csv.delimiter = ';';
    csv.decimal_separator = ',';
  }
  if ((choice & 64) != 0) {
    csv.date_formats = {"%d/%m/%Y", "%b %e, %y"};
    csv.timestamp_formats = {"%d/%m/%Y %I:%M %p", "%Y%j%H%M%S.%f %z"};
  }
  if ((choice & 128) != 0) csv.null_values = {"NULL", "-"};
  return options;
}

void CheckError(const Status& status) {
  Require(status.ok() || KindOf(status) != ErrorKind::kOther, "every error has a kind", status.ToString());
}

/// What the format wrote it reads back as the same rows.
void CheckWriting(const Format& format, const arrow::Table& table, const ReadOptions& options) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = format.OpenWriter(sink, table.schema(), {.format = options.format});
  CheckError(writer.status());
  if (!writer.ok()) return;
  arrow::TableBatchReader batches(table);
  for (const auto& batch : batches.ToRecordBatches().ValueOrDie()) {
    const auto status = (*writer)->Write(batch);
    CheckError(status);
    if (!status.ok()) return;
  }
  Require((*writer)->Close().ok(), "a file can be closed", "");
  const auto bytes = sink->Finish().ValueOrDie();
  ReadOptions again = options;
  again.schema = table.schema();
  again.on_bad_row = {};
  again.format.csv.max_line_bytes = 16 << 20;
  auto reader = format.OpenReader({.name = "again", .file = std::make_shared<arrow::io::BufferReader>(bytes)}, again);
  auto back = reader.ok() ? ToBatchReader(*std::move(reader))->ToTable() : reader.status();
  Require(back.ok(), "what was written is read", back.status().ToString() + "\n" + bytes->ToString());
  Require((*back)->Equals(table, arrow::EqualOptions::Defaults().nans_equal(true)), "what was written reads the same",
          table.ToString() + (*back)->ToString() + "\n" + bytes->ToString());
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds;
  const auto add = [&](const std::string& content) {
    for (const char choice : {'\0', '\5', '\x7e'}) seeds.push_back(choice + content);
  };
  add("a,b,c\n1,x,2025-01-01\n-2.5,\"y\"\"\nz\",\n,,2025-01-01T00:00:00.25+01:00\n");
  add("a;b\r\n1,5;31/01/2025\r\nNULL;\"Jan  5, 25\"\r\n#x\r\n");
  add("{\"a\":1,\"b\":[true,null,{\"c\":\"d\\u00e4\"}]}\n{\"a\":2.5}\n");
  add("[{\"a\":1},{\"a\":\"x\"}]");
  const auto ids = arrow::json::ArrayFromJSONString(arrow::list(arrow::int32()), "[[1,null],[],null]");
  const auto words = arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x","","zz"])");
  const auto times = arrow::json::ArrayFromJSONString(arrow::timestamp(arrow::TimeUnit::MICRO), "[0,null,5]");
  const auto amounts = arrow::json::ArrayFromJSONString(arrow::decimal128(9, 2), R"(["1.00","-2.50",null])");
  const auto pairs =
      arrow::json::ArrayFromJSONString(arrow::map(arrow::utf8(), arrow::float64()), R"([[["k",1.5]],[],null])");
  const auto both = arrow::json::ArrayFromJSONString(
      arrow::struct_({arrow::field("a", arrow::boolean()), arrow::field("b", arrow::binary())}),
      R"([{"a":true,"b":"q"},null,{"a":null,"b":null}])");
  if (!ids.ok() || !words.ok() || !times.ok() || !amounts.ok() || !pairs.ok() || !both.ok()) return seeds;
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("i", (*ids)->type()), arrow::field("w", (*words)->type()),
                                        arrow::field("t", (*times)->type()), arrow::field("m", (*amounts)->type()),
                                        arrow::field("p", (*pairs)->type()), arrow::field("s", (*both)->type())}),
                         {*ids, *words, *times, *amounts, *pairs, *both});
  const auto format = FormatByName(kFormat);
  if (!format.ok()) return seeds;
  for (const std::string codec : {"null", "deflate", "snappy", "bzip2", "xz", "zstandard"}) {
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    auto writer = (*format)->OpenWriter(sink, table->schema(), {.format = {.avro = {.compression = codec}}});
    if (!writer.ok() || !(*writer)->Write(table->CombineChunksToBatch().ValueOrDie()).ok()) break;
    if ((*writer)->Close().ok()) add(sink->Finish().ValueOrDie()->ToString());
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto found = FormatByName(kFormat);
  if (!found.ok() || size == 0) return 0;
  const Format& format = **found;
  const ReadOptions options = OptionsOf(data[0]);
  const InputFile input{.name = "a." + std::string(kFormat),
                        .file = std::make_shared<arrow::io::BufferReader>(
                            arrow::Buffer::FromString(std::string(reinterpret_cast<const char*>(data + 1), size - 1)))};
  CheckError(format.Infer(input, {.format = options.format, .sample_bytes = 500}).status());
  auto reader = format.OpenReader(input, options);
  CheckError(reader.status());
  if (!reader.ok()) return 0;
  const auto schema = (*reader)->schema();
  arrow::RecordBatchVector batches;
  while (true) {
    const auto task = (*reader)->Next();
    CheckError(task.status());
    if (!task.ok()) return 0;
    if (!*task) break;
    const auto batch = (**task)();
    CheckError(batch.status());
    if (!batch.ok()) return 0;
    const auto valid = (*batch)->ValidateFull();
    Require(valid.ok(), "batches are valid", valid.ToString());
    Require((*batch)->schema()->Equals(*schema), "batches have the reader's schema", (*batch)->schema()->ToString());
    batches.push_back(*batch);
  }
  const auto table = arrow::Table::FromRecordBatches(schema, batches);
  // Dictionaries of other batches are unequal, whatever they hold.
  if (table.ok() && !options.dictionary_strings && (kFormat == "csv" || kFormat == "avro"))
    CheckWriting(format, **table, options);
  return 0;
}
