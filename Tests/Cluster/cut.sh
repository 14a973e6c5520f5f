#!/usr/bin/env bash
# Two hosts, made of network namespaces of this machine's own, train by a rank each, and the network between them is cut at
# random moments: `make cut-test`. Each time all processes must end by themselves and the same command go on, and what it
# ends with must be what a run has whose network was never cut.
#
# usage: cut.sh ECHOPREP [CUTS [SEED]]    (as root, with `make mpi` done)
set -euo pipefail
echoprep=$(realpath "$1")
cuts=${2:-10}
RANDOM=${3:-1}
work=$(mktemp -d /tmp/echoprep-cut-XXXXXX)
hosts=(echo$$a echo$$b)
addresses=(10.87.65.1 10.87.65.2)
end() {
  for host in "${hosts[@]}"; do
    ip netns pids "$host" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "$host" 2>/dev/null || true
  done
}
fail() {
  echo "$1" >&2
  tail -n 20 "$work"/log >&2 2>/dev/null || true
  exit 1
}
trap end EXIT

for host in "${hosts[@]}"; do ip netns add "$host"; done
ip link add link0 netns "${hosts[0]}" type veth peer name link0 netns "${hosts[1]}"
for i in 0 1; do
  ip -n "${hosts[i]}" address add "${addresses[i]}/24" dev link0
  ip -n "${hosts[i]}" link set lo up
  ip -n "${hosts[i]}" link set link0 up
  # What was sent and never received is given up after seconds, not after a quarter of an hour: that is what mpirun's own
  # process on the other host waits for, when the ranks have long ended.
  ip netns exec "${hosts[i]}" sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_retries2'
done

# What mpirun starts on the other host by: a shell there, with a name of its own.
cat >"$work/there" <<'THERE'
#!/bin/sh
exec ip netns exec "$HOST_THERE" unshare --uts sh -c 'hostname there; shift; exec sh -c "$*"' - "$@"
THERE
chmod +x "$work/there"
export HOST_THERE=${hosts[1]} OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 ECHOPREP_RANK_PATIENCE=5
# mpirun itself looks after the network every two seconds, not every five minutes.
export OMPI_MCA_oob_tcp_keepalive_time=2 OMPI_MCA_oob_tcp_keepalive_intvl=2 OMPI_MCA_oob_tcp_keepalive_probes=2
ranks() {
  ip netns exec "${hosts[0]}" unshare --uts sh -c 'hostname here; exec "$@"' - \
    mpirun -n 2 --host "${addresses[0]}:1,${addresses[1]}:1" --bind-to none --mca plm_rsh_agent "$work/there" \
    --mca btl tcp,self --mca btl_tcp_if_include link0 --mca oob_tcp_if_include link0 \
    "$echoprep" train --dataset dataset --task pretrain --views 2 --frames 2 --batch 4 --threads 1 --seed 5 --epochs 60 \
    --checkpoint-every 1 --pictures-every 0 "$@" >"$work/log" 2>&1
}
busy() { ip netns pids "${hosts[0]}"; ip netns pids "${hosts[1]}"; }

cd "$work"
"$echoprep" phantom phantom --studies 16 --frames 6 --size 177x254 >/dev/null 2>&1
"$echoprep" ingest phantom/mimic-iv-echo --dataset dataset >/dev/null 2>&1
# Until they train: a network that goes while mpirun itself begins is mpirun's to notice, which takes it minutes.
begun() {
  for ((waited = 0; waited < 600; waited++)); do
    ! grep -q '2 ranks' log || return 0
    sleep 0.1
  done
  fail "they do not train together"
}

: >log
ranks --run whole &
job=$!
begun
start=$(date +%s%N)
wait $job || fail "two hosts fail"
length=$((($(date +%s%N) - start) / 1000000))
echo "two hosts train for $length ms"

for ((cut = 1; cut <= cuts; cut++)); do
  : >log
  ranks --run cut &
  job=$!
  begun
  moment=$((RANDOM % (3 * length / 2 / cuts)))
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  ip -n "${hosts[0]}" link set link0 down
  for ((waited = 0; waited < 60; waited++)); do
    [ -n "$(busy)" ] || break
    sleep 1
  done
  [ -z "$(busy)" ] || fail "cut $cut, after $moment ms: not all has ended a minute later: $(ps -o args= -p $(busy | tr '\n' ,)1)"
  status=0
  wait $job || status=$?
  [ $status != 0 ] || fail "cut $cut came too late"
  echo "cut $cut, after $moment ms: all had ended $waited s later, with $status"
  ip -n "${hosts[0]}" link set link0 up
  sleep 2
done
ranks --run cut || fail "it does not go on"
for file in best last; do
  cmp "cut/checkpoints/$file.safetensors" "whole/checkpoints/$file.safetensors" || fail "the weights differ"
done
echo "what was cut $cuts times and what was not end in the same weights"
end
trap - EXIT
rm -rf "$work"
