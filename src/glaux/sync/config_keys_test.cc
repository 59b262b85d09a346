#include <chrono>

#include "glaux/sync/config_keys_internal.h"
#include "glaux/sync/config_reading_for_test.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using namespace std::chrono_literals;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::Pair;

Timestamp At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

TEST(PipelineSource, TakesBothFormsOfS3AndPaths) {
  const auto uris = [](const std::string& keys) { return ReadSourceText(keys).ValueOrDie().uris; };
  EXPECT_THAT(uris("connector: s3, uri: 's3://b/a/*.csv'"), ElementsAre("s3://b/a/*.csv"));
  EXPECT_THAT(uris("connector: s3, bucket: b, key: a.csv"), ElementsAre("s3://b/a.csv"));
  EXPECT_THAT(uris("bucket: b, key: [a.csv, 'c/**']"), ElementsAre("s3://b/a.csv", "s3://b/c/**"));
  EXPECT_THAT(uris("uri: ['s3://b/a.csv', 'file:///x/y.csv', z.csv]"),
              ElementsAre("s3://b/a.csv", "file:///x/y.csv", "file:///data/flow/z.csv"));
  EXPECT_THAT(uris("connector: file, path: '../in/**/*.{csv,tsv}'"), ElementsAre("file:///data/in/**/*.{csv,tsv}"));
  EXPECT_THAT(uris("path: [/abs/a.csv, ./b.csv, in/]"),
              ElementsAre("file:///abs/a.csv", "file:///data/flow/b.csv", "file:///data/flow/in/"));
}

TEST(PipelineSource, AddressesThatCannotBeAreErrors) {
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadSourceText(keys));
  };
  fails("connector: s3, uri: a.csv", "expected s3://bucket/key for connector s3, found: a.csv");
  fails("connector: s3", "source s has no address");
  fails("format: csv", "source s has no address");
  fails("connector: s3, bucket: b", "key is missing beside it");
  fails("connector: s3, key: b", "bucket is missing beside it");
  fails("bucket: 's3://b', key: a", "expected the bare name of a bucket");
  fails("bucket: b, key: /a", "a key, which does not begin with '/'");
  fails("bucket: b, key: a, uri: 's3://b/a'", "is the same as uri");
  fails("bucket: b, key: a, path: b", "does not fit bucket and key");
  fails("path: a, uri: b", "path of source s: is the same as uri, which is given too");
  fails("connector: file, bucket: b, key: a", "does not fit connector file");
  fails("connector: file, path: 's3://b/a'", "s3:// stands under uri");
  fails("connector: file, uri: 's3://b/a'", "s3:// stands under uri");
  fails("uri: 's3://b'", "expected s3://bucket/key");
  fails("uri: 's3:///a'", "expected s3://bucket/key");
  fails("uri: 'http://b/a'", "expected s3://bucket/key, file:///path or a path, found: http://b/a");
  fails("uri: 'file://a'", "expected file:/// and an absolute path");
  fails("uri: a.duckdb", "a DuckDB file can be a destination only");
  fails("uri: []", "expected a text or a list of texts, found: a list");
  fails("uri: [[a]]", "expected a text, found: a list");
  fails("uri: { a: b }", "expected a text or a list of texts, found: keys and values");
  fails("uri:", "expected a text or a list of texts, found: nothing");
  fails("connector: sftp, uri: a", "expected s3, file, files, table or query, found: sftp");
}

TEST(PipelineSource, ACustomersKeyIsCheckedAndNeverShown) {
  const std::string good = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";  // of 32 bytes
  const std::string s3 = "uri: 's3://b/a.csv', sse_customer_key: '${KEY}'";
  ASSERT_OK_AND_ASSIGN(const auto source, ReadSourceText(s3, {{"KEY", good}}));
  EXPECT_EQ(source.s3.sse_customer_key.Expose(), good);
  for (const std::string bad : {"c2hvcnQ=", "not base64 at all"}) {
    const auto status = ReadSourceText(s3, {{"KEY", bad}}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalid);
    EXPECT_THAT(status.message(), HasSubstr("expected base64 of 32 bytes"));
    EXPECT_THAT(status.message(), Not(HasSubstr(bad)));
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "is of s3:// addresses",
               ReadSourceText("path: a.csv, sse_customer_key: '" + good + "'"));
}

TEST(PipelineDestination, EncryptionAndTagsFitEachOther) {
  const std::string key = "sse_customer_key: a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
  ASSERT_OK_AND_ASSIGN(
      const auto destination,
      ReadDestinationText("uri: 's3://b/a/', sse: 'aws:kms', sse_bucket_key: false, tags: { team: x }"));
  EXPECT_EQ(destination.s3.sse_bucket_key, false);
  EXPECT_EQ(destination.s3.tags, (std::map<std::string, std::string>{{"team", "x"}}));
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadDestinationText("uri: 's3://b/a/', " + keys));
  };
  fails("sse: AES256, " + key, "sse of destination t: does not fit sse_customer_key");
  fails("sse: AES256, sse_bucket_key: true", "sse_bucket_key of destination t: needs sse: aws:kms");
  fails("tags: x", "names with texts");
  fails("tags: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1 }", "at most 10 tags, these are 11");
}

TEST(PipelineSource, UriPicksTheConnector) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadSourceText("uri: 'table:Sales.Orders'"));
  EXPECT_EQ(table.kind, SourceConfig::Kind::kTable);
  EXPECT_EQ(table.table, (TableId{"sales", "orders"}));
  ASSERT_OK_AND_ASSIGN(const auto query, ReadSourceText("uri: 'sql: SELECT 1'"));
  EXPECT_EQ(query.kind, SourceConfig::Kind::kQuery);
  EXPECT_EQ(query.sql, "SELECT 1");
  ASSERT_OK_AND_ASSIGN(const auto bare, ReadSourceText("table: orders"));
  EXPECT_EQ(bare.table, (TableId{"", "orders"}));
  ASSERT_OK_AND_ASSIGN(const auto sql, ReadSourceText("sql: SELECT 2"));
  EXPECT_EQ(sql.kind, SourceConfig::Kind::kQuery);
  ASSERT_FAILS(ErrorKind::kInvalid, "stand alone", ReadSourceText("uri: ['table:a.b', c.csv]"));
  ASSERT_FAILS(ErrorKind::kInvalid, "names a table, and the connector is s3",
               ReadSourceText("connector: s3, uri: 'table:a.b'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected database.table", ReadSourceText("table: a.b.c"));
  ASSERT_FAILS(ErrorKind::kInvalid, "source s has no table", ReadSourceText("connector: table"));
  ASSERT_FAILS(ErrorKind::kInvalid, "source s has no sql", ReadSourceText("connector: query"));
}

TEST(PipelineSource, HasCsvOptions) {
  ASSERT_OK_AND_ASSIGN(
      const auto source,
      ReadSourceText("path: a.txt, format: csv, delimiter: pipe, quote: \"'\", escape: '\\', comment: '#', "
                     "names: [a, b], null_values: ['', NA], decimal_separator: ',', date_formats: ['%d.%m.%Y'], "
                     "timestamp_formats: ['%d.%m.%Y %H:%M'], encoding: latin-1, compression: gzip, max_line: 1MiB, "
                     "max_inflation: 50, types: { zip: string, n: 'decimal(10,2)' }, hints: { '*_at': timestamp }, "
                     "sample: 4MiB, file_column: _file"));
  const auto& csv = source.format_options.csv;
  EXPECT_EQ(csv.delimiter, '|');
  EXPECT_EQ(csv.quote, '\'');
  EXPECT_THAT(csv.escape, Optional('\\'));
  EXPECT_THAT(csv.comment, Optional('#'));
  EXPECT_THAT(csv.column_names, Optional(ElementsAre("a", "b")));
  EXPECT_THAT(csv.null_values, ElementsAre("", "NA"));
  EXPECT_EQ(csv.decimal_separator, ',');
  EXPECT_THAT(csv.date_formats, ElementsAre("%d.%m.%Y"));
  EXPECT_THAT(csv.timestamp_formats, ElementsAre("%d.%m.%Y %H:%M"));
  EXPECT_EQ(csv.max_line_bytes, 1 << 20);
  EXPECT_EQ(source.format_options.text.encoding, "latin-1");
  EXPECT_EQ(source.format_options.text.compression, "gzip");
  EXPECT_EQ(source.format_options.text.max_inflation, 50);
  EXPECT_THAT(source.format, Optional(std::string("csv")));
  EXPECT_THAT(source.types, ElementsAre(Pair("n", "decimal(10,2)"), Pair("zip", "string")));
  EXPECT_THAT(source.hints, ElementsAre(Pair("*_at", "timestamp")));
  EXPECT_THAT(source.sample_bytes, Optional(4 << 20));
  EXPECT_THAT(source.file_column, Optional(std::string("_file")));
}

TEST(PipelineSource, CsvHeadersTabsAndSingleForms) {
  ASSERT_OK_AND_ASSIGN(const auto source,
                       ReadSourceText("path: 'in/*.{csv,tsv}', delimiter: \"\\t\", header: false, null_value: 'NULL', "
                                      "date_format: '%d/%m/%Y', timestamp_format: '%s', sample: all"));
  EXPECT_EQ(source.format_options.csv.delimiter, '\t');
  EXPECT_THAT(source.format_options.csv.column_names, Optional(IsEmpty()));
  EXPECT_THAT(source.format_options.csv.null_values, ElementsAre("NULL"));
  EXPECT_THAT(source.format_options.csv.date_formats, ElementsAre("%d/%m/%Y"));
  EXPECT_THAT(source.format_options.csv.timestamp_formats, ElementsAre("%s"));
  EXPECT_THAT(source.sample_bytes, Optional(0));
  ASSERT_OK_AND_ASSIGN(const auto named, ReadSourceText("path: a.csv, header: true, delimiter: tab"));
  EXPECT_FALSE(named.format_options.csv.column_names);
  EXPECT_EQ(named.format_options.csv.delimiter, '\t');
  ASSERT_FAILS(ErrorKind::kInvalid, "does not fit header: true", ReadSourceText("path: a.csv, header: true, names: a"));
  ASSERT_FAILS(ErrorKind::kInvalid, "the same character", ReadSourceText("path: a.csv, comment: ';', delimiter: ';'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected one ASCII character", ReadSourceText("path: a.csv, delimiter: '||'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected one ASCII character", ReadSourceText("path: a.csv, delimiter: ''"));
  ASSERT_FAILS(ErrorKind::kInvalid, "is the same as date_formats",
               ReadSourceText("path: a.csv, date_format: a, date_formats: b"));
  ASSERT_FAILS(ErrorKind::kInvalid, "found: nothing, or a null; quote it",
               ReadSourceText("path: a.csv, null_values: [NULL]"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected true or false, found: yes", ReadSourceText("path: a.csv, header: yes"));
}

TEST(PipelineSource, HasJsonOptions) {
  ASSERT_OK_AND_ASSIGN(const auto source,
                       ReadSourceText("path: a.json.gz, records: /Records, max_depth: 20, max_record: 1MB"));
  EXPECT_EQ(source.format_options.json.records, "/Records");
  EXPECT_EQ(source.format_options.json.max_depth, 20);
  EXPECT_EQ(source.format_options.json.max_record_bytes, 1'000'000);
}

TEST(PipelineSource, SelectsFiles) {
  ASSERT_OK_AND_ASSIGN(
      const auto source,
      ReadSourceText("path: in/**, select: { exclude: ['*.tmp', x], regex: '\\.csv$', modified_after: 2026-01-31, "
                     "modified_before: '2026-02-01T08:30:00Z', min_size: 0, max_size: 1GB, "
                     "partitions: \"year = '2026' AND month >= '03'\", include_hidden: true }"));
  const auto& select = source.select;
  EXPECT_THAT(select.exclude, ElementsAre("*.tmp", "x"));
  EXPECT_THAT(select.regex, Optional(std::string("\\.csv$")));
  EXPECT_THAT(select.modified_after, Optional(At("2026-01-31T00:00:00Z")));
  EXPECT_THAT(select.modified_before, Optional(At("2026-02-01T08:30:00Z")));
  EXPECT_THAT(select.min_size, Optional(0));
  EXPECT_THAT(select.max_size, Optional(1'000'000'000));
  EXPECT_EQ(select.partitions, "year = '2026' AND month >= '03'");
  EXPECT_TRUE(select.include_hidden);
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadSourceText("path: a.csv, select: { " + keys + " }"));
  };
  fails("regex: '('", "expected a regular expression");
  fails("modified_after: yesterday", "expected a time in UTC");
  fails("modified_after: 2026-02-30", "expected a time in UTC");
  fails("modified_after: 2026-02-02, modified_before: 2026-02-02", "no file fits");
  fails("min_size: 2, max_size: 1", "no file fits");
  fails("partitions: 'year ='", "partitions of select of source s: ");
  fails("excluded: a", "no key 'excluded' in select of source s; did you mean exclude?");
  ASSERT_FAILS(ErrorKind::kInvalid, "regex' in source s; it stands under select",
               ReadSourceText("path: a.csv, regex: a"));
}

TEST(PipelineSource, HasRowsAndIncrementalReading) {
  ASSERT_OK_AND_ASSIGN(
      const auto source,
      ReadSourceText("path: a.csv, columns: [a, b], filter: \"a > 1\", limit: 10, incremental: { files: new, "
                     "overlap_window: 2d, datetime_field: ts, initial_value: 2026-01-01, closed: false, lag: 1h, "
                     "time_filter_hours: 1.5, max_records: 1000 }"));
  EXPECT_THAT(source.columns, Optional(ElementsAre("a", "b")));
  EXPECT_EQ(source.filter, "a > 1");
  EXPECT_THAT(source.limit, Optional(10));
  const auto& incremental = source.incremental;
  EXPECT_THAT(incremental.files, Optional(IncrementalConfig::Files::kNew));
  EXPECT_THAT(incremental.overlap_window, Optional(std::chrono::milliseconds(48h)));
  EXPECT_EQ(incremental.datetime_field, "ts");
  EXPECT_THAT(incremental.initial_value, Optional(std::string("2026-01-01")));
  EXPECT_FALSE(incremental.closed);
  EXPECT_THAT(incremental.lag, Optional(std::chrono::milliseconds(1h)));
  EXPECT_THAT(incremental.time_filter_hours, Optional(1.5));
  EXPECT_THAT(incremental.max_records, Optional(1000));

  ASSERT_OK_AND_ASSIGN(const auto flat, ReadSourceText("table: a.b, datetime_field: ts, time_filter_hours: 24, "
                                                       "max_records: 5, lag: 90, incremental: { initial_value: '1' }"));
  EXPECT_EQ(flat.incremental.datetime_field, "ts");
  EXPECT_THAT(flat.incremental.time_filter_hours, Optional(24.0));
  EXPECT_THAT(flat.incremental.max_records, Optional(5));
  EXPECT_THAT(flat.incremental.lag, Optional(std::chrono::milliseconds(90s)));
  EXPECT_THAT(flat.incremental.initial_value, Optional(std::string("1")));
  ASSERT_OK_AND_ASSIGN(const auto all, ReadSourceText("path: a.csv, incremental: { files: all }"));
  EXPECT_THAT(all.incremental.files, Optional(IncrementalConfig::Files::kAll));
}

TEST(PipelineSource, RowsAndIncrementalErrors) {
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadSourceText(keys));
  };
  fails("path: a.csv, filter: 'a >'", "line 2, column 29: filter of source s: ");
  fails("path: a.csv, limit: 0", "expected a whole number of at least 1, found: 0");
  fails("path: a.csv, limit: 1.5", "expected a whole number of at least 1, found: 1.5");
  fails("path: a.csv, limit: 99999999999999999999", "expected a whole number");
  fails("path: a.csv, limit: [1]", "found: a list");
  fails("path: a.csv, lag: 1h", "lag of source s: needs datetime_field");
  fails("path: a.csv, incremental: { closed: false }", "needs datetime_field");
  fails("path: a.csv, datetime_field: ts, time_filter_hours: -1", "expected a number above 0");
  fails("path: a.csv, datetime_field: ts, time_filter_hours: nan", "expected a number above 0");
  fails("path: a.csv, datetime_field: ts, lag: soon", "expected a duration");
  fails("path: a.csv, datetime_field: a, incremental: { datetime_field: b }", "is given beside incremental too");
  fails("table: a.b, incremental: { files: new }", "does not fit a source that is a table");
  fails("path: a.csv, incremental: { files: all, overlap_window: 1d }", "does not fit files: all");
  fails("path: a.csv, types: { a: strng }", "line 2, column 33: a of types of source s: ");
  fails("path: a.csv, types: [a]", "expected columns with Glue types");
  fails("path: a.csv, sample: 0", "expected a size above 0, or all");
  fails("path: a.csv, colums: a", "line 2, column 21: no key 'colums' in source s; did you mean columns?");
}

TEST(PipelineSource, KeysThatDoNotFitSayWhy) {
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadSourceText(keys));
  };
  fails("connector: s3, uri: 's3://b/a', sql: SELECT 1", "is the same as uri");
  fails("connector: s3, bucket: b, key: a, sql: SELECT 1", "sql of source s: does not fit connector s3; take it out");
  fails("path: a.csv, table: a.b", "table of source s: does not fit a source of files");
  fails("table: a.b, format: csv", "does not fit a source that is a table");
  fails("sql: SELECT 1, select: { exclude: a }", "does not fit a source that is a query");
  fails("path: a.parquet, delimiter: ';'", "delimiter of source s: is an option of csv, and the format is parquet");
  fails("path: a.json, delimiter: ';'", "is an option of csv, and the format is json");
  fails("path: a.csv, records: /a", "is an option of json, and the format is csv");
  fails("path: a.txt, format: parquet, encoding: utf-8",
        "is an option of csv, json and txt, and the format is parquet");
  fails("path: a.avro, sample: 1MB", "and the format is avro");
  EXPECT_OK(ReadSourceText("path: [a.csv, b.json], delimiter: ';', records: /a"));
  EXPECT_OK(ReadSourceText("path: 'in/*', delimiter: ';', records: /a"));
}

TEST(PipelineDestination, IsAFileOrManyFiles) {
  ASSERT_OK_AND_ASSIGN(const auto file, ReadDestinationText("bucket: b, key: out/results.parquet"));
  EXPECT_EQ(file.kind, DestinationConfig::Kind::kFiles);
  EXPECT_EQ(file.uri, "s3://b/out/results.parquet");
  EXPECT_EQ(file.mode, WriteMode::kReplace);
  EXPECT_THAT(file.format, Optional(std::string("parquet")));
  ASSERT_OK_AND_ASSIGN(const auto folder,
                       ReadDestinationText("path: out/, partition_by: day(ts), mode: overwrite_partitions, "
                                           "target_file_size: 64MiB, compression: zstd, compression_level: 9, "
                                           "row_group_rows: 1000, statistics: false, page_index: true, "
                                           "bloom_filters: id"));
  EXPECT_EQ(folder.uri, "file:///data/flow/out/");
  EXPECT_EQ(folder.mode, WriteMode::kOverwritePartitions);
  EXPECT_THAT(folder.format, Optional(std::string("parquet")));
  EXPECT_EQ(folder.target_file_bytes, 64 << 20);
  const auto& parquet = folder.format_options.parquet;
  EXPECT_EQ(parquet.compression, "zstd");
  EXPECT_THAT(parquet.compression_level, Optional(9));
  EXPECT_EQ(parquet.row_group_rows, 1000);
  EXPECT_FALSE(parquet.statistics);
  EXPECT_TRUE(parquet.page_index);
  EXPECT_THAT(parquet.bloom_filters, ElementsAre("id"));
  ASSERT_OK_AND_ASSIGN(const auto tokens, ReadDestinationText("uri: 's3://b/{pipeline}/{date}/{part}.csv.gz'"));
  EXPECT_EQ(tokens.uri, "s3://b/{pipeline}/{date}/{part}.csv.gz");
  EXPECT_EQ(tokens.mode, WriteMode::kAppend);
  EXPECT_THAT(tokens.format, Optional(std::string("csv")));
  ASSERT_OK_AND_ASSIGN(const auto daily, ReadDestinationText("path: 'out/{date}.jsonl'"));
  EXPECT_EQ(daily.mode, WriteMode::kAppend);
  ASSERT_OK_AND_ASSIGN(const auto named, ReadDestinationText("path: 'out/{pipeline}.jsonl'"));
  EXPECT_EQ(named.mode, WriteMode::kReplace);
}

TEST(PipelineDestination, HasTextOptions) {
  ASSERT_OK_AND_ASSIGN(const auto csv,
                       ReadDestinationText("path: a.csv.gz, header: false, delimiter: ';', quote: \"'\", escape: '\\', "
                                           "null_value: NA, date_format: '%d.%m.%Y', compression: gzip, "
                                           "compression_level: 3"));
  EXPECT_FALSE(csv.format_options.csv.write_header);
  EXPECT_EQ(csv.format_options.csv.delimiter, ';');
  EXPECT_EQ(csv.format_options.csv.quote, '\'');
  EXPECT_THAT(csv.format_options.csv.escape, Optional('\\'));
  EXPECT_THAT(csv.format_options.csv.null_values, ElementsAre("NA"));
  EXPECT_THAT(csv.format_options.csv.date_formats, ElementsAre("%d.%m.%Y"));
  EXPECT_EQ(csv.format_options.text.compression, "gzip");
  EXPECT_THAT(csv.format_options.text.compression_level, Optional(3));
  EXPECT_FALSE(csv.format_options.parquet.compression_level);
  ASSERT_OK_AND_ASSIGN(const auto json, ReadDestinationText("path: a.jsonl, omit_nulls: true"));
  EXPECT_TRUE(json.format_options.json.omit_nulls);
  ASSERT_OK_AND_ASSIGN(const auto out, ReadDestinationText("connector: stdout, format: csv, header: false"));
  EXPECT_EQ(out.kind, DestinationConfig::Kind::kStdout);
  EXPECT_FALSE(out.format_options.csv.write_header);
}

TEST(PipelineDestination, AddressPicksTheConnector) {
  const auto kind = [](const std::string& keys) { return ReadDestinationText(keys).ValueOrDie().kind; };
  EXPECT_EQ(kind("uri: 'table:a.b'"), DestinationConfig::Kind::kTable);
  EXPECT_EQ(kind("table: a.b, compression: zstd, target_file_size: 1GB"), DestinationConfig::Kind::kTable);
  EXPECT_EQ(kind("path: x.duckdb, table: t"), DestinationConfig::Kind::kDuckDB);
  EXPECT_EQ(kind("uri: x.db, table: s.t"), DestinationConfig::Kind::kDuckDB);
  EXPECT_EQ(kind("uri: 'stdout:'"), DestinationConfig::Kind::kStdout);
  EXPECT_EQ(kind("uri: '-', format: csv"), DestinationConfig::Kind::kStdout);
  EXPECT_EQ(kind("uri: 'file:///x/y.csv'"), DestinationConfig::Kind::kFiles);
}

TEST(PipelineDestination, HasAContract) {
  ASSERT_OK_AND_ASSIGN(const auto table,
                       ReadDestinationText("table: a.b, contract: { tables: freeze, columns: discard_row, "
                                           "data_type: discard_value }"));
  EXPECT_EQ(table.contract->tables, ContractMode::kFreeze);
  EXPECT_EQ(table.contract->columns, ContractMode::kDiscardRow);
  EXPECT_EQ(table.contract->data_type, ContractMode::kDiscardValue);
  ASSERT_FAILS(ErrorKind::kInvalid, "no key 'column' in contract of destination t; did you mean columns?",
               ReadDestinationText("table: a.b, contract: { column: freeze }"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected evolve, freeze, discard_row or discard_value, found: freez",
               ReadDestinationText("table: a.b, contract: { columns: freez }"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected keys and values", ReadDestinationText("table: a.b, contract: freeze"));
}

TEST(PipelineDestination, ModesFitWhatIsWritten) {
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadDestinationText(keys));
  };
  fails("path: a.csv, mode: append", "append does not fit a single file, which is written whole");
  fails("path: a.csv, mode: overwrite_partitions", "overwrite_partitions does not fit a single file");
  fails("path: a/, mode: overwrite_partitions", "overwrite_partitions needs partition_by");
  fails("path: a.db, table: t, mode: overwrite_partitions", "a DuckDB table has no partitions");
  fails("table: a.b, mode: upsert", "mode of destination t: upsert needs primary_key");
  fails("table: a.b, mode: insert_new", "insert_new needs primary_key");
  fails("table: a.b, primary_key: id", "is of modes upsert and insert_new, and the mode is append");
  fails("table: a.b, datetime_field: ts, mode: replace", "and the mode is replace");
  fails("table: a.b, mode: upsert, primary_key: [id, id]", "a column comes twice");
  fails("table: a.b, mode: merge", "expected append, replace, overwrite_partitions, upsert or insert_new");
  fails("table: a.b, mode: upsert, primay_key: id", "no key 'primay_key' in destination t; did you mean primary_key?");
  fails("path: a.csv, partition_by: day", "does not fit a single file");
  fails("path: a.csv, target_file_size: 1MB", "does not fit a single file");
  fails("table: a.b, partition_by: 'week(ts)'", "'week' is no transform");
}

TEST(PipelineDestination, KeysThatDoNotFitSayWhy) {
  const auto fails = [](const std::string& keys, const std::string& part) {
    ASSERT_FAILS(ErrorKind::kInvalid, part, ReadDestinationText(keys));
  };
  fails("path: a.csv, table: a.b", "does not fit a destination of connector files");
  fails("path: a.parquet, delimiter: ';'", "is an option of csv, and the format is parquet");
  fails("path: a.csv, statistics: true", "is an option of parquet, and the format is csv");
  fails("path: a.csv, compression: lzo", "expected auto, none, gzip");
  fails("path: a.parquet, compression: bz2", "expected snappy, zstd, gzip, brotli, lz4 or none, found: bz2");
  fails("table: a.b, format: csv", "does not fit a destination of connector table");
  fails("connector: stdout, mode: replace", "does not fit connector stdout");
  fails("connector: stdout, path: a", "does not fit connector stdout");
  fails("path: a.duckdb", "destination t has no table");
  fails("connector: duckdb, table: a", "destination t has no path");
  fails("path: a.duckdb, table: a.b.c", "expected schema.table, or table");
  fails("path: a.duckdb, table: t, partition_by: a", "does not fit a destination of connector duckdb");
  fails("path: 'a*.csv'", "takes no globs");
  fails("path: 'a{x}.csv'", "no token like this");
  fails("path: 'a{run.csv'", "'{' without '}'");
  fails("path: 'a}.csv'", "'}' without '{'");
  fails("path: results", "its ending says no format; give format");
  fails("mode: replace", "destination t has no address");
  fails("path: [a.csv]", "expected a text, found: a list");
}

}  // namespace
}  // namespace glaux
