"""povsim: who leaves poverty for good, with village cooperatives and without."""

from povsim import cache as _cache

_cache.use()
