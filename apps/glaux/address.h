#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "session.h"

namespace glaux::cli {

/// Where files are, as a command line names it: a path, file:///path, s3://bucket/key, or "-".
struct Address {
  std::string text;  ///< as given
  /// "s3://bucket/key" or "file:///path"; empty for "-". Of what is read: a pattern as glob.h has it, in which the
  /// special characters of a local file that is there are escaped. Of what is written: no pattern.
  std::string uri;
  bool is_stream() const { return uri.empty(); }
  bool is_local() const { return uri.starts_with("file://"); }
  /// Of what is written and local.
  std::string path() const { return uri.substr(std::string_view("file://").size()); }
};

enum class AddressUse { kRead, kWrite };

/// Take an address apart. Local paths are relative to `working_directory`; links in them are followed. kInvalid for
/// what is no address, kNotImplemented for stores that are not known.
Result<Address> ParseAddress(std::string_view text, AddressUse use, const std::string& working_directory);
Result<std::vector<Address>> ParseAddresses(const std::vector<std::string>& texts, AddressUse use,
                                            const std::string& working_directory);

/// The words of an address with the characters that patterns know escaped.
std::string EscapePattern(std::string_view text);

/// The hint of an address that matches nothing, by what was passed over; empty: nothing was.
std::string WhatIsLeftOut(int64_t hidden, int64_t links);

/// Standard input as a file that can be read anywhere; gone with this.
class SpooledInput {
 public:
  /// \param name of the file, so that what reads it may go by its ending
  static Result<std::unique_ptr<SpooledInput>> Make(std::istream& in, const std::string& name = "standard-input");
  ~SpooledInput();
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;

  const std::string& path() const { return path_; }
  /// As an address that is read.
  std::string uri() const { return "file://" + EscapePattern(path_); }

 private:
  SpooledInput(std::string folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}
  const std::string folder_;
  const std::string path_;
};

}  // namespace glaux::cli
