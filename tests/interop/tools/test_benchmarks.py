"""Each benchmark of the node runs, however small, and ends with its ratio; what it measures is no test's business."""

import sys

import pytest

from tests.tooling import ROOT, output_of

pytestmark = pytest.mark.tool


@pytest.mark.parametrize("words", ["node 20 1", "latency 8", "replay 20", "memory 200", "delay 5"])
def test_a_benchmark_ends_with_its_ratio(words: str) -> None:
    name, *sizes = words.split()
    *table, last = output_of(sys.executable, ROOT / "benchmarks" / f"{name}.py", *sizes).splitlines()
    assert len(table) >= 2, "there is nothing to take the ratio of"
    label, ratio = last.split()
    assert label == "ratio"
    assert float(ratio) > 0
