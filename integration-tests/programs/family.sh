#!/bin/sh
# family.sh NAME: with a child, one in a process group of its own, one that left the session, one that left it twice over, and one
# that ignores SIGTERM; each notes its pid and the signals that it gets.
name=$1
note() { echo "$*" >>"$PLAYGROUND/log.$name"; }
member='trap "echo $0 got TERM >>\"$PLAYGROUND/log.$1\"; exit" TERM; echo "$0 $$" >>"$PLAYGROUND/log.$1"; while :; do sleep 0.05; done'
note start $$
sh -c "$member" child "$name" &
bash -c 'set -m; sh -c "$1" group "$2" & wait' bash "$member" "$name" &
setsid sh -c "$member" stray "$name" &
setsid sh -c 'setsid sh -c "$1" orphan "$2" & exit' sh "$member" "$name" &
setsid sh -c 'trap "" TERM; echo "stubborn $$" >>"$PLAYGROUND/log.$1"; while :; do sleep 0.05; done' sh "$name" &
trap 'note main got TERM; exit' TERM
while :; do sleep 0.05; done
