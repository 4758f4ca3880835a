#!/bin/sh
# Runs a Postgres of the tree $1 with its data in $2, on loopback's port $3; it makes the data first, of the user $4 with
# the password that is in the file $5 and the database $6.
set -eu
if [ ! -s "$2/PG_VERSION" ]; then
  rm -rf "$2.new"
  "$1/bin/initdb" --pgdata="$2.new" --username="$4" --pwfile="$5" --encoding=UTF8 --locale=C --locale-provider=builtin \
    --builtin-locale=C.UTF-8 --auth=scram-sha-256 --no-sync --no-instructions
  [ "$6" = postgres ] || echo "CREATE DATABASE \"$6\"" | "$1/bin/postgres" --single -j -D "$2.new" postgres >/dev/null
  mv "$2.new" "$2"
fi
exec "$1/bin/postgres" -D "$2" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
