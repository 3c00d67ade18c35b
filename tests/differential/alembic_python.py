"""What Python says: of each snippet on standard input the value of down_revision; of its own library where the lines begin."""

import ast
import contextlib
import glob
import io
import json
import os
import sys
import tokenize
import warnings

from alembic.util import to_tuple

warnings.simplefilter("ignore")


class Anything(dict):
    """Names that a snippet does not bind itself."""

    def __missing__(self, name):
        if name in ("x", "TYPE_CHECKING", "open"):
            return (lambda *_: contextlib.nullcontext()) if name == "open" else False
        raise KeyError(name)


def value_of(lines):
    names = Anything(__name__="script")
    exec(compile("revision = 'r'\n" + lines, "script.py", "exec"), names)
    return sorted(set(to_tuple(names["down_revision"], default=())))


def top_lines(data):
    """The lines on which a logical line begins that is not indented."""
    lines, depth, fresh = [], 0, True
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        if token.type in (tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            continue
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif token.type == tokenize.NEWLINE:
            fresh = True
        elif fresh:
            fresh = False
            if depth == 0:
                lines.append(token.start[0])
    return lines


def library():
    root = os.path.dirname(os.__file__)
    files = {}
    for name in sorted(glob.glob(root + "/**/*.py"))[::3]:
        with open(name, "rb") as file:
            data = file.read()
        try:
            ast.parse(data)
            data.decode("utf-8")
            files[name] = top_lines(data)
        except (SyntaxError, UnicodeDecodeError, tokenize.TokenError):
            continue
    return files


json.dump({"values": [value_of(lines) for lines in json.load(sys.stdin)], "library": library()}, sys.stdout)
