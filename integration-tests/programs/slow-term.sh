#!/bin/sh
# slow-term NAME SECONDS: needs SECONDS to end after SIGTERM.
. "${0%/*}/identify.sh"
trap 'note term; sleep "$seconds"; note end; exit 0' TERM
seconds=$2
note ready
while :; do sleep 0.02; done
