#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux::testing {

struct StoreUnderTest {
  std::string name;
  /// A store without objects and uploads, for one test.
  std::function<std::shared_ptr<ObjectStore>()> make;
  /// Why there is no such store here, so that its tests are skipped. Unset or "": there is one.
  std::function<std::string()> why_not = {};
  /// Tests that this store is known to fail through no fault of ours, and why: they are skipped.
  std::map<std::string, std::string> known = {};
};

// Not inline: whoever instantiates the suite needs it, and so links the files with the tests, which need each other.
void PrintTo(const StoreUnderTest& store, std::ostream* out);

/// The contract of ObjectStore, as tests. To run it over a store, in its test program:
///
///   INSTANTIATE_TEST_SUITE_P(Memory, ObjectStoreConformance,
///                            ::testing::Values(StoreUnderTest{"Memory", MakeMemoryStore}));
class ObjectStoreConformance : public ::testing::TestWithParam<StoreUnderTest> {
 protected:
  void SetUp() override;
  /// Leave no upload behind: a store may outlive the test.
  void TearDown() override;

  /// Write, or fail the test. \return the ETag
  std::string Write(std::string_view key, std::string_view body);
  /// The content, or "<" and the kind of the error.
  std::string Read(std::string_view key);
  std::string ReadRange(std::string_view key, ByteRange range);
  /// The same as Read through OpenObject.
  std::string ReadOpened(std::string_view key);

  /// All pages together, objects and common prefixes apart.
  struct Listing {
    std::vector<std::string> keys;
    std::vector<std::string> common_prefixes;
    int pages = 0;
  };
  Listing ListPages(ListOptions options);
  std::vector<std::string> Keys(std::string_view prefix = "");

  /// A body of `size` bytes, or as many as a part must have, that differs from one `seed` to the next.
  std::string PartBody(char seed, int64_t size = 0);
  /// Begin an upload, or fail the test. \return its id
  std::string Begin(std::string_view key);
  UploadedPart Send(std::string_view key, const std::string& id, int number, std::string_view body);

  std::shared_ptr<ObjectStore> store;
};

}  // namespace glaux::testing
