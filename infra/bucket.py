"""Make a bucket where it is missing, for an S3 server that was started for trials: `python -m infra.bucket NAME`.

Endpoint, region and credentials come from boto3's usual chain (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, …).
"""

from __future__ import annotations

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def make(name: str) -> bool:
    """Make the bucket; False if it was there. Raises what boto3 raises where it can be neither made nor seen."""
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        client.create_bucket(Bucket=name)
        return True
    return False


if __name__ == "__main__":
    sys.stdout.write(f"{sys.argv[1]}: {'made' if make(sys.argv[1]) else 'was there'}\n")
