#include "glaux/base/environment.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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

/// The first word of a command line, to name it by: what follows may be secret, and so may "TOKEN=…" in front.
std::string ProgramOf(const std::string& command) {
  const std::string word = command.substr(0, command.find(' '));
  return word.find('=') == std::string::npos ? word : "a command";
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
  explicit ProcessEnvironment(std::chrono::milliseconds command_limit) : command_limit_(command_limit) {}

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
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError(errno, "run a command");
    const Descriptor output(ends[0]);
    Descriptor input(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
    const std::array<const char*, 4> arguments = {"sh", "-c", command.c_str(), nullptr};
    pid_t child = 0;
    const int error =
        ::posix_spawn(&child, "/bin/sh", &actions, nullptr, const_cast<char* const*>(arguments.data()), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return ErrnoError(error, "run a command");
    input.Close();
    auto text = ReadUntil(output.get(), std::chrono::steady_clock::now() + command_limit_);
    if (!text.ok()) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const std::string program = "run " + ProgramOf(command);
    if (!text.ok()) return Prefix(text.status(), program);
    if (status == 0) return text;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return MakeError(ErrorKind::kUnavailable, program, ": it ended with exit code ", code);
  }

 private:
  /// All that comes until the other side closes.
  static Result<std::string> ReadUntil(int descriptor, std::chrono::steady_clock::time_point end) {
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      pollfd waiting{descriptor, POLLIN, 0};
      const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<int64_t>(left, 0)));
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) return MakeError(ErrorKind::kTimeout, "it did not end in time");
      const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ErrnoError(errno, "read what it prints");
      if (count == 0) return text;
      text.append(buffer.data(), static_cast<size_t>(count));
      if (text.size() > kLargestFile) return MakeError(ErrorKind::kInvalid, "it prints too much");
    }
  }

  static Status Undo(const std::string& pending, int error, const std::string& path) {
    ::unlink(pending.c_str());
    return ErrnoError(error, "write " + path);
  }

  const std::chrono::milliseconds command_limit_;
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
      return MakeError(ErrorKind::kUnavailable, "run ", ProgramOf(command), ": it ended with exit code 127");
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

std::shared_ptr<const Environment> Environment::Process(std::chrono::milliseconds command_limit) {
  return std::make_shared<const ProcessEnvironment>(command_limit);
}

std::shared_ptr<Environment> MakeFakeEnvironment(std::map<std::string, std::string> variables,
                                                 std::map<std::string, std::string> files,
                                                 std::map<std::string, std::string> commands) {
  return std::make_shared<FakeEnvironment>(std::move(variables), std::move(files), std::move(commands));
}

}  // namespace glaux
