"""Where things stand in the picture of tiers."""

from hypothesis import given
from hypothesis import strategies as st

from aiinfra.estimate.picture_layout import BOTTOM, LEFT, RIGHT, TOP, Name, Spot, axis, lines, names, sizes

LETTER = 6.0

spots = st.lists(
    st.builds(
        Spot,
        st.floats(LEFT + 20, RIGHT - 20),
        st.floats(TOP + 20, BOTTOM - 20),
        st.floats(4, 16),
        st.text("abcdefgh@-", min_size=2, max_size=26),
    ),
    max_size=20,
    unique_by=lambda spot: spot.name,
)


def box(name: Name) -> tuple[float, float, float, float]:
    wide = LETTER * len(name.text)
    start = name.x - (wide if name.anchor == "end" else 0)
    return start, name.y - 9, start + wide, name.y + 2


@given(spots)
def test_no_name_covers_another_or_leaves_the_picture_and_none_is_lost_silently(found: list[Spot]) -> None:
    named, lost = names(found, TOP, BOTTOM)
    assert sorted([*(one.text for one in named), *lost]) == sorted(spot.name for spot in found)
    boxes = [box(one) for one in named]
    for index, first in enumerate(boxes):
        assert first[0] > LEFT
        assert first[2] < RIGHT
        for second in boxes[index + 1 :]:
            assert first[0] >= second[2] or second[0] >= first[2] or first[1] >= second[3] or second[1] >= first[3]


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.none() | st.floats(1e-9, 1e9))
def test_an_axis_holds_its_values_and_a_limit_only_where_it_is_near(values: list[float], limit: float | None) -> None:
    found = axis(values, limit, 0.0, 100.0)
    assert all(0 < found.at(value) < 100 for value in values)
    assert found.high / found.low >= 4 * 0.999
    if limit is not None and max(values) * 10 < limit:
        assert not found.holds(limit)


@given(st.lists(st.none() | st.floats(1, 1e6), max_size=10))
def test_dots_grow_with_watts_and_never_past_the_largest(watts: list[float | None]) -> None:
    scale = sizes(watts)
    radii = [scale.radius(each) for each in sorted(each for each in watts if each)]
    assert radii == sorted(radii)
    assert all(4 <= radius <= 16 for radius in radii)
    assert scale.shown[0] < scale.shown[1] < scale.shown[2]


def test_what_does_not_fit_in_lines_is_counted() -> None:
    assert lines("not drawn", []) == []
    assert lines("not drawn", ["a", "b"]) == ["not drawn: a, b"]
    found = lines("not drawn", [f"tier-number-{n}" for n in range(40)])
    assert len(found) == 3
    assert found[-1].endswith(" more")
