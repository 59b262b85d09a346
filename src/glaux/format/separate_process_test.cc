#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "glaux/format/separate_process_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

std::shared_ptr<arrow::io::RandomAccessFile> File(std::string content) {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(content)));
}

Status Reverse(const std::shared_ptr<arrow::io::RandomAccessFile>& file, arrow::io::OutputStream* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  for (int64_t at = size; at-- > 0;) {
    ARROW_ASSIGN_OR_RAISE(const auto byte, file->ReadAt(at, 1));
    ARROW_RETURN_NOT_OK(out->Write(byte->data(), 1));
  }
  return Status::OK();
}

TEST(SeparateProcess, ReadsTheFileAndGivesBackWhatItWrites) {
  EXPECT_EQ(RunSeparately(File("abc"), Reverse).ValueOrDie()->ToString(), "cba");
  EXPECT_EQ(RunSeparately(File(""), Reverse).ValueOrDie()->ToString(), "");
  std::string large(10 << 20, 'x');
  for (size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>(i / 1000);
  const auto copied = RunSeparately(File(large), [](const auto& file, auto* out) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto all, file->Read(1 << 30));
    return out->Write(all);
  });
  EXPECT_TRUE(copied.ValueOrDie()->ToString() == large);
}

TEST(SeparateProcess, ReadsNothingBeyondTheFile) {
  const auto read = RunSeparately(File("abc"), [](const auto& file, auto* out) -> Status {
    char bytes[8];
    for (const int64_t at : {int64_t{2}, int64_t{3}, int64_t{50}, int64_t{-5}, INT64_MAX}) {
      ARROW_ASSIGN_OR_RAISE(const int64_t got, file->ReadAt(at, 8, bytes));
      ARROW_RETURN_NOT_OK(out->Write(std::to_string(got) + " "));
    }
    return Status::OK();
  });
  EXPECT_EQ(read.ValueOrDie()->ToString(), "1 0 0 0 0 ");
}

TEST(SeparateProcess, ACrashIsAnError) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGKILL}) {
    const auto crashed = RunSeparately(File("abc"), [&](const auto&, auto* out) -> Status {
      ARROW_RETURN_NOT_OK(out->Write("some", 4));
      raise(signal);
      return Status::OK();
    });
    EXPECT_THAT(crashed.status().message(),
                HasSubstr("the library that reads it crashed: " + std::string(strsignal(signal))));
  }
  const auto ended = RunSeparately(File("abc"), [](const auto&, auto*) -> Status { _exit(3); });
  EXPECT_THAT(ended.status().message(), HasSubstr("gave up"));
}

TEST(SeparateProcess, ErrorsAndExceptionsComeBack) {
  const auto refused = RunSeparately(File(""), [](const auto&, auto*) { return Status::Invalid("no: ", 5); });
  EXPECT_EQ(refused.status().message(), "no: 5");
  const auto unknown = RunSeparately(File(""), [](const auto&, auto*) { return Status::NotImplemented("x"); });
  EXPECT_TRUE(unknown.status().IsNotImplemented());
  const auto thrown = RunSeparately(File(""), [](const auto&, auto*) -> Status { throw std::runtime_error("thrown"); });
  EXPECT_EQ(thrown.status().message(), "thrown");
}

TEST(SeparateProcess, FilesOfTheParentAreNotOpenInIt) {
  const int mine = fcntl(1, F_DUPFD, 10);
  const auto seen = RunSeparately(File(""), [&](const auto&, auto* out) -> Status {
    return out->Write(fcntl(mine, F_GETFD) < 0 ? "closed" : "open");
  });
  EXPECT_EQ(seen.ValueOrDie()->ToString(), "closed");
  EXPECT_GE(fcntl(mine, F_GETFD), 0);
  close(mine);
}

TEST(SeparateProcess, MemoryHasAnEnd) {
  const auto taken = RunSeparately(File(""), [](const auto&, auto* out) -> Status {
    std::vector<std::unique_ptr<char[]>> kept;
    for (int i = 0; i < 5 << 10; ++i) kept.push_back(std::make_unique_for_overwrite<char[]>(1 << 20));
    return out->Write(kept[0].get(), 1);
  });
  EXPECT_FALSE(taken.ok());
}

/// Fails after its first bytes, as a store does.
class BrokenFile final : public arrow::io::RandomAccessFile {
 public:
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    if (position < 3) return MakeError(ErrorKind::kUnavailable, "the store is away");
    return arrow::Buffer::FromString("abcdef"s.substr(static_cast<size_t>(position), static_cast<size_t>(size)));
  }
  Result<int64_t> ReadAt(int64_t, int64_t, void*) override { return Status::NotImplemented(""); }
  Result<int64_t> Read(int64_t, void*) override { return Status::NotImplemented(""); }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t) override { return Status::NotImplemented(""); }
  Result<int64_t> GetSize() override { return 6; }
  Result<int64_t> Tell() const override { return 0; }
  Status Seek(int64_t) override { return Status::NotImplemented(""); }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
};

TEST(SeparateProcess, AnErrorOfTheFileKeepsItsKind) {
  ASSERT_FAILS(ErrorKind::kUnavailable, "the store is away", RunSeparately(std::make_shared<BrokenFile>(), Reverse));
}

TEST(SeparateProcess, ManyRunAtOnceAndOneCrashIsNoOthers) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        const auto result = RunSeparately(File("abc"), [&](const auto& file, auto* out) -> Status {
          if ((i + j) % 2 == 0) abort();
          return Reverse(file, out);
        });
        right += (i + j) % 2 == 0 ? !result.ok() : result.ok() && (*result)->ToString() == "cba";
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 40);
}

}  // namespace
}  // namespace glaux
