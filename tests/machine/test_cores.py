from __future__ import annotations

import os

import pytest

from mobilenet_cli.machine.cores import _cgroup_quota, usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no CPU affinity")
def test_a_process_bound_to_one_core_uses_one():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(("text", "cores"), [("150000 100000\n", 1.5), ("max 100000\n", None), ("nonsense", None)])
def test_the_quota_of_cgroup_v2(tmp_path, text, cores):
    (tmp_path / "cpu.max").write_text(text)
    assert _cgroup_quota(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("200000", 2.0), ("-1", None)])
def test_the_quota_of_cgroup_v1(tmp_path, quota, cores):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert _cgroup_quota(tmp_path) == cores


def test_no_cgroup_is_no_quota(tmp_path):
    assert _cgroup_quota(tmp_path) is None
    assert usable_cores() >= 1
