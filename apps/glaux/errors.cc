#include "errors.h"

#include "glaux/base/secrets.h"
#include "glaux/base/utf8.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

/// What an engine says about SQL has lines of its own, which stay; all else that moves the cursor is spelled out.
std::string PrintableLines(std::string_view text) {
  std::string out;
  while (true) {
    const auto end = text.find('\n');
    out += Printable(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += "\n";
    text.remove_prefix(end + 1);
  }
}

std::string DetailLine(const ErrorInfo& info) {
  std::string line;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    line.append(line.empty() ? "  " : ", ").append(name).append(Printable(value));
  };
  if (!info.service.empty()) {
    add("service: ", info.operation.empty() ? info.service : info.service + " " + info.operation);
  } else {
    add("operation: ", info.operation);
  }
  // A code without a service is a mark between our own rooms and says nothing to people.
  if (!info.service.empty()) add("code ", info.code);
  if (info.http_status != 0) add("HTTP status ", std::to_string(info.http_status));
  add("request id ", info.request_id);
  return line;
}

}  // namespace

std::string DescribeError(const Status& status, const Terminal& terminal) {
  const ErrorInfo info = InfoOf(status);
  std::string message = status.message();
  while (message.ends_with('\n')) message.pop_back();
  if (message.empty()) message = status.ToString();
  std::string text =
      "glaux: " + terminal.Styled("error:", kRed) + " " + PrintableLines(ValidUtf8(WithoutSecrets(message))) + "\n";
  if (const auto detail = DetailLine(info); !detail.empty()) text += terminal.Styled(detail, kDim) + "\n";
  if (!info.hint.empty()) text += terminal.Styled("hint:", kYellow) + " " + PrintableLines(ValidUtf8(info.hint)) + "\n";
  return text;
}

std::string DescribeWarning(std::string_view message, const Terminal& terminal) {
  return "glaux: " + terminal.Styled("warning:", kYellow) + " " + PrintableLines(ValidUtf8(WithoutSecrets(message))) +
         "\n";
}

}  // namespace glaux::cli
