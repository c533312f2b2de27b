#!/bin/sh
# dies NAME SIGNAL GATE: kills itself with SIGNAL as soon as the file GATE exists.
. "${0%/*}/identify.sh"
until [ -e "$PLAYGROUND/$3" ]; do sleep 0.02; done
kill "-$2" $$
