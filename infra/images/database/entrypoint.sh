#!/bin/sh
# Gives the database the copy's password and id before it listens, then becomes the server. Of database and queue alike.
# Both come from files of the copy's secrets volume; the statements go through standard input, never through arguments.
set -eu
secrets=/run/secrets
password=$secrets/$RATES_SECRET
wanted=$(cat "$password" "$secrets/copy-id" | sha256sum | cut -d ' ' -f 1)
if [ "$(cat "$PGDATA/identity.sha256" 2>/dev/null)" != "$wanted" ]; then
  # Neither value can hold a quote: the password is base64url, the id is letters, digits and dashes.
  {
    printf "ALTER ROLE rates PASSWORD '%s'\n" "$(cat "$password")"
    printf "ALTER DATABASE rates SET rates.copy_id = '%s'\n" "$(cat "$secrets/copy-id")"
  } | postgres --single -D "$PGDATA" -c log_min_error_statement=panic postgres >/dev/null
  echo "$wanted" > "$PGDATA/identity.sha256"
fi
exec postgres
