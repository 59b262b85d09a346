#include "glaux/sync/merge.h"

#include <algorithm>

namespace glaux {
namespace {

std::string Quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string List(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + Quoted(name);
  return out;
}

/// The target's rows with all columns: those that it lacks are null.
std::string TargetList(const MergeColumns& columns) {
  std::string out;
  for (const auto& name : columns.all) {
    const bool there = std::find(columns.in_target.begin(), columns.in_target.end(), name) != columns.in_target.end();
    out += (out.empty() ? "" : ", ") + (there ? Quoted(name) : "NULL AS " + Quoted(name));
  }
  return out;
}

std::string SameKey(const MergeColumns& columns) {
  std::string out;
  for (const auto& name : columns.primary_key) {
    out += (out.empty() ? "t." : " AND t.") + Quoted(name) + " = i." + Quoted(name);
  }
  return out;
}

std::string FirstOfKey(const MergeColumns& columns) {
  std::string order;
  if (!columns.datetime_field.empty()) order = Quoted(columns.datetime_field) + " DESC NULLS LAST, ";
  order += Quoted(kIncomingColumn) + " DESC, " + Quoted(kSequenceColumn) + " DESC";
  return "row_number() OVER (PARTITION BY " + List(columns.primary_key) + " ORDER BY " + order + ") = 1";
}

/// The rows of `sql`, which has kSequenceColumn last, sorted if that is wanted.
std::string Sorted(const MergeColumns& columns, const std::string& sql) {
  const std::string result = List(columns.all) + ", " + Quoted(kIncomingColumn);
  if (!columns.in_order) return "SELECT " + result + " FROM (\n" + sql + "\n)";
  return "SELECT " + result + " FROM (\n" + sql + "\n) ORDER BY " + Quoted(kIncomingColumn) + ", " +
         Quoted(kSequenceColumn);
}

}  // namespace

std::string UpsertSql(const MergeColumns& columns) {
  const std::string exists = "EXISTS (SELECT 1 FROM glaux_incoming AS i WHERE " + SameKey(columns) + ")";
  const std::string position = columns.in_order ? Quoted(kSequenceColumn) : "-1 AS " + Quoted(kSequenceColumn);
  const std::string target = "SELECT " + TargetList(columns) + ", false AS " + Quoted(kIncomingColumn) + ", " +
                             position + " FROM glaux_target AS t";
  const std::string all = List(columns.all) + ", " + Quoted(kIncomingColumn) + ", " + Quoted(kSequenceColumn);
  return Sorted(columns, target + " WHERE NOT " + exists + "\nUNION ALL\nSELECT " + all + " FROM (\n  " + target +
                             " WHERE " + exists + "\n  UNION ALL\n  SELECT " + List(columns.all) + ", true, " +
                             Quoted(kSequenceColumn) + " FROM glaux_incoming\n) QUALIFY " + FirstOfKey(columns));
}

std::string InsertNewSql(const MergeColumns& columns, bool with_target) {
  const std::string all = List(columns.all) + ", " + Quoted(kIncomingColumn) + ", " + Quoted(kSequenceColumn);
  std::string own;
  if (with_target) {
    own = "SELECT " + TargetList(columns) + ", false AS " + Quoted(kIncomingColumn) + ", " + Quoted(kSequenceColumn) +
          " FROM glaux_target\nUNION ALL\n";
  }
  return Sorted(columns, own + "SELECT " + all + " FROM (\n  SELECT *, true AS " + Quoted(kIncomingColumn) +
                             " FROM glaux_incoming AS i WHERE NOT EXISTS (SELECT 1 FROM glaux_target AS t WHERE " +
                             SameKey(columns) + ")\n) QUALIFY " + FirstOfKey(columns));
}

}  // namespace glaux
