#!/bin/sh
# Makes the empty cluster of a server, with what every server of a copy is told.
set -eu
initdb --username postgres --encoding UTF8 --no-locale --auth-local peer --auth-host scram-sha-256 --pgdata "$PGDATA" "$@"
# Copies live on networks of their own; inside one, a password is what opens the database.
echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
cat >> "$PGDATA/postgresql.conf" <<'SETTINGS'
listen_addresses = '*'
unix_socket_directories = '/tmp'
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d '
jit = off
SETTINGS
