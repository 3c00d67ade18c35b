"""Reads a JSON list of database URLs; writes what SQLAlchemy makes of each."""

import json
import sys

from sqlalchemy.engine import make_url


def parts(text):
    url = make_url(text)
    return {
        "scheme": url.get_backend_name(),
        "user": url.username or None,
        "password": url.password or None,
        "host": url.host,
        "port": url.port,
        "database": url.database or None,
    }


json.dump([parts(text) for text in json.load(sys.stdin)], sys.stdout)
