#!/bin/sh
# chaotic NAME: runs until SIGUSR1, and then ends with the code in the playground's file exit.NAME. Notes its run, its end, and any SIGTERM.
. "${0%/*}/identify.sh"
note run $$ "${PROCMAN_RUN##*/}"
trap 'code=$(cat "$PLAYGROUND/exit.$name"); note end $$ "$code"; exit "$code"' USR1
trap 'note term $$; exit 0' TERM
note ready $$
while :; do
  sleep 1000000 &
  wait $!
done
