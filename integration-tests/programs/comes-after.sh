#!/bin/sh
# comes-after NAME HOOK..: runs for ever; shouts when a run of one of these hooks, or what it left in its session, lives.
. "${0%/*}/identify.sh"
echo "$name" >>"$PLAYGROUND/order"
shift
for hook; do
  flock -n "$PLAYGROUND/lock.$hook" true || echo "BESIDE $name: $hook lives" >>"$PLAYGROUND/shouts"
done
exec sleep 1000000
