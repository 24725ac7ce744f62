"""Language models: work and memory from a declared architecture.

Formulas: 2 operations a parameter a token (Kaplan et al. 2020, forward pass); KV bytes a token = 2 x layers x KV
heads x head size x bytes (KAITO's estimator uses the same); memory = 1.02 x weights + KV + 2.3 GiB + 0.05 x weights a
card, within 0.84 of the card (KAITO's constants, Azure/kaito nodesestimator).
"""

from dataclasses import dataclass

GIB = 2**30
PCIE_BYTES = 25e9
"""Bytes/s of a PCIe 4.0 x16 slot that all-reduces reach, one way (of 32e9 nominal)."""
FABRIC_BYTES = 300e9
"""Bytes/s, one way, that all-reduces reach over NVLink, NeuronLink or Infinity Fabric."""


@dataclass(frozen=True, slots=True)
class Language:
    """A decoder: what it is made of, and the mean request it gets."""

    name: str
    parameters: float
    layers: int
    hidden: int
    kv_heads: int
    head_size: int
    prompt: int
    """Tokens a request brings, mean."""
    answer: int
    """Tokens it gets, mean."""
    weights: str = "bf16"
    """Element type the weights are stored in."""

    @property
    def operations(self) -> float:
        """Operations for one answered token, its share of the prompt included."""
        return 2 * self.parameters * (self.prompt + self.answer) / self.answer

    def kv_bytes(self, width: float) -> float:
        """Bytes one token keeps in the KV cache, ``width`` bytes an element."""
        return 2 * self.layers * self.kv_heads * self.head_size * width

    def cards(self, memory: float, width: float, most: int) -> int | None:
        """Fewest cards (a power of two, at most ``most``) of ``memory`` bytes that hold weights and ten requests.

        None where even ``most`` are too few.
        """
        count = 1
        while count <= most:
            if self.needed(width, count) <= 0.84 * memory:
                return count
            count *= 2
        return None

    def needed(self, width: float, cards: int) -> float:
        """Bytes each of ``cards`` holds: its share of the weights and of ten requests, and the runtime."""
        share = self.parameters * width / cards
        requests = 10 * (self.prompt + self.answer) * self.kv_bytes(max(width, 1.0))
        return 1.02 * share + requests / cards + 2.3 * GIB + 0.05 * share

    def link_seconds(self, cards: int, link: float) -> float:
        """Seconds one answered token spends in all-reduces between ``cards`` over a link of ``link`` bytes a second.

        Two all-reduces a layer of the hidden state in two bytes, ring: 2 (n - 1) / n of the data crosses each link.
        """
        if cards == 1:
            return 0.0
        tokens = (self.prompt + self.answer) / self.answer
        return tokens * 2 * self.layers * self.hidden * 2 * 2 * (cards - 1) / cards / link
