# Sourced first by every test program: NAME is $1. Shouts when another copy of NAME lives: the lock is inherited by all that it starts.
exec 9>>"$PLAYGROUND/lock.$1"
flock -n 9 || echo "DUPLICATE $1 $$" >>"$PLAYGROUND/shouts"
note() { echo "$*" >>"$PLAYGROUND/log.$name"; }
name=$1
note start $$
