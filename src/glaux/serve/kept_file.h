#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "glaux/base/status.h"

namespace glaux::serve {

/// A file that is replaced with each change, by several programs. Not thread-safe.
class KeptFile {
 public:
  /// Held while a change is made, by all programs over the file.
  class Lock {
   public:
    explicit Lock(int fd) : fd_(fd) {}
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~Lock();

   private:
    int fd_;
  };

  /// \param path empty: there is no file, and reading finds none
  explicit KeptFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// The text if the file is another one than that of the last call, "" where there is none any more; else nothing.
  Result<std::optional<std::string>> ReadIfChanged();
  Result<Lock> TakeLock() const;
  /// Replace the file, which is then the one that was read last. An error leaves the old one.
  Status Replace(std::string_view text);

 private:
  /// Which version of the file was read: each change makes another file.
  struct Stamp {
    uint64_t inode = 0;  ///< 0: there is none
    int64_t changed = 0;
    int64_t size = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp StampNow() const;

  const std::string path_;
  Stamp stamp_ = {};
};

/// How a state is written.
template <typename State>
struct KeptForm {
  std::function<Result<State>(std::string)> parse;
  std::function<std::string(const State&)> print;
  std::string what;  ///< for errors: "workgroups"
};

/// What clients of a server have it keep: in memory and, where it has a path, in a file. Thread-safe, and so are
/// several of them, in several programs, over one file: each sees what the others have changed, and no change is lost.
template <typename State>
class Kept {
 public:
  /// kCorrupt if there is a file that is none of ours.
  static Result<std::unique_ptr<Kept>> Open(std::string path, KeptForm<State> form) {
    auto kept = std::unique_ptr<Kept>(new Kept(std::move(path), std::move(form)));
    ARROW_RETURN_NOT_OK(kept->Refresh());
    return kept;
  }

  /// As it is now. Never changes under the reader.
  std::shared_ptr<const State> Get() {
    const std::lock_guard lock(mutex_);
    // What another server has written. What cannot be read now is read the next time, and a change says why.
    static_cast<void>(Refresh());
    return state_;
  }

  /// Apply a change; an error of it, or of writing, changes nothing. kInvalid: there is no room for more.
  Status Change(const std::function<Status(State*)>& change) {
    const std::lock_guard lock(mutex_);
    std::optional<KeptFile::Lock> lock_of_all;
    if (!file_.path().empty()) {
      ARROW_ASSIGN_OR_RAISE(auto taken, file_.TakeLock());
      lock_of_all.emplace(std::move(taken));
    }
    ARROW_RETURN_NOT_OK(Refresh());
    auto changed = std::make_shared<State>(*state_);
    ARROW_RETURN_NOT_OK(change(changed.get()));
    if (!file_.path().empty()) {
      const std::string text = form_.print(*changed);
      if (text.size() > kMostBytes) {
        return MakeError(ErrorKind::kInvalid, "this server has no room for more ", form_.what, ": delete some");
      }
      ARROW_RETURN_NOT_OK(file_.Replace(text));
    }
    state_ = std::move(changed);
    return Status::OK();
  }

 private:
  /// Every change writes all of it.
  static constexpr size_t kMostBytes = 64 << 20;

  Kept(std::string path, KeptForm<State> form) : file_(std::move(path)), form_(std::move(form)) {}

  Status Refresh() {
    ARROW_ASSIGN_OR_RAISE(auto text, file_.ReadIfChanged());
    if (!text) return Status::OK();
    auto read = std::make_shared<State>();
    if (!text->empty()) {
      auto state = form_.parse(*std::move(text));
      if (!state.ok()) {
        return MakeError({.kind = ErrorKind::kCorrupt, .hint = "remove the file to begin with none"}, "read ",
                         form_.what, " from ", file_.path(), ": ", state.status().message());
      }
      *read = *std::move(state);
    }
    state_ = std::move(read);
    return Status::OK();
  }

  std::mutex mutex_;
  KeptFile file_;
  const KeptForm<State> form_;
  std::shared_ptr<const State> state_ = std::make_shared<State>();
};

}  // namespace glaux::serve
