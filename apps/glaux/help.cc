#include "help.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace glaux::cli {
namespace {

constexpr size_t kLineWidth = 100;
constexpr size_t kTextColumn = 28;

/// "  --name VALUE      what it does", the text wrapped in its own column.
void AppendEntry(const std::string& name, std::string_view text, std::string* out) {
  std::string line = "  " + name;
  if (line.size() + 2 > kTextColumn && !text.empty()) {
    *out += line + "\n";
    line.clear();
  }
  line.resize(std::max(line.size(), text.empty() ? 0 : kTextColumn), ' ');
  size_t used = line.size();
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, space);
    if (used > kTextColumn && used + 1 + word.size() > kLineWidth) {
      line += "\n" + std::string(kTextColumn, ' ');
      used = kTextColumn;
    }
    if (used > kTextColumn) {
      line += ' ';
      ++used;
    }
    line += word;
    used += word.size();
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  *out += line + "\n";
}

std::string OptionName(const CLI::Option& option) {
  std::string name = option.get_name(false, true);
  for (size_t at = 0; (at = name.find(',', at)) != std::string::npos; at += 2) name.insert(at + 1, " ");
  if (option.get_type_size() != 0 && !option.get_type_name().empty()) name += " " + option.get_type_name();
  return name;
}

/// \param inherited these are shown below a command's own: its --help says what the program's would
void AppendOptions(const CLI::App& app, std::string_view title, bool inherited, std::string* out) {
  const auto options = app.get_options([&](const CLI::Option* option) {
    const bool about = option == app.get_help_ptr() || option == app.get_version_ptr();
    return option->nonpositional() && !option->get_group().empty() && !(inherited && about);
  });
  if (options.empty()) return;
  out->append("\n").append(title).append(":\n");
  for (const auto* option : options) AppendEntry(OptionName(*option), option->get_description(), out);
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  const CLI::App* parent = app->get_parent();
  std::string out = app->get_description() + "\n\nUsage: " + name;
  const auto commands = app->get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
  if (!commands.empty()) out += " COMMAND";
  out += " [OPTIONS]";
  const auto positionals = app->get_options([](const CLI::Option* option) { return option->get_positional(); });
  for (const auto* option : positionals) {
    const std::string word = option->get_name(true, false);
    out += option->get_required() ? " " + word : " [" + word + "]";
  }
  out += "\n";
  if (!commands.empty()) {
    out += "\nCommands:\n";
    for (const auto* command : commands) AppendEntry(command->get_name(), command->get_description(), &out);
  }
  if (!positionals.empty()) {
    out += "\nArguments:\n";
    for (const auto* option : positionals) AppendEntry(option->get_name(true, false), option->get_description(), &out);
  }
  AppendOptions(*app, "Options", false, &out);
  if (parent != nullptr) AppendOptions(*parent, "Options of all commands", true, &out);
  if (!app->get_footer().empty()) out += "\n" + app->get_footer() + "\n";
  return out;
}

}  // namespace glaux::cli
