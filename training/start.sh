#!/bin/sh
# Starts or continues a run in the background: start.sh DATA MINUTES DEADLINE [--resume]
# The allocator keeps what it has: giving pages back costs more than the arithmetic.
cd "$(dirname "$0")/.." || exit 1
data=$1 minutes=$2 deadline=$3
shift 3
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
mkdir -p training/runs
setsid nohup nice -n "${NICE:-19}" "${PYTHON:-python}" -m training.train --data "$data" \
    --minutes "$minutes" --deadline "$deadline" "$@" >>training/runs/train.log 2>&1 </dev/null &
echo $! >training/runs/pid
