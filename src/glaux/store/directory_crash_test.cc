#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>

#include "glaux/store/directory_store.h"
#include "glaux/store/object_writer.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

// Bytes that know whether they are all there: "<length> <seed>:" and what the seed makes.
std::string Body(uint32_t seed) {
  std::minstd_rand random(seed);
  std::string bytes(1 + random() % 60'000, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random() >> 8);
  return std::to_string(bytes.size()) + " " + std::to_string(seed) + ":" + bytes;
}

bool IsWhole(const std::string& body) {
  const auto space = body.find(' ');
  if (space == std::string::npos) return false;
  return body == Body(static_cast<uint32_t>(std::strtoul(body.c_str() + space, nullptr, 10)));
}

// Write, replace, delete, copy and upload until somebody ends it.
[[noreturn]] void WriteForever(const std::string& root, uint32_t seed) {
  auto made = MakeDirectoryStore({.root = root, .sync = false});
  if (!made.ok()) ::_exit(1);
  const auto store = *made;
  for (std::minstd_rand random(seed);;) {
    const auto next = static_cast<uint32_t>(random());
    const std::string key = "d" + std::to_string(next % 3) + "/k" + std::to_string(next % 7);
    const std::string body = Body(next);
    Status status;
    switch (next / 7 % 5) {
      case 0:
        status = PutString(*store, key, body).status();
        break;
      case 1:
        status = PutString(*store, key, body, {.if_absent = true}).status();
        break;
      case 2:
        status = store->Delete(std::vector{key}).status();
        break;
      case 3:
        status = store->Copy(key, "copy/" + key).status();
        break;
      default: {
        auto id = store->CreateMultipart(key);
        if (!id.ok()) ::_exit(2);
        // Every other upload is in order, and the rest must be joined.
        const size_t half = body.size() / 2;
        std::vector<UploadedPart> parts(2);
        for (int i = 0; i < 2; ++i) {
          const size_t part = next % 2 == 0 ? i : 1 - i;
          auto sent =
              store->UploadPart(key, *id, static_cast<int>(part) + 1,
                                AsBytes(std::string_view(body).substr(part * half, part == 0 ? half : body.npos)));
          if (!sent.ok()) ::_exit(3);
          parts[part] = *sent;
        }
        status = store->CompleteMultipart(key, *id, parts).status();
      }
    }
    const auto kind = KindOf(status);
    if (!status.ok() && kind != ErrorKind::kPrecondition && kind != ErrorKind::kNotFound) ::_exit(4);
  }
}

TEST(DirectoryCrash, WriterKilledAtAnyMomentLeavesOnlyWholeObjects) {
  const TempDir dir;
  const std::string root = dir / "root";
  std::minstd_rand random(20240131);
  size_t seen = 0;
  for (int round = 0; round < 30; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) WriteForever(root, static_cast<uint32_t>(1000 + round));
    ::usleep(2'000 + random() % 12'000);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself, exit code " << WEXITSTATUS(status);

    ASSERT_OK_AND_ASSIGN(const auto store, MakeDirectoryStore({.root = root, .sync = false}));
    ASSERT_OK_AND_ASSIGN(const auto objects, ListAll(*store, ""));
    for (const auto& object : objects) {
      ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, object.key));
      EXPECT_TRUE(IsWhole(body)) << object.key << " after round " << round;
      ++seen;
    }
    // What it was uploading can be cleared away; what it had completed is not listed.
    ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
    EXPECT_LE(uploads.size(), 1u);
    for (const auto& upload : uploads) ASSERT_OK(store->AbortMultipart(upload.key, upload.upload_id));
  }
  EXPECT_GT(seen, 30u);
}

}  // namespace
}  // namespace glaux::testing
