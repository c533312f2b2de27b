#!/bin/sh
# child-ignores-term NAME: dies of SIGTERM at once, and leaves a child that only SIGKILL ends.
. "${0%/*}/identify.sh"
sh -c 'trap "" TERM; echo "child $$" >>"$PLAYGROUND/log.$1"; exec sleep 1000000' sh "$name" &
wait
