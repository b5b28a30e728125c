"""The peers in Python, a module for each: `python -m contenders.with_numpy VARIANT WORKLOAD COUNT STEPS`."""
