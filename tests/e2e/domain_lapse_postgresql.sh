#!/bin/sh
# The same with the rows in PostgreSQL. The roles run as the state's owner, so the socket's folder must be open to him.
cd "$(dirname "$0")" || exit 1
exec ../../tools/pg_temp run sh -c 'folder=${SIGILLO_PG_URL#*host=}; chmod 755 "${folder%%&*}" && exec ./domain_lapse.py'
