"""How real Alembic splits the lists of each ini file on standard input: one JSON list on standard output."""

import json
import sys
import warnings

from alembic.config import Config

warnings.simplefilter("ignore")


def answer(text):
    config = Config()
    config.file_config.read_string(text)
    result = {}
    for name, read in (
        ("version_locations", config.get_version_locations_list),
        ("prepend_sys_path", config.get_prepend_sys_paths_list),
    ):
        try:
            result[name] = read() or []
        except Exception as error:
            result[name] = type(error).__name__
    return result


json.dump([answer(text) for text in json.load(sys.stdin)], sys.stdout)
