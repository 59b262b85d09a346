#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "glaux/table/hive/hive_commit_internal.h"

namespace glaux {

/// Where one commit writes the files of each partition. Thread-safe.
///
/// An overwrite writes below a folder of its own, "<root>/<commit id>/". Rows that are added go where the partition is
/// now, which an overwrite or somebody's hand may have moved, and those of a new partition where Hive looks for it; in
/// a folder of the commit's own where files lie there that an overwrite has replaced and that are not gone yet.
class WritePlaces {
 public:
  /// \param fresh the table is created by the commit: nothing is anywhere
  WritePlaces(HivePlace place, const TableEntry& entry, bool fresh, bool overwrite, std::string commit_id);

  /// The rows of these partitions replace those that are there; before the first LocationOf.
  void Replace(std::set<std::vector<std::string>> partitions);

  /// A URI that ends with '/'. Values are empty for an unpartitioned table.
  Result<std::string> LocationOf(const std::vector<std::string>& values);

  /// Fill in the partitions to register beside those that are replaced, if the places are still right. kPrecondition if they are not.
  /// \param state in which no commit is open
  Status Describe(const CommitLog::State& state, CommitRecord* record, int64_t* added);

 private:
  struct Chosen {
    bool known = false;  ///< the partition was there
    std::string location;
  };
  /// The partitions that there are, and what lies about.
  struct Surroundings {
    int64_t overwrites = 0;
    std::map<std::vector<std::string>, std::string> known;
    std::set<std::string> replaced;  ///< URIs

    bool HasReplacedFilesBelow(const std::string& location) const;
  };
  Result<Surroundings> Look(const CommitLog::State& state) const;
  std::string DefaultOf(const std::vector<std::string>& values) const;

  const HivePlace place_;
  const bool fresh_;
  const bool overwrite_;
  const std::string run_;
  const std::string table_location_;
  std::vector<std::string> keys_;
  std::set<std::vector<std::string>> replaced_;
  std::mutex mutex_;
  std::optional<Surroundings> surroundings_;
  std::map<std::vector<std::string>, Chosen> chosen_;
};

}  // namespace glaux
