#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "glaux/store/directory_store.h"
#include "glaux/store/object_store.h"
#include "glaux/store/posix_internal.h"

namespace glaux {

/// The folder with everything that is not an object, at any depth: a store may stand inside another one's folder.
inline constexpr std::string_view kPrivateDir = ".glaux";
inline constexpr char kTempDir[] = ".glaux/tmp";
inline constexpr char kUploadsDir[] = ".glaux/uploads";
inline constexpr char kLocksDir[] = ".glaux/locks";
/// What the file name of an upload's notes ends in.
inline constexpr char kPartsSuffix[] = ".parts";

/// The root folder of a directory store, and the one way by which a file gets its final name. Thread-safe.
class DirectoryRoot {
 public:
  static Result<std::unique_ptr<DirectoryRoot>> Open(const DirectoryStoreOptions& options);

  int fd() const { return root_.get(); }
  bool sync() const { return sync_; }
  const std::string& name() const { return name_; }

  /// kInvalid unless a file below the root can have this key as its path.
  Status CheckKey(std::string_view operation, std::string_view key) const;

  /// An open regular file and what is known about it. Whatever else stands at the key is kNotFound.
  struct OpenedObject {
    posix::Fd fd;
    ObjectInfo info;
  };
  enum class OpenFor { kStat, kRead };
  Result<OpenedObject> OpenObject(std::string_view operation, std::string_view key, OpenFor purpose) const;

  /// A new file in the private folder, which is removed at the end unless Publish gave it a name.
  class TempFile {
   public:
    TempFile(TempFile&&) = default;
    ~TempFile();
    int fd() const { return fd_.get(); }
    /// Give it another name in the private folder, and let it stay. 0 or the negative of errno.
    int MoveTo(const std::string& path);

   private:
    friend class DirectoryRoot;
    TempFile(int root, std::string path, posix::Fd fd) : root_(root), path_(std::move(path)), fd_(std::move(fd)) {}
    int root_;
    std::string path_;
    posix::Fd fd_;
  };
  Result<TempFile> MakeTempFile(std::string_view operation, std::string_view key) const;
  Result<ObjectInfo> Publish(std::string_view operation, std::string_view key, TempFile file,
                             const PutOptions& options) const;

  /// Give the file at `path` in the private folder, open for writing as `fd`, its final name, as one step with the
  /// conditions. Where a condition or anything else fails, it keeps its old name.
  enum class Content { kNew, kStampedAndSynced };
  Result<ObjectInfo> Publish(std::string_view operation, std::string_view key, const std::string& path, int fd,
                             Content content, const PutOptions& options) const;

  /// Write all of a stream to a file, from `offset` on. \return the bytes written
  Result<int64_t> WriteStream(std::string_view operation, std::string_view key, int fd, int64_t offset,
                              ByteReader& body) const;

  /// Give a file the time of this very moment as its time of change, and send it to the disk if this store does that.
  /// 0 or the negative of errno.
  int StampAndSync(int fd) const;

  Status Delete(std::string_view key) const;

  /// Make the private folders. Only writers do, so that a folder that may not be written can be read.
  Status MakePrivateDirs() const;

  /// An error of this store, from errno (positive): "put file:///lake/key: <what errno means>".
  Status Error(int error, std::string_view operation, std::string_view key) const;

  static ObjectInfo InfoOf(std::string_view key, const struct stat& file);

  /// Attributes are one extended attribute of the file: they come and go with it, and moving it takes them along.
  /// A file of which nothing is known has none.
  static ObjectAttributes ReadAttributes(int fd);
  /// kInvalid where they are too long for the file system, kNotImplemented where it keeps none.
  Status WriteAttributes(std::string_view operation, std::string_view key, int fd,
                         const ObjectAttributes& attributes) const;
  Status SetAttributes(std::string_view key, const ObjectAttributes& attributes, const std::string& if_match) const;

 private:
  DirectoryRoot() = default;

  Result<ObjectInfo> Rename(std::string_view operation, std::string_view key, const std::string& path, int fd,
                            const PutOptions& options) const;
  Result<posix::Fd> MakeParent(std::string_view operation, std::string_view key) const;
  Result<posix::Fd> LockKey(std::string_view operation, std::string_view key, posix::LockMode mode) const;
  void RemoveEmptyParents(std::string_view key) const;
  void RemoveStaleFiles() const;

  posix::Fd root_;
  std::string name_;
  bool sync_ = true;
};

/// fsync, as far as the file system knows it for this kind of file. 0 or the negative of errno.
int SyncFile(int fd);

}  // namespace glaux
