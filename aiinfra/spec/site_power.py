"""What a site offers a box: power, cooling and air."""

from typing import Self

from pydantic import model_validator

from aiinfra.spec.base import Spec
from aiinfra.units import Power, Temperature


class SitePower(Spec):
    """Limits of the place itself. The estimate says whether the box fits, by what margin, and what gives way first."""

    feed: Power | None = None
    """Most the supply gives one box; none: not declared."""
    cooling: Power | None = None
    """Most heat the cabinet or room can carry away from one box; none: not declared."""
    coldest: Temperature | None = None
    """Lowest temperature of the air around the box; none: not declared."""
    hottest: Temperature | None = None
    """Highest temperature of the air around the box; none: not declared."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.coldest is not None and self.hottest is not None and self.coldest > self.hottest:
            raise ValueError(f"coldest ({self.coldest}) is above hottest ({self.hottest}): swap them")
        return self
