"""The model of scale.md."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import ModuleType

import pytest

import places

FOLDER = places.ROOT / "docs" / "scale"


@pytest.fixture(scope="module")
def model() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scale_model", FOLDER / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_has_the_tables_of_the_model(model: ModuleType) -> None:
    page = model.PAGE.read_text()
    results = json.loads(model.RESULTS.read_text())
    assert model.filled(page, results) == page, "python docs/scale/model.py --write"


def test_a_line_has_the_bytes_of_its_headers(model: ModuleType) -> None:
    kept, pipelined, once, datagram = model.WORKLOADS
    # 8 + 14 + 4 + 12 of Ethernet, 20 of IPv4, 32 of TCP or 8 of UDP, and 64 of the line.
    assert [model.wire_bytes(workload) for workload in (kept, datagram)] == [154, 130]
    assert model.wire_bytes(pipelined) == (38 + 20 + 32 + 16 * 64) / 16
    # A SYN, an ACK, the line, the ACK of the reply and the FIN.
    assert model.wire_bytes(once) == 154 + 4 * 90


def test_the_inputs_decide(model: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    results = json.loads(model.RESULTS.read_text())
    first = model.WORKLOADS[0]
    usual = model.machine_rate(results, first)
    for name, changed in {"handler": 100, "cores": 8, "utilisation": 0.3, "link": 0.1}.items():
        with monkeypatch.context() as patch:
            patch.setitem(model.INPUTS, name, model.Input(changed, "", ""))
            assert model.machine_rate(results, first) < usual, name
    assert [model.present(machines) for machines in (1, 2, 10, 1000)] == [1, 1, 9, 900]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.0, "0"),
        (7, "7"),
        (204, "200"),
        (1_234, "1.2 k"),
        (57_000, "57 k"),
        (9.9e5, "990 k"),
        (1.8e9, "1.8 G"),
    ],
)
def test_numbers_have_two_digits(model: ModuleType, number: float, shown: str) -> None:
    assert model.rounded(number) == shown
