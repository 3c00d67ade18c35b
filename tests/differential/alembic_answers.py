"""What real Alembic says of each folder that is named on standard input: one JSON list on standard output."""

import json
import sys
import warnings

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import to_tuple

warnings.simplefilter("ignore")


def resolve(script, name):
    try:
        found = script.get_revisions(name)
    except Exception:
        return None
    return sorted(revision.revision for revision in found if revision is not None)


def answer(config, names):
    if config.endswith(".toml"):
        script = ScriptDirectory.from_config(Config(toml_file=config))
    else:
        script = ScriptDirectory.from_config(Config(config))
    revisions = [script.get_revision(revision.revision) for revision in script.walk_revisions()]
    return {
        "heads": sorted(script.get_heads()),
        "bases": sorted(script.get_bases()),
        "history": {
            revision.revision: {
                "down": sorted(revision._versioned_down_revisions),
                "dependsOn": sorted(to_tuple(revision.dependencies, default=())),
                "labels": sorted(revision._orig_branch_labels),
                "branches": sorted(revision.branch_labels),
                "message": revision.doc,
            }
            for revision in revisions
        },
        "ancestors": {
            revision.revision: sorted(
                found.revision for found in script.iterate_revisions(revision.revision, "base")
            )
            for revision in revisions
        },
        "resolved": {name: resolve(script, name) for name in names},
    }


def main():
    path = list(sys.path)
    answers = []
    for config, names in json.load(sys.stdin):
        sys.path[:] = path
        try:
            answers.append(answer(config, names))
        except Exception as error:  # the test asserts which ones may fail
            answers.append({"error": f"{type(error).__name__}: {error}"})
    json.dump(answers, sys.stdout)


main()
