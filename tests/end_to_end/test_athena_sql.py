"""What SQL means on the Athena wire: names, types, functions, clauses and the words of errors."""
import unittest

try:
    from test_serve_athena import AthenaTest
except ImportError:
    raise unittest.SkipTest("boto3 is not installed; scripts/setup.sh installs it")

from test_athena_functions import AGGREGATED, documented


class Sql(AthenaTest):
    def result(self, sql, **more):
        """Names, types and rows."""
        id, _ = self.query(sql, **more)
        set = self.athena.get_query_results(QueryExecutionId=id)["ResultSet"]
        columns = set["ResultSetMetadata"]["ColumnInfo"]
        return ([column["Name"] for column in columns], [column["Type"] for column in columns],
                [[datum.get("VarCharValue") for datum in row["Data"]] for row in set["Rows"][1:]])

    def test_each_function_gives_what_its_documentation_says(self):
        rows = [row for row in documented() if row[2] == "Athena's alone"]
        self.assertGreater(len(rows), 20)
        columns = ", ".join(f"{expression} AS c{i}" for i, (expression, _, _) in enumerate(rows))
        (values,) = self.answer(f"SELECT {columns} {AGGREGATED}")
        self.assertEqual([(row[0], value or "") for row, value in zip(rows, values)], [(row[0], row[1]) for row in rows])

    def test_columns_without_a_name_are_called_by_their_place(self):
        for sql, names in (("SELECT 1, x, x + 1, x AS y, count(*) OVER () FROM (VALUES 1) AS t(x)", ["_col0", "x", "_col2", "y", "_col4"]),
                           ("VALUES (1, 'a')", ["_col0", "_col1"]), ("SELECT * FROM (SELECT 1, 2 AS b, 3)", ["_col0", "b", "_col2"]),
                           ("WITH a AS (SELECT 5, 6 AS q) SELECT *, 7 FROM a", ["_col0", "q", "_col2"]),
                           ("SELECT 1 UNION ALL SELECT 2", ["_col0"]), ("SELECT * FROM UNNEST(ARRAY[1], ARRAY[2])", ["_col0", "_col1"])):
            with self.subTest(sql):
                self.assertEqual(self.result(sql)[0], names)
        for sql in ("CREATE TABLE shop.t AS SELECT 1 AS a, 2", "CREATE VIEW shop.v AS SELECT 1 AS a, 2"):
            self.answer_nothing("CREATE DATABASE IF NOT EXISTS shop")
            self.fail_query(sql, "COLUMN_NAME_NOT_SPECIFIED: Column name not specified at position 2")

    def answer_nothing(self, sql):
        self.query(sql)

    def test_sums_and_quotients_have_athenas_types(self):
        rows = "FROM (VALUES (1, 1.50), (2, 2.25), (2, 1.01)) AS t(x, y)"
        names, types, values = self.result(
            "SELECT sum(x) a, sum(CAST(x AS bigint)) b, sum(y) c, avg(y) d, avg(x) e, sum(CAST(x AS real)) f, sum(DISTINCT x) g, "
            f"sum(x) FILTER (WHERE x > 1) h, count(*) i, y / 2 j FROM (SELECT x, y, 1 AS k {rows}) GROUP BY k, y / 2 ORDER BY j LIMIT 1")
        self.assertEqual(types, ["bigint", "bigint", "decimal", "decimal", "double", "float", "bigint", "bigint", "bigint", "decimal"])
        self.assertEqual(values, [["2", "2", "1.01", "1.01", "2.0", "2.0", "2", "2", "1", "0.51"]])
        self.assertEqual(self.result(f"SELECT sum(x) OVER (ORDER BY y) AS s {rows} ORDER BY y")[1:],
                         (["bigint"], [["2"], ["3"], ["5"]]))
        self.assertEqual(self.answer("SELECT 7/2, -7/2, 7%3, 1.0/3, 10.00/4, 2.5e0/2, CAST(-5 AS decimal(3,1))/3, 1e0/0"),
                         [["3", "-3", "1", "0.3", "2.50", "1.25", "-1.7", "Infinity"]])
        self.fail_query("SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS t(x)", "NUMERIC_VALUE_OUT_OF_RANGE")
        self.fail_query("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE")
        for sql in ("1/0", "1%0", "1.0/0", "mod(5, 0)"):
            self.fail_query(f"SELECT {sql}", "DIVISION_BY_ZERO: Division by zero")

    def test_unnest_makes_rows_of_arrays_maps_and_rows(self):
        for sql, rows in (
                ("SELECT id, k, v FROM (VALUES (1, map(ARRAY['a', 'b'], ARRAY[1, 2])), (2, NULL)) AS t(id, m) CROSS JOIN UNNEST(m) AS u(k, v) ORDER BY 2",
                 [["1", "a", "1"], ["1", "b", "2"]]),
                ("SELECT id, k, v FROM (VALUES (1, map(ARRAY['a'], ARRAY[1])), (2, map())) AS t(id, m) LEFT JOIN UNNEST(m) AS u(k, v) ON true ORDER BY 1",
                 [["1", "a", "1"], ["2", None, None]]),
                ("SELECT x, y, o FROM (VALUES (ARRAY[1, 2], ARRAY['a'])) AS t(a, b) CROSS JOIN UNNEST(a, b) WITH ORDINALITY AS u(x, y, o) ORDER BY o",
                 [["1", "a", "1"], ["2", None, "2"]]),
                ("SELECT x, o FROM UNNEST(ARRAY['p', 'q']) WITH ORDINALITY AS u(x, o) ORDER BY o", [["p", "1"], ["q", "2"]]),
                ("SELECT a + 1, b FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) AS u(a, b) ORDER BY 1", [["2", "x"], ["3", "y"]]),
                ("SELECT * FROM (VALUES ARRAY[3, 4]) AS t(a), UNNEST(a) AS u(x) ORDER BY x", [["[3, 4]", "3"], ["[3, 4]", "4"]])):
            with self.subTest(sql):
                self.assertEqual(self.answer(sql), rows)
        self.fail_query("SELECT * FROM UNNEST(5, 6) AS t(a, b)", "TYPE_MISMATCH", "Cannot unnest type")

    def test_lambdas_see_what_is_around_them(self):
        self.assertEqual(self.answer("SELECT map_filter(m, (k, v) -> any_match(a, k -> k = v)) AS f, reduce(a, n, (s, x) -> s + x * n, s -> s) AS r "
                                     "FROM (VALUES (map(ARRAY['a', 'b'], ARRAY[1, 2]), ARRAY[2, 5], 10)) AS t(m, a, n)"), [["{b=2}", "80"]])
        self.assertEqual(self.answer(
            "SELECT reduce(ARRAY[5, 20, 50], CAST(ROW(0.0, 0) AS ROW(sum double, count integer)), (s, x) -> CAST(ROW(x + s.sum, s.count + 1) "
            "AS ROW(sum double, count integer)), s -> IF(s.count = 0, NULL, s.sum / s.count)) AS a"), [["25.0"]])
        self.assertEqual(self.answer("SELECT transform_values(map(ARRAY['a'], ARRAY[ARRAY[1, 2]]), (k, v) -> filter(v, x -> x > 1)) AS t"), [["{a=[2]}"]])

    def test_clauses_of_athenas_are_read(self):
        for sql, rows in (
                ("SELECT x FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x OFFSET 1 LIMIT 1", [["2"]]),
                ("SELECT x FROM (VALUES 1, 2, 3) AS t(x) ORDER BY x OFFSET 1 ROWS FETCH FIRST 1 ROW ONLY", [["2"]]),
                ("SELECT count(*) FROM (VALUES 1, 2, 3) AS t(x) TABLESAMPLE BERNOULLI (100)", [["3"]]),
                ("SELECT NULL IS NOT DISTINCT FROM NULL, 1 IS DISTINCT FROM NULL", [["true", "true"]]),
                ("SELECT x, grouping(x) FROM (VALUES 1, 2) AS t(x) GROUP BY ROLLUP(x) ORDER BY 1 NULLS FIRST", [[None, "1"], ["1", "0"], ["2", "0"]]),
                ("SELECT x, y FROM (VALUES (1, 2)) AS t(x, y) GROUP BY GROUPING SETS ((x), (y)) ORDER BY 1", [["1", None], [None, "2"]]),
                ("SELECT count(*) FROM (SELECT x, y FROM (VALUES (1, 2)) AS t(x, y) GROUP BY CUBE(x, y))", [["4"]]),
                ("SELECT `a`, \"a\" FROM (SELECT 1 AS a) AS `t`", [["1", "1"]]),
                ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT max(n) FROM t", [["3"]]),
                ("SELECT CAST(TIMESTAMP '2025-01-31 23:30:00' AT TIME ZONE 'Europe/Berlin' AS date)", [["2025-02-01"]]),
                ("SELECT TRY(CAST('x' AS integer)), TRY_CAST('y' AS date)", [[None, None]])):
            with self.subTest(sql):
                self.assertEqual(self.answer(sql), rows)

    def test_errors_are_in_athenas_words(self):
        self.load_orders()
        for sql, reason, number in (
                ("SELECT * FROM nothing", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop.nothing' does not exist", 1006),
                ("SELECT id\n  FROM AwsDataCatalog.\"shop\" . nothing", "TABLE_NOT_FOUND: line 2:8: Table 'awsdatacatalog.shop.nothing' does not exist", 1006),
                ("SELECT * FROM nowhere.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nowhere' does not exist", 1006),
                ("SELECT id, zzz FROM orders", "COLUMN_NOT_FOUND: line 1:12: Column 'zzz' cannot be resolved", 1006),
                ("SELECT o.zzz FROM orders o", "COLUMN_NOT_FOUND: line 1:8: Column 'o.zzz' cannot be resolved", 1006),
                ("SELECT u.id FROM orders o", "COLUMN_NOT_FOUND: line 1:8: Column 'u.id' cannot be resolved", 1006),
                ("SELECT regexp_replace('a', 'b'), nofunc(1)", "FUNCTION_NOT_FOUND: line 1:34: Function 'nofunc' not registered", 1006),
                ("SELECT upper(1, 2)", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer, integer) for function upper", 1006),
                ("SELECT sum('a')", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar) for function sum", 1006),
                ("SELECT ARRAY[1] / 2", "TYPE_MISMATCH: line 1:17: '/' cannot be applied to array(integer), integer", 1006),
                ("SELECT DATE '2025-01-31' + TRUE", "TYPE_MISMATCH: line 1:26: '+' cannot be applied to date, boolean", 1006),
                ("SELECT id, count(*) FROM orders", "EXPRESSION_NOT_AGGREGATE: line 1:8: 'id' must be an aggregate expression or appear in GROUP BY clause", 1006),
                ("SELECT id FROM orders a, orders b", "AMBIGUOUS_NAME: line 1:8: Column 'id' is ambiguous", 1006),
                ("SELECT 1 FROM WHERE", "SYNTAX_ERROR: line 1:15: mismatched input 'WHERE'", 1006),
                ("SELECT (1", "SYNTAX_ERROR: mismatched input '<EOF>'", 1006),
                ("SELECT CAST('abc' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast 'abc' to BIGINT", 1001),
                ("SELECT CAST('2025-13-01' AS date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2025-13-01", 1001),
                ("SELECT sequence(1, 100000)", "INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries", 1000),
                ("INSERT INTO nothing SELECT 1", "TABLE_NOT_FOUND: there is no table shop.nothing", 1006),
                ("UNLOAD (SELECT 1 AS a FROM nothing) TO 's3://lake/u/' WITH (format = 'PARQUET')",
                 "TABLE_NOT_FOUND: line 1:28: Table 'awsdatacatalog.shop.nothing' does not exist", 1006)):
            with self.subTest(sql):
                status = self.fail_query(sql, QueryExecutionContext={"Database": "shop"})["Status"]
                self.assertTrue(status["StateChangeReason"].startswith(reason), status["StateChangeReason"])
                error = status["AthenaError"]
                self.assertEqual((error["ErrorCategory"], error["ErrorType"], error["Retryable"]), (2, number, False))
                self.assertEqual(error["ErrorMessage"], status["StateChangeReason"])

    def test_a_database_that_is_not_there_matters_to_tables_alone(self):
        context = {"Database": "nowhere"}
        self.assertEqual(self.answer("WITH t AS (SELECT 1 AS a) SELECT a FROM t", QueryExecutionContext=context), [["1"]])
        self.fail_query("SELECT * FROM t", "SCHEMA_NOT_FOUND: Schema 'nowhere' does not exist", QueryExecutionContext=context)

    def test_the_information_schema_has_athenas_words(self):
        self.load_orders()
        self.query("CREATE TABLE shop.kinds AS SELECT ARRAY[1.5] AS a, map(ARRAY['k'], ARRAY[1]) AS m, CAST(1 AS real) AS r, "
                   "CAST(ROW(1) AS ROW(x bigint)) AS s, TIMESTAMP '2025-01-31 08:30:00' AS t")
        self.assertEqual(self.answer("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' "
                                     "AND table_name = 'kinds' ORDER BY ordinal_position"),
                         [["a", "array(decimal(2,1))"], ["m", "map(varchar, integer)"], ["r", "real"], ["s", "row(x bigint)"], ["t", "timestamp(3)"]])
        self.assertEqual(self.answer("SELECT t.table_name, t.table_type FROM information_schema.tables AS t ORDER BY 1"),
                         [["kinds", "BASE TABLE"], ["orders", "BASE TABLE"]])
        self.assertEqual(self.answer("SELECT * FROM awsdatacatalog.information_schema.schemata"), [["awsdatacatalog", "shop"]])

    def test_plans_have_the_same_names_and_meaning(self):
        self.load_orders()
        sql = "SELECT k, sum(v), 1 FROM shop.orders CROSS JOIN UNNEST(map(ARRAY['a'], ARRAY[id])) AS u(k, v) GROUP BY 1"
        def text(statement):
            id, _ = self.query(statement)
            rows = self.athena.get_query_results(QueryExecutionId=id)["ResultSet"]["Rows"]
            return "\n".join(row["Data"][0].get("VarCharValue", "") for row in rows)
        self.assertIn("[k, _col1, _col2]", text(f"EXPLAIN (FORMAT JSON) {sql}"))
        self.assertIn("orders", text(f"EXPLAIN (TYPE IO, FORMAT JSON) {sql}"))
        self.assertNotIn("\x01", text("EXPLAIN SELECT count(*), 1 FROM shop.orders"))

    def test_partitions_are_a_table(self):
        self.load_orders()
        self.query("CREATE TABLE shop.days WITH (partitioned_by = ARRAY['n', 'q']) AS SELECT * FROM (VALUES (1, 5, 'it''s'), (2, NULL, 'b')) AS t(id, n, q)")
        self.assertEqual(self.result('SELECT * FROM shop."orders$partitions" ORDER BY 1'), (["country"], ["varchar"], [["DE"], ["FR"]]))
        self.assertEqual(self.result('SELECT * FROM "days$partitions" ORDER BY 2', QueryExecutionContext={"Database": "shop"}),
                         (["n", "q"], ["integer", "varchar"], [[None, "b"], ["5", "it's"]]))
        self.query("CREATE TABLE shop.plain AS SELECT 1 AS a")
        self.fail_query('SELECT * FROM shop."plain$partitions"', "no partitions")
        self.fail_query('SELECT * FROM shop."nothing$partitions"', "TABLE_NOT_FOUND")
        self.assertEqual(self.answer('SELECT count(DISTINCT "$path") FROM shop.days'), [["2"]])

    def test_views_keep_the_meaning_of_where_they_were_made(self):
        self.load_orders()
        self.query("CREATE VIEW shop.here AS SELECT 7 / 2 AS q, regexp_replace('aa', 'a', 'x') AS r, sum(id) AS s FROM shop.orders")
        self.succeed("query", "CREATE VIEW shop.there AS SELECT 7 / 2 AS q, regexp_replace('aa', 'a', 'x') AS r, sum(id) AS s FROM shop.orders")
        for ask in (self.answer, self.rows):
            self.assertEqual(ask("SELECT q, r, s FROM shop.here"), [["3", "xx", "465"]])
            self.assertEqual(ask("SELECT q, r, s FROM shop.there"), [["3.5", "xa", "465"]])


if __name__ == "__main__":
    unittest.main()
