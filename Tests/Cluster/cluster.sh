#!/usr/bin/env bash
# A Slurm of this machine's own, one machine as two nodes, trains by two ranks, with a time limit that strikes in the middle:
# `make cluster-test`. What it ends with must be what a run has that nobody stopped.
#
# usage: cluster.sh ECHOPREP    (with `make mpi` done)
set -euo pipefail
echoprep=$(realpath "$1")
work=$(mktemp -d /tmp/echoprep-cluster-XXXXXX)
export SLURM_CONF=$work/slurm.conf OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# By the numbers that they wrote down themselves.
end() {
  for file in "$work"/slurmd-*.pid "$work"/slurmctld.pid "$work"/munged.pid; do
    [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
  done
}
fail() {
  echo "$1" >&2
  tail -n 20 "$work"/log/* "$work"/job.txt >&2 2>/dev/null || true
  exit 1
}
trap end EXIT

mkdir -p "$work"/{state,log,n1,n2}
chmod 755 "$work"
dd if=/dev/urandom of="$work/key" bs=128 count=1 status=none
chmod 400 "$work/key"
munged --force --key-file="$work/key" --socket="$work/munge" --pid-file="$work/munged.pid" \
  --log-file="$work/log/munged" --seed-file="$work/seed" 2>/dev/null
host=$(hostname -s)
cat >"$SLURM_CONF" <<CONF
ClusterName=echoprep
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=17000
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$work/munge
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/%n
TmpFS=$work/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/log/slurmctld
SlurmdLogFile=$work/log/slurmd-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
KillWait=30
ReturnToService=2
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=1 RealMemory=500
PartitionName=main Nodes=ALL Default=YES State=UP
CONF
slurmctld
for node in n1 n2; do slurmd -N $node; done
for ((waited = 0; waited < 60; waited++)); do
  [ "$(sinfo -h -t idle -o %D 2>/dev/null)" != 2 ] || break
  sleep 1
done
[ "$(sinfo -h -t idle -o %D)" = 2 ] || fail "the two nodes do not come up"

cd "$work"
"$echoprep" phantom phantom --studies 16 --frames 6 --size 177x254 >/dev/null 2>&1
"$echoprep" ingest phantom/mimic-iv-echo --dataset dataset >/dev/null 2>&1
train="$echoprep train --dataset dataset --task pretrain --views 2 --frames 2 --batch 4 --threads 1 --seed 5"
train="$train --checkpoint-every 1000000 --pictures-every 0"
alone() { mpirun --oversubscribe --bind-to none -n 2 $train "$@" >/dev/null 2>&1 || fail "two ranks of mpirun fail"; }

# As many epochs as take longer than half a minute: Slurm signals half a minute before the limit, or up to a minute earlier.
alone --run first --epochs 1
start=$(date +%s%N)
alone --run timed --epochs 20
epochs=$((20 * 45000000000 / ($(date +%s%N) - start)))

# docs/slurm.md's job, but for its size.
cat >pretrain.sbatch <<JOB
#!/bin/bash
#SBATCH --job-name=pretrain --nodes=2 --ntasks-per-node=1 --time=00:01:00 --requeue --open-mode=append
#SBATCH --signal=TERM@30 --output=$work/job.txt
srun --mpi=pmix --kill-on-bad-exit=1 $train --run cut --epochs $epochs
status=\$?
echo "ended with \$status"
if [ \$status = 130 ]; then scontrol requeue "\$SLURM_JOB_ID"; fi
exit \$status
JOB
job=$(sbatch --parsable pretrain.sbatch)
echo "job $job trains $epochs epochs by two ranks of two nodes, a minute at a time"
for ((waited = 0; waited < 420; waited += 2)); do
  # Any end but that of a run which wants to go on.
  ! grep 'ended with' job.txt 2>/dev/null | grep -qv 'ended with 130' || break
  # A job that is put in the queue again would wait there for two minutes.
  scontrol update jobid="$job" starttime=now 2>/dev/null || true
  sleep 2
done
grep -E 'ended with|saved after|going on' job.txt || true
grep -q 'ended with 130' job.txt || fail "the limit did not strike"
grep 'ended with' job.txt | tail -1 | grep -q 'ended with 0' || fail "the job did not come to its end"

alone --run whole --epochs "$epochs"
for file in best last; do
  cmp "cut/checkpoints/$file.safetensors" "whole/checkpoints/$file.safetensors" || fail "the weights differ"
done
echo "what a limit has cut and what it has not end in the same weights"
end
trap - EXIT
rm -rf "$work"
