#!/bin/sh
# Makes the cluster of the queue while the image is built: role and database, and nothing in it.
set -eu
# Segments of 4 MiB: the volume of every copy is filled with one, and messages are gone soon.
/opt/rates/cluster.sh --wal-segsize=4
cat /opt/rates/settings.conf >> "$PGDATA/postgresql.conf"
{
  echo 'CREATE ROLE rates LOGIN'
  echo 'CREATE DATABASE rates OWNER rates'
  echo 'REVOKE ALL ON DATABASE rates FROM PUBLIC'
} | postgres --single -D "$PGDATA" postgres >/dev/null
