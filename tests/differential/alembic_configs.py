"""Where real Alembic finds scripts by each configuration on standard input: one JSON list on standard output."""

import importlib
import json
import os
import site
import sys
import warnings

from alembic.config import Config
from alembic.script import ScriptDirectory

warnings.simplefilter("ignore")


def answer(question):
    os.chdir(question["folder"])
    for folder in question["sites"]:
        site.addsitedir(folder)
    config = Config(question["ini"], toml_file=question["toml"], ini_section=question["section"])
    script = ScriptDirectory.from_config(config)
    return {
        "scriptLocation": os.path.realpath(script.dir),
        "versionLocations": sorted({os.path.realpath(folder) for folder in script._version_locations}),
        "revisions": sorted((found.revision, found.path) for found in script._load_revisions()),
    }


def main():
    path, finders, modules = list(sys.path), list(sys.meta_path), set(sys.modules)
    answers = []
    for question in json.load(sys.stdin):
        sys.path[:], sys.meta_path[:] = path, finders
        for name in set(sys.modules) - modules:
            del sys.modules[name]
        importlib.invalidate_caches()
        sys.path_importer_cache.clear()
        try:
            answers.append(answer(question))
        except Exception as error:  # the test asserts which ones may fail
            answers.append({"error": f"{type(error).__name__}: {error}"})
    json.dump(answers, sys.stdout)


main()
