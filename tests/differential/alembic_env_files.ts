/**
 * Ways in which an `env.py` says which version table Alembic is to take.
 *
 * @module
 */

export interface EnvFile {
  /** What follows the head that all have. */
  readonly env: string;
  /** More lines of `[alembic]`, and more sections. */
  readonly ini?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Why it cannot be known without running it. */
  readonly unknown?: string;
}

export const HEAD = `import os
import functools
import sqlalchemy as sa
from alembic import context

config = context.config
engine = sa.create_engine("sqlite://")
target_metadata = sa.MetaData(schema="meta")
`;

/** Offline and online, as the templates of Alembic have them. */
function both(offline: string, online: string, before = ""): string {
  return `${before}
def run_migrations_offline() -> None:
    """The mode without a connection: version_table is that of the script."""
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, target_metadata=target_metadata${offline})
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,${online}
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
`;
}

const ONLINE = (online: string, before = "") => both("", online, before);
/** A function that is given the connection. */
const DO_RUN = (parameters: string, given: string, run: string, before = "") =>
  `${before}
def do_run_migrations(connection${parameters}):
    context.configure(connection=connection, target_metadata=target_metadata${given})
    with context.begin_transaction():
        context.run_migrations()


with engine.connect() as connection:
    ${run}
`;

export const ENV_FILES: Readonly<Record<string, EnvFile>> = {
  "nothing": { env: ONLINE("") },
  "a table": { env: ONLINE(' version_table="v"') },
  "a table and a schema": { env: ONLINE(" version_table='v', version_table_schema='s'") },
  "a schema alone, with more": {
    env: ONLINE(' include_schemas=True, version_table_schema="s", version_table_pk=False'),
  },
  "None for a schema": { env: ONLINE(" version_table_schema=None") },
  "an empty schema": { env: ONLINE(' version_table_schema=""') },
  "another case and a dot": { env: ONLINE(' version_table="Alembic.Version"') },
  "concatenated": { env: ONLINE(' version_table="a_" "b" + "_c"') },
  "in both modes": { env: both(', version_table="v"', ' version_table="v",') },
  "in both modes, of which one counts": { env: both(', version_table="off"', ' version_table="on",') },
  "offline alone": { env: both(', version_table="off"', "") },
  "online alone": { env: both("", ' version_table="on",') },
  "offline under the condition itself": {
    env: `if context.is_offline_mode():
    context.configure(url="sqlite://", version_table="off")
else:
    context.configure(connection=engine.connect(), version_table="on")
context.run_migrations()
`,
  },
  "a variable": { env: ONLINE(" version_table=TABLE", 'TABLE = "v"\n') },
  "a variable of a variable": {
    env: ONLINE(" version_table=TABLE", 'PREFIX: str = "p"\nTABLE = PREFIX + "_version"\n'),
  },
  "a variable that is bound later": {
    env: `def run():
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=TABLE)
        context.run_migrations()

TABLE = "v"
run()
`,
  },
  "a variable of the function": {
    env: `def run():
    schema = "inner"
    table, other = "v", "w"
    with engine.connect() as connection:
        name = table
        context.configure(connection=connection, version_table=name, version_table_schema=schema)
        context.run_migrations()

schema = "outer"
run()
`,
  },
  "a variable of the function, under a condition": {
    env: `def run():
    if os.environ.get("NEVER_SET_BY_ANYBODY"):
        table = "a"
    else:
        table = "b"
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=table)
        context.run_migrations()

run()
`,
    unknown: "it is table",
  },
  "a variable of the function that all ways agree on": {
    env: `def run():
    table = "a"
    if os.environ.get("NEVER_SET_BY_ANYBODY"):
        table = "a"
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=table)
        context.run_migrations()

run()
`,
  },
  "a variable of a loop": {
    env: `for schema in ["one"]:
    with engine.connect() as connection:
        context.configure(connection=connection, version_table_schema=schema)
        context.run_migrations()
`,
    unknown: "it is schema",
  },
  "a parameter": {
    env: DO_RUN(", table", ", version_table=table", 'do_run_migrations(connection, "v")'),
  },
  "a named parameter": {
    env: DO_RUN(", *, schema=None", ", version_table_schema=schema", 'do_run_migrations(connection, schema="s")'),
  },
  "a parameter with a default": {
    env: DO_RUN(', table: str = "v"', ", version_table=table", "do_run_migrations(connection)"),
  },
  "a parameter of the option's own name": {
    env: DO_RUN(
      ", version_table_schema=None",
      ", version_table_schema=version_table_schema",
      'do_run_migrations(connection, version_table_schema="s")',
    ),
  },
  "a parameter through two functions": {
    env: DO_RUN(
      ", table",
      ", version_table=table",
      'start(connection, "v")',
      "\ndef start(connection, name):\n    do_run_migrations(connection, name)\n",
    ),
  },
  "a parameter that is not known": {
    env: DO_RUN(
      ", table",
      ", version_table=table",
      'do_run_migrations(connection, os.getenv("NEVER_SET_BY_ANYBODY", "v"))',
    ),
    unknown: "it is table",
  },
  "a function that is handed on": {
    env: DO_RUN(
      ", table",
      ", version_table=table",
      'run_sync(do_run_migrations, "v")',
      "\ndef run_sync(function, *arguments):\n    function(engine.connect(), *arguments)\n",
    ),
  },
  "a partial function": {
    env: `configure = functools.partial(context.configure, version_table="v")
configure(connection=engine.connect())
context.run_migrations()
`,
  },
  "async": {
    env: `import asyncio


def do_run_migrations(connection):
    context.configure(connection=connection, version_table_schema="s")
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    do_run_migrations(engine.connect())


asyncio.run(run_async_migrations())
`,
  },
  "a dictionary": { env: ONLINE(" **OPTIONS,", 'OPTIONS = {"version_table": "v", "version_table_schema": "s"}\n') },
  "a dictionary in place": { env: ONLINE(' **{"version_table": "v"},') },
  "dict()": { env: ONLINE(" **options,", "options = dict(version_table='v', include_schemas=True)\n") },
  "a dictionary that is filled": {
    env: ONLINE(
      " **options,",
      'options = {}\noptions["version_table"] = "v"\noptions.setdefault("version_table_schema", "s")\n',
    ),
  },
  "a dictionary for the offline mode alone": {
    env: both(", **options", "", 'options = {"version_table": "v"}\n'),
  },
  "a dictionary from a function": {
    env: ONLINE(" **options(),", '\ndef options():\n    return {"version_table": "v", "compare_type": True}\n\n'),
  },
  "a dictionary with a variable": { env: ONLINE(" **options,", 'NAME = "v"\noptions = {"version_table": NAME}\n') },
  "another dictionary with the key": {
    env: ONLINE(' version_table="v",', 'NAMES = {"version_table": "other"}\n'),
  },
  "keyword arguments of a function": {
    env: DO_RUN(", **options", ", **options", 'do_run_migrations(connection, version_table="v")'),
  },
  "the environment": {
    env: ONLINE(' version_table=os.environ.get("NEVER_SET_BY_ANYBODY", "v"),'),
    unknown: 'it is os.environ.get("NEVER_SET_BY_ANYBODY", "v")',
  },
  "the environment, as a variable": {
    env: ONLINE(" version_table_schema=SCHEMA,", 'SCHEMA = os.getenv("NEVER_SET_BY_ANYBODY", "s")\n'),
    unknown: "it is SCHEMA",
  },
  "a text that is computed": {
    env: ONLINE(' version_table=f"{engine.dialect.name}_v",'),
    unknown: 'it is f"{engine.dialect.name}_v"',
  },
  "the schema of the metadata": {
    env: ONLINE(" version_table_schema=target_metadata.schema,"),
    unknown: "it is target_metadata.schema",
  },
  "an attribute of the configuration": {
    env: ONLINE(' version_table=config.attributes.get("version_table", "v"),'),
    unknown: 'it is config.attributes.get("version_table", "v")',
  },
  "an x argument": {
    env: ONLINE(' version_table_schema=context.get_x_argument(as_dictionary=True).get("schema", "s"),'),
    unknown: 'it is context.get_x_argument(as_dictionary=True).get("schema", "s")',
  },
  "get_main_option": {
    env: ONLINE(' version_table=config.get_main_option("version_table"),'),
    ini: "version_table = v",
  },
  "get_main_option of the context's": {
    env: ONLINE(" version_table=context.config.get_main_option(\n                'my_table'\n            ),"),
    ini: "my_table = v_%%(x)s",
  },
  "get_main_option with a default": {
    env: ONLINE(' version_table=config.get_main_option("version_table", "fallback"),'),
  },
  "get_main_option with a default of a variable": {
    env: ONLINE(' version_table=config.get_main_option("version_table", NAME),', 'NAME = "v"\n'),
  },
  "get_main_option with another default that is not asked for": {
    env: ONLINE(' version_table=config.get_main_option("version_table", "fallback"),'),
    ini: "version_table = v",
  },
  "get_main_option of nothing": { env: ONLINE(' version_table_schema=config.get_main_option("schema"),') },
  "get_main_option, or": {
    env: ONLINE(' version_table_schema=config.get_main_option("schema") or "s",'),
  },
  "get_main_option, or, which is there": {
    env: ONLINE(' version_table_schema=config.get_main_option("schema") or "s",'),
    ini: "schema = there",
  },
  "get_main_option, or, which is empty": {
    env: ONLINE(' version_table_schema=config.get_main_option("schema") or "s",'),
    ini: "schema =",
  },
  "get_main_option, as a variable": {
    env: ONLINE(" version_table_schema=SCHEMA,", 'SCHEMA = config.get_main_option("schema")\n'),
    ini: "schema = s",
  },
  "get_main_option, as a variable of the function": {
    env: DO_RUN(
      ", schema",
      ", version_table_schema=schema",
      "start(connection)",
      '\ndef start(connection):\n    schema = config.get_main_option("schema")\n    do_run_migrations(connection, schema)\n',
    ),
    ini: "schema = s",
  },
  "get_main_option with interpolation": {
    env: ONLINE(' version_table=config.get_main_option("table"),'),
    ini: "prefix = p\ntable = %(prefix)s_version",
  },
  "get_main_option of what was set": {
    env: ONLINE(
      ' version_table=config.get_main_option("table"),',
      'config.set_main_option("table", "set")\n',
    ),
    ini: "table = v",
    unknown: 'it is config.get_main_option("table")',
  },
  "get_main_option, when another was set": {
    env: ONLINE(
      ' version_table=config.get_main_option("table"),',
      'config.set_main_option("sqlalchemy.url", os.environ.get("X", "x"))\n',
    ),
    ini: "table = v",
  },
  "get_alembic_option": {
    env: ONLINE(' version_table=config.get_alembic_option("version_table"),'),
    ini: "version_table = v",
  },
  "get_section_option": {
    env: ONLINE(' version_table=config.get_section_option("ours", "table", "x"),'),
    ini: "[ours]\ntable = v",
  },
  "get_section_option of the main section": {
    env: ONLINE(' version_table=config.get_section_option(config.config_ini_section, "table"),'),
    ini: "table = v",
  },
  "get_section and a key": {
    env: ONLINE(' version_table=config.get_section(config.config_ini_section)["table"],'),
    ini: "table = v",
  },
  "get_section and get": {
    env: ONLINE(' version_table=config.get_section("ours", {}).get("table", "x"),'),
    ini: "[ours]\ntable = v",
  },
  "get_section as a variable": {
    env: ONLINE(
      ' version_table=section["table"], version_table_schema=section.get("schema"),',
      'section = config.get_section("ours")\nsection["sqlalchemy.url"] = "x"\n',
    ),
    ini: "[ours]\ntable = v",
  },
  "get_section, all of it": {
    env: ONLINE(' **config.get_section("configure"),'),
    ini: "[configure]\nversion_table = v\nversion_table_schema = s",
  },
  "get_section for the engine, which has the key for itself": {
    env: ONLINE("", "settings = config.get_section(config.config_ini_section)\n"),
    ini: "version_table = v",
  },
  "an import": {
    env: ONLINE(
      " version_table=settings.TABLE, version_table_schema=SCHEMA,",
      "import settings\nfrom settings import SCHEMA\n",
    ),
    files: { "settings.py": 'TABLE = "v"\nSCHEMA = "s"\n' },
  },
  "an import of a class": {
    env: ONLINE(" version_table_schema=Settings.schema,", "from app.settings import Settings\n"),
    files: { "app/settings.py": 'class Settings:\n    schema = "s"\n' },
  },
  "an import of an object": {
    env: ONLINE(" version_table_schema=settings.schema,", "from app.settings import settings\n"),
    files: { "app/settings.py": 'class Settings:\n    schema = "s"\n\nsettings = Settings()\n' },
    unknown: "it is settings.schema",
  },
  "all in a module": {
    env: "from app.migrate import run\n\nrun(engine)\n",
    files: {
      "app/migrate.py": `from alembic import context

TABLE = "v"

def run(engine):
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=TABLE)
        context.run_migrations()
`,
    },
  },
  "all in a module, but the schema": {
    env: 'from app.migrate import run\n\nrun(engine, version_table_schema="s")\n',
    files: {
      "app/migrate.py": `from alembic import context

def run(engine, version_table_schema):
    with engine.connect() as connection:
        context.configure(connection=connection, version_table_schema=version_table_schema)
        context.run_migrations()
`,
    },
  },
  "all in a module of a module": {
    env: "import app\n\napp.run(engine)\n",
    files: {
      "app/__init__.py": "from app.migrate import run\n",
      "app/migrate.py": `from alembic import context

def run(engine):
    context.configure(connection=engine.connect(), version_table="v")
    context.run_migrations()
`,
    },
  },
  "another library's configure": {
    env: ONLINE(' version_table="v",', "\nclass log:\n    def configure(**_): pass\n\nlog.configure(level=1)\n"),
  },
  "configure by its own name": {
    env: `from alembic.context import configure, run_migrations

configure(connection=engine.connect(), target_metadata=target_metadata, version_table="v")
run_migrations()
`,
  },
  "two databases with two tables": {
    env: `for name in ["one", "two"]:
    if name == "one":
        context.configure(connection=engine.connect(), version_table="v1")
    else:
        context.configure(connection=engine.connect(), version_table="v2")
    context.run_migrations()
`,
    unknown: "it is set to several values",
  },
  "words in comments and texts": {
    env: ONLINE(' # version_table="no"', '"""version_table="no", version_table_schema="no\\""""\n'),
  },
  "a dictionary that is filled under a condition": {
    env: ONLINE(
      " **options,",
      'options = {}\nif os.environ.get("NEVER_SET_BY_ANYBODY"):\n    options["version_table_schema"] = "s"\n',
    ),
    unknown: "it is set under a condition",
  },
  "a dictionary from a function, under a condition": {
    env: ONLINE(
      " **options(),",
      '\ndef options():\n    if os.environ.get("NEVER_SET_BY_ANYBODY"):\n        return {"version_table": "v"}\n    return {}\n',
    ),
    unknown: "it is set under a condition",
  },
  "a dictionary that is updated": { env: ONLINE(" **options,", 'options = {}\noptions.update(version_table="v")\n') },
  "a dictionary of dictionaries": {
    env: ONLINE(' **{**options, "version_table": "v"},', 'options = {"compare_type": True}\n'),
  },
  "a dictionary from which it is taken out": {
    env: ONLINE(" **options,", 'options = {"version_table": "v"}\noptions.pop("version_table")\n'),
    unknown: 'it is options.pop("version_table")',
  },
  "a dictionary by import": {
    env: ONLINE(" **OPTIONS,", "from app.settings import OPTIONS\n"),
    files: { "app/settings.py": 'TABLE = "v"\nOPTIONS = {"version_table": TABLE, "version_table_schema": "s"}\n' },
  },
  "a dictionary from a function by import": {
    env: ONLINE(" **options,", "import app.settings\noptions = app.settings.options()\n"),
    files: { "app/settings.py": 'def options():\n    return dict(version_table="v")\n' },
  },
  "a dictionary by import, with nothing of it": {
    env: ONLINE(" **OPTIONS,", "from app.settings import OPTIONS\n"),
    files: { "app/settings.py": "OPTIONS = {'compare_type': True}\n" },
  },
  "offline by a function of another name": {
    env: `def script():
    context.configure(dialect_name="sqlite", version_table="off")


def run():
    context.configure(connection=engine.connect(), version_table="on")


if context.is_offline_mode():
    script()
else:
    run()
context.run_migrations()
`,
  },
  "offline by its URL": {
    env: `def configure(**options):
    pass


def one():
    context.configure(url="sqlite://", version_table="off")


def two():
    context.configure(connection=engine.connect())


(one if context.is_offline_mode() else two)()
context.run_migrations()
`,
  },
  "two calls that are alike": {
    env: `if engine.dialect.name == "sqlite":
    context.configure(connection=engine.connect(), render_as_batch=True, version_table="v")
else:
    context.configure(connection=engine.connect(), version_table="v")
context.run_migrations()
`,
  },
  "two calls, of which one has the default": {
    env: `if engine.dialect.name == "sqlite":
    context.configure(connection=engine.connect(), render_as_batch=True)
else:
    context.configure(connection=engine.connect(), version_table="v")
context.run_migrations()
`,
    unknown: "it is set to several values",
  },
  "one of two values": {
    env: ONLINE(' version_table="a" if os.environ.get("NEVER_SET_BY_ANYBODY") else "b",'),
    unknown: 'it is "a" if os.environ.get("NEVER_SET_BY_ANYBODY") else "b"',
  },
  "an attribute of an object": {
    env: `class Runner:
    schema = "s"

    def run(self):
        context.configure(connection=engine.connect(), version_table_schema=self.schema)
        context.run_migrations()


Runner().run()
`,
    unknown: "it is self.schema",
  },
  "a function within a function": {
    env: `def run(connection):
    table = "v"

    def inner(name):
        context.configure(connection=connection, version_table=name)
        context.run_migrations()

    inner(table)


run(engine.connect())
`,
  },
  "a name that a loop of a comprehension has, too": {
    env: ONLINE(" version_table=name,", 'names = [name for name in ["a", "b"]]\nname = "v"\n'),
  },
  "a variable that is bound again afterwards": {
    env: `table = "v"
with engine.connect() as connection:
    schema = "s"
    context.configure(connection=connection, version_table=table, version_table_schema=schema)
    context.run_migrations()
    schema = "t"
table = "w"
`,
  },
  "a variable of a class": {
    env: `class Options:
    table = "v"
    all = {"version_table": table}


context.configure(connection=engine.connect(), **Options.all)
context.run_migrations()
`,
  },
  "what a with statement gives": {
    env: `with open(__file__) as table:
    table = table.readline().split()[1]
    context.configure(connection=engine.connect(), version_table=table)
    context.run_migrations()
`,
    unknown: "it is table",
  },
  "a variable that is bound again after the call": {
    env: `table = "v"


def run():
    inner()


def inner():
    context.configure(connection=engine.connect(), version_table=table)
    context.run_migrations()


if not context.is_offline_mode():
    run()
table = "w"
`,
  },
};
