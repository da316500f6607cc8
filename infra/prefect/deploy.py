"""Make the work pool, its queues and every deployment of a `prefect.yaml`; see `flows.deployments`, which does it.

PREFECT_API_URL=http://… python -m infra.prefect.deploy [PREFECT_YAML]
"""

from __future__ import annotations

from flows.deployments import main

if __name__ == "__main__":
    main()
