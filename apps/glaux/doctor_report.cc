#include "doctor_report.h"

#include <boost/json.hpp>

#include <algorithm>

#include "glaux/base/utf8.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

constexpr int kPageWidth = 80;
constexpr int kValueColumn = 18;

/// At most `width` cells of the text, and where the rest begins. A word longer than a line is cut.
size_t LineEnd(std::string_view text, int width) {
  if (DisplayWidth(text) <= width) return text.size();
  const std::string fits = Shorten(text, width, "");
  const auto space = fits.rfind(' ');
  return space == std::string::npos || space == 0 ? std::max<size_t>(fits.size(), 1) : space;
}

/// The text in the column, its further lines below its first.
std::string Wrapped(std::string head, std::string_view text, int column) {
  head = Pad(head, column);
  std::string out;
  while (true) {
    const auto line_break = text.find('\n');
    std::string line = Printable(ValidUtf8(text.substr(0, line_break)));
    while (true) {
      const size_t end = LineEnd(line, kPageWidth - column);
      out += head + line.substr(0, end) + "\n";
      head = std::string(column, ' ');
      if (end >= line.size()) break;
      line.erase(0, line[end] == ' ' ? end + 1 : end);
    }
    if (line_break == std::string_view::npos) return out;
    text.remove_prefix(line_break + 1);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
}

}  // namespace

std::string MaskKeyId(std::string_view id) {
  if (id.size() >= 16) return std::string(id.substr(0, 4)) + "…" + std::string(id.substr(id.size() - 4));
  return "…" + std::string(id.substr(id.size() - id.size() / 4));
}

std::string MaskUser(std::string_view url) {
  const auto scheme = url.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto at = url.substr(0, std::min(url.find('/', begin), url.size())).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin)) + "…" + std::string(url.substr(at));
}

std::string ToText(const DoctorReport& report) {
  std::string out = report.version + "\n";
  for (const auto& section : report.sections) {
    if (section.facts.empty()) continue;
    out += "\n" + section.title + "\n";
    for (const auto& fact : section.facts) {
      out += Wrapped("  " + fact.name, fact.source.empty() ? fact.value : fact.value + " (" + fact.source + ")",
                     kValueColumn);
    }
  }
  if (!report.notes.empty()) out += "\n";
  for (const auto& note : report.notes) out += Wrapped("Note:", note, 6);
  out += "\n";
  if (report.problems.empty()) return out + "All is well.\n";
  out += report.problems.size() == 1 ? "1 problem\n" : std::to_string(report.problems.size()) + " problems\n";
  for (size_t i = 0; i < report.problems.size(); ++i) {
    const auto& problem = report.problems[i];
    out += Wrapped("  " + std::to_string(i + 1) + ". ", problem.what, 5);
    if (!problem.next.empty()) out += Wrapped("     next: ", problem.next, 11);
  }
  return out;
}

std::string ToJson(const DoctorReport& report) {
  boost::json::object root{{"version", report.version}, {"ok", report.problems.empty()}};
  for (const auto& section : report.sections) {
    boost::json::object facts;
    for (const auto& fact : section.facts) {
      facts[fact.key] = ValidUtf8(fact.value);
      if (!fact.source.empty()) facts[fact.key + "_source"] = ValidUtf8(fact.source);
    }
    root[section.key] = std::move(facts);
  }
  boost::json::array notes;
  for (const auto& note : report.notes) notes.emplace_back(ValidUtf8(note));
  boost::json::array problems;
  for (const auto& problem : report.problems) {
    problems.push_back(boost::json::object{{"what", ValidUtf8(problem.what)}, {"next", ValidUtf8(problem.next)}});
  }
  root["notes"] = std::move(notes);
  root["problems"] = std::move(problems);
  return boost::json::serialize(root) + "\n";
}

}  // namespace glaux::cli
