#!/usr/bin/env bash
# Runs the quick part of the tests, on Linux, as other people's machines would:
#
#     tests/environments.sh                  in each environment below
#     tests/environments.sh path proxies     in these two, one after the other
#     tests/environments.sh path+proxies     in both at once
#
# Each run has its own copy of the checkout, built before anything is changed.
# It prints one line: ok, FAILED and the log, or skipped and the reason.
set -euo pipefail
cd "$(dirname "$0")/.."

environments=(path tmpdir proxies curlrc backtrace home ordinary descriptors
  processor ipv4 port crlf release interrupted)

# The quick part: all but the late steps, the built book and the browser.
targets=(cli walk book deploy load fixed_rate plots timeline timelines scheduler
  step01 step02 step03 step04 step05 step06)

# After it was built, the checkout is renamed: to a path with a space and
# umlauts.
environment_path() {
  mv "$checkout" "$work/schöne Übung"
  checkout="$work/schöne Übung"
  target="$checkout/target"
}

environment_tmpdir() {
  tmp="$work/tmp with a space"
  mkdir "$tmp"
}

# Nothing listens at port 9, and nothing here may need a proxy.
environment_proxies() {
  local name
  for name in http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY; do
    variables+=("$name=http://127.0.0.1:9")
  done
}

environment_curlrc() {
  mkdir "$work/home"
  echo include >"$work/home/.curlrc"
  variables+=("HOME=$work/home")
}

environment_backtrace() { variables+=(RUST_BACKTRACE=1); }

# A home directory that can't be written, not even by root.
environment_home() { variables+=(HOME=/dev/null/home); }

# An ordinary user, who can write only the build and TMPDIR. The toolchain may
# be out of that user's reach, so what needs it isn't run.
environment_ordinary() {
  ((EUID == 0)) || skip 'only root can become somebody else'
  has setpriv
  mv "$target" "$work/target"
  target="$work/target"
  chmod -R u=rwX,go=rX "$checkout"
  chown -R nobody "$tmp" "$target"
  targets=(cli walk step01 step02 step03 step04 step05 step06)
  runner=run_directly
  wrapper+=(setpriv --reuid=nobody "--regid=$(id -g nobody)" --clear-groups)
}

# What macOS allows at first. A test of a thousand clients asks for more.
environment_descriptors() {
  wrapper+=(bash -c 'ulimit -Sn 256; exec "$@"' -)
}

environment_processor() {
  has taskset
  wrapper+=(taskset --cpu-list 0)
}

environment_ipv4() {
  has unshare ip
  wrapper+=(unshare --net bash -ec 'ip link set lo up
    echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; exec "$@"' -)
  "${wrapper[@]}" true || skip "a network without IPv6 can't be set up"
}

# Another program has the port that the book uses.
environment_port() {
  "$target/debug/step01" 127.0.0.1:7878 >/dev/null 2>&1 &
  stranger=$!
}

# An editor or an archive has ended every line with CR and LF. The pages stay:
# another length would be a change that the tests must see.
environment_crlf() {
  find "$checkout" \( -path "$target" -o -name static \) -prune -o -type f \
    -regex '.*\.\(rs\|md\|html\|toml\|svg\|css\|diff\|txt\|csv\)' \
    -exec sed -i 's/\r*$/\r/' {} +
}

environment_release() { cargo+=(--release); }

# The tests are killed, and must leave nothing behind.
environment_interrupted() {
  [[ -d /proc/self ]] || skip 'only Linux tells what still runs'
  targets=(deploy spoilt step06)
  variables+=(SPOIL_SECONDS=60)
  runner=run_and_kill
}

skip() {
  echo "$1" >"$work/skipped"
  exit
}

has() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "$program isn't here"
  done
}

# Prints the numbers of the processes that belong to a run.
processes() {
  find /proc -maxdepth 2 \( -name exe -o -name cwd \) -lname "$work/*" \
    2>/dev/null | cut -d/ -f3 | sort -u
}

# Whether a run has left processes, or anything in TMPDIR. They may take a
# moment to go.
leaves_nothing() {
  local attempt id
  for attempt in {1..50}; do
    [[ -n $(processes) || -n $(ls -A "$tmp") ]] || return 0
    sleep 0.1
  done
  echo 'error: these processes and files are left behind:'
  for id in $(processes); do
    ps -o pid=,args= -p "$id" || true
  done
  ls -A "$tmp"
  return 1
}

# The ways to run the tests.

run_by_cargo() {
  local name long=()
  "${command[@]}" "${cargo[@]}" "${targets[@]}" || return
  # What measures for seconds isn't run at first.
  for name in load fixed_rate timeline timelines; do
    [[ " ${targets[*]} " != *" --test=$name "* ]] || long+=("--test=$name")
  done
  ((${#long[@]} == 0)) ||
    "${command[@]}" "${cargo[@]}" "${long[@]}" -- --ignored || return
  [[ " ${targets[*]} " == *" --test=book "* ]] || return 0
  # What the book's commands print depends on an environment, too.
  "${command[@]}" "${cargo[@]}" --test=book transcripts -- --ignored
}

run_directly() {
  local program status=0
  for program in $(programs); do
    "${command[@]}" "$program" --skip compile_alone --skip table:: || status=$?
  done
  return $status
}

# A second is enough for servers to be there.
run_and_kill() {
  local program status=0
  for program in $(programs); do
    "${command[@]}" "$program" >/dev/null 2>&1 &
    sleep 1
    kill -KILL $!
    wait $! || true
    leaves_nothing || status=$?
  done
  return $status
}

# Prints the paths of the tests' programs, as seen from the checkout.
programs() {
  "${in_checkout[@]}" "${cargo[@]}" "${targets[@]}" --no-run 2>&1 |
    sed -n 's/^ *Executable .*(\(.*\))$/\1/p'
}

# Sets up an environment, or several at once (a+b), and runs the tests there.
run() {
  local name names status=0
  env -C "$checkout" "${cargo[@]}" --no-run "${targets[@]/#/--test=}"
  IFS=+ read -ra names <<<"$1"
  for name in "${names[@]}"; do
    "environment_$name"
  done
  targets=("${targets[@]/#/--test=}")
  in_checkout=(env -C "$checkout" "CARGO_TARGET_DIR=$target")
  command=("${in_checkout[@]}" "CARGO_MANIFEST_DIR=$checkout" "TMPDIR=$tmp"
    "${variables[@]}" "${wrapper[@]}")
  "$runner" || status=$?
  [[ -z $stranger ]] || kill "$stranger"
  leaves_nothing || status=$?
  return $status
}

# Where everything happens. An ordinary user may look in.
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
log=$work/log
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
export RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
unset CARGO_TARGET_DIR

# What is built already needn't be built again.
mkdir -p "$work/original" "$work/target/debug"
tar -c --exclude=./.git --exclude=./target . | tar -x -C "$work/original"
for part in build deps .fingerprint; do
  [[ ! -d target/debug/$part ]] ||
    cp -a "target/debug/$part" "$work/target/debug"
done

failed=0
(($#)) || set -- "${environments[@]}"
for environment; do
  checkout=$work/checkout target=$work/checkout/target tmp=$work/tmp
  variables=() wrapper=() runner=run_by_cargo stranger=''
  cargo=(cargo test --no-fail-fast)
  mkdir "$tmp"
  cp -a "$work/original" "$checkout"
  mv "$work/target" "$target"
  SECONDS=0
  set +e
  (set -e; run "$environment") >"$log" 2>&1
  status=$?
  set -e
  if [[ -e $work/skipped ]]; then
    echo "skipped: $environment: $(<"$work/skipped")"
  elif ((status == 0)); then
    echo "ok: $environment ($SECONDS s)"
  else
    echo "FAILED: $environment ($SECONDS s)"
    sed 's/^/    /' "$log"
    failed=1
  fi
  for target in "$work"/*/target; do
    [[ ! -d $target ]] || mv "$target" "$work/target"
  done
  ((EUID)) || chown -R 0 "$work/target"
  find "$work" -mindepth 1 -maxdepth 1 ! -name original ! -name target \
    -exec rm -rf {} +
done
exit $failed
