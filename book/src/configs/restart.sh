#!/bin/sh
# Starts a copy of step 20, or replaces the running one: sh restart.sh 7881
set -eu
step20=${STEP20:-target/release/step20}
note=target/step20-$1.pid

is_well() {
    sh "$(dirname "$0")/healthy.sh" "$1"
}

if is_well "$1"; then
    kill "$(cat "$note")"
    while is_well "$1"; do sleep 0.1; done
fi
"$step20" --no-demo "127.0.0.1:$1" >>"target/step20-$1.log" 2>&1 &
echo $! >"$note"
until is_well "$1"; do
    sleep 0.1
    kill -0 $! # Ends this with an error if the copy has ended.
done
