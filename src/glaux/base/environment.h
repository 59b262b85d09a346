#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

/// What surrounds a process: variables, files, programs. An argument where these decide, so that tests need no setenv.
/// Thread-safe.
class Environment {
 public:
  virtual ~Environment() = default;

  /// Unset and empty are told apart.
  virtual std::optional<std::string> Variable(std::string_view name) const = 0;
  /// The whole file; a leading "~/" is the home folder. kNotFound, kDenied.
  virtual Result<std::string> ReadFile(const std::string& path) const = 0;
  /// Replace a file whole or not at all, readable for its owner alone; folders above it are made.
  virtual Status WriteFile(const std::string& path, std::string_view content) const = 0;
  /// Run a command line through the shell and return its standard output. kUnavailable with the exit code and the
  /// beginning of standard error; kTimeout.
  virtual Result<std::string> RunCommand(const std::string& command) const = 0;

  /// This process's own.
  static std::shared_ptr<const Environment> Process();
};

/// An environment of given variables and files, for tests. Commands answer what `commands` has for them.
std::shared_ptr<Environment> MakeFakeEnvironment(std::map<std::string, std::string> variables,
                                                 std::map<std::string, std::string> files = {},
                                                 std::map<std::string, std::string> commands = {});

}  // namespace glaux
