#!/bin/sh
# Creates the namespace and registers the search attributes that incidents are found by. May be run
# again: what is there already is left alone.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where, HOTFIX_RETENTION how long the history of a
# closed incident is kept (for example 365d).
set -eu

# Temporal's client has been seen to time out on a service name that Docker resolves well for
# everyone else: it is given the number.
host=$(getent hosts "${TEMPORAL_ADDRESS%:*}" | awk '{ print $1; exit }')
export TEMPORAL_ADDRESS="$host:${TEMPORAL_ADDRESS##*:}"

# Tries the command after the first word until it works, at most a minute long.
wait_until() {
  what=$1
  shift
  patience=60
  until "$@" >/dev/null 2>&1; do
    patience=$((patience - 1))
    if [ "$patience" -eq 0 ]; then
      echo "$what at $TEMPORAL_ADDRESS after a minute. Look at Temporal's log." >&2
      exit 1
    fi
    sleep 1
  done
}

wait_until 'Temporal is not healthy' temporal operator cluster health

if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" \
    --retention "$HOTFIX_RETENTION"
fi
# The server's parts learn of a new namespace one after the other.
wait_until "The namespace $TEMPORAL_NAMESPACE is not known" temporal operator search-attribute list

register() {
  temporal operator search-attribute create --name "$1" --type "$2"
}

register HotfixStatus Keyword
register HotfixPhase Keyword
register HotfixService Keyword
register HotfixPriority Keyword
register HotfixWaitingFor KeywordList
register HotfixDedupKey Keyword
register HotfixDeclaredAt Datetime
