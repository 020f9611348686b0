#!/usr/bin/env bash
# Two machines on one network with nothing else: two network namespaces and a pair of interfaces, no route further on.
# To be run by `unshare -rn`, with a directory to use. Prints what each says.
set -euo pipefail
root=$1
coterie=(node "$2")
export XDG_CONFIG_HOME=$root/config COTERIE_EMBEDDINGS=off
running=()
trap 'kill "${running[@]}" 2>/dev/null || true; wait' EXIT
ip link set lo up
unshare -n sleep 300 &
other=$!
running+=("$other")
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
there() { nsenter -t "$other" -n "$@"; }
ip link add lan0 type veth peer name lan1 netns "$other"
ip address add 192.168.77.1/24 dev lan0
ip link set lan0 up
there ip link set lo up
there ip address add 192.168.77.2/24 dev lan1
there ip link set lan1 up

"${coterie[@]}" post general 'from the first' --data "$root/one" --as kai >/dev/null 2>&1
XDG_STATE_HOME=$root/state-one "${coterie[@]}" up --discover --data "$root/one" --as kai --port 0 >"$root/one.log" 2>&1 &
running+=($!)
XDG_STATE_HOME=$root/state-two there "${coterie[@]}" up --discover --data "$root/two" --as zoe --port 0 >"$root/two.log" 2>&1 &
running+=($!)
status() { "${coterie[@]}" status --data "$root/one" --as kai --json 2>/dev/null; }
for _ in $(seq 100); do
  if status | grep -q '"lan": *true'; then break; fi
  sleep 0.2
done
status
for _ in $(seq 100); do
  if there "${coterie[@]}" read general --data "$root/two" --as zoe 2>/dev/null | grep 'from the first'; then break; fi
  sleep 0.2
done
