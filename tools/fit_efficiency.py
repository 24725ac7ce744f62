"""Fits the coefficients of the estimate to the published results that the tests hold, and writes them to the package.

Usage: python tools/fit_efficiency.py. Only rows marked `fit` are read. Review the difference as you would review code.
"""

import json
from pathlib import Path

from aiinfra.catalogue.accelerators import accelerators
from aiinfra.estimate.fitting import fit
from aiinfra.estimate.published import read

ROOT = Path(__file__).parent.parent
rows = read((ROOT / "tests/data/mlperf_validation.csv").read_text(encoding="utf-8"), accelerators())
target = ROOT / "aiinfra/catalogue/data/efficiency.json"
target.write_text(json.dumps(fit(rows), indent=2) + "\n", encoding="utf-8")
