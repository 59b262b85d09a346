// Files that are compressed, by their first bytes or as the options say. The first byte of the input chooses.
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <isa-l/crc.h>

#include "fuzz.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/compression_internal.h"

namespace {

constexpr const char* kChoices[] = {"auto", "gzip", "bz2", "zstd", "lz4", "snappy", "brotli", "xz", "none"};
constexpr const char* kEncodings[] = {"utf-8", "latin-1", "utf-16", "windows-1252"};

std::string Number(uint64_t value, int bytes) {
  std::string out;
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value);
  return out;
}

/// A zip archive of one member, stored as it is.
std::string Zip(const std::string& name, const std::string& content) {
  const auto crc = crc32_gzip_refl(0, reinterpret_cast<const uint8_t*>(content.data()), content.size());
  const std::string sizes =
      Number(crc, 4) + Number(content.size(), 4) + Number(content.size(), 4) + Number(name.size(), 2) + Number(0, 2);
  const std::string member = "PK\3\4" + Number(20, 2) + Number(0, 8) + sizes + name + content;
  const std::string entry = "PK\1\2" + Number(20, 2) + Number(20, 2) + Number(0, 8) + sizes + Number(0, 14) + name;
  return member + entry + "PK\5\6" + Number(0, 4) + Number(1, 2) + Number(1, 2) + Number(entry.size(), 4) +
         Number(member.size(), 4) + Number(0, 2);
}

std::string Compressed(const glaux::Compression& compression, const std::string& text) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto out = compression.create(sink, std::nullopt);
  if (!out.ok() || !(*out)->Write(text).ok() || !(*out)->Close().ok()) return {};
  return sink->Finish().ValueOrDie()->ToString();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const std::string text = "some text, some text, and text once more\n";
  std::vector<std::string> seeds = {'\0' + text, '\0' + Zip("a.csv", text), '\0' + Zip("folder/", "")};
  for (const auto& compression : glaux::Compressions()) {
    const auto once = Compressed(compression, text);
    // Streams one after the other are one file, here of three members.
    for (const auto& stored : {once, once + Compressed(compression, "") + once}) {
      seeds.push_back('\0' + stored);
      for (size_t choice = 0; choice < std::size(kChoices); ++choice) {
        if (compression.name == kChoices[choice]) seeds.push_back(static_cast<char>(choice) + stored);
      }
    }
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  if (size == 0) return 0;
  const TextOptions options{.encoding = kEncodings[data[0] / 16 % std::size(kEncodings)],
                            .compression = kChoices[data[0] % 16 % std::size(kChoices)],
                            .max_inflation = 100};
  const InputFile input{.name = "a",
                        .file = std::make_shared<arrow::io::BufferReader>(
                            arrow::Buffer::FromString(std::string(reinterpret_cast<const char*>(data + 1), size - 1)))};
  const auto source = OpenDecompressed(input, options);
  if (!source.ok()) {
    Require(KindOf(source.status()) != ErrorKind::kOther, "every error has a kind", source.status().ToString());
    return 0;
  }
  std::vector<uint8_t> out(10'000);
  // A bomb of this size may go off; more is the reader's to stop.
  for (int64_t total = 0; total < 64 << 20;) {
    const auto got = (*source)->Read(static_cast<int64_t>(out.size()), out.data());
    if (!got.ok()) {
      Require(KindOf(got.status()) != ErrorKind::kOther, "every error has a kind", got.status().ToString());
      return 0;
    }
    Require(*got >= 0 && *got <= static_cast<int64_t>(out.size()), "no more is read than asked for", "");
    if (*got < static_cast<int64_t>(out.size())) break;
    total += *got;
  }
  return 0;
}
