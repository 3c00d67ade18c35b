"""Runs Alembic for the tests, one upgrade a line: {"folder", "url", "target"}; answers null, or the error."""

import json
import os
import sys

from alembic import command
from alembic.config import Config

for line in sys.stdin:
    step = json.loads(line)
    os.environ["ALEMBIC_URL"] = step["url"]
    config = Config(os.path.join(step["folder"], "alembic.ini"))
    config.set_main_option("script_location", os.path.join(step["folder"], "schema"))
    try:
        command.upgrade(config, step["target"])
        error = None
    except Exception as caught:
        error = str(caught)
    print(json.dumps(error), flush=True)
