#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/base/clock.h"

namespace glaux::cli {

/// A thing that keeps glaux from working, and what to do about it.
struct DoctorProblem {
  std::string what;
  std::string next;
};

/// A line of the page: empty values are left out.
struct DoctorFact {
  std::string name;   ///< "access key", as people read it
  std::string key;    ///< "access_key_id", in JSON
  std::string value;  ///< never a secret
  /// Where it was found.
  std::string source = {};
};

struct DoctorSection {
  std::string title;  ///< "AWS credentials"
  std::string key;    ///< "credentials"
  std::vector<DoctorFact> facts;

  void Add(std::string name, std::string key, std::string value, std::string source = {}) {
    if (!value.empty()) facts.push_back({std::move(name), std::move(key), std::move(value), std::move(source)});
  }
};

/// What `glaux doctor` found out.
struct DoctorReport {
  std::string version;
  std::vector<DoctorSection> sections;
  /// What somebody may wonder about, and that keeps nothing from working.
  std::vector<std::string> notes;
  std::vector<DoctorProblem> problems;

  DoctorSection& AddSection(std::string title, std::string key) {
    return sections.emplace_back(DoctorSection{std::move(title), std::move(key), {}});
  }
};

/// "AKIA…7Q2X"; of what is no key of AWS's length even less.
std::string MaskKeyId(std::string_view access_key_id);

/// "http://ada:secret@proxy:3128" -> "http://…@proxy:3128".
std::string MaskUser(std::string_view url);

/// One page, no line wider than 80 cells.
std::string ToText(const DoctorReport& report);

/// One JSON object.
std::string ToJson(const DoctorReport& report);

}  // namespace glaux::cli
