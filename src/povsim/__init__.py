"""povsim: who leaves poverty for good, with village cooperatives and without."""

import os as _os

from povsim import cache as _cache

# Before numpy is imported: with more threads the last bit of a long dot product would hang on the number of cores (contract
# C2), and threads of BLAS wait for each other where the cores are busy living households.
_os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
_cache.use()
