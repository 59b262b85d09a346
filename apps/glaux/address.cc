#include "address.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <istream>

namespace glaux::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpecial = "*?[{\\";

/// Links followed as far as the path is there.
std::string Canonical(const fs::path& path) {
  std::error_code error;
  const auto canonical = fs::weakly_canonical(path, error);
  return error ? path.lexically_normal().string() : canonical.string();
}

std::string WithSlash(std::string path) {
  if (!path.ends_with('/')) path += '/';
  return path;
}

}  // namespace

Result<Address> ParseAddress(std::string_view text, AddressUse use, const std::string& working_directory) {
  Address address{.text = std::string(text), .uri = {}};
  if (text == "-") return address;
  if (text.empty()) return MakeError(ErrorKind::kInvalid, "an address is empty");
  if (text.find('\0') != std::string_view::npos) return MakeError(ErrorKind::kInvalid, "an address holds a NUL byte");
  if (text.starts_with("s3://")) {
    if (text.size() == 5 || text[5] == '/') {
      return MakeError(ErrorKind::kInvalid, "address '", text, "': expected s3://bucket/key");
    }
    address.uri = text;
    return address;
  }
  std::string_view path = text;
  if (text.starts_with("file://")) {
    path = text.substr(7);
    if (!path.starts_with('/')) {
      return MakeError(ErrorKind::kInvalid, "address '", text, "': expected file:/// and an absolute path");
    }
  } else if (const size_t scheme = text.find("://"); scheme != std::string_view::npos && text.find('/') > scheme) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "s3://bucket/key, file:///path and paths are known"},
                     "address '", text, "': there is no store for ", text.substr(0, scheme), "://");
  }
  fs::path absolute = fs::path(working_directory) / path;
  if (!absolute.is_absolute()) absolute = fs::absolute(absolute);
  if (use == AddressUse::kWrite) {
    std::string written = Canonical(absolute);
    address.uri = "file://" + (path.ends_with('/') ? WithSlash(std::move(written)) : written);
    return address;
  }
  std::error_code error;
  const size_t special = path.find_first_of(kSpecial);
  if (special == std::string_view::npos || fs::exists(absolute, error)) {
    const std::string escaped = EscapePattern(Canonical(absolute));
    address.uri = "file://" + (path.ends_with('/') ? WithSlash(escaped) : escaped);
    return address;
  }
  // The working directory may itself have special characters in its name.
  const size_t slash = path.rfind('/', special);
  const size_t rest = slash == std::string_view::npos ? 0 : slash + 1;
  const auto folder = Canonical(fs::path(working_directory) / path.substr(0, rest));
  address.uri = "file://" + EscapePattern(WithSlash(folder)) + std::string(path.substr(rest));
  return address;
}

Result<std::vector<Address>> ParseAddresses(const std::vector<std::string>& texts, AddressUse use,
                                            const std::string& working_directory) {
  std::vector<Address> addresses;
  for (const auto& text : texts) {
    ARROW_ASSIGN_OR_RAISE(auto address, ParseAddress(text, use, working_directory));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

std::string EscapePattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string WhatIsLeftOut(int64_t hidden, int64_t links) {
  std::string hint;
  if (hidden > 0) hint = "names that begin with . or _ are left out; --all takes them";
  if (links > 0)
    hint += std::string(hint.empty() ? "" : "; ") + "symbolic links are followed only where they are named";
  return hint;
}

Result<std::unique_ptr<SpooledInput>> SpooledInput::Make(std::istream& in, const std::string& name) {
  const char* temporary = std::getenv("TMPDIR");
  std::string folder =
      std::string(temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary) + "/glaux-input-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return ErrnoError(errno, "make a temporary folder " + folder);
  auto spooled = std::unique_ptr<SpooledInput>(new SpooledInput(Canonical(folder), Canonical(folder) + "/" + name));
  std::ofstream out(spooled->path(), std::ios::binary);
  std::vector<char> piece(1 << 20);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    if (!out.write(piece.data(), in.gcount())) return ErrnoError(errno, "keep standard input in " + spooled->path());
  }
  if (in.bad()) return ErrnoError(errno, "read standard input");
  out.close();
  if (!out) return ErrnoError(errno, "keep standard input in " + spooled->path());
  return spooled;
}

SpooledInput::~SpooledInput() {
  std::error_code error;
  fs::remove_all(folder_, error);
}

}  // namespace glaux::cli
