#include "glaux/base/random.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>

namespace glaux {

std::string NewId() {
  thread_local std::mt19937_64 engine;
  thread_local pid_t seeded_by = 0;
  // A process that was forked off must not go on with its parent's numbers.
  if (const pid_t self = ::getpid(); seeded_by != self) {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    engine.seed(seed);
    seeded_by = self;
  }
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  char text[33];
  std::snprintf(text, sizeof text, "%012llx7%03llx%016llx", static_cast<unsigned long long>(millis & 0xffffffffffff),
                static_cast<unsigned long long>(engine() & 0xfff),
                static_cast<unsigned long long>((engine() & 0x3fffffffffffffff) | 0x8000000000000000));
  return text;
}

}  // namespace glaux
