#pragma once

#include <arrow/io/memory.h>

#include <string>
#include <utility>

#include "glaux/format/byte_sink.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/reading_for_test.h"

namespace glaux {

/// All of a source, in pieces of `step` bytes.
inline Result<std::string> Drain(ByteSource& source, int64_t step) {
  std::string all;
  std::string piece(static_cast<size_t>(step), '\0');
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source.Read(step, reinterpret_cast<uint8_t*>(piece.data())));
    all.append(piece, 0, static_cast<size_t>(got));
    if (got < step) return all;
  }
}

/// What a text file of this name and content reads as.
inline Result<std::string> Inflated(std::string name, std::string content, const TextOptions& options = {},
                                    int64_t step = 1000) {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenDecompressed(InMemory(std::move(name), std::move(content)), options));
  return Drain(*source, step);
}

inline Result<std::string> Compressed(const std::string& text, std::string compression, std::optional<int> level = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto stream,
                        OpenCompressed(sink, {.compression = std::move(compression), .compression_level = level}));
  const auto half = static_cast<int64_t>(text.size() / 2);
  ARROW_RETURN_NOT_OK(stream->Write(text.data(), half));
  ARROW_RETURN_NOT_OK(stream->Write(text.data() + half, static_cast<int64_t>(text.size()) - half));
  ARROW_RETURN_NOT_OK(stream->Close());
  ARROW_ASSIGN_OR_RAISE(const auto stored, sink->Finish());
  return stored->ToString();
}

/// Lines that compress, but not to nothing.
inline std::string SomeLines(size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) text += std::to_string(i * i * 2654435761U) + " line\n";
  return text;
}

/// A gibibyte and some of zeros.
inline std::string Bomb(const std::string& compression) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto stream = OpenCompressed(sink, {.compression = compression}).ValueOrDie();
  const std::string zeros(16 << 20, '\0');
  for (int i = 0; i < 65; ++i) EXPECT_OK(stream->Write(zeros.data(), static_cast<int64_t>(zeros.size())));
  EXPECT_OK(stream->Close());
  return sink->Finish().ValueOrDie()->ToString();
}

/// How many bytes a file inflates to, which are not kept.
inline Result<int64_t> InflatedSize(const InputFile& input, const TextOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenDecompressed(input, options));
  std::vector<uint8_t> piece(1 << 20);
  int64_t size = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source->Read(1 << 20, piece.data()));
    size += got;
    if (got < 1 << 20) return size;
  }
}

}  // namespace glaux
