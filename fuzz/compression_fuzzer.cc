// Files that are compressed, by their first bytes or as the options say. The first byte of the input chooses.
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include "fuzz.h"
#include "glaux/format/byte_source.h"

namespace {

constexpr const char* kChoices[] = {"auto", "gzip", "bz2", "zstd", "lz4", "snappy", "brotli", "xz", "none"};
constexpr const char* kEncodings[] = {"utf-8", "latin-1", "utf-16", "windows-1252"};

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const std::string text = "some text, some text, and some text once more\n";
  std::vector<std::string> seeds = {'\0' + text, std::string("\0PK\3\4", 5),
                                    std::string("\0\xfd"
                                                "7zXZ\0",
                                                7)};
  using arrow::Compression;
  for (const auto type : {Compression::GZIP, Compression::BZ2, Compression::ZSTD, Compression::LZ4_FRAME,
                          Compression::SNAPPY, Compression::BROTLI}) {
    const auto codec = arrow::util::Codec::Create(type);
    if (!codec.ok()) continue;
    const auto stream = (*codec)->MakeCompressor();
    if (!stream.ok()) continue;
    std::string out(4096, '\0');
    auto* bytes = reinterpret_cast<uint8_t*>(out.data());
    const auto step = (*stream)->Compress(static_cast<int64_t>(text.size()),
                                          reinterpret_cast<const uint8_t*>(text.data()), 4096, bytes);
    if (!step.ok()) continue;
    const auto end = (*stream)->End(4096 - step->bytes_written, bytes + step->bytes_written);
    if (!end.ok()) continue;
    out.resize(static_cast<size_t>(step->bytes_written + end->bytes_written));
    for (char choice = 0; choice < 8; ++choice) seeds.push_back(choice + out);
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
