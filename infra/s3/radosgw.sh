#!/usr/bin/env bash
# A real S3 server for tests and trials: Ceph's radosgw over one monitor and one OSD that keeps its objects in memory.
# It listens on loopback only, keeps everything under one folder, needs no root and leaves nothing behind.
#
#   apt-get install -y --no-install-recommends ceph-mon ceph-osd radosgw
#   infra/s3/radosgw.sh start | status | stop
#
# Environment, all optional; instances with folders and ports of their own run side by side:
#   RADOSGW_DIR        the folder                          (${TMPDIR:-/tmp}/dubwright-radosgw)
#   RADOSGW_PORT       where S3 is served                  (7480)
#   RADOSGW_MON_PORT   where the monitor listens           (16789)
#   RADOSGW_KEY, RADOSGW_SECRET   the user's credentials   (dubwright, dubwright-secret)
#   RADOSGW_BYTES      room for objects, in memory         (4294967296)
# `start` ends when S3 is served and prints the address to put behind `endpoint=`.
set -euo pipefail

dir=${RADOSGW_DIR:-${TMPDIR:-/tmp}/dubwright-radosgw}
port=${RADOSGW_PORT:-7480}
mon_port=${RADOSGW_MON_PORT:-16789}
key=${RADOSGW_KEY:-dubwright}
secret=${RADOSGW_SECRET:-dubwright-secret}
bytes=${RADOSGW_BYTES:-4294967296}
conf=$dir/ceph.conf
daemons="rgw osd mon" # in the order in which they are stopped

fail() { echo "radosgw.sh: $*" >&2; exit 1; }

# Whether the process that a pid file names is there, and is ours: numbers are used again.
alive() {
  local pid
  pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 1
  grep -qaF -- "$conf" "/proc/$pid/cmdline" 2>/dev/null
}

any_alive() { for daemon in $daemons; do alive "$daemon" && return 0; done; return 1; }

# run NAME COMMAND…: a daemon in a session of its own, its output beside its pid.
run() {
  local name=$1
  shift
  setsid "$@" -c "$conf" -f > "$dir/$name.out" 2>&1 < /dev/null &
  echo $! > "$dir/$name.pid"
  # It is known by its command line, which it has a moment later.
  for _ in $(seq 20); do
    ! alive "$name" || return 0
    sleep 0.1
  done
}

# await NAME SECONDS COMMAND…: until the command succeeds; an error with the daemon's last words if it dies or dawdles.
await() {
  local name=$1 tries=$(($2 * 10))
  shift 2
  until "$@" > /dev/null 2>&1; do
    if ! alive "$name" || ((tries-- <= 0)); then
      tail -n 20 "$dir/$name.out" >&2
      fail "$name did not come up; see $dir"
    fi
    sleep 0.1
  done
}

asked() { ceph -c "$conf" --connect-timeout 3 "$@"; }
osd_is_up() { [[ $(asked osd stat) == *" 1 up"* ]]; }
s3_answers() {
  exec 3<> "/dev/tcp/127.0.0.1/$port" || return 1
  printf 'GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
  local line
  read -r -t 3 line <&3 && [[ $line == *" 200 "* ]]
}

configure() {
  cat > "$conf" << END
[global]
fsid = $1
mon initial members = one
mon host = v1:127.0.0.1:$mon_port
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
ms bind msgr2 = false
ms bind port min = 17000
ms bind port max = 19999
# Nobody but this machine's own processes can come here; S3's own credentials hold all the same.
auth cluster required = none
auth service required = none
auth client required = none
mon warn on insecure global id reclaim allowed = false
# One of everything, and small.
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
# The monitor's own data are small, however full the disk is that they are on.
mon data avail warn = 2
mon data avail crit = 1
# Nothing outside the folder.
log file = $dir/\$name.log
run dir = $dir
crash dir = $dir
admin socket = $dir/\$name.asok
pid file =
mon cluster log to file = false

[mon.one]
mon data = $dir/mon
public addr = v1:127.0.0.1:$mon_port

[osd.0]
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = $bytes
osd class load list = *
# An OSD that enters itself into the map now and then does so before it knows the cluster, and ends: 'wrong fsid'.
osd crush update on start = false
osd class update on start = false

[client.rgw.one]
rgw data = $dir/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
rgw thread pool size = 128
rgw run sync thread = false
rgw enable usage log = false
rgw enable ops log = false
END
}

start() {
  for program in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph-authtool; do
    command -v "$program" > /dev/null || fail "no $program here; install ceph-mon, ceph-osd and radosgw"
  done
  any_alive && fail "already running in $dir"
  # A socket's path holds 107 bytes, and a daemon's name comes on top.
  ((${#dir} <= 80)) || fail "give a shorter RADOSGW_DIR than $dir"
  [[ -f $conf || -z $(ls -A "$dir" 2>/dev/null) ]] || fail "$dir holds something else"
  rm -rf "$dir"
  mkdir -p "$dir"/{mon,osd,rgw}
  chmod 700 "$dir"
  trap stop EXIT
  local fsid osd
  fsid=$(< /proc/sys/kernel/random/uuid)
  osd=$(< /proc/sys/kernel/random/uuid)
  configure "$fsid"

  monmaptool --create --fsid "$fsid" --addv one "[v1:127.0.0.1:$mon_port]" "$dir/monmap" > /dev/null
  ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' > /dev/null
  ceph-mon -c "$conf" --mkfs -i one --monmap "$dir/monmap" --keyring "$dir/keyring" > "$dir/mkfs.out" 2>&1
  run mon ceph-mon -i one
  await mon 30 asked quorum_status

  # A monitor that has its quorum may still refuse (EPERM) for a moment; asked twice, both do nothing new.
  await mon 30 asked osd new "$osd" 0
  await mon 30 asked osd crush add osd.0 1.0 root=default host=one
  ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd" >> "$dir/mkfs.out" 2>&1
  run osd ceph-osd -i 0
  await osd 30 osd_is_up

  run rgw radosgw -n client.rgw.one
  await rgw 90 s3_answers
  radosgw-admin -c "$conf" -n client.rgw.one user create --uid dubwright --display-name dubwright \
    --access-key "$key" --secret-key "$secret" > "$dir/user.out" 2>&1 || fail "no user made; see $dir/user.out"
  trap - EXIT
  echo "http://127.0.0.1:$port"
}

stop() {
  for daemon in $daemons; do
    ! alive "$daemon" || kill "$(cat "$dir/$daemon.pid")" || true
  done
  for _ in $(seq 50); do
    any_alive || break
    sleep 0.1
  done
  for daemon in $daemons; do
    ! alive "$daemon" || kill -KILL "$(cat "$dir/$daemon.pid")" || true
  done
}

case ${1:-} in
  start) start ;;
  stop)
    stop
    # Only what `start` made is removed.
    [[ ! -f $conf ]] || rm -rf "$dir"
    ;;
  status)
    any_alive || fail "nothing runs in $dir"
    asked -s
    ;;
  *) fail "start, status or stop?" ;;
esac
