// A program of its own that keeps a lake: write records, read them back, load a file, ask questions. The guide
// docs/guide/embedding.md shows its parts.
#include <arrow/api.h>
#include <glaux/lake/async.h>
#include <glaux/lake/model.h>

#include <fstream>
#include <iostream>

struct Order {
  int64_t id = 0;
  std::string country;
  std::optional<double> amount;
  std::chrono::sys_time<std::chrono::microseconds> at;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, country, amount, at))

namespace {

using std::chrono::sys_days;

constexpr sys_days Day(int day) { return std::chrono::year(2025) / 1 / day; }

arrow::Status WriteAndRead(glaux::Lake& lake) {
  const std::vector<Order> orders = {{1, "DE", 12.5, Day(30)}, {2, "FR", {}, Day(31)}, {3, "DE", 1.25, Day(31)}};
  ARROW_ASSIGN_OR_RAISE(const auto written,
                        glaux::Write(lake, {"sales", "orders"}, orders, {.partition_by = "day(at)"}));
  std::cout << "wrote " << written.commit.rows << " rows into " << written.location << "\n";

  ARROW_ASSIGN_OR_RAISE(
      const auto more,
      glaux::Write(lake, {"sales", "orders"},
                   glaux::Records::Json(R"({"id": 4, "country": "IT", "at": "2025-02-01T09:00:00Z", "coupon": "X7"})"),
                   {.once = "web order 4"}));
  for (const auto& difference : more.differences) std::cout << difference.ToString() << "\n";

  ARROW_ASSIGN_OR_RAISE(auto rows,
                        glaux::Read<Order>(lake, {"sales", "orders"}, {.filter = "country <> 'IT'", .since = Day(31)}));
  ARROW_ASSIGN_OR_RAISE(const auto found, rows.ToVector());
  for (const Order& order : found) std::cout << order.id << " " << order.country << "\n";
  return arrow::Status::OK();
}

arrow::Status LoadAndAsk(glaux::Lake& lake, const std::string& folder) {
  std::ofstream(folder + "/orders.csv") << "id,country,amount,at\n5,DE,7.25,2025-02-02T08:00:00Z\n";
  ARROW_ASSIGN_OR_RAISE(auto loaded, lake.Load({.inputs = {folder + "/orders.csv"}, .table = {"sales", "orders"}}));
  std::cout << "loaded " << loaded.commit.rows << " rows\n";

  ARROW_ASSIGN_OR_RAISE(
      auto answer,
      glaux::Query(lake, "SELECT country, sum(amount) AS amount FROM sales.orders WHERE id < ? GROUP BY 1 ORDER BY 1",
                   {.parameters = {100}}));
  ARROW_ASSIGN_OR_RAISE(auto table, answer->ToTable());
  std::cout << table->ToString() << "\n";

  arrow::StopSource source;
  auto count = glaux::Async(
      [&](const arrow::StopToken& stop) {
        return glaux::Query(lake, "SELECT count(*) FROM sales.orders", {.stop = stop});
      },
      source.token());
  // … source.RequestStop() would end it …
  ARROW_RETURN_NOT_OK(count.status());
  return arrow::Status::OK();
}

arrow::Status Run(const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(auto lake, glaux::Lake::Open({.directory = folder + "/lake"}));
  ARROW_RETURN_NOT_OK(WriteAndRead(*lake));
  return LoadAndAsk(*lake, folder);
}

}  // namespace

int main(int argc, char** argv) {
  const auto status = Run(argc > 1 ? argv[1] : ".");
  if (!status.ok()) {
    std::cerr << status.message() << "\n";
    return glaux::ExitCodeOf(glaux::KindOf(status));
  }
}
