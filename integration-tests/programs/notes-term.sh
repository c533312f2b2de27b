#!/bin/sh
# notes-term NAME: notes NAME in `order` when SIGTERM comes, and ends.
. "${0%/*}/identify.sh"
trap 'echo "$name" >>"$PLAYGROUND/order"; kill "$!"; exit 0' TERM
sleep 1000000 &
note ready
wait
