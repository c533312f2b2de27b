#!/bin/sh
# steady NAME: runs for ever.
. "${0%/*}/identify.sh"
exec sleep 1000000
