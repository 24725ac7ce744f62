import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.catalogue.catalogue import shipped
from aiinfra.catalogue.measurement import Measurement
from aiinfra.errors import AiinfraError, BadInput, Refused
from aiinfra.estimate.calibrate import calibrate, file_name, named_meter, write
from aiinfra.estimate.meters import Meter, Metering, find_meters
from aiinfra.spec.tier import Tier

DAY = date(2026, 11, 21)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    weight = numpy_helper.from_array(np.ones((8, 4), np.float32), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
    path = tmp_path / "small.onnx"
    graph = helper.make_graph([node], "g", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def measure(model: Path, meters: list[Meter], **tier: object) -> Measurement:
    chosen = Tier.model_validate({"accelerator": "cpu-x86-64", "cores": 1} | tier)
    return calibrate(model, chosen, shipped(), seconds=0.2, host="lab", taken=DAY, meters=meters)


def test_a_measurement_says_what_ran_where_and_has_no_watts_without_a_meter(model: Path):
    found = measure(model, [])
    assert (found.tier, found.cores, found.dtype, found.host, found.taken) == ("cpu-x86-64", 1, "fp32", "lab", DAY)
    assert found.execution_provider == "CPUExecutionProvider"
    assert found.runtime.startswith("onnxruntime ")
    assert (found.watts, found.watts_how) == (None, "")
    assert 0 < found.p50 <= found.p99
    assert found.rate > 0
    assert found.runs >= 30
    assert Measurement.model_validate_json(found.to_json()) == found


def test_watts_come_from_a_meter_and_say_what_it_covers(model: Path):
    found = measure(model, [Meter("socket", "the whole box", watts=lambda: 12.5)])
    assert (found.watts, found.watts_how) == (12.5, "socket: the whole box")


def test_a_part_this_runtime_cannot_use_is_refused(model: Path):
    with pytest.raises(AiinfraError, match=r"onnxruntime here has .*CPUExecutionProvider") as caught:
        measure(model, [], accelerator="hailo-8", cores=None)
    assert caught.value.code == "calibrate-runtime"


def test_a_measurement_is_not_overwritten_unless_asked(model: Path, tmp_path: Path):
    found = measure(model, [])
    path = tmp_path / "measurements" / file_name(found, model)
    assert path.name == "small-cpu-x86-64-1-cores.json"
    write(found, path, replace=False)
    with pytest.raises(Refused) as caught:
        write(found, path, replace=False)
    assert caught.value.code == "measurement-exists"
    write(found, path, replace=True)
    assert Measurement.read(path) == found


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "other"}', "[1]", "\xff"])
def test_a_file_that_is_no_measurement_is_told(tmp_path: Path, text: str):
    path = tmp_path / "m.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput) as caught:
        Measurement.read(path)
    assert caught.value.code == "measurement-invalid"
    with pytest.raises(BadInput):
        Measurement.read(tmp_path / "absent.json")


def test_watts_and_the_name_of_their_meter_go_together():
    assert named_meter(None, "") is None
    meter = named_meter(23.5, "wattmeter")
    assert meter is not None
    assert meter.watts is not None
    assert meter.watts() == 23.5
    for pair in ((23.5, ""), (None, "wattmeter")):
        with pytest.raises(BadInput) as caught:
            named_meter(*pair)
        assert caught.value.code == "meter-unnamed"


def test_rapl_is_an_energy_counter_of_the_packages(tmp_path: Path):
    for name, joules in (("intel-rapl:0", 5), ("intel-rapl:1", 7), ("intel-rapl:0:0", 100)):
        zone = tmp_path / name
        zone.mkdir()
        (zone / "energy_uj").write_text(str(joules * 10**6))
    (meter,) = find_meters("cpu", tmp_path, tmp_path, ("no-such-program",))
    assert (meter.name, meter.covers) == ("rapl", "2 CPU packages, not the machine around")
    assert meter.joules is not None
    assert meter.joules() == 12
    with Metering([meter]) as metering:
        (tmp_path / "intel-rapl:0" / "energy_uj").write_text(str(50 * 10**6))
    assert metering.value is not None
    assert metering.value > 0


def test_a_jetsons_input_rail_is_read_in_milliunits(tmp_path: Path):
    folder = tmp_path / "1-0040" / "hwmon" / "hwmon3"
    folder.mkdir(parents=True)
    for name, value in (("in1_label", "VDD_IN\n"), ("in1_input", "19000\n"), ("curr1_input", "750\n")):
        (folder / name).write_text(value)
    (meter,) = find_meters("soc", tmp_path / "none", tmp_path, ("no-such-program",))
    assert meter.name == "jetson-rails"
    assert meter.watts is not None
    assert meter.watts() == pytest.approx(14.25)


def test_a_counter_that_cannot_be_read_is_no_meter(tmp_path: Path):
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (zone / "energy_uj").write_text("not a number")
    assert find_meters("cpu", tmp_path, tmp_path, ("no-such-program",)) == []


def test_a_gpus_boards_are_read_by_their_program_and_never_for_a_cpu(tmp_path: Path):
    program = tmp_path / "smi"
    program.write_text("#!/bin/sh\necho 70.5\necho 71\n")
    program.chmod(0o755)
    (meter,) = find_meters("gpu", tmp_path, tmp_path, (str(program),))
    assert meter.watts is not None
    assert meter.watts() == pytest.approx(141.5)
    assert find_meters("cpu", tmp_path, tmp_path, (str(program),)) == []
    assert find_meters("npu", tmp_path, tmp_path, (str(program),)) == []


def test_a_reading_that_fails_is_left_out():
    readings = iter([ValueError("[N/A]"), 20.0, subprocess.TimeoutExpired("smi", 1), 30.0])

    def watts() -> float:
        found = next(readings)
        if isinstance(found, float):
            return found
        raise found

    with Metering([Meter("nvml", "the GPUs' boards", watts=watts)]) as metering:
        for _ in range(4):
            metering.sample()
    assert metering.value == 25
