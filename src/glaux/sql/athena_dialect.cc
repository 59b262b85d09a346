#include "glaux/sql/athena_dialect.h"

#include <algorithm>
#include <array>
#include <vector>

#include "glaux/sql/lexer_internal.h"

namespace glaux::sql {
namespace {

/// Functions that DuckDB has under the same name with another meaning, and the name under which it has Athena's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kRenamed = {{
    {"DATE_DIFF", "date_sub"},
    {"DATE_TRUNC", "athena_date_trunc"},
    {"ELEMENT_AT", "athena_element_at"},
    {"MD5", "athena_md5"},
    {"MILLISECOND", "athena_millisecond"},
    {"REGEXP_EXTRACT", "athena_regexp_extract"},
    {"REGEXP_REPLACE", "athena_regexp_replace"},
    {"SHA1", "athena_sha1"},
    {"SHA256", "athena_sha256"},
    {"TYPEOF", "athena_typeof"},
}};

/// Functions that take a lambda, which no function of the engine's own making can: written out, with $1 for the first
/// argument.
struct WrittenOut {
  std::string_view name;
  size_t arguments;
  std::string_view text;
};
constexpr WrittenOut kWrittenOut[] = {
    {"ALL_MATCH", 2, "coalesce(list_bool_and(list_transform($1, $2)), true)"},
    {"ANY_MATCH", 2, "coalesce(list_bool_or(list_transform($1, $2)), false)"},
    {"NONE_MATCH", 2, "NOT coalesce(list_bool_or(list_transform($1, $2)), false)"},
    {"REDUCE", 4, "list_transform([list_reduce($1, $3, $2)], $4)[1]"},
};

/// Nesting of what is rewritten.
constexpr int kMaxDepth = 200;

class Translator {
 public:
  explicit Translator(std::string_view sql) : lexer_(sql, Texts::kStandard) {
    for (size_t at = 0;;) {
      const Token token = lexer_.At(at);
      tokens_.push_back(token);
      if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kBroken) break;
      at = token.end;
    }
    closings_.assign(tokens_.size(), tokens_.size());
    std::vector<size_t> open;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (IsSymbolAt(i, '(') || IsSymbolAt(i, '[')) open.push_back(i);
      if ((IsSymbolAt(i, ')') || IsSymbolAt(i, ']')) && !open.empty()) {
        closings_[open.back()] = i;
        open.pop_back();
      }
    }
  }

  std::string Run() {
    Copy(0, tokens_.size() - 1);
    Append(tokens_.back());
    return std::move(out_);
  }

 private:
  // Tokens [first, last), with what stands between them.
  void Copy(size_t first, size_t last) {
    const bool too_deep = depth_ == kMaxDepth;  // nothing that any engine would take
    ++depth_;
    for (size_t i = first; i < last;) {
      if (too_deep) {
        Append(tokens_[i++]);
      } else {
        i = CopyOne(i, last);
      }
    }
    --depth_;
  }

  // The token at `i` and what belongs to it. \return behind it
  size_t CopyOne(size_t i, size_t last) {
    if (IsWordAt(i, "VALUES")) {
      Append(tokens_[i]);
      return CopyRows(i + 1, last);
    }
    if ((IsWordAt(i, "CAST") || IsWordAt(i, "TRY_CAST")) && IsSymbolAt(i + 1, '(')) return CopyCast(i, last);
    if (IsWordAt(i, "X") && tokens_[i + 1].kind == Token::Kind::kString && tokens_[i + 1].begin == tokens_[i].end) {
      Replace(tokens_[i], "unhex(");
      Append(tokens_[i + 1]);
      out_ += ')';
      return i + 2;
    }
    if (IsSymbolAt(i + 1, '.') && IsCatalog(i) && (i == 0 || !IsSymbolAt(i - 1, '.'))) {
      Replace(tokens_[i], "");
      written_ = tokens_[i + 1].end;
      return i + 2;
    }
    if (tokens_[i].kind == Token::Kind::kWord && IsSymbolAt(i + 1, '(') && (i == 0 || !IsSymbolAt(i - 1, '.'))) {
      for (const auto& [athena, duckdb] : kRenamed) {
        if (!IsWordAt(i, athena)) continue;
        Replace(tokens_[i], duckdb);
        return i + 1;
      }
      for (const auto& function : kWrittenOut) {
        if (!IsWordAt(i, function.name)) continue;
        if (const size_t end = WriteOut(function, i, last); end > i) return end;
      }
    }
    Append(tokens_[i]);
    return i + 1;
  }

  // \return behind the call; `i` if it has another number of arguments
  size_t WriteOut(const WrittenOut& function, size_t i, size_t last) {
    const size_t close = Closing(i + 1, last);
    std::vector<std::pair<size_t, size_t>> arguments;
    for (size_t at = i + 2; at < close;) {
      const size_t end = EndOfItem(at, close);
      arguments.emplace_back(at, end);
      if (end < close && !IsSymbolAt(end, ',')) return i;
      at = end + 1;
    }
    if (close == last || arguments.size() != function.arguments) return i;
    Gap(tokens_[i]);
    out_ += '(';
    for (size_t at = 0; at < function.text.size(); ++at) {
      if (function.text[at] != '$') {
        out_ += function.text[at];
        continue;
      }
      const auto [first, end] = arguments[static_cast<size_t>(function.text[++at] - '1')];
      written_ = tokens_[first].begin;
      Copy(first, end);
    }
    out_ += ')';
    written_ = tokens_[close].end;
    return close + 1;
  }

  // Behind VALUES: rows, of which those of one value need no parentheses.
  size_t CopyRows(size_t i, size_t last) {
    for (;;) {
      const size_t end = EndOfItem(i, last);
      const bool is_row = IsSymbolAt(i, '(') && Closing(i, last) + 1 == end;
      const bool is_row_call = IsWordAt(i, "ROW") && IsSymbolAt(i + 1, '(') && Closing(i + 1, last) + 1 == end;
      if (is_row_call) {
        Replace(tokens_[i], "");
        Copy(i + 1, end);
      } else if (is_row || end == i) {
        Copy(i, end);
      } else {
        Gap(tokens_[i]);
        out_ += '(';
        Copy(i, end);
        out_ += ')';
      }
      if (end >= last || !IsSymbolAt(end, ',')) return end;
      Append(tokens_[end]);
      i = end + 1;
    }
  }

  // CAST(x AS type)
  size_t CopyCast(size_t i, size_t last) {
    const size_t close = Closing(i + 1, last);
    size_t as = close;
    for (size_t at = i + 2; at < close; ++at) {
      if (IsSymbolAt(at, '(')) {
        at = std::min(Closing(at, close), close);
      } else if (IsWordAt(at, "AS")) {
        as = at;
      }
    }
    Append(tokens_[i]);
    Copy(i + 1, as);
    if (as == close) return as;
    Append(tokens_[as]);
    CopyType(as + 1, close);
    return close;
  }

  // A type, up to `last`. array(T) is T[], and the precision of timestamps falls away.
  void CopyType(size_t i, size_t last) {
    while (i < last) {
      const size_t close = IsSymbolAt(i + 1, '(') ? Closing(i + 1, last) : last;
      if (IsWordAt(i, "ARRAY") && close < last && depth_ < kMaxDepth) {
        Gap(tokens_[i]);
        written_ = tokens_[i + 1].end;
        ++depth_;
        CopyType(i + 2, close);
        --depth_;
        out_ += "[]";
        written_ = tokens_[close].end;
        i = close + 1;
      } else if ((IsWordAt(i, "TIMESTAMP") || IsWordAt(i, "TIME")) && close < last) {
        Append(tokens_[i]);
        written_ = tokens_[close].end;
        i = close + 1;
      } else {
        Append(tokens_[i++]);
      }
    }
  }

  // The ')' of the '(' at `open`; `last` if there is none.
  size_t Closing(size_t open, size_t last) const { return std::min(closings_[open], last); }

  // Behind an expression of a list: at a comma, a closing parenthesis or a word that begins another clause.
  size_t EndOfItem(size_t i, size_t last) const {
    for (; i < last; ++i) {
      if (IsSymbolAt(i, '(') || IsSymbolAt(i, '[')) {
        i = Closing(i, last);
        if (i == last) return last;
        continue;
      }
      if (IsSymbolAt(i, ',') || IsSymbolAt(i, ')') || IsSymbolAt(i, ';')) return i;
      for (const auto word : {"ORDER", "LIMIT", "OFFSET", "FETCH", "UNION", "EXCEPT", "INTERSECT"}) {
        if (IsWordAt(i, word)) return i;
      }
    }
    return last;
  }

  bool IsWordAt(size_t i, std::string_view upper) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::kWord && IsWord(lexer_.Spelled(tokens_[i]), upper);
  }
  bool IsSymbolAt(size_t i, char symbol) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::kSymbol && lexer_.Spelled(tokens_[i])[0] == symbol;
  }
  bool IsCatalog(size_t i) const {
    return IsWordAt(i, "AWSDATACATALOG") ||
           (tokens_[i].kind == Token::Kind::kDouble && IsWord(lexer_.Unquoted(tokens_[i]), "AWSDATACATALOG"));
  }

  // What stands in front of a token: blanks and comments.
  void Gap(const Token& token) {
    out_ += lexer_.text().substr(written_, token.begin - written_);
    written_ = token.begin;
  }
  void Append(const Token& token) {
    Gap(token);
    out_ += lexer_.text().substr(token.begin, token.end - token.begin);
    written_ = token.end;
  }
  void Replace(const Token& token, std::string_view by) {
    Gap(token);
    out_ += by;
    written_ = token.end;
  }

  const Lexer lexer_;
  std::vector<Token> tokens_;
  /// For each bracket that opens, the one that closes it; else behind all.
  std::vector<size_t> closings_;
  std::string out_;
  size_t written_ = 0;
  int depth_ = 0;
};

}  // namespace

std::string AthenaToDuckDB(std::string_view sql) { return Translator(sql).Run(); }

}  // namespace glaux::sql
