"""One thin file per DVC stage: read, call, write."""

import os

# k-means and Gaussian mixtures change with the number of threads; xgboost is given its own number.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
# Threads of xgboost that wait for each other let other work have the processor; spinning would cost more than it gains
# wherever there is any.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
