#!/bin/sh
# forks-when-stopped NAME: answers SIGTERM with children without end, every other one in a session of its own. Gives up after 10 s.
. "${0%/*}/identify.sh"
fork() {
  n=0
  while [ $((n += 1)) -lt 2000 ]; do
    sleep 1000 & setsid sleep 1000 &
    sleep 0.005
  done
}
trap fork TERM
note ready
while :; do sleep 0.02; done
