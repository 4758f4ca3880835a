#!/bin/sh
# Starts Postgres; before its first start it makes the data. It is told what the official image is told: POSTGRES_USER,
# POSTGRES_DB, POSTGRES_PASSWORD_FILE, PGDATA. The password is in no argument and in no environment.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Beside, then renamed: what was killed in between is made anew.
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 \
    --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 --no-instructions
  echo "host all all all scram-sha-256" >>"$PGDATA.new/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA.new/postgresql.conf"
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -j -D "$PGDATA.new" postgres >/dev/null
  mv "$PGDATA.new" "$PGDATA"
fi
exec "$@"
