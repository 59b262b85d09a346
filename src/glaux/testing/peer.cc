#include "glaux/testing/peer.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace glaux::testing {
namespace {

namespace fs = std::filesystem;

std::string Variable(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : std::move(otherwise);
}

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Standard output, and whether the command succeeded.
std::pair<std::string, bool> Run(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {out, false};
  char bytes[4096];
  while (const size_t got = std::fread(bytes, 1, sizeof bytes, pipe)) out.append(bytes, got);
  return {out, ::pclose(pipe) == 0};
}

}  // namespace

std::string Peer::Python() {
  const fs::path ours = fs::path(GLAUX_SOURCE_DIR) / ".deps/peers/bin/python";
  return Variable("GLAUX_PEERS_PYTHON", fs::exists(ours) ? ours.string() : "python3");
}

Peer::Peer(std::string script, std::vector<std::string> arguments, std::string interpreter, std::string needs) {
  const fs::path shared = Variable("GLAUX_SHARED", std::string(GLAUX_SOURCE_DIR) + "/../shared");
  fs::path path = shared / "peers" / script;
  if (!fs::exists(path)) path = fs::path(GLAUX_SOURCE_DIR) / "../../shared/peers" / script;
  if (!fs::exists(path)) {
    why_not_ = "there is no " + script + " in " + (shared / "peers").string() + " (GLAUX_SHARED)";
    return;
  }
  if (!Run(needs + " >/dev/null 2>&1").second) {
    why_not_ = script + " would have to be installed first (docs/guide/s3.md says how): " + needs;
    return;
  }
  folder_ = (fs::temp_directory_path() / ("glaux-peer-" + std::to_string(::getpid()) + "-" + script)).string();
  std::string command = interpreter + " " + Quoted(path.string()) + " --data " + Quoted(folder_);
  for (const auto& argument : arguments) command += " " + Quoted(argument);
  const auto [out, started] = Run(command + " 2>&1");
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("pid=")) pid_ = line.substr(4);
    if (line.starts_with("url=")) url_ = line.substr(4);
  }
  if (!started || pid_.empty() || url_.empty()) why_not_ = script + " did not start: " + out;
}

Peer::~Peer() {
  if (const int pid = std::atoi(pid_.c_str()); pid > 1) ::kill(pid, SIGTERM);
  std::error_code ignored;
  if (folder_.empty()) return;
  fs::remove_all(folder_, ignored);
  fs::remove(folder_ + ".log", ignored);
}

}  // namespace glaux::testing
