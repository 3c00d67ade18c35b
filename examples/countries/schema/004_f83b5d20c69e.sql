-- Running upgrade c07a4e1d86b5 -> f83b5d20c69e

ALTER TABLE country ADD COLUMN flag VARCHAR(8);

UPDATE alembic_version SET version_num='f83b5d20c69e' WHERE alembic_version.version_num = 'c07a4e1d86b5';

