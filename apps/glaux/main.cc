#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "app.h"
#include "output_file.h"

int main(int count, char** values) {
  // A reader that went away is an error of write(), which ends a command quietly, and no reason to die inside a
  // library.
  std::signal(SIGPIPE, SIG_IGN);
  // Arrow's default allocator keeps a fifth more memory than jemalloc over a long load. The user's own choice wins.
  setenv("ARROW_DEFAULT_MEMORY_POOL", "jemalloc", /*overwrite=*/0);
  using glaux::cli::DetectTerminal;
  using glaux::cli::ProcessEnvironment;
  std::error_code error;
  glaux::cli::Session session({
      .out = glaux::cli::MakeDescriptorStream(STDOUT_FILENO, "standard output"),
      .err = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); },
      .in = &std::cin,
      .in_interactive = isatty(STDIN_FILENO) == 1,
      .environment = ProcessEnvironment,
      .out_terminal = [](auto mode) { return DetectTerminal(STDOUT_FILENO, mode, ProcessEnvironment); },
      .err_terminal = [](auto mode) { return DetectTerminal(STDERR_FILENO, mode, ProcessEnvironment); },
      .working_directory = std::filesystem::current_path(error).string(),
      .find_config = glaux::FindLakeConfig,
      .open_lake = glaux::Lake::Open,
      .process = glaux::Environment::Process(),
      .open_transport = glaux::http::MakeCurlTransport,
  });
  return glaux::cli::RunApp({values + 1, values + count}, &session);
}
