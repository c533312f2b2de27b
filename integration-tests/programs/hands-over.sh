#!/bin/sh
# hands-over NAME FILE HOW [ARGUMENT]: an expression of type pid-file. Starts NAME in a session of its own and names it
# in FILE as HOW says.
file=$2 how=$3 argument=$4
echo "expression $$" >>"$PLAYGROUND/log.$1"
# Once it is there its start is noted, so that no look comes between.
begin() {
  setsid "${0%/*}/steady.sh" "$1" </dev/null >/dev/null 2>&1 &
  until grep -qx "start $!" "$PLAYGROUND/log.$1"; do sleep 0.02; done
}
wait_for() { until [ -e "$PLAYGROUND/$1" ]; do sleep 0.02; done; }
case $how in
ends) begin "$1"; echo "$!" >"$file" ;;
stays) begin "$1"; echo "$!" >"$file"; exec sleep 1000000 ;;
# The number in two pieces, with a gate between.
half) begin "$1"; printf '%s' "${!%?}" >"$file"; wait_for "$argument"; echo "$!" >"$file" ;;
# Named a moment after the expression has ended.
late) begin "$1"; (sleep 0.5; echo "$!" >"$file") & ;;
# Never named.
none) begin "$1" ;;
waits) begin "$1"; wait_for "$argument"; echo "$!" >"$file" ;;
dead) true & wait $!; echo "$!" >"$file" ;;
other) begin "$1"; echo "$argument" >"$file" ;;
unmarked) unset PROCMAN_RUN; begin "$1" ;;
fails) exit "$argument" ;;
esac
exit 0
