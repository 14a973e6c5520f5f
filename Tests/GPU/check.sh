#!/usr/bin/env bash
# What waits for a card: the torch engine there, right and how fast. For a machine with PyTorch, a C++ compiler and
# nothing of ours; run in a copy of the repository, by bash alone.
#
# usage: check.sh BUNDLE.tar.gz|"" [DEVICE]
#   BUNDLE  what `make gpu-bundle` packed; "" for the programs in .build/release
#   DEVICE  cuda unless given; with cpu everything is tried at a small size
set -uo pipefail
bundle=$1
device=${2:-cuda}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
programs=.build/release
started=$SECONDS
say() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - started)); }

if [ -n "$bundle" ]; then
  say "unpacking"
  mkdir "$work/program" && tar -C "$work/program" --strip-components=1 -xzf "$bundle" || exit 1
  programs=$work/program/bin
fi
python=${PYTHON:-python3}
command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv

say "compiling the shim"
torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))') || exit 1
bash Sources/C/CTorch/compile.sh "$torch" "$work/libechotorch.so" || exit 1
export ECHOPREP_TORCH=$work/libechotorch.so

say "every operation against the reference"
"$programs/echoprep" engines

say "50 steps beside the processor's"
"$programs/echoprep" phantom "$work/phantom" --studies 100 --frames 8 --size 240x320 >/dev/null 2>&1
"$programs/echoprep" ingest "$work/phantom/mimic-iv-echo" --dataset "$work/data" >/dev/null 2>&1
"$programs/echoprep" link-icd --dataset "$work/data" --mimic-iv "$work/phantom/mimiciv/hosp" --split 80/10/10 >/dev/null 2>&1
for task in pretrain icd; do
  for model in lamae video-lamae mae video-mae; do
    for place in "cpu cpu" "torch $device"; do
      set -- $place
      "$programs/echoprep" train --dataset "$work/data" --run "$work/$model-$task-$1" --model "$model" --task "$task" \
        --frames 4 --batch 8 --epochs 6 --pictures-every 0 --engine "$1" --device "$2" >"$work/log" 2>&1 \
        || { tail -3 "$work/log"; continue 2; }
    done
    "$python" Tests/GPU/compare.py "$model $task" "$work/$model-$task-cpu" "$work/$model-$task-torch"
  done
done

sizes="--preset paper --studies 16"
[ "$device" != cpu ] || sizes="--preset tiny --studies 2"
for compile in "" --compile; do
  say "a step in BF16, ours and PyTorch's in turns $compile"
  timeout 240 "$programs/echobench" train $sizes --precision bf16 --steps 7 --engine "torch:$device" \
    --peer "$python" --peer-device "$device" $compile
done
say "the same with our own kernels"
ECHOPREP_FUSED=on "$programs/echoprep" engines
ECHOPREP_FUSED=on timeout 240 "$programs/echobench" train $sizes --precision bf16 --steps 7 --engine "torch:$device"
say "done; an H200's or H100's peak of BF16 products is 989 TFLOP/s"
