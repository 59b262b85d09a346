#pragma once

#include <string>
#include <vector>

#include "session.h"

namespace CLI {
class App;
}

namespace glaux::cli {

/// The command line: all commands and options. Parsing it sets the session's action.
void BuildApp(CLI::App* app, Session* session);

/// Parse the arguments (without the program's name) and do what they ask for. Errors are printed.
/// \return the exit code
int RunApp(std::vector<std::string> arguments, Session* session);

}  // namespace glaux::cli
