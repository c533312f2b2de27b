#!/bin/sh
# notes-signals NAME: notes USR1 and HUP, and goes on.
trap 'note USR1' USR1
trap 'note HUP' HUP
. "${0%/*}/identify.sh"
note ready
while :; do sleep 0.02; done
