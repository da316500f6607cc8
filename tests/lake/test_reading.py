"""Parts of the lake's files, read without the rest."""

from __future__ import annotations

import subprocess
import sys

THREADS_WHILE_READING = """
import io, os, psutil, pyarrow as pa, pyarrow.parquet as pq
from dubwright.lake.lake import decoded

sink = io.BytesIO()
pq.write_table(pa.table({f"c{n}": list(range(1000)) for n in range(20)}), sink)
process = psutil.Process()
before = process.num_threads()
assert decoded(sink.getvalue()).num_columns == 20
assert decoded(io.BytesIO(sink.getvalue()), ["c3", "none"]).column_names == ["c3"]
print(process.num_threads() - before)
pq.ParquetFile(io.BytesIO(sink.getvalue())).read()
print(process.num_threads() - before, flush=True)
# With Arrow's threads about, an ordinary end might be the abort that this is about.
os._exit(0)
"""


def test_arrow_starts_no_thread_to_read_what_is_in_pythons_hands() -> None:
    """Such threads abort the process now and then as it ends, and a run that did everything exits with -6."""
    done = subprocess.run(
        [sys.executable, "-c", THREADS_WHILE_READING], capture_output=True, text=True, timeout=60, check=True
    )
    ours, arrows_own_way = map(int, done.stdout.split())
    assert ours == 0 < arrows_own_way
