"""What Alembic's own resolver says of targets: graphs with questions on standard input, one JSON list on standard output.

An answer is the sorted list of the revisions that would run, be taken back, be shown; or null, where Alembic refuses.
"""

import json
import sys
import warnings

from alembic.script.revision import Revision, RevisionMap

warnings.simplefilter("ignore")


def ids(revisions):
    return sorted({revision.revision for revision in revisions if revision is not None})


def answer(revisions, question):
    kind, text, current = question["kind"], question["text"], tuple(question["current"])
    if kind == "up":
        return ids(revisions.iterate_revisions(text, current, implicit_base=True))
    if kind == "down":
        return ids(revisions.iterate_revisions(current, text, select_for_downgrade=True))
    if kind == "range":
        # as `alembic history -r` does; where a side is empty or `current`, it is put in before
        base, head = (current if side == "current" else side for side in text.split(":"))
        return ids(
            revisions.iterate_revisions(
                head or "heads", base or "base", inclusive=True, assert_relative_length=False
            )
        )
    return ids(revisions.get_revisions(text))


def answers(case):
    revisions = RevisionMap(
        lambda: [
            Revision(node["id"], tuple(node["down"]) or None, branch_labels=tuple(node["labels"]) or None)
            for node in case["nodes"]
        ]
    )
    for question in case["questions"]:
        try:
            yield answer(revisions, question)
        except Exception:
            yield None


def main():
    json.dump([list(answers(case)) for case in json.load(sys.stdin)], sys.stdout)


main()
