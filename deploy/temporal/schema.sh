#!/bin/sh
# Creates Temporal's two databases and brings their schemas up to the server's version. May be run
# again: what is there already is left alone, and a newer version adds only what is new.
# SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD say where.
set -eu

set_up() {
  database=$1
  schema=$2
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "$schema"
}

set_up temporal postgresql/v12/temporal
set_up temporal_visibility postgresql/v12/visibility
