# echoprep: `make demo` and `make test` are each enough on a machine that has only a Swift toolchain.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ECHOPREP := .build/release/echoprep
PACKAGES := libjpeg62-turbo-dev libavformat-dev libavcodec-dev libavutil-dev libswscale-dev \
	libopenblas-dev libdnnl2 libsqlite3-dev libcsv-dev libxxhash-dev zlib1g-dev libisal-dev libpng-dev libssl-dev

.PHONY: help deps deps-test build try man bundle bundle-check mpi test lint check arm arm-check format demo paper heads torch gpu-bundle \
	gpu-check oracle bench fuzz hostile-values sanitize kills faults soak cluster-test cut-test docs review-pictures house clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

deps: ## install the Debian packages that are missing, or say which they are
	@bash Packaging/deps.sh $(PACKAGES)

deps-test: ## install the browser in which the tests look at the page of `echoprep review`
	@$(MAKE) --no-print-directory deps PACKAGES="chromium chromium-driver"

build: deps ## build the programs and the tests, optimised
	swift build -c release --build-tests

# What joins the processes of mpirun or srun: of the machine's own MPI, or of Debian's where it has none.
mpi: ## compile what joins several processes into one run, beside the programs that are built
	@command -v mpicc >/dev/null || $(MAKE) --no-print-directory deps PACKAGES="openmpi-bin libopenmpi-dev"
	@built=$$(ls -d .build/release .build/debug 2>/dev/null || true); \
	if [ -z "$$built" ]; then echo "nothing is built yet: make build first"; exit 1; fi; \
	for folder in $$built; do \
	  mpicc -shared -fPIC -O2 -std=gnu17 -Wall -Wextra -Werror Sources/C/CMPI/mpi_shim.c \
	    -o $$folder/libechoprep-mpi.so.new && mv $$folder/libechoprep-mpi.so.new $$folder/libechoprep-mpi.so; \
	  echo "$$folder/libechoprep-mpi.so"; \
	done

test: build ## run every test
	swift test -c release --skip-build

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

check: lint house arm-check test ## lint, build and test

# GH200's processors are Arm's, and so are many clouds'.
arm-check: ## compile what is written in C for Arm, and test its kernels there by qemu-user, where both are installed
	@bash Tests/Arm/arm.sh

arm: ## install what arm-check needs, and do it
	@$(MAKE) --no-print-directory deps PACKAGES="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
	@bash Tests/Arm/arm.sh

format: ## format the sources in place
	swift format --in-place --recursive Package.swift Sources Tests

# A minute after the build; the same script is in a bundle.
try: deps ## the whole way on 40 synthetic studies, in a minute, to try/icd/report.html
	swift build -c release --product echoprep
	@bash Packaging/try.sh try $(ECHOPREP)

# The demo's size: enough subjects for an interval that means something, some minutes of work on two cores.
STUDIES ?= 600
PRETRAIN_EPOCHS ?= 70
ICD_EPOCHS ?= 20
TRAIN := $(ECHOPREP) train --dataset demo/dataset --model lamae --preset tiny --frames 2 --batch 8
# The codes that the phantom's anatomy shows, the one that only two views together tell, and codes that leave no trace.
SHOWN := E66,I11,I13,I25,I27,I31,I35,I48,I50
TWO_VIEWS := J90
HIDDEN := D64,E03,F32,I34,J18,J44,K21,N39,Z87
say = @printf '\n\033[1m%s\033[0m\n' $(1)

demo: deps ## the whole pipeline on a synthetic cohort, to demo/icd/report.html
	swift build -c release --product echoprep
	@rm -rf demo
	$(call say,"1/6 phantom: $(STUDIES) synthetic studies to demo/phantom")
	$(ECHOPREP) phantom demo/phantom --studies $(STUDIES) --frames 12 --size 354x508
	$(call say,"2/6 ingest: DICOM to masked and cropped clips in demo/dataset/shards")
	$(ECHOPREP) ingest demo/phantom/mimic-iv-echo --dataset demo/dataset
	$(call say,"3/6 link-icd: ICD-10 labels of the hospital stays to demo/dataset/echoprep.sqlite")
	$(ECHOPREP) link-icd --dataset demo/dataset --mimic-iv demo/phantom/mimiciv/hosp --split 66/8/26
	$(call say,"4/6 pretrain: a LAMAE learns to fill in masked patches - demo/pretrain")
	$(TRAIN) --run demo/pretrain --task pretrain --lr 1e-3 --epochs $(PRETRAIN_EPOCHS)
	$(call say,"5/6 icd: the same model learns the codes - demo/icd")
	$(TRAIN) --run demo/icd --task icd --lr 3e-4 --init demo/pretrain --epochs $(ICD_EPOCHS)
	$(call say,"6/6 evaluate: subjects that it never saw - demo/icd/report.html")
	$(ECHOPREP) evaluate demo/icd --threshold fit --show-source \
	  --group shown=$(SHOWN) --group two-views=$(TWO_VIEWS) --group hidden=$(HIDDEN)

# The paper's Table 1 on a phantom, for the two codes that need two views: with more codes beside them they are learned
# much later. Models are so small that a process of one thread each uses the processors best.
PAPER_STUDIES ?= 1600
PAPER_PRETRAIN_EPOCHS ?= 40
PAPER_EPOCHS ?= 8
EXPERIMENT = $(ECHOPREP) experiment $(1) --dataset paper/dataset --out paper --preset tiny --views 6 --frames 2 \
	--batch 8 --precision bf16 --pretrain-epochs $(PAPER_PRETRAIN_EPOCHS) --pretrain-lr 1e-3 --epochs $(PAPER_EPOCHS) \
	--lr 5e-4 --frozen-lr 1e-3 --threads 1
grid = @for model in mae video-mae lamae video-lamae; do \
	  $(call EXPERIMENT,$(1)) --models $$model >paper/$(1)-$$model.txt 2>&1 & done; wait; \
	$(call EXPERIMENT,$(1))

paper/linked:
	@rm -rf paper/phantom paper/dataset
	$(ECHOPREP) phantom paper/phantom --studies $(PAPER_STUDIES) --frames 8 --size 354x508 --no-extras
	$(ECHOPREP) ingest paper/phantom/mimic-iv-echo --dataset paper/dataset
	printf '%s\n' category E66 J90 >paper/codes.csv
	$(ECHOPREP) link-icd --dataset paper/dataset --mimic-iv paper/phantom/mimiciv/hosp --split 66/8/26 \
	  --codes paper/codes.csv
	@touch $@

paper: deps ## the paper's Table 1 on a synthetic cohort, to paper/table1.html; under an hour on four cores, goes on when stopped
	swift build -c release --product echoprep
	@$(MAKE) --no-print-directory paper/linked
	$(call grid,table1)

heads: paper ## the same with linear heads, to paper/heads.html: what latent attention does that a head cannot
	$(call grid,heads)

# By the tool of the package that reads our options, built by itself.
MANUAL = .build/checkouts/swift-argument-parser

man: deps ## write manual pages to .build/man
	swift build -c release --product echoprep
	swift build -c release --package-path $(MANUAL) --scratch-path .build/manual --product generate-manual
	@rm -rf .build/man && mkdir -p .build/man
	@.build/manual/release/generate-manual $(ECHOPREP) --multi-page --output-directory .build/man \
	  --date "$$(git log -1 --format=%cs 2>/dev/null || date +%F)"
	@echo "$$(ls .build/man | wc -l) pages written to .build/man; read one with: man -l .build/man/echoprep.1"

# A program whose Swift runtime is inside, and beside it the libraries that it needs, with a small libav.
BUNDLE_PACKAGES := dpkg-dev nasm patchelf pkg-config libx264-dev libopenjp2-7-dev
LIBAV := .build/libav

bundle: deps man ## pack the program with its libraries for machines without any, to .build/bundle/echoprep-VERSION-linux-ARCH.tar.gz
	@bash Packaging/deps.sh $(BUNDLE_PACKAGES)
	bash Packaging/link.sh .build/static echoprep
	bash Packaging/libav.sh $(LIBAV)
	@version=$$(sed -n 's/.*programVersion = "\(.*\)"/\1/p' Sources/EchoCore/Version.swift); \
	MAN=.build/man LIBAV=$(LIBAV) bash Packaging/bundle.sh \
	  .build/bundle/echoprep-$$version-linux-$$(uname -m).tar.gz .build/static echoprep

# As root: in bare systems that debootstrap makes, some of them older than what the bundle was made on.
SYSTEMS ?= bullseye bookworm trixie

bundle-check: ## go the whole way with the bundle in other systems, SYSTEMS="trixie SUITE=MIRROR"
	@bash Packaging/deps.sh debootstrap
	bash Packaging/check.sh "$$(ls .build/bundle/*.tar.gz | tail -1)" .build/systems $(SYSTEMS)

PYTHON := .oracle/bin/python

# TORCH=DIR, else the PyTorch of `python3`, else that of `make oracle`.
TORCH ?= $(shell for python in python3 $(PYTHON); do \
	  $$python -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null && break; done)

torch: ## compile the engine over an installed PyTorch: TORCH=DIR, else what python3 imports
	@CXX="$(CXX)" bash Sources/C/CTorch/compile.sh "$(TORCH)" .build/torch/libechotorch.so

# On a machine with a card and nothing of ours: bash Tests/GPU/check.sh .build/gpu/bundle.tar.gz
DEVICE ?= cuda

gpu-bundle: deps ## pack the programs with their libraries for a machine with a card, to .build/gpu/bundle.tar.gz
	@bash Packaging/deps.sh $(BUNDLE_PACKAGES)
	swift build -c release
	bash Packaging/link.sh .build/static echoprep echobench
	bash Packaging/libav.sh $(LIBAV)
	LIBAV=$(LIBAV) bash Packaging/bundle.sh .build/gpu/bundle.tar.gz .build/static echoprep echobench

gpu-check: deps ## what waits for a card: the torch engine on DEVICE=cuda, right and how fast
	swift build -c release
	PYTHON="$$([ -x $(PYTHON) ] && echo $(PYTHON) || echo python3)" bash Tests/GPU/check.sh "" $(DEVICE)

$(PYTHON): Tests/Oracles/requirements.txt
	@[ -e $@ ] || python3 -m venv .oracle
	@$@ -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

oracle: deps $(PYTHON) ## check against what we did not write, in a Python environment made here
	swift build -c release --product echoprep
	@for check in $(filter-out Tests/Oracles/bench_%,$(wildcard Tests/Oracles/*.py)); do \
	  echo "== $$check"; $(PYTHON) $$check $(ECHOPREP); \
	done
	@[ ! -e .build/torch/libechotorch.so ] || for check in model curve; do \
	  echo "== $$check on torch"; $(PYTHON) Tests/Oracles/$$check.py $(ECHOPREP) --engine torch; \
	done

# Which trials: SEED=2, TRIALS='--only options config --per 4 --show'.
SEED ?= 1
TRIALS ?=

hostile-values: deps ## try numbers and values that nobody means wherever the program takes one, and count what becomes of them
	swift build -c release --product echoprep
	@python3 Tests/Faults/values.py $(ECHOPREP) --seed $(SEED) $(TRIALS)

# Another page that shows clips, to race ours with: MOCK=FOLDER of index.html, app.js and app.css.
MOCK ?=

bench: deps $(PYTHON) ## race against named peers, in turns in one run
	swift build -c release
	$(PYTHON) Tests/Oracles/bench_review.py $(ECHOPREP) $(if $(MOCK),--mock $(MOCK))
	.build/release/echobench ingest --python $(PYTHON)
	.build/release/echobench labels --python $(PYTHON)
	.build/release/echobench loader --peer $(PYTHON)
	env -u OPENBLAS_CORETYPE .build/release/echobench train --preset paper --precision f32 bf16 --peer $(PYTHON)
	env -u OPENBLAS_CORETYPE .build/release/echobench train --preset small --peer $(PYTHON) \
	  --model lamae video-lamae mae video-mae --task pretrain icd --precision f32 bf16

# Swift's own link step would add libFuzzer's main; ours is Tests/Fuzz/main.swift.
FUZZ_SECONDS ?= 60
FUZZ_RUNTIME = $(wildcard $(dir $(realpath $(shell command -v swiftc)))../lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a)

fuzz: deps ## fuzz the readers of foreign files, FUZZ_SECONDS=60 each, with the address sanitizer
	ECHOPREP_FUZZ=1 swift build -c release --scratch-path .build-fuzz --product echofuzz --sanitize=address \
	  -Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xcc -fsanitize=fuzzer-no-link \
	  -Xlinker $(FUZZ_RUNTIME) -Xlinker -lstdc++
	@for reader in dicom clip; do \
	  mkdir -p .build-fuzz/corpus-$$reader; echo "== $$reader"; \
	  FUZZ=$$reader SWIFT_BACKTRACE=enable=no .build-fuzz/release/echofuzz -max_total_time=$(FUZZ_SECONDS) \
	    -max_len=32768 -rss_limit_mb=1024 -timeout=20 -artifact_prefix=.build-fuzz/ -print_final_stats=1 \
	    .build-fuzz/corpus-$$reader fixtures/fuzz 2>.build-fuzz/$$reader.log \
	    && tail -6 .build-fuzz/$$reader.log || { tail -40 .build-fuzz/$$reader.log; exit 1; }; \
	done

# What Foundation, XCTest and libx265 never give back would be all that the leak check finds.
SANITIZERS ?= address thread
SANITIZED ?= EchoCoreTests|FilesTests|DICOMTests|VideoTests|CropTests|ShardsTests|IngestTests|CatalogTests|ComputeTests|ModelsTests|TrainingTests

sanitize: deps ## run the tests under the address and the thread sanitizer, in builds of their own
	@for kind in $(SANITIZERS); do \
	  echo "== $$kind"; \
	  flags="-c release --sanitize=$$kind --scratch-path .build-$$kind"; \
	  [ $$kind != thread ] || flags="$$flags -Xswiftc -DTHREAD_SANITIZER"; \
	  swift build $$flags --build-tests && \
	  ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread.supp SANITIZE=$$kind \
	    swift test $$flags --skip-build --filter '$(SANITIZED)' || exit 1; \
	done

# Numbers of trials are options: KILLS=200, FAULTS=50, ENDS=2000, LIMITS=10; COMMANDS=merge,train for some of them.
KILLS ?= 200
FAULTS ?= 50
ENDS ?= 2000
LIMITS ?= 10
COMMANDS ?=
DISTURBED = $(ECHOPREP) $(if $(COMMANDS),--commands $(COMMANDS))

kills: deps ## kill and interrupt every command that writes at random, and compare what the same command then gives
	swift build -c release --product echoprep
	python3 Tests/Faults/kills.py $(DISTURBED) --kills $(KILLS)
	python3 Tests/Faults/kills.py $(DISTURBED) --kills $(KILLS) --signal INT
	python3 Tests/Faults/leaving.py $(DISTURBED) --times $(ENDS)

.build/faults/inject.so: Tests/Faults/inject.c
	@mkdir -p $(@D)
	$$(command -v cc || command -v clang) -shared -fPIC -O1 -Wall -Wextra -Werror $< -o $@

faults: deps .build/faults/inject.so ## let system calls fail at random, and take outputs, files and threads away
	swift build -c release --product echoprep
	python3 Tests/Faults/outputs.py $(DISTURBED) --limits $(LIMITS)
	python3 Tests/Faults/inject.py $(DISTURBED) --library .build/faults/inject.so --times $(FAULTS)

# How long, as SOAK_FILES=2000 SOAK_STEPS=10000.
SOAK_FILES ?= 20000
SOAK_STEPS ?= 100000

soak: deps ## ingest many files and train many steps, and see that memory, threads, open files and disk do not grow
	swift build -c release --product echoprep
	python3 Tests/Faults/soak.py $(ECHOPREP) --files $(SOAK_FILES) --steps $(SOAK_STEPS)

CUTS ?= 10

cluster-test: deps ## train and go on by two ranks on a Slurm of this machine's own, with a time limit that strikes
	@$(MAKE) --no-print-directory deps \
	  PACKAGES="slurmctld slurmd slurm-client munge openmpi-bin libopenmpi-dev libpmix2"
	swift build -c release --product echoprep
	@$(MAKE) --no-print-directory mpi
	bash Tests/Cluster/cluster.sh $(ECHOPREP)

cut-test: deps ## train by two ranks on hosts of network namespaces, whose network is cut at random moments (CUTS=10)
	@$(MAKE) --no-print-directory deps PACKAGES="iproute2 openmpi-bin libopenmpi-dev"
	swift build -c release --product echoprep
	@$(MAKE) --no-print-directory mpi
	bash Tests/Cluster/cut.sh $(ECHOPREP) $(CUTS)

docs: deps ## write the reference of our libraries to .build/docs
	@rm -rf .build/*/symbolgraph .build/symbols && mkdir -p .build/symbols
	@# It fails on the test bundle, which it does not build; that ours are there shows in the copying.
	@swift package dump-symbol-graph --minimum-access-level package >/dev/null 2>.build/symbols.log || true
	@for layer in Sources/[A-Z][a-zA-Z]*; do \
	  case $$layer in Sources/C) continue ;; esac; \
	  cp .build/*/symbolgraph/$$(basename $$layer).symbols.json .build/symbols || exit 1; \
	done
	@docc convert --fallback-display-name echoprep --fallback-bundle-identifier echoprep \
	  --additional-symbol-graph-dir .build/symbols --output-dir .build/docs
	@echo "written to .build/docs; see it with: python3 -m http.server -d .build/docs"

review-pictures: deps-test build ## take the pictures of docs/review.md anew
	ECHOPREP_REVIEW_PICTURES=$(CURDIR)/docs swift test -c release --skip-build --filter ReviewTests.PicturesTests

house: ## draw the targets and their imports to docs/house.svg; an error where one imports what is declared after it
	@swift package dump-package | swift Tests/House/house.swift docs/house.svg

clean: ## remove what was built and the demo
	rm -rf .build .build-* .oracle demo try
