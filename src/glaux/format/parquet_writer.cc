#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <algorithm>
#include <array>

#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

// Readers take the form "<name> version <number>" apart to know of a writer's old bugs.
constexpr char kCreatedBy[] = "glaux version " GLAUX_VERSION;

struct Codec {
  std::string_view name;
  arrow::Compression::type type;
};

// The library's LZ4 is what the format calls LZ4_RAW.
constexpr std::array kCodecs = {
    Codec{"snappy", arrow::Compression::SNAPPY}, Codec{"zstd", arrow::Compression::ZSTD},
    Codec{"gzip", arrow::Compression::GZIP},     Codec{"brotli", arrow::Compression::BROTLI},
    Codec{"lz4", arrow::Compression::LZ4},       Codec{"none", arrow::Compression::UNCOMPRESSED},
};

Result<arrow::Compression::type> CompressionOf(std::string_view name) {
  std::string known;
  for (const auto& codec : kCodecs) {
    if (codec.name == name) return codec.type;
    known.append(known.empty() ? "" : ", ").append(codec.name);
  }
  return MakeError(ErrorKind::kInvalid, "parquet options: no compression ", name, "; known: ", known);
}

Status SetCompression(const ParquetOptions& options, parquet::WriterProperties::Builder* properties) {
  ARROW_ASSIGN_OR_RAISE(const auto type, CompressionOf(options.compression));
  properties->compression(type);
  if (!options.compression_level) return Status::OK();
  if (!arrow::util::Codec::SupportsCompressionLevel(type)) {
    return MakeError(ErrorKind::kInvalid, "parquet options: compression ", options.compression,
                     " has no levels, found compression_level ", *options.compression_level);
  }
  ARROW_ASSIGN_OR_RAISE(const int least, arrow::util::Codec::MinimumCompressionLevel(type));
  ARROW_ASSIGN_OR_RAISE(const int most, arrow::util::Codec::MaximumCompressionLevel(type));
  if (*options.compression_level < least || *options.compression_level > most) {
    return MakeError(ErrorKind::kInvalid, "parquet options: ", options.compression, " has compression levels from ",
                     least, " to ", most, ", found ", *options.compression_level);
  }
  properties->compression_level(*options.compression_level);
  return Status::OK();
}

Status SetIndexes(const ParquetOptions& options, const arrow::Schema& schema,
                  parquet::WriterProperties::Builder* properties) {
  if (!options.statistics) properties->disable_statistics();
  if (options.page_index && !options.statistics) {
    return MakeError(ErrorKind::kInvalid, "parquet options: page_index is made of statistics, which are turned off");
  }
  options.page_index ? properties->enable_write_page_index() : properties->disable_write_page_index();
  for (const auto& name : options.bloom_filters) {
    const auto field = schema.GetFieldByName(name);
    if (field == nullptr) {
      return MakeError(ErrorKind::kInvalid, "parquet options: bloom_filters names column ", name,
                       ", which is not one of the file's");
    }
    const auto id = field->type()->id();
    if (id == arrow::Type::BOOL || id == arrow::Type::NA || arrow::is_nested(id)) {
      return MakeError(ErrorKind::kNotImplemented, "parquet options: bloom_filters names column ", name, ", and a ",
                       field->type()->ToString(), " has none");
    }
    properties->enable_bloom_filter(name, {});
  }
  return Status::OK();
}

/// Dictionaries are how batches come, not what the file's columns are.
std::shared_ptr<arrow::DataType> FileType(const std::shared_ptr<arrow::DataType>& type) {
  return type->id() == arrow::Type::DICTIONARY ? static_cast<const arrow::DictionaryType&>(*type).value_type() : type;
}

class ParquetWriter final : public FileWriter {
 public:
  static Result<std::unique_ptr<FileWriter>> Open(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  const arrow::Schema& schema, const ParquetOptions& options) {
    auto writer = std::make_unique<ParquetWriter>();
    arrow::FieldVector fields;
    for (const auto& field : schema.fields()) {
      fields.push_back(arrow::field(field->name(), FileType(field->type()), field->nullable(), field->metadata()));
    }
    writer->schema_ = arrow::schema(std::move(fields));
    writer->row_group_rows_ = std::max<int64_t>(options.row_group_rows, 1);
    writer->pending_.resize(static_cast<size_t>(schema.num_fields()));
    writer->sink_ = sink;
    ARROW_ASSIGN_OR_RAISE(writer->sink_start_, sink->Tell());
    parquet::WriterProperties::Builder properties;
    properties.created_by(kCreatedBy)->max_row_group_length(writer->row_group_rows_);
    ARROW_RETURN_NOT_OK(SetCompression(options, &properties));
    ARROW_RETURN_NOT_OK(SetIndexes(options, *writer->schema_, &properties));
    ARROW_ASSIGN_OR_RAISE(
        writer->file_, parquet::arrow::FileWriter::Open(*writer->schema_, arrow::default_memory_pool(), std::move(sink),
                                                        properties.build()));
    return writer;
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    ARROW_RETURN_NOT_OK(Check(*batch));
    for (int64_t done = 0; done < batch->num_rows();) {
      const int64_t take = std::min(batch->num_rows() - done, row_group_rows_ - pending_rows_);
      for (int i = 0; i < batch->num_columns(); ++i) {
        pending_[static_cast<size_t>(i)].push_back(batch->column(i)->Slice(done, take));
      }
      pending_rows_ += take;
      done += take;
      if (pending_rows_ == row_group_rows_) ARROW_RETURN_NOT_OK(Flush());
    }
    return Status::OK();
  }

  Status Flush() override {
    if (pending_rows_ == 0) return Status::OK();
    const auto rows = std::exchange(pending_rows_, 0);
    ARROW_RETURN_NOT_OK(Guard([&] { return file_->NewRowGroup(); }));
    for (int i = 0; i < schema_->num_fields(); ++i) {
      // Each column lets go of its batches as soon as it is encoded.
      const auto chunks = std::exchange(pending_[static_cast<size_t>(i)], {});
      ARROW_ASSIGN_OR_RAISE(const auto column, OneDictionary(chunks, schema_->field(i)->type()));
      ARROW_RETURN_NOT_OK(Guard([&] { return file_->WriteColumnChunk(column, 0, rows); }));
    }
    return Status::OK();
  }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override {
    ARROW_RETURN_NOT_OK(Flush());
    return Guard([&] { return file_->Close(); });
  }

 private:
  template <typename Call>
  static Status Guard(Call&& call) {
    try {
      return call();
    } catch (const std::exception& error) {
      return MakeError(ErrorKind::kOther, "write parquet: ", error.what());
    }
  }

  Status Check(const arrow::RecordBatch& batch) const {
    if (batch.num_columns() != schema_->num_fields()) {
      return MakeError(ErrorKind::kInvalid, "write parquet: expected a batch of ", schema_->num_fields(),
                       " columns, found ", batch.num_columns());
    }
    for (int i = 0; i < batch.num_columns(); ++i) {
      const auto& wanted = *schema_->field(i);
      if (!FileType(batch.column(i)->type())->Equals(*wanted.type())) {
        return MakeError(ErrorKind::kInvalid, "write parquet, column ", wanted.name(), ": expected ",
                         wanted.type()->ToString(), ", found a batch with ", batch.column(i)->type()->ToString());
      }
      if (!wanted.nullable() && batch.column(i)->null_count() > 0) {
        return MakeError(ErrorKind::kInvalid, "write parquet, column ", wanted.name(), ": expected no nulls, found ",
                         batch.column(i)->null_count());
      }
    }
    return Status::OK();
  }

  std::shared_ptr<arrow::io::OutputStream> sink_;
  int64_t sink_start_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t row_group_rows_ = 0;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  std::vector<arrow::ArrayVector> pending_;
  int64_t pending_rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> OpenParquetWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      const WriteOptions& options) {
  try {
    return ParquetWriter::Open(std::move(sink), *schema, options.format.parquet);
  } catch (const std::exception& error) {
    return MakeError(ErrorKind::kInvalid, "write parquet: ", error.what());
  }
}

}  // namespace glaux
