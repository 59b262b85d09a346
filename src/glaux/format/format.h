#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// ErrorInfo::code of an error that says "a value does not fit the type that was given or inferred for its column".
/// A caller that inferred from a sample infers again over everything; a caller with a fixed type reports it.
inline constexpr char kTypeConflict[] = "TypeConflict";

/// One file to read. `name` is what errors call it: a URI or a path.
struct InputFile {
  std::string name;
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  /// The member of a zip archive that is meant; empty: the file itself. ArchiveMembers sets it.
  std::string member = {};
};

/// What the bytes of a text file are before a format looks at them.
struct TextOptions {
  /// "utf-8", "latin-1", "windows-1252", "utf-16", "utf-16le", "utf-16be". A byte order mark wins over it.
  std::string encoding = "utf-8";
  /// "auto" (by the first bytes and the name's ending), "none", "gzip", "bz2", "zstd", "lz4", "snappy", "brotli", "xz".
  std::string compression = "auto";
  /// When writing: the codec's own level. Unset: its default.
  std::optional<int> compression_level = {};
  /// A file that inflates to more than this many times its size, and to more than a gibibyte, is kInvalid: a bomb.
  int64_t max_inflation = 1000;
};

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  /// A character that takes the next one literally; unset: a quote is doubled instead.
  std::optional<char> escape = {};
  /// Unset: the first row names the columns. Set: every row is data, and these are the names (empty: f0, f1, …).
  std::optional<std::vector<std::string>> column_names = {};
  /// Lines that begin with this are skipped. Unset: none.
  std::optional<char> comment = {};
  /// Unquoted values that mean null.
  std::vector<std::string> null_values = {""};
  /// Longest line in bytes; a longer one is an error that names its line.
  int64_t max_line_bytes = 16 << 20;
  /// What stands before the fraction of a number: '.' or ','.
  char decimal_separator = '.';
  /// strptime formats that dates and timestamps may have beside ISO 8601: "%d/%m/%Y", "%d.%m.%Y %H:%M:%S". A value is
  /// what the first format that fits says. Written are dates in the first format, timestamps in the first with (in UTC)
  /// or without %z as the column has a time zone or none; where there is none: ISO 8601.
  std::vector<std::string> date_formats = {};
  std::vector<std::string> timestamp_formats = {};
  /// When writing: the first row names the columns.
  bool write_header = true;
};

/// How Hive's SerDes for JSON read lines: org.apache.hive.hcatalog.data.JsonSerDe is what the defaults say, and
/// org.openx.data.jsonserde.JsonSerDe is `lenient`. A line without a byte is a row of nulls.
struct HiveJsonOptions {
  /// Keys are columns, and members of structs, whatever their case.
  bool ignore_case = true;
  /// Scalars are read as the text that they have ("12" is a number, too), and what does not convert is null. What
  /// stands where an array is expected is its only element. A line that is no object is a row of nulls.
  bool lenient = false;
  /// A line that is no JSON is a row of nulls.
  bool null_for_malformed = false;
  /// The key "a.b" is that of a column a_b.
  bool dots_are_underscores = false;
  /// Keys of columns that are called otherwise in the table, by column.
  std::map<std::string, std::string> keys = {};
  /// Lines at the start of the file that are no rows.
  int64_t skip_lines = 0;
};

struct JsonOptions {
  /// JSON Pointer (RFC 6901) to the array of records in a document, "/Records"; empty: the document itself, one record
  /// or an array of them.
  std::string records = {};
  /// Nesting beyond this is kInvalid.
  int max_depth = 512;
  /// Longest record in bytes.
  int64_t max_record_bytes = 64 << 20;
  /// When writing: leave out keys whose value is null.
  bool omit_nulls = false;
  /// When reading lines: as Hive's SerDes for JSON read them. Unset: as JSON is.
  std::optional<HiveJsonOptions> hive = {};
};

/// How Hive's SerDes for text in which a line is a row and fields are found by their place read it.
struct HiveTextOptions {
  enum class Serde {
    /// org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe: no quotes; what does not convert is null.
    kLazySimple,
    /// org.apache.hadoop.hive.serde2.OpenCSVSerde: quotes; dates are days and timestamps milliseconds since 1970.
    kOpenCsv,
  };
  Serde serde = Serde::kLazySimple;
  /// Of the fields in their order. Fields behind them are ignored, those that a line lacks are null.
  std::vector<std::string> column_names = {};
  /// What stands between fields, elements of a column, keys and values in it, and so on down.
  std::string separators = "\x01\x02\x03\x04\x05\x06\x07\x08";
  /// Takes the next character literally. Unset: none.
  std::optional<char> escape = {};
  /// OpenCSVSerde. Unset: none.
  std::optional<char> quote = '"';
  /// LazySimpleSerDe: the text of a value that is null.
  std::string null_text = "\\N";
  /// LazySimpleSerDe: the last column has the rest of the line, separators and all.
  bool last_takes_rest = false;
  /// OpenCSVSerde: what does not convert is null, else it is kCorrupt.
  bool null_for_invalid = false;
  /// Lines at the start of the file that are no rows.
  int64_t skip_lines = 0;
  /// Longest line in bytes.
  int64_t max_line_bytes = 64 << 20;
};

struct OrcOptions {
  /// Names for the file's columns in their order, as Hive has them that goes by place. Unset: the file's own.
  std::optional<std::vector<std::string>> column_names = {};
};

struct TxtOptions {
  /// Longest line in bytes, its end not counted; a longer one is an error that names it.
  int64_t max_line_bytes = 16 << 20;
};

struct ParquetOptions {
  /// "snappy", "zstd", "gzip", "brotli", "lz4", "none".
  std::string compression = "snappy";
  std::optional<int> compression_level = {};
  /// Most rows of a row group.
  int64_t row_group_rows = 1 << 20;
  /// Least and greatest value of each column chunk.
  bool statistics = true;
  /// Column and offset indexes: statistics a page.
  bool page_index = false;
  /// Columns that get a bloom filter.
  std::vector<std::string> bloom_filters = {};
};

struct AvroOptions {
  /// "null", "deflate", "snappy", "bzip2", "xz", "zstandard": names as Avro has them.
  std::string compression = "deflate";
  std::optional<int> compression_level = {};
  /// Bytes of a block before compression, roughly.
  int64_t block_bytes = 256 << 10;
};

/// What reading and writing depends on beyond the data. One struct for all formats: a format takes its own part.
struct FormatOptions {
  TextOptions text = {};
  CsvOptions csv = {};
  JsonOptions json = {};
  ParquetOptions parquet = {};
  AvroOptions avro = {};
  TxtOptions txt = {};
  OrcOptions orc = {};
  HiveTextOptions hive_text = {};
};

struct InferOptions {
  FormatOptions format = {};
  /// Bytes of decompressed data to look at, from the start of the file; 0: all of it. Formats that carry their schema
  /// ignore it.
  int64_t sample_bytes = 1 << 20;
  /// Types that are given, by column name in the file: not inferred.
  std::map<std::string, std::shared_ptr<arrow::DataType>> types = {};
  /// Say of whole numbers in text how wide they are: tinyint, smallint, int or bigint, as the widest value is. Else
  /// they are bigint. Columns only, not what is inside them.
  bool integer_widths = false;
  /// Pass over rows that do not parse, which the reader then tells ReadOptions::on_bad_row. Text formats.
  bool skip_bad_rows = false;
};

struct InferredSchema {
  /// Columns in file order, with names as the file has them. A column in which no value was seen has type null.
  std::shared_ptr<arrow::Schema> schema;
  int64_t rows_seen = 0;
  /// Every row was seen, or the file carries its schema: nothing later can differ.
  bool complete = false;
  /// Why columns have their types, where that is not plain: "column v: integers and objects, kept as JSON text".
  std::vector<std::string> notes = {};
};

/// A row that a reader could not take.
struct BadRow {
  std::string file;
  int64_t line = 0;         ///< of the file, from 1; of formats without lines: the row's number
  std::string column = {};  ///< empty: the row as a whole
  std::string reason;
  std::string content;  ///< the row as the file has it, cut at 64 KiB
};

struct ReadOptions {
  FormatOptions format = {};
  /// Columns to read, by name in the file, in any order; columns that are not named are skipped. Types are what the
  /// batches will have: values are converted, exactly or not at all (kInvalid with code kTypeConflict). A field of type
  /// null takes no value. A column that is not in the file is kInvalid. Unset: all, inferred from the first block.
  std::shared_ptr<arrow::Schema> schema = {};
  /// Give string columns as dictionary<int32, string>, one dictionary a batch: less memory, faster to regroup.
  bool dictionary_strings = false;
  /// Bytes of decompressed data to decode into one batch (text formats), roughly.
  int64_t block_bytes = 1 << 20;
  /// Asked of the columns that are read, where a row group says between which values they lie (Parquet). False: no row
  /// of it is wanted, and it is left out.
  std::function<bool(const std::string& column, const std::shared_ptr<arrow::Scalar>& least,
                     const std::shared_ptr<arrow::Scalar>& greatest)>
      may_hold = {};
  /// Most rows of a batch (Parquet).
  int64_t batch_rows = 64 << 10;
  /// Takes rows that do not parse or convert; the reader leaves them out and goes on, unless this returns an error.
  /// Called from several threads. Unset: the first bad row is the reader's error. Text formats.
  std::function<Status(BadRow)> on_bad_row = {};
};

/// Decodes one piece of a file. May run on any thread, once; pieces of one file may be decoded at once.
/// The batch has the reader's schema and may be empty.
using DecodeTask = std::function<Result<std::shared_ptr<arrow::RecordBatch>>()>;

/// A file taken apart into pieces that can be decoded side by side. Next() is called from one thread at a time.
class FileReader {
 public:
  virtual ~FileReader() = default;
  /// What the batches have.
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// The next piece in file order, or nothing at the end. Errors name file, line or row group, and column.
  virtual Result<std::optional<DecodeTask>> Next() = 0;
  /// Bytes of the file (as stored) that were handed out so far; for progress.
  virtual int64_t bytes_read() const = 0;
  /// Rows of the file that lie before the piece that Next gave last and were left out because of ReadOptions::may_hold.
  virtual int64_t rows_left_out() const { return 0; }
  /// What people should know of the rows that were decoded so far, each thing once: "key v comes twice in line 7".
  /// Thread-safe.
  virtual std::vector<std::string> notes() const { return {}; }
  /// Keys of the rows that were decoded so far that are no columns of the schema, "a" or inside a column "a.b", with
  /// the first line of each: left out on purpose, or not known when the schema was made. Not more than some dozens.
  /// Thread-safe. Formats whose files list their columns have none.
  virtual std::map<std::string, int64_t> unknown_keys() const { return {}; }
};

struct WriteOptions {
  FormatOptions format = {};
};

/// Writes one file. Not thread-safe. The sink is the caller's to close.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// The bytes of a batch in the file, for WriteEncoded: formats in which rows stand alone let several threads encode.
  /// Thread-safe, const. Null: this format cannot; use Write.
  virtual Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch) const;
  virtual Status WriteEncoded(const arrow::Buffer& encoded);
  /// End the current row group, block or stripe, so that little stays in memory. A format without such pieces does
  /// nothing.
  virtual Status Flush() = 0;
  /// Bytes that went to the sink so far.
  virtual Result<int64_t> bytes_written() const = 0;
  /// Write what is left and the footer. No rows written is a valid, empty file.
  virtual Status Close() = 0;
};

/// One file format. Stateless and thread-safe.
class Format {
 public:
  virtual ~Format() = default;
  /// "csv", "parquet".
  virtual std::string_view name() const = 0;
  /// The file itself says its columns and types; without that, types are inferred from text.
  virtual bool carries_schema() const = 0;
  /// Its files are text that is compressed as a whole; others compress inside.
  virtual bool is_text() const { return !carries_schema(); }
  /// Files can be written, not only read; else OpenWriter is kNotImplemented.
  virtual bool can_write() const { return true; }
  /// Without a dot: {"csv"}. Compression endings (".gz") are taken off first.
  virtual std::vector<std::string_view> extensions() const = 0;
  virtual Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const = 0;
  virtual Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const = 0;
  virtual Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                         std::shared_ptr<arrow::Schema> schema,
                                                         const WriteOptions& options) const = 0;
};

/// The members of a zip archive in its order, folders and hidden files left out; of any other file: the file itself.
/// kCorrupt for a broken archive; encrypted members are kNotImplemented, two members of one name kInvalid. A member
/// that is a zip archive itself is given, and kNotImplemented when it is opened.
Result<std::vector<InputFile>> ArchiveMembers(const InputFile& input);

/// All formats. To add one: write its file, add one line to the list in format.cc.
const std::vector<const Format*>& AllFormats();
/// kInvalid that lists the names there are.
Result<const Format*> FormatByName(std::string_view name);
/// Lines of text as FormatOptions::hive_text says. Only a catalog knows that files are such: it is none of AllFormats.
const Format& HiveTextFormat();
/// The format of a table's files: one of AllFormats, or "hive-text".
Result<const Format*> TableFormatByName(std::string_view name);
/// By extension: "a/b.csv.gz" is csv. kInvalid that says what is known.
Result<const Format*> FormatOfFile(std::string_view file_name);

/// The batches of a reader one after the other, decoded on the caller's thread.
std::shared_ptr<arrow::RecordBatchReader> ToBatchReader(std::unique_ptr<FileReader> reader);

}  // namespace glaux
