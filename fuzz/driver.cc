// A small fuzzer for compilers that bring none: changes seeds and keeps what reaches new code.
//
//   <fuzzer> SECONDS [CORPUS…]   run for so long; an input that fails is left as crash-<fuzzer>
//   <fuzzer> FILE                run one input again
//
// Chance has a fixed seed, but how far a run comes depends on the machine.
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "fuzz.h"

namespace {

constexpr size_t kMostBytes = 64 << 10;
constexpr unsigned kSecondsAnInput = 20;
constexpr size_t kEdges = 1 << 16;

uint8_t edges_now[kEdges];
uint8_t edges_seen[kEdges];

std::string program;
std::string current;

/// Keep the input that failed. Only calls that a signal handler may make.
void Save(int signal) {
  const std::string_view why = signal == SIGALRM ? "no end after 20 s: input kept as " : "failed: input kept as ";
  (void)!write(2, why.data(), why.size());
  (void)!write(2, program.data(), program.size());
  (void)!write(2, "\n", 1);
  if (FILE* file = std::fopen(program.c_str(), "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
  }
  std::_Exit(1);
}

std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kMostBytes, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  return content;
}

/// Run one input. \return it reached code that none before it did
bool Run(std::string input) {
  current = std::move(input);
  std::memset(edges_now, 0, sizeof(edges_now));
  alarm(kSecondsAnInput);
  // A buffer of its own size, so that the sanitizer sees reads beyond it.
  const std::vector<uint8_t> bytes(current.begin(), current.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  bool fresh = false;
  for (size_t i = 0; i < kEdges; ++i) {
    // How often, by powers of two: the fifth time around a loop is no news.
    const auto times = static_cast<uint8_t>(edges_now[i] == 0 ? 0 : 1 << (std::bit_width(edges_now[i]) - 1));
    fresh |= (times & ~edges_seen[i]) != 0;
    edges_seen[i] = static_cast<uint8_t>(edges_seen[i] | times);
  }
  return fresh;
}

class Mutator {
 public:
  std::string Change(std::string input, const std::vector<std::string>& corpus) {
    for (uint64_t i = 0, times = 1 + Below(6); i < times; ++i) ChangeOnce(&input, corpus);
    if (input.size() > kMostBytes) input.resize(kMostBytes);
    return input;
  }
  uint64_t Below(uint64_t end) { return end == 0 ? 0 : random_() % end; }

 private:
  void ChangeOnce(std::string* input, const std::vector<std::string>& corpus) {
    static constexpr std::string_view kWords[] = {"\"",
                                                  "\n",
                                                  "\r\n",
                                                  ",",
                                                  "\\",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  "null",
                                                  "true",
                                                  "-",
                                                  "9223372036854775808",
                                                  "1e999",
                                                  "\xff",
                                                  "\xef\xbb\xbf",
                                                  "''",
                                                  "(",
                                                  ")",
                                                  "%",
                                                  "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
                                                  "\xfe\xff\xff\xff\x0f"};
    const size_t at = Below(input->size() + 1);
    switch (Below(8)) {
      case 0:
        if (at < input->size()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8)));
        break;
      case 1:
        if (at < input->size()) (*input)[at] = static_cast<char>(Below(256));
        break;
      case 2:
        input->erase(at, Below(1 + std::min<size_t>(input->size(), 32)));
        break;
      case 3:
        input->insert(at, 1, static_cast<char>(Below(256)));
        break;
      case 4:
        input->insert(at, kWords[Below(std::size(kWords))]);
        break;
      case 5: {
        const std::string piece = input->substr(at, Below(64));
        input->insert(Below(input->size() + 1), piece);
        break;
      }
      case 6:
        if (!corpus.empty()) {
          const auto& other = corpus[Below(corpus.size())];
          *input = input->substr(0, at) + other.substr(Below(other.size() + 1));
        }
        break;
      default:
        if (at + 1 < input->size()) (*input)[at] = static_cast<char>((*input)[at] + static_cast<int>(Below(9)) - 4);
    }
  }

  std::mt19937_64 random_{1};
};

}  // namespace

// What the compiler calls at every edge; it must not be counted itself.
extern "C" __attribute__((no_sanitize_coverage, no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc() {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  auto& times = edges_now[(here ^ (here >> 16)) % kEdges];
  if (times < 255) ++times;
}

extern "C" const char* __asan_default_options() {
  return "abort_on_error=1:max_allocation_size_mb=1200:hard_rss_limit_mb=3000:detect_leaks=1";
}
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

int main(int argc, char** argv) {
  // Arrow's other allocators hide from the sanitizer.
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 1);
  program = "crash-" + std::filesystem::path(argv[0]).filename().string();
  for (const int signal : {SIGABRT, SIGSEGV, SIGALRM, SIGFPE, SIGBUS}) std::signal(signal, Save);
  if (argc == 2 && std::filesystem::is_regular_file(argv[1])) {
    Run(Content(argv[1]));
    return 0;
  }
  const auto seconds = argc > 1 ? std::atoi(argv[1]) : 10;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::vector<std::string> corpus;
  for (auto& seed : FuzzSeeds()) corpus.push_back(std::move(seed));
  for (int i = 2; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file() && entry.file_size() <= kMostBytes) files.insert(entry.path());
    }
    for (const auto& file : files) corpus.push_back(Content(file));
  }
  const size_t seeds = corpus.size();
  Run("");
  for (size_t i = 0; i < seeds && std::chrono::steady_clock::now() < end; ++i) Run(corpus[i]);
  Mutator mutator;
  int64_t runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    auto input = mutator.Change(corpus.empty() ? "" : corpus[mutator.Below(corpus.size())], corpus);
    if (Run(input)) corpus.push_back(current);
  }
  alarm(0);
  std::printf("%s: %lld inputs, %zu seeds, %zu inputs that reached new code\n", program.c_str() + 6,
              static_cast<long long>(runs), seeds, corpus.size() - seeds);
  return 0;
}
