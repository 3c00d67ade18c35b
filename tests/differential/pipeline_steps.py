"""The steps that the Python tool, delembic 1.2.0, generates for projects: folders on stdin, a line of JSON for each."""

import json
import sys
from pathlib import Path

from delembic.config import find_config
from delembic.pipeline_gen import generate_pipeline

for line in sys.stdin:
    pipeline = generate_pipeline(find_config(Path(line.strip()) / "delembic.ini"))
    print(json.dumps([[step.name, step.type, step.target] for step in pipeline.steps]), flush=True)
