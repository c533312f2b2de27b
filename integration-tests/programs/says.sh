#!/bin/sh
# says NAME: prints whatever is appended to the file say.NAME.
. "${0%/*}/identify.sh"
: >>"$PLAYGROUND/say.$1"
exec tail -n +1 -f "$PLAYGROUND/say.$1"
