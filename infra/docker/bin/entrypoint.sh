#!/bin/sh
# Prefect's charts start a program of this name, which Prefect's own image brings.
exec "$@"
