// How long a program of one's own waits for the rows of Athena, through the library: what bench/athena.py calls.
//
//   athena_fetch fetch SQL     seconds from the end of a query to its rows in memory, the best of three; and the rows
//   athena_fetch queries N     seconds for N small queries at once
//
// The lake is that of GLAUX_LAKE.
#include <arrow/table.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "glaux/lake/lake.h"

namespace {

using glaux::Status;
using Clock = std::chrono::steady_clock;

double Since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

Status Fetch(glaux::QueryEngine& engine, const std::string& sql) {
  double best = 1e9;
  int64_t rows = 0;
  for (int i = 0; i < 3; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto id, engine.Submit({.sql = sql}));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto status, engine.GetStatus(id, std::chrono::seconds(10)));
      if (status.done()) break;
    }
    const auto begin = Clock::now();
    ARROW_ASSIGN_OR_RAISE(const auto reader, engine.Results(id));
    ARROW_ASSIGN_OR_RAISE(const auto table, reader->ToTable());
    best = std::min(best, Since(begin));
    rows = table->num_rows();
    engine.Release(id);
  }
  std::cout << best << " " << rows << "\n";
  return Status::OK();
}

Status Many(glaux::QueryEngine& engine, int count) {
  const auto begin = Clock::now();
  std::vector<glaux::QueryId> ids;
  for (int i = 0; i < count; ++i) {
    ARROW_ASSIGN_OR_RAISE(auto id, engine.Submit({.sql = "select " + std::to_string(i) + " as n"}));
    ids.push_back(std::move(id));
  }
  for (const auto& id : ids) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, engine.Results(id));
    ARROW_RETURN_NOT_OK(reader->ToTable());
    engine.Release(id);
  }
  std::cout << Since(begin) << "\n";
  return Status::OK();
}

Status Run(const std::string& what, const std::string& argument) {
  ARROW_ASSIGN_OR_RAISE(auto config, glaux::FindLakeConfig("", "."));
  ARROW_ASSIGN_OR_RAISE(const auto lake, glaux::Lake::Open(config));
  ARROW_ASSIGN_OR_RAISE(auto* engine, lake->engine());
  return what == "fetch" ? Fetch(*engine, argument) : Many(*engine, std::atoi(argument.c_str()));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: athena_fetch fetch SQL | queries N\n";
    return 2;
  }
  const Status status = Run(arguments[1], arguments[2]);
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
