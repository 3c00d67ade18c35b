"""Runs migrations of the Python tool for Delembic, which decides what runs, holds the lock, and writes the record.

Delembic starts this with its own text as `-c`, and speaks with it in lines of JSON: a request on stdin, its answer on
stdout, and what a migration prints, too. What is printed below Python goes to stderr. The record is written by `execute`,
on the connection and in the transaction of the migration's own work, and `commit` commits both. Without that request
nothing is ever committed: when stdin ends, what was done is rolled back.
"""

import sys

# `-c` puts the working directory first: a file of the project must not be taken for a module that is needed here
sys.path[:] = [folder for folder in sys.path if folder != ""]

import contextlib
import importlib.metadata
import importlib.util
import inspect
import io
import json
import os
import queue
import re
import signal
import threading
import traceback
from pathlib import Path

# gone when the migration has ended the transaction, by whatever way
SAVEPOINT = "delembic_work"
# statements that commit nothing on MySQL; of all others Delembic is told before they run
HARMLESS = {
    "select", "insert", "update", "delete", "replace", "with", "values", "show", "explain", "call", "do", "savepoint",
    "release", "table",
}
# how long code that does not heed the end may go on, in seconds
GRACE = 5
# a commit that has begun is never interrupted
INTERRUPTIBLE = {"open", "begin", "look", "upgrade", "validate"}


class Channel:
    """The pipes: requests in, answers out. Its thread sees at once that a step is to end, or that nobody is there."""

    def __init__(self):
        self.out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace", newline="\n")
        # what prints below Python must not get between the answers
        os.dup2(2, 1)
        self.incoming = os.fdopen(os.dup(0), "rb")
        # and what reads, in Python or a program that it starts, must not take requests, nor wait for them
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self.writing = threading.Lock()
        self.printed = sys.stdout = sys.stderr = Printed(self)
        self.requests = queue.Queue()
        self.lock = threading.Lock()
        self.interruptible = False
        self.cancelled = False
        self.interrupted = False
        signal.signal(signal.SIGINT, self.on_signal)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in iter(self.incoming.readline, b""):
            request = json.loads(line)
            if request.get("do") == "cancel":
                self.cancel()
            else:
                self.requests.put(request)
        self.requests.put(None)
        self.cancel()
        threading.Event().wait(GRACE)
        os._exit(1)

    def cancel(self):
        with self.lock:
            if not self.interruptible:
                return
            self.cancelled = True
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            else:
                import _thread

                _thread.interrupt_main()

    def on_signal(self, number, frame):
        # the terminal's Ctrl-C comes here too; Delembic, which has it as well, decides
        if self.cancelled:
            self.cancelled = False
            self.interrupted = True
            raise KeyboardInterrupt

    def during(self, step):
        """Runs a step that may be interrupted, which raises KeyboardInterrupt in it."""
        with self.lock:
            self.interruptible = True
            self.interrupted = False
        try:
            return step()
        finally:
            with self.lock:
                self.interruptible = False
                self.cancelled = False
            self.printed.end_line()

    def send(self, message):
        with self.writing:
            # a half of a surrogate pair, as in the name of a file, becomes a question mark
            self.out.write(json.dumps(message, default=str, ensure_ascii=False) + "\n")
            self.out.flush()

    def ask(self, question):
        self.send(question)
        answer = self.requests.get()
        if answer is None:
            self.interrupted = True
            raise KeyboardInterrupt
        return answer


class Printed(io.TextIOBase):
    """What stands for stdout and stderr: a message for each line, in order with the answers."""

    encoding = "utf-8"

    def __init__(self, channel):
        self.channel = channel
        self.rest = ""

    @property
    def buffer(self):
        return sys.__stdout__.buffer

    def fileno(self):
        return sys.__stdout__.fileno()

    def writable(self):
        return True

    def write(self, text):
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self.channel.send({"print": line})
        return len(text)

    def end_line(self):
        if self.rest != "":
            self.write("\n")
        with contextlib.suppress(ValueError, OSError):
            sys.__stdout__.flush()


class Guard:
    """Keeps the migration from ending the transaction in which its record is to be written."""

    def __init__(self, channel):
        self.channel = channel
        self.active = False
        self.rolled_back = False
        self.noted = set()
        self.conn = None

    def note(self, what):
        if what not in self.noted:
            self.noted.add(what)
            self.channel.send({"note": what})

    def commit(self, real):
        if self.active:
            self.note("commit")
        else:
            real()

    def rollback(self, real):
        if self.active:
            self.rolled_back = True
        real()

    def guarded(self, base):
        """A class of connections whose own methods cannot be replaced."""
        guard = self

        class Guarded(base):
            def commit(self):
                guard.commit(super().commit)

            def rollback(self):
                guard.rollback(super().rollback)

            def __exit__(self, kind, error, trace):
                if not guard.active:
                    return super().__exit__(kind, error, trace)
                # an error goes on, and undoes all of the migration
                if kind is None:
                    guard.note("commit")

            def executescript(self, script):
                # SQLite's own begins with a COMMIT
                return one_by_one(self.cursor(), script) if guard.active else super().executescript(script)

        return Guarded

    def watch_engine(self, engine):
        from sqlalchemy import event

        @event.listens_for(engine, "do_connect")
        def do_connect(dialect, record, args, params):
            if dialect.driver == "pysqlite":
                import sqlite3

                params.setdefault("factory", self.guarded(sqlite3.Connection))
            elif dialect.driver == "psycopg2":
                import psycopg2.extensions

                params.setdefault("connection_factory", self.guarded(psycopg2.extensions.connection))

        @event.listens_for(engine, "commit")
        def on_commit(conn):
            if self.active and conn is not self.conn:
                self.note("other-connection")

    def watch(self, conn):
        from sqlalchemy import event

        self.conn = conn
        raw = conn.connection.driver_connection
        for name, guard in (("commit", self.commit), ("rollback", self.rollback)):
            real = getattr(raw, name)
            try:
                setattr(raw, name, lambda guard=guard, real=real: guard(real))
            except AttributeError:
                pass  # a class of C: see `guarded`
        real_commit = conn.commit
        conn.commit = lambda: self.commit(real_commit)
        real_begin = conn.begin
        conn.begin = lambda: conn.begin_nested() if conn.in_transaction() else real_begin()

        @event.listens_for(conn, "commit")
        def on_commit(conn):
            if self.active:
                raise RuntimeError("The migration commits the transaction that it runs in")

        @event.listens_for(conn, "rollback")
        def on_rollback(conn):
            if self.active:
                self.rolled_back = True

        if conn.dialect.name in ("mysql", "mariadb"):
            self.watch_statements(conn)

    def watch_statements(self, conn):
        """MySQL commits at each DDL statement: Delembic notes that a part of the work stays before it happens."""
        from sqlalchemy import event

        committing = []

        @event.listens_for(conn, "before_cursor_execute")
        def before(conn, cursor, statement, parameters, context, executemany):
            word = re.match(r"[\s(]*(\w*)", re.sub(r"/\*.*?\*/", " ", statement, flags=re.S)).group(1).lower()
            if self.active and word not in HARMLESS:
                committing.append(self.channel.ask({"statement": statement})["commits"])

        @event.listens_for(conn, "after_cursor_execute")
        def after(conn, cursor, statement, parameters, context, executemany):
            if committing and committing.pop():
                conn.exec_driver_sql(f"SAVEPOINT {SAVEPOINT}")


def one_by_one(cursor, script):
    """Runs the statements of a script, as SQLite tells them apart."""
    import sqlite3

    statement = ""
    for part in re.split(r"(?<=;)", script):
        statement += part
        if sqlite3.complete_statement(statement):
            cursor.execute(statement)
            statement = ""
    if statement.strip() != "":
        cursor.execute(statement)
    return cursor


class Refused(Exception):
    """What is asked cannot be done, for a reason that Delembic has words for."""

    def __init__(self, reason, **facts):
        super().__init__(reason)
        self.facts = {"reason": reason, **facts}


class Driver:
    """Answers requests, one at a time."""

    def __init__(self, channel):
        self.channel = channel
        self.guard = Guard(channel)
        self.root = Path.cwd()
        self.engine = None
        self.conn = None
        self.backend = None
        self.classes = None
        self.failures = {}
        self.instance = None

    def open(self, request):
        facts = {"python": sys.version.split()[0]}
        try:
            import sqlalchemy
        except ImportError as error:
            raise Refused("no-sqlalchemy", **facts) from error
        try:
            from delembic.config import Config
            from delembic.migration import DataMigration
        except ImportError as error:
            raise Refused("no-delembic", **facts) from error
        facts["delembic"] = importlib.metadata.version("delembic")
        if not facts["delembic"].startswith("1."):
            raise Refused("delembic-version", **facts)
        self.base = DataMigration
        self.versions = Path(request["versions"])
        sys.path.insert(0, str(self.root))
        config = Config(Path(request["ini"]), section=request["section"])
        config.url = re.sub(r"\$\$\{|\$\{(\w+)\}", expanded, config.url)
        self.engine = config.engine()
        if not isinstance(self.engine, sqlalchemy.Engine):
            raise Refused("no-engine", type=type(self.engine).__name__)
        self.guard.watch_engine(self.engine)
        return {**facts, "dialect": self.engine.dialect.name}

    def begin(self, request):
        import sqlalchemy

        self.instance = None
        self.guard.rolled_back = False
        self.guard.noted.clear()
        conn = self.conn = self.engine.connect()
        raw = conn.connection.driver_connection
        # an interrupted connection does not tell its number any more
        self.backend = backend_of(raw)
        detect = getattr(conn.dialect, "detect_autocommit_setting", None)
        if conn.dialect.name != "sqlite" and detect is not None and detect(raw):
            raise Refused("autocommit")
        conn.begin()
        self.guard.watch(conn)
        # by itself Python's module begins a transaction at the first INSERT only, and none before DDL
        if conn.dialect.name == "sqlite" and not getattr(raw, "in_transaction", True):
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        conn.execute(sqlalchemy.text(f"SAVEPOINT {SAVEPOINT}"))
        return {"backend": self.backend}

    def upgrade(self, request):
        self.instance = self.migration(request["revision"])()
        return self.step(self.instance.upgrade)

    def validate(self, request):
        if self.instance is None:
            self.instance = self.migration(request["revision"])()
        return self.step(self.instance.validate)

    def look(self, request):
        return {"validates": self.migration(request["revision"]).validate is not self.base.validate}

    def step(self, method):
        if inspect.iscoroutinefunction(method):
            raise Refused("async", name=method.__name__, **self.place(method.__code__))
        self.guard.active = True
        try:
            result = method(self.conn)
        finally:
            self.guard.active = False
        if inspect.isawaitable(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
            reason = "async" if inspect.isawaitable(result) else "generator"
            raise Refused(reason, name=method.__name__, **self.place(method.__code__))
        return {}

    def release(self, request):
        """Fails when the transaction that `begin` opened is not the one that is open now."""
        from sqlalchemy.exc import DBAPIError

        try:
            self.conn.exec_driver_sql(f"RELEASE SAVEPOINT {SAVEPOINT}")
        except DBAPIError as error:
            # PostgreSQL: an error that the migration caught, after which the transaction takes nothing any more
            if sqlstate(error.orig) == "25P02":
                raise
            raise Refused("ended", rolledBack=self.guard.rolled_back) from error
        return {}

    def execute(self, request):
        import sqlalchemy

        results = []
        for statement in request["statements"]:
            params = {f"p{at + 1}": value for at, value in enumerate(statement["params"])}
            result = self.conn.execute(sqlalchemy.text(statement["text"]), params)
            rows = [dict(row._mapping) for row in result] if result.returns_rows else []
            results.append({"rows": rows, "count": result.rowcount if not result.returns_rows else len(rows)})
        return {"results": results}

    def commit(self, request):
        self.conn.commit()
        self.close()
        return {}

    def rollback(self, request):
        if self.conn is not None:
            self.conn.rollback()
            self.close()
        return {}

    def stop_statement(self):
        """PostgreSQL's drivers end a statement that is interrupted; MySQL's leave it to run on, with its locks."""
        if self.backend is None or self.engine.dialect.name not in ("mysql", "mariadb"):
            return
        with contextlib.suppress(Exception), self.engine.connect() as other:
            other.exec_driver_sql(f"KILL {int(self.backend)}")

    def close(self):
        self.conn.detach()
        self.conn.close()
        self.conn = None

    def migration(self, revision):
        if self.classes is None:
            self.load()
        if revision in self.classes:
            return self.classes[revision]
        # it may be in any of the files that cannot be loaded
        for error in self.failures.values():
            raise error
        raise Refused("not-found")

    def load(self):
        """As the Python tool does it; but a file that cannot be loaded is no obstacle for the migrations of others."""
        self.classes = {}
        for path in sorted(self.versions.glob("*.py")):
            if path.name.startswith("_"):
                continue
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module
            try:
                spec.loader.exec_module(module)
            except Exception as error:
                self.failures[path.name] = error
                continue
            for found in (getattr(module, name) for name in dir(module)):
                if isinstance(found, type) and issubclass(found, self.base) and found is not self.base:
                    if hasattr(found, "revision"):
                        self.classes[found.revision] = found

    def place(self, code):
        return {"file": self.shown(code.co_filename), "line": code.co_firstlineno}

    def shown(self, file):
        return Path(os.path.relpath(file, self.root)).as_posix()

    def problem(self, error):
        """What went wrong in the migration, with the last place in its own files."""
        here = error.__traceback__
        while here is not None and here.tb_frame.f_code.co_filename == "<string>":
            here = here.tb_next
        text = "".join(traceback.format_exception(type(error), error, here))
        frames = [frame for frame in traceback.extract_tb(here) if self.is_ours(frame.filename)]
        line = frames[-1].line if frames else ""
        place = {"file": self.shown(frames[-1].filename), "line": frames[-1].lineno} if frames else {}
        if isinstance(error, SyntaxError) and error.filename is not None:
            place = {"file": self.shown(error.filename), "line": error.lineno}
        return {"type": type(error).__name__, "message": message_of(error, line), "traceback": text, **place, **dbapi(error)}

    def is_ours(self, file):
        path = Path(file).resolve()
        # compiled modules name the files that they were made of, which are not there
        return path.is_file() and path.is_relative_to(self.root) and "site-packages" not in path.parts


def expanded(match):
    if match.group(1) is None:
        return "${"
    if match.group(1) not in os.environ:
        raise Refused("variable", name=match.group(1))
    return os.environ[match.group(1)]


def message_of(error, line):
    try:
        text = re.sub(r"\n\(Background on this error at: \S+\)$", "", str(error))
    except Exception:
        text = ""
    if isinstance(error, SystemExit):
        return f"The migration called sys.exit({text})"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if text.strip() == "":
        return f"{type(error).__name__}: {line}" if line else type(error).__name__
    plain = type(error).__name__ in ("AssertionError", "RuntimeError", "Exception", "ValueError")
    return text if plain or hasattr(error, "orig") else f"{type(error).__name__}: {text}"


def backend_of(raw):
    """The server's number of a connection, by whatever name its driver has for it; `None` where there is none."""
    if hasattr(raw, "thread_id"):
        return raw.thread_id()
    if hasattr(raw, "get_backend_pid"):
        return raw.get_backend_pid()
    return getattr(getattr(raw, "info", None), "backend_pid", None)


def sqlstate(error):
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)


def dbapi(error):
    """How the database names the error, so that Delembic knows whether the same may succeed when it is tried again."""
    orig = getattr(error, "orig", None)
    if orig is None:
        return {}
    number = orig.args[0] if orig.args and isinstance(orig.args[0], int) else None
    return {
        "sqlstate": sqlstate(orig),
        "errno": number,
        "sqlite": getattr(orig, "sqlite_errorname", None),
        "lost": getattr(error, "connection_invalidated", False),
        "statement": getattr(error, "statement", None),
    }


def answer_of(driver, channel, request):
    try:
        step = lambda: getattr(driver, request["do"])(request)
        return {"ok": channel.during(step) if request["do"] in INTERRUPTIBLE else step()}
    except KeyboardInterrupt as error:
        if not channel.interrupted:
            return {"error": driver.problem(error)}
        driver.stop_statement()
        return {"refused": {"reason": "interrupted"}}
    except Refused as error:
        return {"refused": error.facts}
    except BaseException as error:
        return {"error": driver.problem(error)}


def main():
    channel = Channel()
    driver = Driver(channel)
    while True:
        try:
            request = channel.requests.get()
            if request is None:
                break
            channel.send(answer_of(driver, channel, request))
        except KeyboardInterrupt:
            continue
    if driver.conn is not None:
        # where this fails the connection is gone, and the server has done it
        with contextlib.suppress(Exception):
            driver.conn.rollback()
    os._exit(0)


if __name__ == "__main__":
    main()
