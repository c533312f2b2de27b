#!/bin/sh
# obeys NAME WORD...: notes how it was called, waits, and ends by the first signal that asks for it.
. "${0%/*}/identify.sh"
shift
for signal in HUP INT QUIT TERM USR1 USR2; do trap "note signal $signal; exit 0" "$signal"; done
note "told $*"
while :; do sleep 0.02; done
