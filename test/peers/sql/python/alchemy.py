"""SQLAlchemy over both of its dialects, as Superset and others use it: reflection and queries."""
import os

from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text

host, port, key = os.environ["SQL_HOST"], os.environ["SQL_PORT"], os.environ["SQL_KEY"]

for url in (
    f"clickhousedb+connect://anyone:{key}@{host}:{port}/chronoscope",
    f"clickhouse+http://anyone:{key}@{host}:{port}/chronoscope",
):
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count() FROM logs")).scalar() == 2
        inspector = inspect(engine)
        views = set(inspector.get_table_names(schema="chronoscope")) | set(inspector.get_view_names(schema="chronoscope"))
        assert {"requests", "logs"} <= views, views
        assert "chronoscope" in inspector.get_schema_names()
        names = [column["name"] for column in inspector.get_columns("logs", schema="chronoscope")]
        assert names == ["project", "time", "level", "message"], names
        logs = Table("logs", MetaData(), autoload_with=engine)
        counted = connection.execute(select(logs.c.level, func.count()).group_by(logs.c.level)).fetchall()
        assert sorted(counted) == [("error", 1), ("info", 1)], counted
    print("sqlalchemy", url.split(":")[0], "ok")
