#include "glaux/sql/athena_dialect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "glaux/sql/lexer_internal.h"
#include "glaux/sql/literal.h"

namespace glaux::sql {
namespace {

/// Functions that DuckDB has under the same name with another meaning, and the name under which it has Athena's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kRenamed = {{
    {"ARRAY_POSITION", "athena_array_position"},
    {"CARDINALITY", "athena_cardinality"},
    {"DATE_DIFF", "date_sub"},
    {"DATE_TRUNC", "athena_date_trunc"},
    {"ELEMENT_AT", "athena_element_at"},
    {"FORMAT", "printf"},
    {"HISTOGRAM", "athena_histogram"},
    {"JSON_ARRAY_LENGTH", "athena_json_array_length"},
    {"MD5", "athena_md5"},
    {"MILLISECOND", "athena_millisecond"},
    {"REGEXP_EXTRACT", "athena_regexp_extract"},
    {"REGEXP_REPLACE", "athena_regexp_replace"},
    {"REPEAT", "athena_repeat"},
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
    {"IF", 2, "CASE WHEN $1 THEN $2 END"},
    {"NONE_MATCH", 2, "NOT coalesce(list_bool_or(list_transform($1, $2)), false)"},
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
    if (const size_t end = CopyLiteral(i); end > i) return end;
    if (IsWordAt(i, "TABLESAMPLE") && IsSymbolAt(i + 2, '(') && Closing(i + 2, last) < last) {
      const size_t close = Closing(i + 2, last);
      Copy(i, close);
      out_ += " PERCENT";
      Append(tokens_[close]);
      return close + 1;
    }
    if (IsWordAt(i, "LISTAGG") && IsSymbolAt(i + 1, '(')) {
      if (const size_t end = CopyListagg(i, last); end > i) return end;
    }
    if (tokens_[i].kind == Token::Kind::kQuoted) {
      Replace(tokens_[i], QuotedName(lexer_.Unquoted(tokens_[i])));
      return i + 1;
    }
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

  // Literals that the engine reads in another way. \return behind it; `i` if this is none
  size_t CopyLiteral(size_t i) {
    if (tokens_[i].kind != Token::Kind::kWord || i + 1 >= tokens_.size()) return i;
    if (IsWordAt(i, "U") && IsSymbolAt(i + 1, '&') && i + 2 < tokens_.size() &&
        tokens_[i + 2].kind == Token::Kind::kString && tokens_[i + 2].begin == tokens_[i].end + 1) {
      const bool escape = IsWordAt(i + 3, "UESCAPE") && tokens_[i + 4].kind == Token::Kind::kString;
      const std::string sign = escape ? lexer_.Unquoted(tokens_[i + 4]) : "\\";
      const auto text = sign.size() == 1 ? Unescaped(lexer_.Unquoted(tokens_[i + 2]), sign[0]) : std::nullopt;
      if (!text) return i;
      Replace(tokens_[i], Doubled(*text, '\''));
      const size_t last = escape ? i + 4 : i + 2;
      written_ = tokens_[last].end;
      return last + 1;
    }
    if (tokens_[i + 1].kind != Token::Kind::kString) return i;
    const std::string text = lexer_.Unquoted(tokens_[i + 1]);
    if (IsWordAt(i, "TIMESTAMP")) {
      // "2025-01-31 08:30:00 Europe/Berlin": a third word, or a sign behind the hour.
      const size_t time = text.find(':');
      const bool zone = time != std::string::npos && text.find_first_of(" +-", time) != std::string::npos;
      Replace(tokens_[i], zone ? "TIMESTAMPTZ" : "TIMESTAMP");
      Append(tokens_[i + 1]);
      return i + 2;
    }
    if (IsWordAt(i, "DECIMAL") && !text.empty() && text.find_first_not_of("0123456789.+-") == std::string::npos) {
      Replace(tokens_[i], "(" + text + ")");
      written_ = tokens_[i + 1].end;
      return i + 2;
    }
    return i;
  }

  // What U&'…' stands for: four hexadecimal digits behind the sign, or six behind the sign and a plus.
  static std::optional<std::string> Unescaped(std::string_view text, char sign) {
    std::string out;
    for (size_t i = 0; i < text.size();) {
      if (text[i] != sign) {
        out += text[i++];
        continue;
      }
      if (i + 1 < text.size() && text[i + 1] == sign) {
        out += sign;
        i += 2;
        continue;
      }
      const bool long_one = i + 1 < text.size() && text[i + 1] == '+';
      const size_t begin = i + (long_one ? 2 : 1), digits = long_one ? 6 : 4;
      uint32_t code = 0;
      if (begin + digits > text.size()) return std::nullopt;
      const auto [end, problem] = std::from_chars(text.data() + begin, text.data() + begin + digits, code, 16);
      if (problem != std::errc() || end != text.data() + begin + digits) return std::nullopt;
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return std::nullopt;
      AppendUtf8(code, &out);
      i = begin + digits;
    }
    return out;
  }

  // LISTAGG(x, ',') WITHIN GROUP (ORDER BY y): the order goes inside. \return `i` if it is written in another way
  size_t CopyListagg(size_t i, size_t last) {
    const size_t close = Closing(i + 1, last);
    const size_t open = close + 3;
    if (close >= last || !IsWordAt(close + 1, "WITHIN") || !IsWordAt(close + 2, "GROUP") || !IsSymbolAt(open, '('))
      return i;
    const size_t end = Closing(open, last);
    if (end >= last || !IsWordAt(open + 1, "ORDER")) return i;
    Replace(tokens_[i], "string_agg");
    Copy(i + 1, close);
    out_ += ' ';
    written_ = tokens_[open + 1].begin;
    Copy(open + 1, end);
    out_ += ')';
    written_ = tokens_[end].end;
    return end + 1;
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
    // varchar(n) and char(n) as types of a value have no width in the engine: it is made.
    const bool padded = IsWordAt(as + 1, "CHAR");
    const bool width = (padded || IsWordAt(as + 1, "VARCHAR")) && IsSymbolAt(as + 2, '(') && as + 5 == close &&
                       tokens_[as + 3].kind == Token::Kind::kWord && close < last;
    if (width) {
      Gap(tokens_[i]);
      out_ += padded ? "rpad(" : "substr(";
    }
    Append(tokens_[i]);
    Copy(i + 1, as);
    if (as == close) return as;
    Append(tokens_[as]);
    CopyType(as + 1, close);
    if (!width) return close;
    Append(tokens_[close]);
    const std::string characters(lexer_.Spelled(tokens_[as + 3]));
    out_ += padded ? ", " + characters + ", ' ')" : ", 1, " + characters + ")";
    return close + 1;
  }

  // The fields of a row, up to `last`. Those that have only a type get the names that Athena shows.
  void CopyFields(size_t i, size_t last) {
    for (int number = 0; i < last; ++number) {
      const size_t end = EndOfItem(i, last);
      const bool time = (IsWordAt(i, "TIMESTAMP") || IsWordAt(i, "TIME")) &&
                        (IsSymbolAt(i + 1, '(') || IsWordAt(i + 1, "WITH") || IsWordAt(i + 1, "WITHOUT"));
      const bool plain = time || end == i + 1 || (IsSymbolAt(i + 1, '(') && Closing(i + 1, last) + 1 == end) ||
                         (IsWordAt(i, "DOUBLE") && IsWordAt(i + 1, "PRECISION") && end == i + 2);
      if (plain) {
        Gap(tokens_[i]);
        out_ += "field" + std::to_string(number) + " ";
      }
      CopyType(i, end);
      if (end >= last) return;
      Append(tokens_[end]);
      i = end + 1;
    }
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
      } else if (IsWordAt(i, "ROW") && close < last && depth_ < kMaxDepth) {
        Append(tokens_[i]);
        Append(tokens_[i + 1]);
        ++depth_;
        CopyFields(i + 2, close);
        --depth_;
        Append(tokens_[close]);
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

namespace {

std::vector<Token> TokensOf(const Lexer& lexer) {
  std::vector<Token> tokens;
  for (Token token = lexer.At(0); token.kind != Token::Kind::kEnd; token = lexer.At(token.end)) {
    tokens.push_back(token);
    if (token.kind == Token::Kind::kBroken) break;
  }
  return tokens;
}

/// A token as it is compared: a name without quotes, a renamed function by its name in Athena.
std::string Meant(const Lexer& lexer, const Token& token) {
  const bool name = token.kind == Token::Kind::kDouble || token.kind == Token::Kind::kQuoted;
  std::string text = Upper(name ? lexer.Unquoted(token) : std::string(lexer.Spelled(token)));
  for (const auto& [athena, duckdb] : kRenamed) {
    if (IsWord(duckdb, text) && athena != "MD5") return std::string(athena);
  }
  return text.starts_with("ATHENA_") ? text.substr(7) : text;
}

bool IsNameToken(const Token& token) {
  return token.kind == Token::Kind::kWord || token.kind == Token::Kind::kDouble || token.kind == Token::Kind::kQuoted;
}

}  // namespace

NameAt FindName(std::string_view asked, std::string_view rewritten, size_t at) {
  const Lexer theirs(rewritten, Texts::kStandard), ours(asked, Texts::kStandard);
  const auto behind = TokensOf(theirs);
  const auto found = std::find_if(behind.begin(), behind.end(), [&](const Token& token) { return token.end > at; });
  if (found == behind.end() || found->kind == Token::Kind::kBroken) return {};
  const std::string meant = Meant(theirs, *found);
  auto before = std::count_if(behind.begin(), found, [&](const Token& token) { return Meant(theirs, token) == meant; });
  const auto tokens = TokensOf(ours);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (Meant(ours, tokens[i]) != meant || before-- > 0) continue;
    size_t first = i, last = i;
    const auto is_dot = [&](size_t n) { return n < tokens.size() && ours.Spelled(tokens[n]) == "."; };
    if (IsNameToken(tokens[i])) {
      while (first >= 2 && is_dot(first - 1) && IsNameToken(tokens[first - 2])) first -= 2;
      while (is_dot(last + 1) && last + 2 < tokens.size() && IsNameToken(tokens[last + 2])) last += 2;
    }
    NameAt name;
    for (size_t n = first; n <= last; n += 2) {
      const std::string part = ours.Unquoted(tokens[n]);
      if (n == first && n < last && IsWord(part, "AWSDATACATALOG")) continue;
      name.text += (name.text.empty() ? "" : ".") + part;
    }
    const auto position = ours.PositionOf(tokens[first].begin);
    name.line = position.line;
    name.column = position.column;
    return name;
  }
  return {};
}

}  // namespace glaux::sql
