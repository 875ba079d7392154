# What the scripts here share: a free port, the pages, and the line that says
# where the server listens. They need python3, and each needs its server.

[ "$#" = 1 ] || { echo "usage: $0 ADDRESS, or $0 --version" >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)

# When this ends, or whatever has started it, what is left goes a moment later.
(
    while kill -0 "$$" && kill -0 "$PPID"; do sleep 0.5; done
    kill -KILL "$$"
    kill -KILL -- "-$$"
    rm -r "$scratch"
) > /dev/null 2>&1 < /dev/null &

chmod 755 "$scratch"
cp -r "$here/../../../static" "$scratch/www"
cp "$scratch/www/hello.html" "$scratch/www/index.html"
port=$(python3 -c 'import socket
free = socket.socket()
free.bind(("127.0.0.1", 0))
print(free.getsockname()[1])')

# Becomes the server, in a group of its own.
serve() {
    (
        tries=0
        until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do
            tries=$((tries + 1))
            [ "$tries" -lt 200 ] || exit 1
            sleep 0.05
        done
        echo "listening on http://127.0.0.1:$port"
    ) &
    # Standard output stays open until the server ends, but says nothing more.
    exec setsid "$@" 3>&1 >&2
}
