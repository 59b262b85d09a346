#include "glaux/base/environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>

extern char** environ;

namespace glaux {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLargestFile = 64 << 20;

/// With "~/" as the home folder.
std::string Expanded(const Environment& environment, const std::string& path) {
  if (!path.starts_with("~/")) return path;
  return environment.Variable("HOME").value_or("") + path.substr(1);
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() { Close(); }
  int get() const { return descriptor_; }
  int Close() {
    const int closed = descriptor_ >= 0 ? ::close(descriptor_) : 0;
    descriptor_ = -1;
    return closed;
  }

 private:
  int descriptor_;
};

class ProcessEnvironment final : public Environment {
 public:
  std::optional<std::string> Variable(std::string_view name) const override {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  Result<std::string> ReadFile(const std::string& given) const override {
    const std::string path = Expanded(*this, given);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return ErrnoError(errno, "read " + path);
    std::string content;
    std::array<char, 16384> buffer;
    for (;;) {
      const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ErrnoError(errno, "read " + path);
      if (count == 0) return content;
      content.append(buffer.data(), static_cast<size_t>(count));
      if (content.size() > kLargestFile)
        return MakeError(ErrorKind::kInvalid, "read ", path, ": the file is too large");
    }
  }

  Status WriteFile(const std::string& given, std::string_view content) const override {
    const std::string path = Expanded(*this, given);
    std::error_code error;
    const auto folder = fs::path(path).parent_path();
    if (!folder.empty()) fs::create_directories(folder, error);
    if (error) return ErrnoError(error.value(), "write " + path);
    std::string pending = path + ".XXXXXX";
    Descriptor file(::mkostemp(pending.data(), O_CLOEXEC));  // for the owner alone
    if (file.get() < 0) return ErrnoError(errno, "write " + path);
    while (!content.empty()) {
      const ssize_t count = ::write(file.get(), content.data(), content.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Undo(pending, errno, path);
      content.remove_prefix(static_cast<size_t>(count));
    }
    if (file.Close() != 0 || ::rename(pending.c_str(), path.c_str()) != 0) return Undo(pending, errno, path);
    return Status::OK();
  }

  Result<std::string> RunCommand(const std::string& command) const override {
    std::FILE* pipe = ::popen(command.c_str(), "re");
    if (pipe == nullptr) return ErrnoError(errno, "run a command");
    std::string output;
    std::array<char, 4096> buffer;
    size_t count = 0;
    while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0 && output.size() < kLargestFile) {
      output.append(buffer.data(), count);
    }
    const int status = ::pclose(pipe);
    if (status == 0) return output;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return MakeError(ErrorKind::kUnavailable, "run ", command.substr(0, command.find(' ')),
                     ": it ended with exit code ", code);
  }

 private:
  static Status Undo(const std::string& pending, int error, const std::string& path) {
    ::unlink(pending.c_str());
    return ErrnoError(error, "write " + path);
  }
};

class FakeEnvironment final : public Environment {
 public:
  FakeEnvironment(std::map<std::string, std::string> variables, std::map<std::string, std::string> files,
                  std::map<std::string, std::string> commands)
      : variables_(std::move(variables)), files_(std::move(files)), commands_(std::move(commands)) {}

  std::optional<std::string> Variable(std::string_view name) const override {
    const auto found = variables_.find(std::string(name));
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::string> ReadFile(const std::string& given) const override {
    const std::string path = Expanded(*this, given);
    std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    if (found == files_.end()) return ErrnoError(ENOENT, "read " + path);
    return found->second;
  }
  Status WriteFile(const std::string& given, std::string_view content) const override {
    std::lock_guard lock(mutex_);
    files_[Expanded(*this, given)] = content;
    return Status::OK();
  }
  Result<std::string> RunCommand(const std::string& command) const override {
    const auto found = commands_.find(command);
    if (found == commands_.end()) {
      return MakeError(ErrorKind::kUnavailable, "run ", command.substr(0, command.find(' ')),
                       ": it ended with exit code 127");
    }
    return found->second;
  }

 private:
  const std::map<std::string, std::string> variables_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> files_;
  const std::map<std::string, std::string> commands_;
};

}  // namespace

std::shared_ptr<const Environment> Environment::Process() {
  static const auto process = std::make_shared<const ProcessEnvironment>();
  return process;
}

std::shared_ptr<Environment> MakeFakeEnvironment(std::map<std::string, std::string> variables,
                                                 std::map<std::string, std::string> files,
                                                 std::map<std::string, std::string> commands) {
  return std::make_shared<FakeEnvironment>(std::move(variables), std::move(files), std::move(commands));
}

}  // namespace glaux
