#include "glaux/base/random.h"

#include <chrono>
#include <cstdio>
#include <random>

namespace glaux {

std::string NewId() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  char text[33];
  std::snprintf(text, sizeof text, "%012llx7%03llx%016llx", static_cast<unsigned long long>(millis & 0xffffffffffff),
                static_cast<unsigned long long>(engine() & 0xfff),
                static_cast<unsigned long long>((engine() & 0x3fffffffffffffff) | 0x8000000000000000));
  return text;
}

}  // namespace glaux
