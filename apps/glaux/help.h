#pragma once

#include <CLI/App.hpp>

#include <string>

namespace glaux::cli {

/// Prints --help: what the command does, its line, its options, examples.
class HelpFormatter final : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace glaux::cli
