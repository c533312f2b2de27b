#!/bin/sh
# detaches NAME: starts NAME in a session of its own, without the mark of its run, and ends: nobody knows its pid.
unset PROCMAN_RUN
setsid "${0%/*}/steady.sh" "$1" </dev/null >/dev/null 2>&1 &
until grep -qx "start $!" "$PLAYGROUND/log.$1"; do sleep 0.02; done
