#pragma once

#include <chrono>
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
  /// Run a command line through the shell and return its standard output. Standard input and error stay those of this
  /// process, so that it can ask and complain. kUnavailable with the exit code; kTimeout, and the command is ended.
  virtual Result<std::string> RunCommand(const std::string& command) const = 0;

  static constexpr std::chrono::minutes kCommandLimit{2};
  /// This process's own. A command that takes longer than the limit is ended.
  static std::shared_ptr<const Environment> Process(std::chrono::milliseconds command_limit = kCommandLimit);
};

/// An environment of given variables and files, for tests. Commands answer what `commands` has for them.
std::shared_ptr<Environment> MakeFakeEnvironment(std::map<std::string, std::string> variables,
                                                 std::map<std::string, std::string> files = {},
                                                 std::map<std::string, std::string> commands = {});

}  // namespace glaux
