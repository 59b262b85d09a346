#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace glaux::testing {

/// A folder of its own for one test, removed with everything in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  /// Write a file below the folder, making its parents. \return its path
  std::string Write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// A whole file; the test fails if it cannot be read.
std::string ReadFileOrDie(const std::filesystem::path& path);

/// Compress as one gzip member.
std::string Gzip(std::string_view content);

}  // namespace glaux::testing
