# Sourced first by every test program: NAME is $1, or `-` for the instance's own. Shouts when another copy of NAME lives: the lock is
# inherited by all that it starts.
name=$1 mark=${PROCMAN_RUN#*/}
[ "$name" != - ] || name=${mark%/*}
exec 9>>"$PLAYGROUND/lock.$name"
flock -n 9 || echo "DUPLICATE $name $$" >>"$PLAYGROUND/shouts"
note() { echo "$*" >>"$PLAYGROUND/log.$name"; }
note start $$
