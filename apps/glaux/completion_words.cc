#include "completion_words.h"

#include <algorithm>

#include "result_writer.h"

namespace glaux::cli {
namespace {

/// "--format=cs" as one word is how zsh and fish see it; bash makes three words of it.
void JoinBashWords(std::vector<std::string>* words) {
  if (!words->empty() && words->back() == "=") words->back().clear();
  words->erase(std::remove(words->begin(), words->end(), "="), words->end());
}

const CLI::Option* FindOption(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const auto* option : app->get_options()) {
      if (option->nonpositional() && option->check_name(name)) return option;
    }
  }
  return nullptr;
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0 && option.get_type_size() > 0; }

class Completer {
 public:
  Completer(std::string current, const NameLookup& names) : current_(std::move(current)), names_(names) {}

  /// \param kind the type name of an option: "a|b", "FORMAT", "TABLE"; other words in capitals offer nothing
  void AddValues(std::string_view kind, const std::string& lake) {
    while (!kind.empty()) {
      const auto bar = std::min(kind.find('|'), kind.size());
      const std::string part(kind.substr(0, bar));
      kind.remove_prefix(std::min(bar + 1, kind.size()));
      if (part == "FILE") {
        completion_.files = true;
      } else if (part == "DIR") {
        completion_.folders = true;
      } else if (part == "FORMAT") {
        for (const auto& name : OutputFormatNames()) Add(name);
      } else if (part == "TABLE" || part == "DATABASE") {
        for (const auto& name : names_(part, lake)) Add(name);
      } else if (!std::any_of(part.begin(), part.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
        Add(part);
      }
    }
  }

  void AddOptions(const CLI::App* app) {
    for (; app != nullptr; app = app->get_parent()) {
      for (const auto* option : app->get_options()) {
        if (option->get_group().empty()) continue;
        for (const auto& name : option->get_lnames()) Add("--" + name, option->get_description());
      }
    }
  }

  void AddCommands(const CLI::App& app) {
    for (const auto* command : app.get_subcommands([](const CLI::App* c) { return !c->get_group().empty(); })) {
      Add(command->get_name(), command->get_description());
    }
  }

  void Add(const std::string& word, const std::string& description = {}) {
    if (word.starts_with(current_)) completion_.candidates.push_back({word, description});
  }

  void PrefixAll(const std::string& prefix) {
    for (auto& candidate : completion_.candidates) candidate.word.insert(0, prefix);
  }

  Completion Take() { return std::move(completion_); }
  const std::string& current() const { return current_; }

 private:
  const std::string current_;
  const NameLookup& names_;
  Completion completion_;
};

}  // namespace

Completion CompleteWords(const CLI::App& app, std::vector<std::string> words, const NameLookup& names) {
  JoinBashWords(&words);
  const std::string current = words.empty() ? "" : words.back();
  if (!words.empty()) words.pop_back();

  const CLI::App* command = &app;
  const CLI::Option* waiting = nullptr;  // an option whose value comes next
  std::string lake;
  size_t given = 0;
  bool options_ended = false;
  for (const auto& word : words) {
    if (waiting != nullptr) {
      if (waiting->check_name("--lake")) lake = word;
      waiting = nullptr;
    } else if (word == "--") {
      options_ended = true;
    } else if (word.size() > 1 && word.starts_with('-') && !options_ended) {
      const auto equals = word.find('=');
      const auto* option = FindOption(command, word.substr(0, equals));
      if (option == nullptr || !TakesValue(*option)) continue;
      if (equals == std::string::npos) {
        waiting = option;
      } else if (option->check_name("--lake")) {
        lake = word.substr(equals + 1);
      }
    } else if (command == &app) {
      const auto found = app.get_subcommands([&](const CLI::App* c) { return c->get_name() == word; });
      if (found.empty()) return {};
      command = found.front();
    } else {
      ++given;
    }
  }

  const auto equals = current.find('=');
  if (waiting == nullptr && current.starts_with("--") && equals != std::string::npos) {
    const auto* option = FindOption(command, current.substr(0, equals));
    Completer completer(current.substr(equals + 1), names);
    if (option != nullptr) completer.AddValues(option->get_type_name(), lake);
    completer.PrefixAll(current.substr(0, equals + 1));
    return completer.Take();
  }
  Completer completer(current, names);
  if (waiting != nullptr) {
    completer.AddValues(waiting->get_type_name(), lake);
  } else if (current.starts_with('-') && !options_ended) {
    completer.AddOptions(command);
  } else if (command == &app) {
    completer.AddCommands(app);
  } else {
    const auto positionals = command->get_options([](const CLI::Option* option) { return option->get_positional(); });
    const bool many = !positionals.empty() && positionals.back()->get_items_expected_max() > 1;
    if (given < positionals.size()) {
      completer.AddValues(positionals[given]->get_type_name(), lake);
    } else if (many) {
      completer.AddValues(positionals.back()->get_type_name(), lake);
    }
  }
  return completer.Take();
}

std::string ToLines(const Completion& completion) {
  std::string text;
  for (const auto& candidate : completion.candidates) {
    text += candidate.word;
    if (!candidate.description.empty()) text += "\t" + candidate.description;
    text += "\n";
  }
  if (completion.files) text += ":file\n";
  if (completion.folders) text += ":folder\n";
  return text;
}

std::string_view CompletionScript(std::string_view shell) {
  if (shell == "bash") {
    return R"(# bash completion of glaux; to use it now: source <(glaux completion bash)
# to keep it: glaux completion bash > ~/.local/share/bash-completion/completions/glaux
_glaux() {
  local current="${COMP_WORDS[COMP_CWORD]}" line
  [[ $current == "=" ]] && current=""
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :file)
        compopt -o filenames
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
      :folder)
        compopt -o filenames
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
      *)
        COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _glaux glaux
)";
  }
  if (shell == "zsh") {
    return R"(#compdef glaux
# zsh completion of glaux; to use it now: source <(glaux completion zsh)
# to keep it: glaux completion zsh > a file _glaux in a folder of $fpath
_glaux() {
  local line files="" folders=""
  local -a candidates
  while IFS= read -r line; do
    case "$line" in
      :file) files=1 ;;
      :folder) folders=1 ;;
      *) candidates+=("${${line//:/\\:}/$'\t'/:}") ;;
    esac
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#candidates} )) && _describe 'glaux' candidates
  [[ -n $files ]] && _files
  [[ -n $folders ]] && _files -/
  return 0
}
compdef _glaux glaux
)";
  }
  if (shell == "fish") {
    return R"(# fish completion of glaux; to use it now: glaux completion fish | source
# to keep it: glaux completion fish > ~/.config/fish/completions/glaux.fish
function __glaux_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path "$current"
            case ':folder'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c glaux -f -a '(__glaux_complete)'
)";
  }
  return {};
}

}  // namespace glaux::cli
