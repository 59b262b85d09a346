// A program of its own that keeps a lake: load a CSV file, ask a question, read the answer as Arrow.
#include <arrow/api.h>
#include <glaux/lake/lake.h>

#include <fstream>
#include <iostream>

namespace {

arrow::Status Run(const std::string& folder) {
  std::ofstream(folder + "/orders.csv") << "id,country,amount,at\n"
                                           "1,DE,12.50,2025-01-30T08:00:00Z\n"
                                           "2,FR,7.25,2025-01-31T09:30:00Z\n"
                                           "3,DE,1.25,2025-01-31T10:00:00Z\n";

  ARROW_ASSIGN_OR_RAISE(auto lake, glaux::Lake::Open({.directory = folder + "/lake"}));

  ARROW_ASSIGN_OR_RAISE(auto loaded, lake->Load({.inputs = {folder + "/orders.csv"},
                                                 .table = {"sales", "orders"},
                                                 .partition_by = "day(at)",
                                                 .types = {{"amount", "decimal(10,2)"}}}));
  std::cout << "loaded " << loaded.commit.rows << " rows into " << loaded.location << "\n";

  ARROW_ASSIGN_OR_RAISE(auto* engine, lake->engine());
  ARROW_ASSIGN_OR_RAISE(auto answer,
                        glaux::QueryTable(*engine, {.sql = "SELECT country, sum(amount) AS amount FROM sales.orders "
                                                           "WHERE day = '31' GROUP BY 1 ORDER BY 1"}));
  std::cout << answer->ToString() << "\n";
  return arrow::Status::OK();
}

}  // namespace

int main(int argc, char** argv) {
  const auto status = Run(argc > 1 ? argv[1] : ".");
  if (!status.ok()) {
    std::cerr << status.message() << "\n";
    return glaux::ExitCodeOf(glaux::KindOf(status));
  }
}
