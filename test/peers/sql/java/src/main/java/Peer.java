import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.query.GenericRecord;

/** ClickHouse's JDBC driver and its client v2 against the SQL port, as DBeaver, Metabase and the like use them. */
public class Peer {
  static final String host = System.getenv("SQL_HOST");
  static final String port = System.getenv("SQL_PORT");
  static final String key = System.getenv("SQL_KEY");

  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  public static void main(String[] args) throws Exception {
    for (String compress : List.of("compress=1", "compress=0", "client.use_http_compression=true")) jdbc(compress);
    client(true, false);
    client(false, false);
    client(true, true);
    System.out.println("clickhouse-java ok");
    System.exit(0);
  }

  static void jdbc(String option) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", "anyone");
    properties.setProperty("password", key);
    String url = "jdbc:clickhouse://" + host + ":" + port + "/chronoscope?" + option;
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      check(connection.isValid(5), "valid");
      DatabaseMetaData meta = connection.getMetaData();
      check(meta.getDatabaseProductVersion().startsWith("26."), meta.getDatabaseProductVersion());
      Set<String> tables = new HashSet<>();
      try (ResultSet found = meta.getTables(null, "chronoscope", "%", null)) {
        while (found.next()) tables.add(found.getString("TABLE_NAME"));
      }
      check(tables.containsAll(Set.of("requests", "logs")), "tables " + tables);
      Set<String> columns = new HashSet<>();
      try (ResultSet found = meta.getColumns(null, "chronoscope", "logs", "%")) {
        while (found.next()) columns.add(found.getString("COLUMN_NAME"));
      }
      check(columns.equals(Set.of("project", "time", "level", "message")), "columns " + columns);
      Set<String> schemas = new HashSet<>();
      try (ResultSet found = meta.getSchemas()) {
        while (found.next()) schemas.add(found.getString(1));
      }
      check(schemas.contains("chronoscope") && !schemas.contains("chronoscope_store"), "schemas " + schemas);
      try (Statement statement = connection.createStatement()) {
        statement.setMaxRows(5);
        statement.setQueryTimeout(3);
        try (ResultSet rows = statement.executeQuery("SELECT number, toString(number) AS s FROM numbers(5)")) {
          long sum = 0;
          while (rows.next()) sum += rows.getLong(1) + Long.parseLong(rows.getString("s"));
          check(sum == 20, "sum " + sum);
        }
      }
      try (PreparedStatement statement =
          connection.prepareStatement("SELECT count() FROM requests WHERE operation = ? AND duration_ms >= ?")) {
        statement.setString(1, "start");
        statement.setDouble(2, 0);
        try (ResultSet rows = statement.executeQuery()) {
          check(rows.next() && rows.getLong(1) > 0, "prepared");
        }
      }
      for (Map.Entry<String, Integer> bad :
          Map.of("SELECT file('/etc/hostname')", 497, "SELEC 1", 62, "SELECT * FROM missing", 60).entrySet()) {
        try (Statement statement = connection.createStatement()) {
          statement.executeQuery(bad.getKey());
          throw new AssertionError(bad.getKey());
        } catch (SQLException error) {
          check(error.getMessage().contains("Code: " + bad.getValue()) || error.getErrorCode() == bad.getValue(),
              bad.getKey() + ": " + error.getMessage());
        }
      }
    }
  }

  static void client(boolean compressed, boolean http) throws Exception {
    try (Client client = new Client.Builder()
        .addEndpoint("http://" + host + ":" + port)
        .setUsername("anyone")
        .setPassword(key)
        .setDefaultDatabase("chronoscope")
        .compressServerResponse(compressed)
        .compressClientRequest(compressed)
        .useHttpCompression(http)
        .build()) {
      check(client.ping(), "ping");
      List<GenericRecord> rows = client.queryAll("SELECT * FROM requests ORDER BY time LIMIT 3");
      check(rows.size() == 3 && rows.get(0).getString("service").equals("bot"), "rows");
      List<GenericRecord> many = client.queryAll("SELECT number FROM numbers(100000)");
      check(many.size() == 100000, "many " + many.size());
      check(client.getTableSchema("logs").getColumns().size() == 4, "schema");
      List<GenericRecord> bound = client.queryAll("SELECT {s:String} AS s", Map.of("s", "it's"));
      check(bound.get(0).getString("s").equals("it's"), "bound " + bound.get(0).getString("s"));
    }
  }
}
