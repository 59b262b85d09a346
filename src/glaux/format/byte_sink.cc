#include "glaux/format/byte_sink.h"

#include "glaux/format/compressing_output_internal.h"
#include "glaux/format/compression_internal.h"

namespace glaux {
namespace {

class PlainOutput final : public CompressingOutput {
 public:
  using CompressingOutput::CompressingOutput;

 private:
  Status Compress(const uint8_t* data, int64_t size) override { return sink().Write(data, size); }
  Status Finish() override { return Status::OK(); }
};

}  // namespace

std::string CompressionOfFile(std::string_view name) {
  if (HasEnding(name, "zip")) return "zip";
  const auto* compression = CompressionByEnding(name);
  return std::string(compression != nullptr ? compression->name : "none");
}

std::string EndingOfCompression(std::string_view compression) {
  const auto known = CompressionByName(compression);
  return known.ok() && *known != nullptr ? "." + std::string((*known)->endings[0]) : std::string();
}

Result<std::shared_ptr<arrow::io::OutputStream>> OpenCompressed(std::shared_ptr<arrow::io::OutputStream> sink,
                                                                const TextOptions& options) {
  if (options.encoding != "utf-8") {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "write utf-8 and convert it: iconv -f utf-8"},
                     "text options: files are written in utf-8 only, not in ", options.encoding);
  }
  if (options.compression == "zip") {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "write a .gz or .zst file"},
                     "zip archives are read, not written");
  }
  ARROW_ASSIGN_OR_RAISE(const auto* compression, CompressionByName(options.compression));
  if (compression != nullptr) return compression->create(std::move(sink), options.compression_level);
  if (options.compression_level) {
    return MakeError(ErrorKind::kInvalid, "text options: compression ", options.compression,
                     " has no levels, found level ", *options.compression_level);
  }
  return std::make_shared<PlainOutput>(std::move(sink));
}

}  // namespace glaux
