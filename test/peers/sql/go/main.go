// clickhouse-go over HTTP against the SQL port: through its own interface and through database/sql.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func check(err error, what string) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func options(method clickhouse.CompressionMethod) *clickhouse.Options {
	return &clickhouse.Options{
		Addr:        []string{os.Getenv("SQL_HOST") + ":" + os.Getenv("SQL_PORT")},
		Protocol:    clickhouse.HTTP,
		Auth:        clickhouse.Auth{Database: "chronoscope", Username: "anyone", Password: os.Getenv("SQL_KEY")},
		Compression: &clickhouse.Compression{Method: method},
		DialTimeout: 10 * time.Second,
	}
}

func main() {
	ctx := context.Background()
	methods := map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD,
		"gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate, "br": clickhouse.CompressionBrotli,
	}
	for name, method := range methods {
		conn, err := clickhouse.Open(options(method))
		check(err, name)
		check(conn.Ping(ctx), name+" ping")
		version, err := conn.ServerVersion()
		check(err, name+" version")
		if version.Version.Major < 26 {
			log.Fatalf("%s: version %v", name, version)
		}
		rows, err := conn.Query(ctx, "SELECT number, toString(number) FROM numbers(100000)")
		check(err, name+" query")
		var sum uint64
		for rows.Next() {
			var number uint64
			var text string
			check(rows.Scan(&number, &text), name+" scan")
			sum += number
		}
		check(rows.Err(), name+" rows")
		if sum != 4999950000 {
			log.Fatalf("%s: sum %d", name, sum)
		}
		check(conn.Close(), name+" close")
	}

	db := clickhouse.OpenDB(options(clickhouse.CompressionLZ4))
	check(db.Ping(), "database/sql ping")
	var count uint64
	check(db.QueryRow("SELECT count() FROM requests WHERE operation = ? AND time > ?", "start", time.Unix(0, 0)).Scan(&count), "bind")
	if count == 0 {
		log.Fatal("nothing counted")
	}
	var text string
	named := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"s": "it's\\ta"}), clickhouse.WithQueryID("go-1"),
		clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 3}))
	check(db.QueryRowContext(named, "SELECT {s:String}").Scan(&text), "parameters")
	if text != "it's\ta" {
		log.Fatalf("parameter came back as %q", text)
	}
	var attributes map[string]string
	var tags []string
	var at time.Time
	check(db.QueryRow("SELECT attributes, tags, time FROM requests LIMIT 1").Scan(&attributes, &tags, &at), "types")
	if attributes["file"] != "a.ts" || len(tags) != 2 || at.Year() != 2026 {
		log.Fatal("types", attributes, tags, at)
	}
	empty, err := db.Query("SELECT number FROM numbers(10) WHERE 0")
	check(err, "empty")
	if empty.Next() {
		log.Fatal("a row in nothing")
	}
	for statement, code := range map[string]int32{"SELECT file('/etc/hostname')": 497, "SELEC 1": 62, "SELECT * FROM nothing": 60} {
		_, err := db.Query(statement)
		var exception *clickhouse.Exception
		if err == nil || !(errors.As(err, &exception) && exception.Code == code || strings.Contains(err.Error(), fmt.Sprintf("Code: %d.", code)) || strings.Contains(err.Error(), fmt.Sprintf("code: %d", code))) {
			log.Fatalf("%s: %v", statement, err)
		}
	}
	if _, err := db.Exec("INSERT INTO logs VALUES (1)"); err == nil || !strings.Contains(err.Error(), "read only") {
		log.Fatalf("insert: %v", err)
	}
	fmt.Println("clickhouse-go ok")
}
