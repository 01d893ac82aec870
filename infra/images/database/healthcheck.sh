#!/bin/sh
# Asks a real question. Once it was answered, the next checks wait first: eighty containers that start a psql every
# second would take two cores.
[ -f /tmp/healthy ] && sleep 20
[ "$(psql --no-psqlrc -At -h /tmp -U postgres -d rates -c "$RATES_QUESTION")" = 1 ] &&
  touch /tmp/healthy
