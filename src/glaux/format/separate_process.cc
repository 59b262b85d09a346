#include <arrow/buffer_builder.h>
#include <arrow/io/interfaces.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "glaux/format/separate_process_internal.h"

// A fork, not a program of its own: the library may be part of any program. Parent and child speak over a socket, one
// message after the other; the child asks for bytes of the file, so that whatever the file is (a store's, with its
// locks and connections) is used by the parent only. The parent believes nothing that the child says.

namespace glaux {
namespace {

constexpr rlim_t kMostMemory = rlim_t{4} << 30;
constexpr rlim_t kMostSeconds = 300;
/// A child says something at once, unless its process was copied while somebody held a lock that it needs.
constexpr int kFirstWordMillis = 10'000;
constexpr int kSilenceMillis = 1'000 * (static_cast<int>(kMostSeconds) + 30);
constexpr int kMostStarts = 3;
constexpr int64_t kPiece = 1 << 20;

enum class Word : int64_t { kRead, kBytes, kWrite, kError, kDone };

struct Message {
  Word word;
  int64_t at = 0;  ///< of kRead: the offset; of kError: the code
  int64_t size = 0;
};

/// False: the other side is gone.
bool Send(int socket, const void* data, int64_t size) {
  for (const char* at = static_cast<const char*>(data); size > 0;) {
    const ssize_t sent = send(socket, at, static_cast<size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    size -= sent;
  }
  return true;
}

bool Receive(int socket, void* data, int64_t size) {
  for (char* at = static_cast<char*>(data); size > 0;) {
    const ssize_t got = recv(socket, at, static_cast<size_t>(size), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= got;
  }
  return true;
}

/// The child's view of the file.
class AskedFile final : public arrow::io::RandomAccessFile {
 public:
  AskedFile(int socket, int64_t size) : socket_(socket), size_(size) {}

  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    Message message{.word = Word::kRead, .at = position, .size = size};
    if (!Send(socket_, &message, sizeof(message)) || !Receive(socket_, &message, sizeof(message)) ||
        message.word != Word::kBytes || message.size > size || !Receive(socket_, out, message.size)) {
      return Status::IOError("the file cannot be read");
    }
    return message.size;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    const int64_t rest = std::max<int64_t>(size_ - position, 0);
    ARROW_ASSIGN_OR_RAISE(auto buffer,
                          arrow::AllocateResizableBuffer(std::min(size, rest), arrow::system_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, buffer->size(), buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, size, out));
    position_ += got;
    return got;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, size));
    position_ += buffer->size();
    return buffer;
  }
  Result<int64_t> GetSize() override { return size_; }
  Result<int64_t> Tell() const override { return position_; }
  Status Seek(int64_t position) override {
    position_ = position;
    return Status::OK();
  }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }

 private:
  const int socket_;
  const int64_t size_;
  int64_t position_ = 0;
};

class ToParent final : public arrow::io::OutputStream {
 public:
  explicit ToParent(int socket) : socket_(socket) {}

  Status Write(const void* data, int64_t size) override {
    for (const char* at = static_cast<const char*>(data); size > 0;) {
      const Message message{.word = Word::kWrite, .size = std::min(size, kPiece)};
      if (!Send(socket_, &message, sizeof(message)) || !Send(socket_, at, message.size)) {
        return Status::IOError("nobody waits for the rows any more");
      }
      at += message.size;
      size -= message.size;
      position_ += message.size;
    }
    return Status::OK();
  }
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }

 private:
  const int socket_;
  int64_t position_ = 0;
};

/// The child must not say, dump, keep or handle anything of its own, and must end when its parent does.
/// \param memory in bytes, of the whole process
/// \param socket to the parent; moves
void LimitChild(pid_t parent, rlim_t memory, int* socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (const int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGINT, SIGQUIT, SIGSEGV, SIGTERM, SIGXCPU}) {
    std::signal(signal, SIG_DFL);
  }
  dup2(*socket, 3);
  *socket = 3;
  const int nothing = open("/dev/null", O_RDWR);
  for (const int file : {0, 1, 2}) dup2(nothing, file);
  // What the parent has open stays its own: its locks end when it closes them, and a socket to another child does too.
  if (close_range(4, ~0U, 0) != 0) {
    for (int file = 4; file < sysconf(_SC_OPEN_MAX); ++file) close(file);
  }
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
  const rlimit seconds{.rlim_cur = kMostSeconds, .rlim_max = kMostSeconds};
  setrlimit(RLIMIT_CPU, &seconds);
  const rlimit bytes{.rlim_cur = memory, .rlim_max = memory};
  setrlimit(RLIMIT_AS, &bytes);
}

/// What this process has, and 4 GiB more.
rlim_t MemoryLimit() {
  rlim_t pages = 0;
  rlimit now{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  getrlimit(RLIMIT_AS, &now);
  if (!(std::ifstream("/proc/self/statm") >> pages)) return now.rlim_cur;
  return std::min(now.rlim_cur, pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + kMostMemory);
}

[[noreturn]] void RunChild(int socket, int64_t size, const SeparateWork& work) {
  Status status;
  try {
    ToParent out(socket);
    status = work(std::make_shared<AskedFile>(socket, size), &out);
  } catch (const std::bad_alloc&) {
    status = Status::OutOfMemory("a size in it is larger than memory");
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  const auto text = status.message().substr(0, static_cast<size_t>(kPiece));
  const Message end{.word = status.ok() ? Word::kDone : Word::kError,
                    .at = static_cast<int64_t>(status.code()),
                    .size = static_cast<int64_t>(text.size())};
  if (Send(socket, &end, sizeof(end))) Send(socket, text.data(), end.size);
  _exit(0);
}

/// A running child, which ends with this.
class Child {
 public:
  Child(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    close(socket_);
    if (pid_ > 0) End(SIGKILL);
  }

  static Result<std::unique_ptr<Child>> Start(int64_t size, const SeparateWork& work) {
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
      return Status::IOError("socketpair: ", std::strerror(errno));
    }
    const pid_t parent = getpid();
    const rlim_t memory = MemoryLimit();
    const pid_t pid = fork();
    if (pid == 0) {
      LimitChild(parent, memory, &sockets[1]);
      RunChild(sockets[1], size, work);
    }
    const int error = errno;
    close(sockets[1]);
    if (pid < 0) {
      close(sockets[0]);
      return Status::IOError("fork: ", std::strerror(error));
    }
    return std::make_unique<Child>(pid, sockets[0]);
  }

  int socket() const { return socket_; }

  /// Whether it says something, or ends, in time.
  bool Speaks(int millis) const {
    pollfd waits{.fd = socket_, .events = POLLIN, .revents = 0};
    int ready = 0;
    do ready = poll(&waits, 1, millis);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
  }

  /// How it ended, after it has closed its socket.
  Status HowItEnded() {
    const int status = End(0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
      return Status::Invalid("reading it takes longer than ", kMostSeconds, " s");
    }
    if (WIFSIGNALED(status)) return Status::Invalid("the library that reads it crashed: ", strsignal(WTERMSIG(status)));
    return Status::Invalid("the library that reads it gave up");
  }

 private:
  int End(int signal) {
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }

  pid_t pid_;
  const int socket_;
};

/// The parent's side of one child.
class Listener {
 public:
  Listener(arrow::io::RandomAccessFile& file, int64_t size, Child& child) : file_(file), size_(size), child_(child) {}

  Result<std::shared_ptr<arrow::Buffer>> Listen() {
    while (child_.Speaks(kSilenceMillis)) {
      Message message;
      if (!Receive(child_.socket(), &message, sizeof(message))) return child_.HowItEnded();
      switch (message.word) {
        case Word::kRead:
          ARROW_RETURN_NOT_OK(Answer(message));
          break;
        case Word::kWrite:
          ARROW_RETURN_NOT_OK(Take(message.size, &written_));
          break;
        case Word::kDone:
          return written_.Finish();
        case Word::kError: {
          arrow::BufferBuilder text;
          ARROW_RETURN_NOT_OK(Take(message.size, &text));
          ARROW_ASSIGN_OR_RAISE(const auto words, text.Finish());
          const bool known = message.at == static_cast<int64_t>(arrow::StatusCode::NotImplemented);
          return Status(known ? arrow::StatusCode::NotImplemented : arrow::StatusCode::Invalid, words->ToString());
        }
        default:
          return Status::Invalid("the library that reads it went astray");
      }
    }
    return Status::Invalid("the library that reads it says nothing any more");
  }

 private:
  Status Answer(const Message& asked) {
    const int64_t rest = asked.at < 0 || asked.at > size_ ? 0 : size_ - asked.at;
    // An error of the file ends the work: what the child would make of it is of no use.
    ARROW_ASSIGN_OR_RAISE(const auto bytes, file_.ReadAt(std::clamp<int64_t>(asked.at, 0, size_),
                                                         std::clamp<int64_t>(asked.size, 0, rest)));
    const Message answer{.word = Word::kBytes, .size = bytes->size()};
    // That the child is gone shows at the next word.
    if (Send(child_.socket(), &answer, sizeof(answer))) Send(child_.socket(), bytes->data(), bytes->size());
    return Status::OK();
  }

  Status Take(int64_t size, arrow::BufferBuilder* out) {
    if (size < 0 || size > kPiece) return Status::Invalid("the library that reads it went astray");
    ARROW_RETURN_NOT_OK(out->Reserve(size));
    if (!Receive(child_.socket(), out->mutable_data() + out->length(), size)) return child_.HowItEnded();
    out->UnsafeAdvance(size);
    return Status::OK();
  }

  arrow::io::RandomAccessFile& file_;
  const int64_t size_;
  Child& child_;
  arrow::BufferBuilder written_;
};

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> RunSeparately(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                                     const SeparateWork& work) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  for (int starts = 1;; ++starts) {
    ARROW_ASSIGN_OR_RAISE(const auto child, Child::Start(size, work));
    if (starts < kMostStarts && !child->Speaks(kFirstWordMillis)) continue;
    return Listener(*file, size, *child).Listen();
  }
}

}  // namespace glaux
