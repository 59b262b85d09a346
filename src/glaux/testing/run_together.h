#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace glaux::testing {

/// Run `work(0) … work(count - 1)` on threads that start together.
template <typename Work>
void RunTogether(int count, Work work) {
  std::atomic<int> waiting{count};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      for (--waiting; waiting > 0;) std::this_thread::yield();
      work(i);
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace glaux::testing
