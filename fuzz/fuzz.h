#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

/// libFuzzer's entry point: does something with any bytes, and aborts where a promise is broken.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// Inputs to begin with, beside the files of a corpus folder.
std::vector<std::string> FuzzSeeds();

/// A promise of the code under test. `text` says what was seen.
inline void Require(bool holds, const char* promise, const std::string& text) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n%s\n", promise, text.c_str());
  std::abort();
}
