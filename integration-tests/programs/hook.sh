#!/bin/sh
# hook NAME ACT [ARGUMENT..]: a hook or a check. Notes `begin PID` in log.NAME and NAME in `order`, then does as it is told. Shouts when
# another run of NAME, or anything that one left in its session, lives: they hold the lock. A `NAME.stop` that is done ends its process.
name=$1 act=$2
exec 8>>"$PLAYGROUND/lock.$name"
flock -n 8 || echo "DUPLICATE hook $name $$" >>"$PLAYGROUND/shouts"
note() { echo "$*" >>"$PLAYGROUND/log.$name"; }
note begin $$
echo "$name" >>"$PLAYGROUND/order"
case $act in
tells) { pwd && env; } >"$PLAYGROUND/env.$name"; echo "$name speaks"; echo "$name complains" >&2 ;;
fails) echo "$name complains" >&2; exit "$3" ;;
# asks GATE
asks) [ -e "$PLAYGROUND/$3" ] || { echo "no $3"; exit 1; } ;;
# waits GATE [CODE]
waits) until [ -e "$PLAYGROUND/$3" ]; do sleep 0.02; done; [ "${4:-0}" = 0 ] || exit "$4" ;;
hangs) trap '' TERM HUP INT; sleep 1000000 & note child $!; wait; sleep 1000000 ;;
leaves) (trap '' TERM HUP; exec sleep 1000000) & note child $! ;;
daemonizes)
  # shellcheck disable=SC2016 # the child's own
  setsid sh -c 'exec 8>&-; echo "child $$" >>"$1"; exec sleep 1000000' sh "$PLAYGROUND/log.$name" </dev/null >/dev/null 2>&1 &
  until grep -q child "$PLAYGROUND/log.$name"; do sleep 0.02; done
  ;;
floods) yes "$(printf '%099d' 0)" | head -c 104857600; [ -z "$3" ] || exit "$3" ;;
esac
note end
[ "${name##*.}" != stop ] || kill "$PROCMAN_PID"
