"""How dubwright is run: images, compose, Helm values, and what a Prefect server is told. No part of the package."""
