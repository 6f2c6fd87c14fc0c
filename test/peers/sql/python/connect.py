"""clickhouse-connect against the SQL port: queries, parameters, types, streams, errors, pandas-free."""
import datetime
import os

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

host, port, key = os.environ["SQL_HOST"], int(os.environ["SQL_PORT"]), os.environ["SQL_KEY"]


def client(**options):
    return clickhouse_connect.get_client(host=host, port=port, username="anyone", password=key, **options)


for compress in (True, False, "lz4", "zstd", "gzip"):
    ch = client(compress=compress)
    assert ch.ping()
    rows = ch.query("SELECT number, toString(number) FROM numbers(100000)").result_rows
    assert len(rows) == 100000 and rows[7] == (7, "7"), (compress, rows[:3])
    ch.close()

ch = client(database="chronoscope")
assert ch.server_version.startswith("26."), ch.server_version
assert ch.command("SELECT 1 + 1") == 2
assert ch.command("SELECT count() FROM logs") == 2
assert sorted(ch.command("SHOW TABLES").split("\n")) == ["errors", "findings", "logs", "requests"]
result = ch.query("SELECT * FROM requests ORDER BY time LIMIT 3")
assert "attributes" in result.column_names and result.row_count == 3
assert isinstance(result.first_item["time"], datetime.datetime)
assert result.first_item["attributes"]["file"] == "a.ts"
assert ch.query("SELECT 1 AS x WHERE 0").result_rows == []

bound = ch.query(
    "SELECT {i:Int64}, {s:String}, {a:Array(String)}, {d:DateTime}, {n:Nullable(String)}",
    parameters={"i": -1, "s": "it's\ta \\ 'b'\nc", "a": ["x'y", "z"], "d": datetime.datetime(2026, 1, 2, 3, 4, 5), "n": None},
).result_rows[0]
assert bound[0] == -1 and bound[1] == "it's\ta \\ 'b'\nc" and bound[2] == ["x'y", "z"] and bound[4] is None, bound
client_side = ch.query("SELECT count() FROM requests WHERE operation = %s", parameters=("start",))
assert client_side.first_row[0] > 0

types = ch.query(
    """SELECT toUInt8(1), toInt256(-1), toFloat32(1.5), toDecimal64(1.25, 2), toDate('2026-01-01'),
    toDateTime64('2026-01-01 00:00:00.123', 3), toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), [1, 2], (1, 'a'),
    map('a', 1), toIPv4('127.0.0.1'), toLowCardinality('x'), CAST(NULL, 'Nullable(UInt8)'), true,
    CAST('a', 'Enum8(\\'a\\' = 1)')"""
).result_rows[0]
assert types[0] == 1 and types[7] == [1, 2] and types[9] == {"a": 1} and types[12] is None, types

with ch.query_row_block_stream("SELECT number FROM numbers(300000)") as stream:
    assert sum(len(block) for block in stream) == 300000
with ch.raw_stream("SELECT number FROM numbers(10)", fmt="CSV") as raw:
    assert raw.read() == b"".join(b"%d\n" % i for i in range(10))

columns = ch.query("SELECT name, type FROM system.columns WHERE table = 'logs' ORDER BY position").result_rows
assert columns[0] == ("project", "String"), columns

for statement, text in (
    ("SELECT file('/etc/hostname')", "ACCESS_DENIED"),
    ("SELEC 1", "SYNTAX_ERROR"),
    ("INSERT INTO logs VALUES (1)", "READONLY"),
    ("SELECT * FROM no_such", "UNKNOWN_TABLE"),
):
    try:
        ch.query(statement)
        raise AssertionError(statement)
    except DatabaseError as error:
        assert text in str(error), error
try:
    ch.insert("logs", [["a"]], column_names=["project"])
    raise AssertionError("inserted")
except DatabaseError as error:
    assert "READONLY" in str(error), error
try:
    clickhouse_connect.get_client(host=host, port=port, username="x", password="wrong")
    raise AssertionError("a wrong key was taken")
except DatabaseError as error:
    assert "AUTHENTICATION_FAILED" in str(error), error
limited = ch.query("SELECT number FROM numbers(10)", settings={"max_execution_time": 3})
assert limited.row_count == 10
print("clickhouse-connect", clickhouse_connect.__version__, "ok")
