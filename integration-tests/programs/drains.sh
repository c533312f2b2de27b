#!/bin/sh
# drains NAME SECONDS: dies of SIGTERM at once; its child needs SECONDS to end well, then notes `drained`.
. "${0%/*}/identify.sh"
sh -c 'trap "sleep $2; echo drained >>$PLAYGROUND/log.$1; exit" TERM
  echo "child $$" >>"$PLAYGROUND/log.$1"
  while :; do sleep 0.02; done' sh "$1" "$2" &
wait
