"""Households and villages before the first month: geography, margins, synthesis, the fitted table, the drawn sample."""
