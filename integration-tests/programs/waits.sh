#!/bin/sh
# waits NAME CODE GATE: ends with CODE as soon as the file GATE exists.
. "${0%/*}/identify.sh"
until [ -e "$PLAYGROUND/$3" ]; do sleep 0.02; done
note end "$2"
exit "$2"
