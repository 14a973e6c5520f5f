#!/usr/bin/env bash
# The whole way on a small synthetic cohort, in a minute: DICOM files to a report, vectors and a model for PyTorch.
#
# usage: try.sh FOLDER [PROGRAM]    (the folder is made anew; the program is the bundle's unless given)
set -euo pipefail
out=$1 program=${2:-$(cd "$(dirname "$0")" && pwd)/../../bin/echoprep}
say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
echoprep() { (set -x; "$program" "$@"); }
PS4='$ '
rm -rf "$out"
say "1/7 phantom: 40 synthetic studies of a beating heart, with the hospital's tables"
echoprep phantom "$out/phantom" --studies 40 --frames 8 --size 240x320
say "2/7 ingest: DICOM to masked and cropped clips"
echoprep ingest "$out/phantom/mimic-iv-echo" --dataset "$out/dataset"
say "3/7 link-icd: ICD-10 labels of the hospital stays"
echoprep link-icd --dataset "$out/dataset" --mimic-iv "$out/phantom/mimiciv/hosp" --split 60/15/25
say "4/7 train: a LAMAE learns to fill in masked patches"
echoprep train --dataset "$out/dataset" --run "$out/pretrain" --frames 2 --batch 8 --lr 1e-3 --epochs 8
say "5/7 train: the same model learns the codes"
echoprep train --dataset "$out/dataset" --run "$out/icd" --task icd --init "$out/pretrain" --frames 2 --batch 8 --epochs 4
say "6/7 evaluate: subjects that it never saw"
echoprep evaluate "$out/icd" --show-source
say "7/7 export: the model as a folder for PyTorch"
echoprep export model "$out/icd" "$out/model"
cat <<END

The report:  $out/icd/report.html
The clips:   echoprep review $out/dataset
So small a cohort shows the way, not what can be learned: for that, make demo.
END
