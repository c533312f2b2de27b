#!/bin/sh
# spares-child NAME: with a child that is meant to outlive it (kill-mode process), and therefore holds no lock.
. "${0%/*}/identify.sh"
sh -c 'exec 9>&-; echo "child $$" >>"$PLAYGROUND/log.$1"; exec sleep 1000000' sh "$name" &
exec sleep 1000000
