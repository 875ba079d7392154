#!/bin/sh
# Checks whether the copy on a port is healthy: sh healthy.sh 7881
exec curl --fail --silent --max-time 2 --head --output /dev/null \
    "http://127.0.0.1:$1/"
