#pragma once

#include "glaux/sync/config_keys_internal.h"

namespace glaux::pipeline_file {

// Options of formats, as keys of sources (reading) and of destinations (writing).

/// \param get the FormatOptions of a T; \param kinds which sources or destinations have them
template <typename T, typename Get>
void AddCsvDialectKeys(KeyTable<T>* table, Get get, unsigned kinds) {
  table
      ->Character(
          "delimiter", "What stands between two values; tab and pipe have names. Default: ','.",
          [get](T & t) -> auto& { return get(t).csv.delimiter; })
      .In(kinds)
      .Of(kCsvFamily);
  table
      ->Character(
          "quote", "What values are quoted with. Default: '\"'.", [get](T & t) -> auto& { return get(t).csv.quote; })
      .In(kinds)
      .Of(kCsvFamily);
  table
      ->Character(
          "escape", "Takes the next character literally. Default: a quote is doubled.",
          [get](T & t) -> auto& { return get(t).csv.escape; })
      .In(kinds)
      .Of(kCsvFamily);
}

template <typename T, typename Get>
void AddReadingKeys(KeyTable<T>* table, Get get, unsigned kinds) {
  AddCsvDialectKeys(table, get, kinds);
  const auto csv = [&](Key<T>& key) -> Key<T>& { return key.In(kinds).Of(kCsvFamily); };
  csv(table->Character(
      "comment",
      "Lines that begin with this are skipped. Default: none.", [get](T & t) -> auto& { return get(t).csv.comment; }));
  csv(table->Texts(
      "names",
      "The columns' names; every row is data then.", [get](T & t) -> auto& { return get(t).csv.column_names; }));
  csv(table->Texts(
      "null_values", "Unquoted values that mean null. Default: the empty one.",
      [get](T & t) -> auto& { return get(t).csv.null_values; }, true));
  csv(table->Texts(
          "null_value", "One null_values.", [get](T & t) -> auto& { return get(t).csv.null_values; }, true))
      .InsteadOf("null_values");
  csv(table->Add("decimal_separator", "What stands before the fraction of a number: '.' or ','. Default: '.'.",
                 Shape::kWord,
                 [get](const Value& value, T* into) -> Status {
                   ARROW_ASSIGN_OR_RAISE(const auto word, value.Word({".", ","}));
                   get(*into).csv.decimal_separator = word[0];
                   return Status::OK();
                 }))
      .words = {".", ","};
  csv(table->Texts(
      "date_formats", "strptime formats of dates, beside ISO 8601: \"%d.%m.%Y\".", [get](T & t) -> auto& {
        return get(t).csv.date_formats;
      }));
  csv(table->Texts(
          "date_format", "One of date_formats.", [get](T & t) -> auto& { return get(t).csv.date_formats; }))
      .InsteadOf("date_formats");
  csv(table->Texts(
      "timestamp_formats",
      "strptime formats of timestamps, beside ISO 8601: \"%d/%m/%Y %H:%M\".", [get](T & t) -> auto& {
        return get(t).csv.timestamp_formats;
      }));
  csv(table->Texts(
          "timestamp_format",
          "One of timestamp_formats.", [get](T & t) -> auto& { return get(t).csv.timestamp_formats; }))
      .InsteadOf("timestamp_formats");
  csv(table->Size(
      "max_line", "The longest line; a longer one is an error that names it. Default: 16MiB.", [get](T & t) -> auto& {
        return get(t).csv.max_line_bytes;
      }));

  const auto text = [&](Key<T>& key) -> Key<T>& { return key.In(kinds).Of(kTextFamilies); };
  text(table->Word(
      "encoding", "Of the text; a byte order mark wins over it. Default: utf-8.",
      {"utf-8", "latin-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"}, [get](T & t) -> auto& {
        return get(t).text.encoding;
      }));
  text(table->Word(
      "compression", "Of the files. Default: auto, by their first bytes and their names.",
      {"auto", "none", "gzip", "bz2", "zstd", "lz4", "snappy", "brotli", "xz"}, [get](T & t) -> auto& {
        return get(t).text.compression;
      }));
  text(table->Integer(
      "max_inflation",
      "A file that inflates to more than this many times its size and a gibibyte is an error. "
      "Default: 1000.",
      1, INT64_MAX, [get](T & t) -> auto& { return get(t).text.max_inflation; }));

  const auto json = [&](Key<T>& key) -> Key<T>& { return key.In(kinds).Of(kJsonFamily); };
  json(table->Text(
      "records", "JSON Pointer to the array of records in a document: \"/Records\". Default: the document.",
      [get](T & t) -> auto& { return get(t).json.records; }));
  json(table->Integer(
      "max_depth", "Nesting beyond this is an error. Default: 512.", 1,
      10'000, [get](T & t) -> auto& { return get(t).json.max_depth; }));
  json(table->Size(
      "max_record",
      "The longest record. Default: 64MiB.", [get](T & t) -> auto& { return get(t).json.max_record_bytes; }));
}

/// Without compression and compression_level, whose place depends on the format.
template <typename T, typename Get>
void AddWritingKeys(KeyTable<T>* table, Get get, unsigned kinds) {
  AddCsvDialectKeys(table, get, kinds);
  const auto csv = [&](Key<T>& key) -> Key<T>& { return key.In(kinds).Of(kCsvFamily); };
  csv(table->Boolean(
      "header", "Whether the first row names the columns. Default: true.", [get](T & t) -> auto& {
        return get(t).csv.write_header;
      }));
  csv(table->Add("null_value", "What is written for null. Default: nothing.", Shape::kText,
                 [get](const Value& value, T* into) -> Status {
                   ARROW_ASSIGN_OR_RAISE(const auto text, value.Text("a text", true));
                   get(*into).csv.null_values = {text};
                   return Status::OK();
                 }));
  csv(table->Add("date_format", "strptime format of dates: \"%d.%m.%Y\". Default: ISO 8601.", Shape::kText,
                 [get](const Value& value, T* into) -> Status {
                   ARROW_ASSIGN_OR_RAISE(const auto text, value.Text());
                   get(*into).csv.date_formats = {text};
                   return Status::OK();
                 }));
  table
      ->Boolean(
          "omit_nulls", "Leave out keys whose value is null. Default: false.",
          [get](T & t) -> auto& { return get(t).json.omit_nulls; })
      .In(kinds)
      .Of(kJsonFamily);
  const auto parquet = [&](Key<T>& key) -> Key<T>& { return key.In(kinds).Of(kParquetFamily); };
  parquet(table->Integer(
      "row_group_rows", "Most rows of a row group. Default: 1048576.", 1,
      INT64_MAX, [get](T & t) -> auto& { return get(t).parquet.row_group_rows; }));
  parquet(table->Boolean(
      "statistics", "Keep the least and greatest value of each column chunk. Default: true.", [get](T & t) -> auto& {
        return get(t).parquet.statistics;
      }));
  parquet(table->Boolean(
      "page_index",
      "Keep statistics of each page. Default: false.", [get](T & t) -> auto& { return get(t).parquet.page_index; }));
  parquet(table->Texts(
      "bloom_filters",
      "Columns that get a bloom filter.", [get](T & t) -> auto& { return get(t).parquet.bloom_filters; }));
}

/// Characters of a dialect that cannot be the same.
inline Status CheckDialect(const Given& given, const CsvOptions& csv) {
  for (const auto& [name, character] : {std::pair("quote", std::optional(csv.quote)), std::pair("comment", csv.comment),
                                        std::pair("escape", csv.escape)}) {
    if (!character || *character != csv.delimiter) continue;
    const auto* value = given.Find(name);
    if (value == nullptr) value = given.Find("delimiter");
    if (value != nullptr) return value->Wrong("delimiter and " + std::string(name) + " are the same character");
  }
  return Status::OK();
}

}  // namespace glaux::pipeline_file
