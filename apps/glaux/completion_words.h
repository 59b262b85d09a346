#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace glaux::cli {

/// One way to go on with a command line.
struct Candidate {
  std::string word;
  std::string description = {};
  bool operator==(const Candidate&) const = default;
};

struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;    ///< the shell offers files, too
  bool folders = false;  ///< the shell offers folders, too
};

/// Gives the names of a kind that only the lake knows: "TABLE", "DATABASE". `lake` is what the line gives as --lake.
using NameLookup = std::function<std::vector<std::string>(std::string_view kind, const std::string& lake)>;

/// What can stand in place of the last word. Words come without the program's name.
Completion CompleteWords(const CLI::App& app, std::vector<std::string> words, const NameLookup& names);

/// "word\tdescription" lines, then ":file" or ":folder" on a line of its own.
std::string ToLines(const Completion& completion);

/// The script that makes a shell ask `glaux __complete`. Empty for a shell that is not known.
std::string_view CompletionScript(std::string_view shell);

}  // namespace glaux::cli
