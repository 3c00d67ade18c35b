/**
 * How fast Alembic's scripts are read: beside Alembic itself, and a very large folder of them alone.
 *
 * @module
 */

import { writeFiles } from "../tests/support.ts";
import { megabytes, onceWithPeak, race, row, seconds, single } from "./measure.ts";

export interface AlembicBench {
  /** The compiled Delembic. */
  readonly executable: string;
  /** The `alembic` program. */
  readonly alembic: string;
  /** Where the projects are made. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

const MANY = 50_000;

/** Prints one row a measurement. */
export async function benchAlembic({ executable, alembic, folder, say }: AlembicBench): Promise<void> {
  for (const count of [100, 1000]) {
    const cwd = `${folder}/alembic_${count}`;
    await makeProject(cwd, count);
    for (const command of ["heads", "current"]) {
      const [ours, theirs] = await race([
        { name: "delembic", command: [executable, "alembic", command], cwd },
        { name: "alembic", command: [alembic, command], cwd },
      ]);
      const what = `alembic ${command}, ${count.toLocaleString("en")} scripts`;
      say(row(what, ours?.median ?? NaN, theirs?.median ?? NaN, count === 1000 ? "≥ 5" : ""));
    }
  }
  await gateOf100(executable, `${folder}/alembic_1000`, say);
  const cwd = `${folder}/alembic_${MANY}`;
  await makeProject(cwd, MANY);
  const [ours] = await race([{ name: "delembic", command: [executable, "alembic", "heads"], cwd }], 3);
  const { peak } = await onceWithPeak({ name: "delembic", command: [executable, "alembic", "heads"], cwd });
  const what = `alembic heads, ${MANY.toLocaleString("en")} scripts`;
  say(single(what, seconds(ours?.median ?? NaN), "< 3 s"));
  say(single(`${what}: peak memory`, megabytes(peak), "< 300 MB"));
}

/** An Alembic project on SQLite with a Delembic project beside it; its scripts are a chain, as the template writes them. */
export async function makeProject(folder: string, count: number): Promise<void> {
  const files: Record<string, string> = {
    "alembic.ini": "[alembic]\nscript_location = %(here)s/m\nsqlalchemy.url = sqlite:///app.db\n",
    "delembic.ini":
      "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\nalembic_config = alembic.ini\n",
    "delembic/versions/.gitkeep": "",
    "app.db": "",
    "m/env.py": ENV_PY,
  };
  let previous: string | undefined;
  for (let index = 0; index < count; index++) {
    const id = (index * 7919 + 0xabc).toString(16).padStart(12, "0");
    files[`m/versions/${id}_create_person_${index}.py`] = script(id, previous, index);
    previous = id;
  }
  await writeFiles(folder, files);
}

/** 100 pending migrations, each of which needs an Alembic revision of 1,000: the scripts are read once for all of them. */
async function gateOf100(executable: string, cwd: string, say: (line: string) => void): Promise<void> {
  const revision = (index: number) => (index * 7919 + 0xabc).toString(16).padStart(12, "0");
  const { DatabaseSync } = await import("node:sqlite");
  const sqlite = new DatabaseSync(`${cwd}/app.db`);
  sqlite.exec("create table alembic_version (version_num varchar(32) not null primary key)");
  sqlite.prepare("insert into alembic_version values (?)").run(revision(999));
  sqlite.close();
  const files = Array.from({ length: 100 }, (_, index) => {
    const id = `D${String(index + 1).padStart(3, "0")}`;
    const text = `-- delembic revision: ${id}\n-- delembic depends_on: ${
      revision(index * 10)
    }\n-- delembic upgrade\nselect 1;\n`;
    return [`delembic/versions/${id}.sql`, text];
  });
  await writeFiles(cwd, Object.fromEntries(files));
  const contestant = (name: string, ...args: string[]) => ({ name, command: [executable, ...args] as const, cwd });
  const [behind, one] = await race([
    contestant("dry run", "upgrade", "--dry-run"),
    contestant("heads", "alembic", "heads"),
  ]);
  const what = "100 pending behind 1,000 scripts, beside `alembic heads`";
  say(row(what, behind?.median ?? NaN, one?.median ?? NaN, "read once: ≥ 0.5"));
}

const ENV_PY = `from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
`;

function script(id: string, previous: string | undefined, index: number): string {
  return `"""create person ${index}

Revision ID: ${id}
Revises: ${previous ?? ""}
Create Date: 2026-01-15 10:30:00.123456

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = '${id}'
down_revision: Union[str, Sequence[str], None] = ${previous === undefined ? "None" : `'${previous}'`}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "person_${index}",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute("""
update person set name = lower(name)
where name <> lower(name)
""")
    # ### end Alembic commands ###


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("person_${index}")
`;
}
