"""A shift of the fitted population: how far another draw of the parameters moves earning capacity to keep the margins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shift:
    """Added to the fitted location `mu` and spread `sg` of ln w0 in every rural and urban cell, log points."""

    mu_rural: float = 0.0
    mu_urban: float = 0.0
    sg_rural: float = 0.0
    sg_urban: float = 0.0

    def of(self, column: str) -> tuple[float, float]:
        """(rural, urban) of `mu` or `sg`."""
        return (self.mu_rural, self.mu_urban) if column == "mu" else (self.sg_rural, self.sg_urban)


NO_SHIFT = Shift()
