#!/bin/sh
# Makes the cluster while the image is built: `pristine` holds the dump as it was loaded and migrated, `rates` is a copy's own clone.
set -eu
dump=$1
migrations=$2
ask() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --host /tmp --username postgres "$@"; }

/opt/rates/cluster.sh

# Nobody may connect from outside while it is made, and a crash here is a failed build: no need to wait for the disk.
postgres -c listen_addresses='' -c fsync=off &
server=$!
until ask --dbname postgres --command 'SELECT 1' >/dev/null 2>&1; do
  kill -0 "$server"
  sleep 0.1
done
ask --dbname postgres --command 'CREATE ROLE rates LOGIN'
ask --dbname postgres --command 'CREATE DATABASE pristine'
ask --dbname pristine --single-transaction --file "$dump"
for table in regions ports prices; do
  ask --dbname pristine --command "ALTER TABLE public.$table OWNER TO rates"
done
ask --dbname pristine --single-transaction --file "$migrations" >/dev/null
ask --dbname pristine --command 'ANALYZE'
ask --dbname postgres --command 'ALTER DATABASE pristine WITH IS_TEMPLATE true ALLOW_CONNECTIONS false'
ask --dbname postgres --command 'CREATE DATABASE rates TEMPLATE pristine OWNER rates'
ask --dbname postgres --command 'REVOKE ALL ON DATABASE rates FROM PUBLIC'
kill -INT "$server"
wait "$server"
