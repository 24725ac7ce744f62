"""What a component records can be read back, and callers' types say what the spec says."""

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aiinfra.components.kubernetes.parts import namespace_of, runtime_of, site_of
from aiinfra.components.kubernetes.specs import SiteSpec
from aiinfra.components.spec import camel, from_inputs, to_inputs
from aiinfra.spec.reading import load

ROOT = Path(__file__).parent.parent.parent
DECLARATION = load(ROOT / "tests" / "data" / "declarations" / "whole.yaml")


def test_a_spec_is_read_back_from_what_was_recorded() -> None:
    for site in DECLARATION.deployment.sites:
        for row in DECLARATION.rows[site.class_name]:
            spec = site_of(DECLARATION, site.class_name, row)
            for part in (spec, namespace_of(spec), runtime_of(spec)):
                assert from_inputs(type(part), to_inputs(part)) == part


@given(st.dictionaries(st.text("ab_C", min_size=1, max_size=4), st.text(max_size=3), max_size=3))
def test_keys_that_users_choose_are_never_renamed(values: dict[str, str]) -> None:
    spec = site_of(DECLARATION, "press-line", DECLARATION.rows["press-line"][0]).model_copy(
        update={"values": values, "overrides": {"runtime": {"some_key": 1}}}
    )
    inputs = to_inputs(spec)
    assert inputs.get("values", {}) == values
    assert inputs["overrides"] == {"runtime": {"some_key": 1}}
    assert from_inputs(SiteSpec, inputs) == spec


def test_recorded_keys_are_camel_case() -> None:
    inputs = to_inputs(site_of(DECLARATION, "press-line", DECLARATION.rows["press-line"][0]))
    assert camel("power_mode") == "powerMode"
    assert inputs["tier"] == {"accelerator": "jetson-orin-nano-super", "powerMode": "15W"}
    assert inputs["objective"]["p99"] == "20 ms"


def test_the_generated_types_are_those_of_the_specs() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import generate_args
    finally:
        sys.path.pop(0)
    assert generate_args.TARGET.read_text() == generate_args.render(), "run: python tools/generate_args.py"
