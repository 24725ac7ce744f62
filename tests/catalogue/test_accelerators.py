import pytest

from aiinfra.catalogue.accelerators import accelerator, accelerators
from aiinfra.errors import BadInput
from aiinfra.names import DNS_LABEL


def test_the_tiers_other_parts_name_are_there():
    tiers = accelerators()
    nano = tiers["jetson-orin-nano-super"]
    assert (nano.architecture, nano.resource, nano.runtime_class) == ("arm64", "nvidia.com/gpu", "nvidia")
    assert [*nano.modes] == ["7W", "15W", "25W", "MAXN_SUPER"]
    assert nano.mode().name == "25W"
    assert nano.mode("15W").watts.value == 15
    for name, architecture in (("cpu-x86-64", "amd64"), ("cpu-arm64", "arm64")):
        cpu = tiers[name]
        assert (cpu.architecture, cpu.resource, cpu.execution_providers) == (
            architecture,
            None,
            ("CPUExecutionProvider",),
        )
    assert tiers["h100-sxm"].execution_providers[0] == "TensorrtExecutionProvider"
    assert tiers["inferentia2"].execution_providers == ()
    assert "neuronx-cc" in tiers["inferentia2"].compiler


def test_every_name_is_one_a_declaration_can_carry_and_aliases_point_one_way():
    seen: dict[str, str] = {}
    for name, item in accelerators().items():
        assert DNS_LABEL.fullmatch(name), name
        assert item.kind in {"gpu", "npu", "asic", "soc", "cpu"}, name
        assert item.form in {"datacenter", "workstation", "edge"}, name
        assert item.architecture in {"amd64", "arm64"}, name
        assert (item.kind == "cpu") == (item.cores is not None), name
        assert not item.default_mode or item.default_mode in item.modes, name
        for alias in item.aliases:
            assert seen.setdefault(alias, name) == name, alias


def test_a_power_mode_never_raises_the_rate_of_a_smaller_one():
    for item in accelerators().values():
        modes = sorted(item.modes.values(), key=lambda mode: (mode.watts.value, mode.rate))
        assert [m.rate for m in modes] == sorted(m.rate for m in modes), item.name


def test_types_a_part_does_not_do_are_absent_and_not_zero():
    assert "int8" not in accelerators()["trainium3"].rates
    assert all(rate.value > 0 for item in accelerators().values() for rate in item.rates.values())


def test_an_unknown_power_mode_says_what_there_is():
    with pytest.raises(BadInput) as caught:
        accelerators()["jetson-orin-nano-super"].mode("15 W")
    assert caught.value.code == "power-mode-unknown"
    assert "did you mean '15W'?" in caught.value.message
    assert caught.value.remedy == "use one of: 7W, 15W, 25W, MAXN_SUPER"


BASE = {"title": "X", "platform": "nvidia", "kind": "gpu", "form": "edge", "source": "mlperf"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"platform": "nvida"}, "did you mean 'nvidia'"),
        ({"memmory": 4}, "no such key: memmory"),
        ({"rates": {"int9": 4}}, "int9 is not an element type"),
    ],
)
def test_an_accelerator_that_does_not_hold_is_refused(change, reason):
    with pytest.raises(BadInput, match=reason):
        accelerator("x", BASE | change)


def test_what_is_not_said_is_unknown():
    item = accelerator("x", BASE)
    assert not item.memory.known
    assert item.rates == {}
