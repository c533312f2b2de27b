#!/bin/sh
# helper.sh NAME: starts a helper that detaches, and is meant to outlive it; ends on SIGTERM.
echo "start $$" >>"$PLAYGROUND/log.$1"
setsid sh -c 'echo "helper $$" >>"$PLAYGROUND/log.$1"; exec sleep 1000000' sh "$1" </dev/null >/dev/null 2>&1 &
exec sleep 1000000
